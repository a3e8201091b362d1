/*
 * threads.c - see threads.h.
 *
 * One loop at a time: the caller publishes a job, wakes the workers, takes
 * part itself, and waits until every index is done.  It does not wait for the
 * workers: one that the system has put aside for milliseconds must not hold up
 * a loop that the others have finished.  So the job's number, its size and the
 * next index share one atomic word, the ticket:
 *
 *     63 .. 48  job   |  47 .. 24  tasks   |  23 .. 0  next index
 *
 * Taking an index is one fetch-and-add, and what it returns tells a worker that
 * comes late that this job has no index left - or hands it one of the next job.
 *
 * Between two loops of one inference there are only microseconds, so a worker
 * spins shortly before it sleeps on the condition variable.
 * SPDX-License-Identifier: MIT
 */
#include "engine/platform.h"
#include "engine/threads.h"

#if TSR_HOST

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX_THREADS = 64, SPINS = 4000, MAX_TASKS = 1 << 23 };

typedef struct {
    tsr_threads *pool;
    int worker;
    pthread_t thread;
} worker_slot;

struct tsr_threads {
    int count;                          /* workers, the caller included */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_int sleepers;                /* changed under the lock */
    atomic_bool quit;
    atomic_uint_least64_t ticket;       /* see above */
    atomic_int left;                    /* tasks not yet done */
    void (*task)(void *arg, int index, int worker);
    void *arg;
    worker_slot slots[MAX_THREADS];
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

static unsigned job_of(uint64_t ticket)   { return (unsigned)(ticket >> 48); }
static int tasks_of(uint64_t ticket)      { return (int)(ticket >> 24 & 0xffffff); }
static int index_of(uint64_t ticket)      { return (int)(ticket & 0xffffff); }

/* A job cannot end before all its tickets are done, so task and arg belong to
 * the ticket for as long as one is held. */
static void work(tsr_threads *t, int worker)
{
    int done = 0;
    for (;;) {
        const uint64_t ticket = atomic_fetch_add(&t->ticket, 1);
        if (index_of(ticket) >= tasks_of(ticket))
            break;
        t->task(t->arg, index_of(ticket), worker);
        done++;
    }
    if (done)
        atomic_fetch_sub_explicit(&t->left, done, memory_order_release);
}

/* Wait for a job other than `seen`: first by looking, then asleep. */
static unsigned await_job(tsr_threads *t, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        const unsigned now = job_of(atomic_load_explicit(&t->ticket, memory_order_acquire));
        if (now != seen)
            return now;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (job_of(atomic_load(&t->ticket)) == seen)
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
    return job_of(atomic_load(&t->ticket));
}

static void *worker_main(void *arg)
{
    const worker_slot *slot = arg;
    tsr_threads *t = slot->pool;
    for (unsigned seen = 0;;) {
        seen = await_job(t, seen);
        if (atomic_load(&t->quit))
            return NULL;
        work(t, slot->worker);
    }
}

/* Either a worker on its way to sleep sees the new ticket, or we see that it
 * sleeps: both look after they have written. */
static void begin_job(tsr_threads *t, int tasks)
{
    const unsigned job = job_of(atomic_load(&t->ticket)) + 1;
    atomic_store_explicit(&t->left, tasks, memory_order_relaxed);
    atomic_store(&t->ticket, (uint64_t)job << 48 | (uint64_t)tasks << 24);
    if (atomic_load(&t->sleepers)) {
        pthread_mutex_lock(&t->lock);
        pthread_cond_broadcast(&t->wake);
        pthread_mutex_unlock(&t->lock);
    }
}

void tsr_parallel(tsr_threads *t, int tasks,
                  void (*task)(void *arg, int index, int worker), void *arg)
{
    if (!t || t->count == 1 || tasks <= 1 || tasks > MAX_TASKS) {
        for (int i = 0; i < tasks; i++)
            task(arg, i, 0);
        return;
    }
    t->task = task, t->arg = arg;
    begin_job(t, tasks);
    work(t, 0);
    for (int spins = 0; atomic_load_explicit(&t->left, memory_order_acquire) > 0; spins++)
        if (spins < 16 * SPINS)
            relax();
        else
            sched_yield();              /* more threads than processors */
}

int tsr_threads_count(const tsr_threads *t) { return t ? t->count : 1; }

void tsr_threads_stop(tsr_threads *t)
{
    if (!t)
        return;
    atomic_store(&t->quit, true);
    begin_job(t, 0);
    for (int i = 1; i < t->count; i++)
        pthread_join(t->slots[i].thread, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

tsr_status tsr_threads_start(int count, tsr_threads **threads, tsr_error *err)
{
    *threads = NULL;
    if (count < 1 || count > MAX_THREADS)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "%d threads asked for, 1 to %d are possible",
                        count, MAX_THREADS);
    tsr_threads *t = calloc(1, sizeof *t);
    if (!t)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for a thread pool");
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    for (t->count = 1; t->count < count; t->count++) {
        worker_slot *slot = &t->slots[t->count];
        *slot = (worker_slot){ .pool = t, .worker = t->count };
        if (pthread_create(&slot->thread, NULL, worker_main, slot)) {
            const int got = t->count;
            tsr_threads_stop(t);
            return tsr_fail(err, TSR_NO_MEMORY, "the system gave %d of %d threads", got, count);
        }
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

void tsr_threads_stop(tsr_threads *t) { (void)t; }

int tsr_threads_count(const tsr_threads *t) { return (void)t, 1; }

void tsr_parallel(tsr_threads *t, int tasks,
                  void (*task)(void *arg, int index, int worker), void *arg)
{
    (void)t;
    for (int i = 0; i < tasks; i++)
        task(arg, i, 0);
}

#endif
