/*
 * threads.c - see threads.h.
 *
 * One loop at a time: the caller publishes a job, takes part itself, and waits until
 * every index is done.  It does not wait for the workers: one that the system has put
 * aside for milliseconds must not hold up a loop that the others have finished.
 *
 * Every worker has a share of the indices, the same part of each loop, so that the
 * rows of one layer that it wrote are the rows that it reads in the next: they are in
 * its own cache.  Who is done with its own share helps with the others'.  A share's
 * job, end and next index are one atomic word, the ticket:
 *
 *     63 .. 48  job   |  47 .. 24  end     |  23 .. 0  next index
 *
 * Taking an index is one fetch-and-add, and what it returns tells a worker that
 * comes late that this share has no index left - or hands it one of the next job.
 * Ticket, task and argument lie in one cache line: one transfer starts a worker.
 *
 * Workers are woken when an inference begins and look for jobs without a pause until it
 * has ended, and a moment longer, before they sleep (parking.h).  Between two jobs there
 * are microseconds; a sleep and a wake-up would cost twenty.
 * SPDX-License-Identifier: MIT
 */
#include "engine/platform.h"
#include "engine/threads.h"

#if TSR_HOST

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "engine/parking.h"

enum {
    MAX_THREADS = 64, MAX_TASKS = 1 << 23,
    LINE = 128,                 /* bytes: caches fetch lines in pairs */
    LOOKS = 64,                 /* between two looks at the clock */
    WAKEFUL_NS = 500 * 1000,    /* from the end of an inference to sleep */
    POLITE_NS = 50 * 1000,      /* of waiting, before others may have the CPU */
};

typedef struct {
    _Alignas(LINE) atomic_uint_least64_t ticket;        /* see above */
    void (*task)(void *arg, int index, int worker);
    void *arg;
    _Alignas(LINE) tsr_threads *pool;
    int worker;
    atomic_int id;              /* tsr_thread_id; -1: does not run yet */
    int keeps_off;              /* this CPU; -1: none */
    pthread_t thread;
} share;

struct tsr_threads {
    int count;                          /* workers, the caller included */
    tsr_parking parking;
    atomic_bool busy;                   /* an inference is under way: do not sleep */
    atomic_bool quit;
    int caller_cpu;                     /* where the caller was in its last inference */
    _Alignas(LINE) atomic_int left;     /* tasks not yet done */
    share shares[];
};

static unsigned job_of(uint64_t ticket)   { return (unsigned)(ticket >> 48); }
static int end_of(uint64_t ticket)        { return (int)(ticket >> 24 & 0xffffff); }
static int index_of(uint64_t ticket)      { return (int)(ticket & 0xffffff); }

/* Whatever is left of a share.  A job cannot end before all its tickets are done, so
 * task and arg belong to the ticket for as long as one is held. */
static int work_on(share *s, int worker)
{
    for (int done = 0;; done++) {
        uint64_t ticket = atomic_load_explicit(&s->ticket, memory_order_relaxed);
        if (index_of(ticket) < end_of(ticket))          /* look before writing to the line */
            ticket = atomic_fetch_add(&s->ticket, 1);
        if (index_of(ticket) >= end_of(ticket))
            return done;
        s->task(s->arg, index_of(ticket), worker);
    }
}

static void work(tsr_threads *t, int worker)
{
    int done = 0;
    for (int i = 0; i < t->count; i++)
        done += work_on(&t->shares[(worker + i) % t->count], worker);
    if (done)
        atomic_fetch_sub_explicit(&t->left, done, memory_order_release);
}

static unsigned job_at(const share *s)
{
    return job_of(atomic_load_explicit(&s->ticket, memory_order_acquire));
}

/* Look for a job other than `seen`, while an inference is under way and a moment longer.
 * Whoever else wants the CPU gets it. */
static bool saw_job(const share *s, unsigned seen)
{
    const uint64_t begin = tsr_clock_ns();
    for (uint64_t now = begin, ended = begin; now - ended < WAKEFUL_NS; now = tsr_clock_ns()) {
        for (int i = 0; i < LOOKS; i++) {
            if (job_at(s) != seen)
                return true;
            tsr_relax();
        }
        if (atomic_load_explicit(&s->pool->busy, memory_order_relaxed))
            ended = now;
        if (now - begin > POLITE_NS)
            sched_yield();
    }
    return false;
}

static unsigned await_job(share *s, unsigned seen)
{
    tsr_threads *t = s->pool;
    while (!saw_job(s, seen)) {
        const unsigned ticket = tsr_parking_enter(&t->parking);
        if (job_of(atomic_load(&s->ticket)) == seen && !atomic_load(&t->busy))
            tsr_parking_sleep(&t->parking, ticket);
        tsr_parking_leave(&t->parking);
    }
    return job_at(s);
}

static void *worker_main(void *arg)
{
    share *s = arg;
    tsr_threads *t = s->pool;
    atomic_store(&s->id, tsr_thread_id());
    for (unsigned seen = 0;;) {
        seen = await_job(s, seen);
        if (atomic_load(&t->quit))
            return NULL;
        work(t, s->worker);
    }
}

