/*
 * run_model.h - a whole model run once, for tests that compare models.
 * SPDX-License-Identifier: MIT
 */
#ifndef RUN_MODEL_H
#define RUN_MODEL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "engine/session.h"

/* Output 0 for this input, malloc'ed. */
static inline float *run_model(const tsr_model *m, const float *input, int workers)
{
    tsr_threads *threads = NULL;
    assert_int_equal(tsr_threads_start(workers, &threads, NULL), TSR_OK);
    const size_t need = tsr_session_bytes(m, threads);
    void *block = malloc(need);
    tsr_session *s = NULL;
    assert_int_equal(tsr_session_open(m, threads, block, need, &s, NULL), TSR_OK);
    memcpy(tsr_input(s, 0)->data, input, tsr_bytes(tsr_input(s, 0)));
    tsr_run(s);
    const size_t bytes = tsr_bytes(tsr_output(s, 0));
    float *y = malloc(bytes);
    memcpy(y, tsr_output(s, 0)->data, bytes);
    free(block);
    tsr_threads_stop(threads);
    return y;
}

#endif
