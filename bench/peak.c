/*
 * peak.c - bench_peak THREADS: FMA peak of so many cores together, in GFLOP/s.
 *
 * Prints the level and the best of five rounds of 4 ms: "avx2 117.3".  TSR_CPU lowers the
 * level.  A CPU for which there is no loop prints "c 0": not known.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bench/peak.h"
#include "engine/cpu.h"
#include "engine/threads.h"

static const bench_peak *const peaks[] = {      /* fastest first */
#if defined(__x86_64__)
    &bench_peak_avx512, &bench_peak_avx2,
#elif defined(__aarch64__)
    &bench_peak_neon,
#endif
    NULL,
};

enum { ROUNDS = 5, THREADS_MAX = 64 };

typedef struct {
    const bench_peak *peak;
    int rounds;
    float sink[THREADS_MAX];
} job;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void work(void *arg, int index, int worker)
{
    (void)worker;
    job *j = arg;
    j->sink[index] = j->peak->run(j->rounds);
}

static double seconds(tsr_threads *threads, job *j)
{
    const double begin = now();
    tsr_parallel(threads, tsr_threads_count(threads), work, j);
    return now() - begin;
}

static double best(tsr_threads *threads, job *j)
{
    j->rounds = 100000;
    while (seconds(threads, j) < 4e-3)          /* also wakes the CPU up */
        j->rounds *= 2;
    double most = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const double flops = (double)j->peak->flops * j->rounds * tsr_threads_count(threads);
        const double rate = flops / seconds(threads, j);
        most = rate > most ? rate : most;
    }
    return most;
}

int main(int argc, char **argv)
{
    tsr_error err = { 0 };
    tsr_threads *threads = NULL;
    if (argc != 2 || tsr_threads_start(atoi(argv[1]), &threads, &err)) {
        fprintf(stderr, "usage: bench_peak THREADS   %s\n", err.text);
        return 2;
    }
    const bench_peak *const *p = peaks;
    while (*p && (*p)->cpu & ~tsr_cpu_features())
        p++;
    job j = { .peak = *p };
    if (*p)
        printf("%s %.1f\n", (*p)->level, 1e-9 * best(threads, &j));
    else
        printf("c 0\n");
    tsr_threads_stop(threads);
    return 0;
}
