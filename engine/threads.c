/*
 * threads.c - see threads.h.
 *
 * One loop at a time: the caller publishes a job, takes part itself, and waits until
 * every index is done.  It does not wait for the workers: one that the system has put
 * aside for milliseconds must not hold up a loop that the others have finished.
 *
 * Every worker has a share of the indices, the same part of each loop, so that the
 * rows of one layer that it wrote are the rows that it reads in the next: they are in
 * its own cache.  Who is done with its own share helps with the others', but not at
 * once: mostly they are about to finish, and what one helps with lies in another's cache.
 * A share's job, end and next index are one atomic word, the ticket:
 *
 *     63 .. 48  job   |  47 .. 24  end     |  23 .. 0  next index
 *
 * Taking an index is one fetch-and-add, and what it returns tells a worker that
 * comes late that this share has no index left - or hands it one of the next job.
 *
 * Layers of a microsecond are common, so a hand-over is as short as two cores can make it,
 * one cache line there and one back.  Ticket, task and argument lie in one line, stored
 * without waiting for it to arrive: the caller is in its first task by then, which
 * it takes without asking.  Back comes the number of tasks that a worker has done since
 * it began, in a line that only it writes.
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
    PATIENCE = 64,              /* looks, about a microsecond, before helping others */
};

typedef struct {
    _Alignas(LINE) atomic_uint_least64_t ticket;        /* see above */
    void (*task)(void *arg, int index, int worker);
    void *arg;
    _Alignas(LINE) atomic_uint done;    /* tasks in all jobs; whoever waits adds them up */
    tsr_threads *pool;
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
    _Alignas(LINE) unsigned published;  /* tasks in all jobs; the caller's alone */
    share shares[];
};

static unsigned job_of(uint64_t ticket)   { return (unsigned)(ticket >> 48); }
static int end_of(uint64_t ticket)        { return (int)(ticket >> 24 & 0xffffff); }
static int index_of(uint64_t ticket)      { return (int)(ticket & 0xffffff); }

static uint64_t look(const share *s)
{
    return atomic_load_explicit(&s->ticket, memory_order_acquire);
}

/* Whatever is left of a share.  A job cannot end before all its tickets are done, so
 * task and arg belong to the ticket for as long as one is held. */
static unsigned work_on(share *s, int worker)
{
    for (unsigned done = 0;; done++) {
        uint64_t ticket = look(s);
        if (index_of(ticket) < end_of(ticket))          /* look before writing to the line */
            ticket = atomic_fetch_add(&s->ticket, 1);
        if (index_of(ticket) >= end_of(ticket))
            return done;
        s->task(s->arg, index_of(ticket), worker);
    }
}

/* So many more tasks are done, and what they wrote may be read. */
static void report(share *mine, unsigned done)
{
    const unsigned before = atomic_load_explicit(&mine->done, memory_order_relaxed);
    atomic_store_explicit(&mine->done, before + done, memory_order_release);
}

static void help(tsr_threads *t, int worker)
{
    for (int i = 1; i < t->count; i++) {
        const unsigned done = work_on(&t->shares[(worker + i) % t->count], worker);
        if (done)
            report(&t->shares[worker], done);
    }
}

static unsigned job_at(const share *s)
{
    return job_of(look(s));
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

/* Its own share, and if no other job comes soon, the others'. */
static void work(share *mine)
{
    const unsigned job = job_at(mine);
    report(mine, work_on(mine, mine->worker));
    for (int i = 0; i < PATIENCE; i++) {
        if (job_at(mine) != job)
            return;
        tsr_relax();
    }
    help(mine->pool, mine->worker);
}

static void *worker_main(void *arg)
{
    share *s = arg;
    atomic_store(&s->id, tsr_thread_id());
    for (unsigned seen = 0;;) {
        seen = await_job(s, seen);
        if (atomic_load(&s->pool->quit))
            return NULL;
        work(s);
    }
}

/* The first of the caller's own tasks, if there are any at all, is not on its ticket. */
static void publish(tsr_threads *t, int tasks, void (*task)(void *arg, int index, int worker),
                    void *arg)
{
    const bool busy = atomic_load_explicit(&t->busy, memory_order_relaxed);
    const uint64_t job = job_of(look(&t->shares[0])) + 1;
    const int shares = tasks < 1 ? 1 : tasks < t->count ? tasks : t->count;
    t->published += (unsigned)tasks;
    for (int i = t->count - 1; i >= 0; i--) {           /* the caller's own last */
        share *s = &t->shares[i];
        const int first = i < shares ? tsr_task_begin(tasks, i, shares) : tasks;
        const int end = i < shares ? tsr_task_begin(tasks, i + 1, shares) : tasks;
        const int next = i == 0 && end > 0 ? 1 : first;
        const uint64_t ticket = job << 48 | (uint64_t)end << 24 | (uint64_t)next;
        s->task = task, s->arg = arg;
        if (busy)
            atomic_store_explicit(&s->ticket, ticket, memory_order_release);
        else
            atomic_store(&s->ticket, ticket);           /* before the look for sleepers */
    }
    if (!busy)                          /* in an inference nobody sleeps */
        tsr_parking_call(&t->parking);
}

static bool all_done(const tsr_threads *t)
{
    unsigned done = 0;
    for (int i = 0; i < t->count; i++)
        done += atomic_load_explicit(&t->shares[i].done, memory_order_acquire);
    return done == t->published;
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
    task(arg, 0, 0);
    report(&t->shares[0], 1 + work_on(&t->shares[0], 0));
    uint64_t begin = 0;
    for (int looks = 1; !all_done(t); looks++) {
        tsr_relax();
        if (looks == PATIENCE)
            help(t, 0);
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
