/*
 * count_session.c - one inference, with a mark after each operator, for qemu_count.c.
 *
 *     count_session MODEL [f16]
 *
 * prints one line for each step, in the order in which they run:
 *
 *     OPERATOR NAME MACS
 *
 * and executes a mark before the first step and after every step, so that the
 * plugin's second reading is that of the first step.  Inputs are numbers between -1
 * and 1: what f32 instructions are executed does not depend on them.
 *
 * Also the answer to "does it run here": links nothing but the library.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include "bench/remote.h"

/* Does nothing; no compiler writes it.  qemu_count.c knows both. */
#if defined(__arm__)
__attribute__((target("arm")))  /* the others may be Thumb */
#endif
static __attribute__((noinline)) void mark(void)
{
#if defined(__aarch64__)
    __asm__ volatile("orr x27, x27, x27" ::: "memory");
#elif defined(__arm__)
    __asm__ volatile("mov r10, r10" ::: "memory");
#endif
}

static void on_step(void *ctx, int step)
{
    (void)ctx, (void)step;
    mark();
}

/* A linear congruential generator, Knuth's: the same numbers everywhere. */
static void fill(tsr_tensor *t)
{
    uint64_t x = 1;
    unsigned char *bytes = t->data;
    for (size_t i = 0; i < tsr_elements(t); i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        const float f = (float)(x >> 40) * 0x1p-23f - 1.0f;
        if (t->dtype == TSR_F32)
            memcpy(bytes + i * sizeof f, &f, sizeof f);
        else if (tsr_dtype_bytes(t->dtype) == 1)
            bytes[i] = (unsigned char)(x >> 56);
    }
}

static void print_steps(const tsr_session *s)
{
    for (int i = 0; i < s->step_count; i++) {
        const tsr_node *n = s->steps[i].node;
        printf("%s\t%s\t%llu\n", s->model->graph.ops[n->kind]->name, n->name,
               (unsigned long long)tsr_node_macs(&s->model->graph, n));
    }
}

static tsr_status work(const char *path, const tsr_options *options, tsr_error *err)
{
    remote_network n;
    const tsr_status status = remote_open(&n, path, 0, options, err);
    if (status == TSR_OK) {
        for (int k = 0; tsr_input(n.session, k); k++)
            fill(tsr_input(n.session, k));
        mark();
        tsr_run_steps(n.session, on_step, NULL);
        print_steps(n.session);
    }
    remote_close(&n);
    return status;
}

int main(int argc, char **argv)
{
    tsr_error err = { 0 };
    const tsr_options options = { .f16 = argc == 3 && !strcmp(argv[2], "f16") };
    if (argc != 2 && !options.f16) {
        fprintf(stderr, "usage: count_session MODEL [f16]\n");
        return 2;
    }
    if (work(argv[1], &options, &err) != TSR_OK) {
        fprintf(stderr, "count_session: %s\n", err.text);
        return 1;
    }
    return 0;
}
