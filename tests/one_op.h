/*
 * one_op.h - run a graph of one node, for tests of a single operator.
 *
 * The node goes the whole way: builder, infer, plan, prepare, session, run.
 * It runs with 1, 2 and 3 threads and with and without sharing of memory, in a
 * block of exactly the size asked for, and all results must be the same bits.
 * Include after cmocka.h.                        SPDX-License-Identifier: MIT
 */
#ifndef ONE_OP_H
#define ONE_OP_H

#include <stdlib.h>
#include <string.h>
#include "engine/session.h"
#include "ops/ops.h"
#include "tests/chance.h"

typedef struct {
    tsr_node node;              /* kind, lo, hi, attr; from one_op_make */
    tsr_tensor in[4];           /* data set; name may be NULL           */
    int in_count;
    unsigned constants;         /* bit i: in[i] is a constant of the graph */
    unsigned absent;            /* bit i: in[i] is left out                */
    tsr_tensor out;             /* dtype and quant as a file would give them */
} one_op;

static inline one_op one_op_make(tsr_op_kind kind)
{
    return (one_op){ .node = tsr_node_make(kind, "node", NULL, 0) };
}

/* An input tensor of the given shape; trailing zero dimensions end the shape. */
static inline tsr_tensor tensor_of(tsr_dtype dtype, const int dim[TSR_MAX_RANK], void *data)
{
    tsr_tensor t = { .dtype = dtype, .data = data, .name = "tensor" };
    while (t.rank < TSR_MAX_RANK && dim[t.rank])
        t.dim[t.rank] = dim[t.rank], t.rank++;
    return t;
}

#define DIMS(...) ((const int[TSR_MAX_RANK]){ __VA_ARGS__ })

/* Build the model; *m is NULL after a failure. */
static inline tsr_status one_op_model(const one_op *o, bool keep_all, tsr_model **m,
                                      tsr_error *err)
{
    int in[4];
    tsr_status s = tsr_model_begin(&(tsr_options){ .ops = tsr_all_ops, .keep_all = keep_all },
                                   m, err);
    if (s != TSR_OK)
        return s;
    tsr_graph *g = &(*m)->graph;
    for (int i = 0; i < o->in_count; i++)
        in[i] = o->absent >> i & 1 ? -1
                : o->constants >> i & 1 ? tsr_graph_constant(g, &o->in[i])
                : tsr_graph_input(g, &o->in[i]);
    tsr_node n = o->node;
    n.in = in, n.in_count = o->in_count;
    tsr_tensor out = o->out;
    out.name = "out";
    tsr_graph_output(g, tsr_graph_node(g, &n, &out));
    s = tsr_model_finish(*m, err);
    if (s != TSR_OK) {
        tsr_model_free(*m);
        *m = NULL;
    }
    return s;
}

/* One run in a block of exactly the right size; result is malloc'ed. */
static inline tsr_tensor one_op_session(const one_op *o, tsr_model *m, int workers)
{
    tsr_threads *threads = NULL;
    tsr_session *s = NULL;
    assert_int_equal(tsr_threads_start(workers, &threads, NULL), TSR_OK);
    const size_t need = tsr_session_bytes(m, threads);
    unsigned char *block = malloc(need);
    assert_int_equal(tsr_session_open(m, threads, block, need, &s, NULL), TSR_OK);
    for (int i = 0, k = 0; i < o->in_count; i++)
        if (!((o->constants | o->absent) >> i & 1)) {
            tsr_tensor *t = tsr_input(s, k++);
            memcpy(t->data, o->in[i].data, tsr_bytes(t));
        }
    tsr_run(s);
    tsr_tensor out = *tsr_output(s, 0);
    out.data = malloc(tsr_bytes(&out));
    memcpy(out.data, tsr_output(s, 0)->data, tsr_bytes(&out));
    out.name = "out";
    free(block);
    tsr_threads_stop(threads);
    return out;
}

/* The output, data malloc'ed.  Fails the test when the operator refuses. */
static inline tsr_tensor one_op_run(const one_op *o)
{
    tsr_tensor first = { 0 };
    for (int keep_all = 0; keep_all < 2; keep_all++) {
        tsr_model *m = NULL;
        tsr_error err = { 0 };
        if (one_op_model(o, keep_all, &m, &err) != TSR_OK)
            fail_msg("%s", err.text);
        for (int workers = 1; workers <= 3; workers++) {
            tsr_tensor out = one_op_session(o, m, workers);
            if (first.data) {
                assert_int_equal(tsr_bytes(&out), tsr_bytes(&first));
                assert_memory_equal(out.data, first.data, tsr_bytes(&out));
                free(out.data);
            } else {
                first = out;
            }
        }
        tsr_model_free(m);
    }
    return first;
}

/* The operator must refuse, with this status and a sentence that contains `text`. */
static inline void one_op_refused(const one_op *o, tsr_status want, const char *text)
{
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    const tsr_status got = one_op_model(o, false, &m, &err);
    tsr_model_free(m);
    assert_null(m);
    if (got != want || !strstr(err.text, text))
        fail_msg("status %d, '%s'; wanted status %d and '%s'", (int)got, err.text, (int)want,
                 text);
}

/* ---- numbers --------------------------------------------------------------- */

static inline float *test_random(uint32_t *seed, size_t n)
{
    float *p = malloc(n * sizeof *p + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = test_randf(seed);
    return p;
}

#endif