static void publish(tsr_threads *t, int tasks, void (*task)(void *arg, int index, int worker),
                    void *arg)
{
    const uint64_t job = job_of(atomic_load(&t->shares[0].ticket)) + 1;
    atomic_store_explicit(&t->left, tasks, memory_order_relaxed);
    for (int i = t->count - 1; i >= 0; i--) {           /* the caller's own last */
        share *s = &t->shares[i];
        const uint64_t first = (uint64_t)tasks * (unsigned)i / (unsigned)t->count;
        const uint64_t end = (uint64_t)tasks * ((unsigned)i + 1) / (unsigned)t->count;
        s->task = task, s->arg = arg;
        atomic_store(&s->ticket, job << 48 | end << 24 | first);
    }
    if (!atomic_load(&t->busy))         /* in an inference nobody sleeps */
        tsr_parking_call(&t->parking);
}

void tsr_parallel(tsr_threads *t, int tasks,
                  void (*task)(void *arg, int index, int worker), void *arg)
{
    if (!t || t->count == 1 || tasks <= 1 || tasks > MAX_TASKS) {
        for (int i = 0; i < tasks; i++)
            task(arg, i, 0);
        return;
    }
    publish(t, tasks, task, arg);
    work(t, 0);
    uint64_t begin = 0;
    for (int looks = 1; atomic_load_explicit(&t->left, memory_order_acquire) > 0; looks++) {
        tsr_relax();
        if (looks % LOOKS)
            continue;
        const uint64_t now = tsr_clock_ns();
        begin = begin ? begin : now;
        if (now - begin > POLITE_NS)
            sched_yield();              /* more threads than processors */
    }
}

void tsr_threads_begin(tsr_threads *t)
{
    if (!t || t->count == 1)
        return;
    const int here = tsr_cpu_here();
    for (int i = 1; here != t->caller_cpu && i < t->count; i++) {
        share *s = &t->shares[i];
        s->keeps_off = tsr_keep_off(atomic_load(&s->id), here, s->keeps_off);
    }
    t->caller_cpu = here;
    atomic_store(&t->busy, true);
    tsr_parking_call(&t->parking);
}

void tsr_threads_end(tsr_threads *t)
{
    if (t)
        atomic_store(&t->busy, false);
}

int tsr_threads_count(const tsr_threads *t) { return t ? t->count : 1; }

void tsr_threads_stop(tsr_threads *t)
{
    if (!t)
        return;
    atomic_store(&t->quit, true);
    publish(t, 0, NULL, NULL);
    for (int i = 1; i < t->count; i++)
        pthread_join(t->shares[i].thread, NULL);
    tsr_parking_destroy(&t->parking);
    free(t);
}

/* A worker whose id is known can be told where to run. */
static bool start_worker(tsr_threads *t, int worker)
{
    share *s = &t->shares[worker];
    s->pool = t, s->worker = worker, s->keeps_off = -1;
    atomic_init(&s->id, -1);
    if (pthread_create(&s->thread, NULL, worker_main, s))
        return false;
    while (atomic_load(&s->id) < 0 && tsr_thread_id() >= 0)
        sched_yield();
    return true;
}

tsr_status tsr_threads_start(int count, tsr_threads **threads, tsr_error *err)
{
    *threads = NULL;
    if (count < 1 || count > MAX_THREADS)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "%d threads asked for, 1 to %d are possible",
                        count, MAX_THREADS);
    const size_t bytes = sizeof(tsr_threads) + (size_t)count * sizeof(share);
    tsr_threads *t = aligned_alloc(LINE, bytes);        /* a multiple of LINE, as its parts are */
    if (!t)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for a thread pool");
    memset(t, 0, bytes);
    t->caller_cpu = -1;
    tsr_parking_init(&t->parking);
    for (t->count = 1; t->count < count; t->count++)
        if (!start_worker(t, t->count)) {
            const int got = t->count;
            tsr_threads_stop(t);
            return tsr_fail(err, TSR_NO_MEMORY, "the system gave %d of %d threads", got, count);
        }
    *threads = t;
    return TSR_OK;
}

#else  /* bare metal: one core, no pool */

tsr_status tsr_threads_start(int count, tsr_threads **threads, tsr_error *err)
{
    *threads = NULL;
    return count == 1 ? TSR_OK
                      : tsr_fail(err, TSR_UNSUPPORTED, "%d threads: this build has none", count);
}

void tsr_threads_stop(tsr_threads *t)  { (void)t; }
void tsr_threads_begin(tsr_threads *t) { (void)t; }
void tsr_threads_end(tsr_threads *t)   { (void)t; }

int tsr_threads_count(const tsr_threads *t) { return (void)t, 1; }

void tsr_parallel(tsr_threads *t, int tasks,
                  void (*task)(void *arg, int index, int worker), void *arg)
{
    (void)t;
    for (int i = 0; i < tasks; i++)
        task(arg, i, 0);
}

#endif
