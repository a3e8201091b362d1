/* parking.c - see parking.h.   SPDX-License-Identifier: MIT */
#define _GNU_SOURCE             /* for the CPU sets of Linux */
#include "engine/platform.h"

#if TSR_HOST

#include <time.h>
#include "engine/parking.h"

uint64_t tsr_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

unsigned tsr_parking_enter(tsr_parking *p)
{
    atomic_fetch_add(&p->sleepers, 1);
    return atomic_load(&p->calls);
}

void tsr_parking_leave(tsr_parking *p) { atomic_fetch_sub(&p->sleepers, 1); }

#if defined(__linux__)

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void tsr_parking_init(tsr_parking *p)    { *p = (tsr_parking){ 0 }; }
void tsr_parking_destroy(tsr_parking *p) { (void)p; }

void tsr_parking_sleep(tsr_parking *p, unsigned ticket)
{
    while (atomic_load(&p->calls) == ticket)    /* the kernel compares once more */
        syscall(SYS_futex, &p->calls, FUTEX_WAIT_PRIVATE, ticket, NULL, NULL, 0);
}

void tsr_parking_call(tsr_parking *p)
{
    if (!atomic_load(&p->sleepers))
        return;
    atomic_fetch_add(&p->calls, 1);
    syscall(SYS_futex, &p->calls, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

int tsr_cpu_here(void)      { return sched_getcpu(); }
int tsr_thread_id(void)     { return (int)syscall(SYS_gettid); }

int tsr_keep_off(int thread, int cpu, int before)
{
    cpu_set_t set;
    if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(thread, sizeof set, &set))
        return before;          /* more CPUs than a set has room for: left to the kernel */
    if (before >= 0)
        CPU_SET(before, &set);
    const bool can = CPU_ISSET(cpu, &set) && CPU_COUNT(&set) > 1;
    if (can)
        CPU_CLR(cpu, &set);
    return sched_setaffinity(thread, sizeof set, &set) ? before : can ? cpu : -1;
}

#else

void tsr_parking_init(tsr_parking *p)
{
    *p = (tsr_parking){ 0 };
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->woken, NULL);
}

void tsr_parking_destroy(tsr_parking *p)
{
    pthread_cond_destroy(&p->woken);
    pthread_mutex_destroy(&p->lock);
}

void tsr_parking_sleep(tsr_parking *p, unsigned ticket)
{
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->calls) == ticket)
        pthread_cond_wait(&p->woken, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void tsr_parking_call(tsr_parking *p)
{
    if (!atomic_load(&p->sleepers))
        return;
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->calls, 1);
    pthread_cond_broadcast(&p->woken);
    pthread_mutex_unlock(&p->lock);
}

int tsr_cpu_here(void)  { return -1; }
int tsr_thread_id(void) { return -1; }

int tsr_keep_off(int thread, int cpu, int before)
{
    (void)thread, (void)cpu;
    return before;
}

#endif
#endif
