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

#include <stdint.h>
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

/* How many tasks to make of `items`, if some `tasks` seem right: a multiple of the workers, so
 * that worker w begins with the w-th part of the items, exactly.  Layers that are all cut
 * so let a worker read what it wrote itself.  At most one task an item, at least one. */
static inline int tsr_even_tasks(int64_t tasks, int64_t items, int workers)
{
    if (tasks > 1)
        tasks = (tasks + workers - 1) / workers * workers;
    while (tasks > items && tasks > workers)
        tasks -= workers;
    tasks = tasks > items ? items : tasks;
    return tasks > 1 ? (int)tasks : 1;
}

/* The same for a loop over single numbers. */
static inline int tsr_element_tasks(int64_t elements, int workers)
{
    enum { LEAST = 1024, MOST = 16384 };        /* elements of a task: 4096 take as long as a
                                                   hand-over, but half of them lie in another
                                                   core's cache: fetching takes longer */
    const int64_t share = elements / LEAST < workers ? elements / LEAST : workers;
    const int64_t tasks = elements / MOST > share ? elements / MOST : share;
    return workers == 1 ? 1 : tsr_even_tasks(tasks, elements, workers);
}

/* Where task i of `tasks` begins, and the one before it ends. */
static inline int tsr_task_begin(int64_t items, int i, int tasks)
{
    return (int)(items * i / tasks);
}

/* An inference, or another run of loops, begins: wake the workers now, while the caller
 * gets going, and keep them awake until it ends.  Without it tsr_parallel wakes them, each
 * time if loops are far apart.  tsr_run calls both. */
void tsr_threads_begin(tsr_threads *t);         /* NULL is fine for both */
void tsr_threads_end(tsr_threads *t);

#ifdef __cplusplus
}
#endif

#endif
