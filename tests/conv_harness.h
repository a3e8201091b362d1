/*
 * conv_harness.h - what tests of layers with filters share.  SPDX-License-Identifier: MIT
 */
#ifndef CONV_HARNESS_H
#define CONV_HARNESS_H

#include "tests/op_harness.h"

static inline void fill(tsr_tensor *t)
{
    for (size_t i = 0; i < tsr_elements(t); i++)
        ((float *)t->data)[i] = (float)harness_int(-1000, 1000) / 500.0f;
}

static inline float at(const tsr_tensor *t, int n, int y, int x, int c)
{
    return ((const float *)t->data)[harness_index(t, (int[]){ n, y, x, c })];
}

/* The op's result with 3 threads must be the bits of that with 1. */
static inline void run_both_ways(op_case *c)
{
    tsr_threads *threads = NULL;
    assert_int_equal(tsr_threads_start(3, &threads, NULL), TSR_OK);
    c->threads = threads;
    op_case_run(c);
    void *many = c->out.data;
    c->threads = NULL;
    op_case_run(c);
    assert_memory_equal(many, c->out.data, tsr_bytes(&c->out));
    free(many);
    tsr_threads_stop(threads);
}

static inline void expect_refusal(op_case *c, tsr_status status, const char *word)
{
    assert_int_equal(op_case_infer(c), status);
    if (!strstr(c->err.text, word))
        fail_msg("'%s' does not say '%s'", c->err.text, word);
}

#endif
