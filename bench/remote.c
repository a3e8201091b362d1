/*
 * remote.c - obeys the commands of remote.h.  Links nothing but the library, so that it
 * builds for any CPU we have a compiler for.
 *
 * Runs overwrite inputs with activations, so what was given is copied in before each;
 * that is no part of the time.                   SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "bench/remote.h"
#include "cli/npy.h"
#include "engine/threads.h"

enum {
    MAX_INPUTS = 8,
    SLACK = 64,                 /* XNNPACK reads up to 16 bytes beyond a tensor */
};
typedef struct {
    const remote_engine *e;
    void *given[MAX_INPUTS];    /* NULL: nothing was given yet */
} control;

/* ---- a network -------------------------------------------------------------- */

tsr_status remote_open(remote_network *n, const char *path, int threads,
                       const tsr_options *options, tsr_error *err)
{
    *n = (remote_network){ 0 };
    TSR_TRY(cli_file_open(path, &n->file, err));
    TSR_TRY(tsr_model_load(n->file.bytes, n->file.size, options, &n->model, err));
    if (threads)
        TSR_TRY(tsr_threads_start(threads, &n->threads, err));
    const size_t bytes = tsr_session_bytes(n->model, n->threads);
    n->block = malloc(bytes + SLACK);
    return tsr_session_open(n->model, n->threads, n->block, n->block ? bytes : 0, &n->session,
                            err);
}

void remote_close(remote_network *n)
{
    tsr_threads_stop(n->threads);
    free(n->block);
    tsr_model_free(n->model);
    cli_file_close(&n->file);
}

/* ---- clock and memory ------------------------------------------------------- */

double remote_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

long remote_kilobytes(const char *what)
{
    char line[128];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && !kilobytes && fgets(line, sizeof line, status))
        if (!strncmp(line, what, strlen(what)))
            kilobytes = atol(line + strlen(what));
    if (status)
        fclose(status);
    return kilobytes;
}

/* ---- commands --------------------------------------------------------------- */

static tsr_status check_same(const tsr_tensor *a, const tsr_tensor *b, const char *path,
                             tsr_error *err)
{
    if (a->dtype == b->dtype && tsr_elements(a) == tsr_elements(b))
        return TSR_OK;
    return tsr_fail(err, TSR_BAD_ARGUMENT, "'%s' holds %zu x %s, '%s' %zu x %s", path,
                    tsr_elements(b), tsr_dtype_name(b->dtype), a->name, tsr_elements(a),
                    tsr_dtype_name(a->dtype));
}

/* Element i as a real number; npy data may lie at any address. */
static double element(const tsr_tensor *t, size_t i)
{
    union { float f32; int8_t s8; uint8_t u8; int32_t s32; int64_t s64; } v = { .s64 = 0 };
    const size_t size = tsr_dtype_bytes(t->dtype);
    memcpy(&v, (const char *)t->data + i * size, size);
    switch (t->dtype) {
    case TSR_F32: return (double)v.f32;
    case TSR_S8:  return v.s8;
    case TSR_U8:  return v.u8;
    case TSR_S32: return v.s32;
    case TSR_S64: return (double)v.s64;
    default:      return (double)NAN;       /* a comparison with it fails, as it should */
    }
}

static void print_difference(const tsr_tensor *got, const tsr_tensor *want)
{
    double error = 0, largest = 0;
    for (size_t i = 0; i < tsr_elements(got); i++) {
        const double w = element(want, i), e = fabs(element(got, i) - w);
        if (!isnan(error) && !(e <= error))     /* a NaN stays */
            error = e;
        if (fabs(w) > largest)
            largest = fabs(w);
    }
    printf("%.9g %.9g\n", error, largest);
}

static void run(const control *c, int times)
{
    const remote_engine *e = c->e;
    for (int i = 0; i < times; i++) {
        for (int k = 0; k < MAX_INPUTS; k++)
            if (c->given[k])
                memcpy(tsr_input(e->session, k)->data, c->given[k],
                       tsr_bytes(tsr_input(e->session, k)));
        if (e->before)
            e->before(e->ctx);
        const double begin = remote_now();
        e->run(e->ctx);
        printf("%.0f ", remote_now() - begin);
        if (e->after)
            e->after(e->ctx);
    }
    printf("\n");
}

static tsr_status keep(control *c, int k, const tsr_tensor *array, tsr_error *err)
{
    void *copy = malloc(tsr_bytes(array));
    if (!copy)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for input %d", k);
    memcpy(copy, array->data, tsr_bytes(array));
    free(c->given[k]);
    c->given[k] = copy;
    printf("ok\n");
    return TSR_OK;
}

/* One line of input that names a file: input, output or compare. */
static tsr_status use_file(control *c, const char *verb, int k, const char *path,
                           tsr_error *err)
{
    tsr_session *s = c->e->session;
    const bool is_input = !strcmp(verb, "input");
    const tsr_tensor *ours = is_input ? tsr_input(s, k) : tsr_output(s, k);
    if (!ours || (is_input && k >= MAX_INPUTS))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the model has no %s %d",
                        is_input ? "input" : "output", k);
    if (!strcmp(verb, "output")) {
        TSR_TRY(cli_npy_write(path, ours, err));
        printf("ok\n");
        return TSR_OK;
    }
    cli_file file;
    tsr_tensor array;
    TSR_TRY(cli_file_open(path, &file, err));
    tsr_status status = cli_npy_parse(file.bytes, file.size, &array, err);
    if (status == TSR_OK)
        status = check_same(ours, &array, path, err);
    if (status == TSR_OK && is_input)
        status = keep(c, k, &array, err);
    else if (status == TSR_OK)
        print_difference(ours, &array);
    cli_file_close(&file);
    return status;
}

static tsr_status obey(control *c, const char *line, tsr_error *err)
{
    char verb[16], path[4096];
    int number;
    if (sscanf(line, "run %d", &number) == 1)
        run(c, number);
    else if (!strncmp(line, "start ", 6))
        printf("%.0f\n", c->e->start_ns);
    else if (!strncmp(line, "memory ", 7))
        printf("%ld\n", remote_kilobytes("VmHWM:") - c->e->memory_before);
    else if (sscanf(line, "%15s %d %4095[^\n]", verb, &number, path) == 3)
        return use_file(c, verb, number, path, err);
    else
        return tsr_fail(err, TSR_BAD_ARGUMENT, "not a command: %s", line);
    return TSR_OK;
}

tsr_status remote_serve(const remote_engine *e, tsr_error *err)
{
    control c = { .e = e };
    char line[4096];
    tsr_status status = TSR_OK;
    while (status == TSR_OK && fgets(line, sizeof line, stdin)) {
        status = obey(&c, line, err);
        fflush(stdout);
    }
    for (int k = 0; k < MAX_INPUTS; k++)
        free(c.given[k]);
    return status;
}
