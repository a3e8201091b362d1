/*
 * three_threads.h - three workers for a group of tests: three, and a set-up and a
 * tear-down for cmocka.                          SPDX-License-Identifier: MIT
 */
#ifndef THREE_THREADS_H
#define THREE_THREADS_H

#include "tests/op_harness.h"

static tsr_threads *three;

static inline int start_threads(void **state)
{
    (void)state;
    return tsr_threads_start(3, &three, NULL) == TSR_OK ? 0 : -1;
}

static inline int stop_threads(void **state)
{
    (void)state;
    tsr_threads_stop(three);
    return 0;
}

#endif
