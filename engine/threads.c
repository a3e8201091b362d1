/*
 * threads.c - see threads.h.
 *
 * One loop at a time: the caller publishes a job, wakes the workers, takes
 * part itself, and waits until every worker has left the job.  Indices come
 * from an atomic counter.  Between two loops of one inference there are only
 * microseconds, so a worker spins shortly before it sleeps on the condition
 * variable; the caller likewise spins for stragglers.
 * SPDX-License-Identifier: MIT
 */
#include "engine/platform.h"
#include "engine/threads.h"

#if TSR_HOST

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_THREADS = 64, SPINS = 4000 };

typedef struct {
    tsr_threads *pool;
    int worker;
    pthread_t thread;
} worker_slot;

struct tsr_threads {
    int count;                          /* workers, the caller included */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int sleepers;                       /* guarded by lock */
    atomic_uint round;                  /* +1 per job: a worker joins each once */
    atomic_bool quit;
    atomic_int next, busy;              /* next index; workers still in the job */
    int tasks;
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

static void work(tsr_threads *t, int worker)
{
    for (int i; (i = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed)) < t->tasks;)
        t->task(t->arg, i, worker);
}

/* Wait for a round other than `seen`: first by looking, then asleep. */
static unsigned await_round(tsr_threads *t, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        const unsigned now = atomic_load_explicit(&t->round, memory_order_acquire);
        if (now != seen)
            return now;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    t->sleepers++;
    while (atomic_load(&t->round) == seen)
        pthread_cond_wait(&t->wake, &t->lock);
    t->sleepers--;
    pthread_mutex_unlock(&t->lock);
    return atomic_load(&t->round);
}

static void *worker_main(void *arg)
{
    const worker_slot *slot = arg;
    tsr_threads *t = slot->pool;
    for (unsigned seen = 0;;) {
        seen = await_round(t, seen);
        if (atomic_load(&t->quit))
            return NULL;
        work(t, slot->worker);
        atomic_fetch_sub_explicit(&t->busy, 1, memory_order_release);
    }
}

/* The round is bumped under the lock, so no worker can miss it on its way to
 * sleep; the signal is only paid for when somebody sleeps. */
static void begin_round(tsr_threads *t)
{
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->round, 1);
    const int sleepers = t->sleepers;
    pthread_mutex_unlock(&t->lock);
    if (sleepers)
        pthread_cond_broadcast(&t->wake);
}

void tsr_parallel(tsr_threads *t, int tasks,
                  void (*task)(void *arg, int index, int worker), void *arg)
{
    if (!t || t->count == 1 || tasks <= 1) {
        for (int i = 0; i < tasks; i++)
            task(arg, i, 0);
        return;
    }
    t->task = task, t->arg = arg, t->tasks = tasks;
    atomic_store_explicit(&t->next, 0, memory_order_relaxed);
    atomic_store_explicit(&t->busy, t->count - 1, memory_order_relaxed);
    begin_round(t);
    work(t, 0);
    for (int spins = 0; atomic_load_explicit(&t->busy, memory_order_acquire) > 0; spins++)
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
    begin_round(t);
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
