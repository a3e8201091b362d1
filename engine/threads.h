/*
 * threads.h - a few worker threads that share the loops of one session.
 *
 * The calling thread is worker 0 and takes part.  A worker begins with the same part of
 * each loop, then helps the others, so who computes what varies from run to run; what
 * is computed does not: a task's result may depend on its index only.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_THREADS_H
#define TSR_THREADS_H

#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tsr_threads tsr_threads;

/* Start count - 1 threads (count 1..64).  TSR_BAD_ARGUMENT outside that,
 * TSR_NO_MEMORY when the system has none left. */
TSR_MUST_USE tsr_status tsr_threads_start(int count, tsr_threads **threads, tsr_error *err);
void tsr_threads_stop(tsr_threads *t);          /* NULL is fine */

int tsr_threads_count(const tsr_threads *t);    /* NULL: 1 */

/* task(arg, i, worker) for every i in 0..tasks-1; returns when all are done.
 * worker is 0..count-1: which slice of scratch to use. */
void tsr_parallel(tsr_threads *t, int tasks,
                  void (*task)(void *arg, int index, int worker), void *arg);

/* An inference, or another run of loops, begins: wake the workers now, while the caller
 * gets going, and keep them awake until it ends.  Without it tsr_parallel wakes them, each
 * time if loops are far apart.  tsr_run calls both. */
void tsr_threads_begin(tsr_threads *t);         /* NULL is fine for both */
void tsr_threads_end(tsr_threads *t);

#ifdef __cplusplus
}
#endif

#endif
