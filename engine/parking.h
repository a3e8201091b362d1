/*
 * parking.h - how a worker thread sleeps, is woken, and keeps off the caller's CPU.
 * For threads.c; hosts only.
 *
 * A parking lot counts its calls.  A worker that finds nothing to do takes a ticket,
 * looks once more for work, and sleeps until a call comes that is younger than its
 * ticket.  Whoever has work writes it down first and calls then: either the worker
 * sees the work, or the call sees the worker.
 *
 * On Linux that is a futex, and a wake-up costs some 20 microseconds.  But the kernel
 * likes to wake a thread on the CPU of the one that wakes it, as if that were about
 * to sleep.  A caller is not: it computes, and its worker waits behind it while the
 * other CPU idles - for whole inferences.  So a worker is told which CPU to avoid.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_PARKING_H
#define TSR_PARKING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    atomic_uint calls;
    atomic_int sleepers;
    pthread_mutex_t lock;       /* these two: only where there is no futex */
    pthread_cond_t woken;
} tsr_parking;

void tsr_parking_init(tsr_parking *p);
void tsr_parking_destroy(tsr_parking *p);

/* Take a ticket (and count as a sleeper); then either leave again or sleep. */
unsigned tsr_parking_enter(tsr_parking *p);
void tsr_parking_sleep(tsr_parking *p, unsigned ticket);    /* until a younger call */
void tsr_parking_leave(tsr_parking *p);

/* Wake all sleepers, if any. */
void tsr_parking_call(tsr_parking *p);

/* Some tens of nanoseconds in a loop that waits for another CPU. */
static inline void tsr_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");       /* `yield` does nothing on most cores */
#elif defined(__arm__)
    __asm__ volatile("yield");
#endif
}

/* Nanoseconds of a clock that only goes forwards. */
uint64_t tsr_clock_ns(void);

/* The CPU that the calling thread is on; below 0: nobody knows, or there is only one. */
int tsr_cpu_here(void);

/* A name for the calling thread, for tsr_keep_off. */
int tsr_thread_id(void);

/* Keep a thread of ours off a CPU from now on, if it has another one to run on, and let
 * it back to the one that it kept off before (below 0: none).  Returns which it keeps off
 * now.  A request only: the kernel may know better. */
int tsr_keep_off(int thread, int cpu, int before);

#endif
