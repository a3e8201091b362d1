/*
 * op_harness.h - run one operation outside any graph, for tests.
 *
 * The op is taken through the same stages as in a session: infer, prepare on a
 * counting arena, prepare on a real one of exactly that size, run.  Every
 * buffer is its own heap block of the exact size, so that AddressSanitizer
 * sees a single byte too many.                 SPDX-License-Identifier: MIT
 */
#ifndef OP_HARNESS_H
#define OP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/graph.h"
#include "ops/ops.h"

enum { HARNESS_INPUTS = 4 };

typedef struct {
    tsr_node node;
    tsr_tensor in[HARNESS_INPUTS], out;
    tsr_threads *threads;
    bool constant_inputs;       /* infer sees the data of inputs 1.. */
    unsigned absent;            /* bit i: the op sees no input i     */
    tsr_error err;
} op_case;

static uint32_t harness_seed = 12345;

static inline uint32_t harness_random(void)
{
    harness_seed ^= harness_seed << 13;
    harness_seed ^= harness_seed >> 17;
    harness_seed ^= harness_seed << 5;
    return harness_seed;
}

/* Uniform in lo .. hi. */
static inline int harness_int(int lo, int hi)
{
    return lo + (int)(harness_random() % (uint32_t)(hi - lo + 1));
}

static inline tsr_tensor harness_tensor(tsr_dtype dtype, int rank, const int *dim)
{
    tsr_tensor t = { .name = "t", .dtype = dtype, .rank = rank };
    for (int i = 0; i < TSR_MAX_RANK; i++)
        t.dim[i] = i < rank ? dim[i] : 1;
    t.data = malloc(tsr_bytes(&t));
    assert_non_null(t.data);
    return t;
}

static inline void harness_fill_bytes(tsr_tensor *t)
{
    for (size_t i = 0; i < tsr_bytes(t); i++)
        ((uint8_t *)t->data)[i] = (uint8_t)harness_random();
}

static inline op_case op_case_make(tsr_op_kind kind, int in_count)
{
    op_case c = { .node = { .kind = kind, .name = "test", .in_count = in_count, .out_count = 1,
                            .lo = -TSR_INFINITY, .hi = TSR_INFINITY } };
    c.out.name = "out";
    return c;
}

/* infer alone: what a loader would get to hear. */
static inline tsr_status op_case_infer(op_case *c)
{
    const tsr_tensor *in[HARNESS_INPUTS] = { NULL };
    tsr_tensor bare[HARNESS_INPUTS];
    for (int i = 0; i < c->node.in_count; i++) {
        bare[i] = c->in[i];
        if (i == 0 || !c->constant_inputs)
            bare[i].data = NULL;
        in[i] = c->absent >> i & 1 ? NULL : &bare[i];
    }
    c->err = (tsr_error){ TSR_OK, "" };
    return tsr_all_ops[c->node.kind]->infer(&c->node, in, &c->out, &c->err);
}

/* All stages; the result is in c->out until op_case_free. */
static inline void op_case_run(op_case *c)
{
    const tsr_op *op = tsr_all_ops[c->node.kind];
    const tsr_status s = op_case_infer(c);
    if (s != TSR_OK)
        fail_msg("infer: %s", c->err.text);
    tsr_tensor *in[HARNESS_INPUTS], *out[1] = { &c->out };
    for (int i = 0; i < c->node.in_count; i++)
        in[i] = c->absent >> i & 1 ? NULL : &c->in[i];
    const int workers = tsr_threads_count(c->threads);
    tsr_step step = { .node = &c->node, .in = in, .out = out, .threads = c->threads };
    tsr_arena count = tsr_arena_counting();
    tsr_prepare_context ctx = { &count, workers };
    assert_int_equal(op->prepare(&step, &ctx, &c->err), TSR_OK);
    const size_t need = ((count.peak + 63) & ~(size_t)63) + 63;
    void *block = malloc(need);
    c->out.data = malloc(tsr_bytes(&c->out));
    assert_non_null(block);
    assert_non_null(c->out.data);
    memset(c->out.data, 0xa5, tsr_bytes(&c->out));
    tsr_arena real = tsr_arena_make(block, need);
    step = (tsr_step){ .node = &c->node, .in = in, .out = out, .threads = c->threads };
    ctx.arena = &real;
    assert_int_equal(op->prepare(&step, &ctx, &c->err), TSR_OK);
    assert_false(real.full);
    step.run(&step);
    free(block);
}

static inline void op_case_free(op_case *c)
{
    for (int i = 0; i < c->node.in_count; i++)
        free(c->in[i].data);
    free(c->out.data);
}

/* Coordinates of element `index`, and back. */
static inline void harness_coordinates(const tsr_tensor *t, size_t index, int *at)
{
    for (int k = t->rank - 1; k >= 0; k--) {
        at[k] = (int)(index % (size_t)t->dim[k]);
        index /= (size_t)t->dim[k];
    }
}

static inline size_t harness_index(const tsr_tensor *t, const int *at)
{
    size_t index = 0;
    for (int k = 0; k < t->rank; k++)
        index = index * (size_t)t->dim[k] + (size_t)at[k];
    return index;
}

#endif
