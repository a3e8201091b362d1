/*
 * peak.h - the most multiply-adds a core can do: what 100 % means.
 *
 * Sixteen sums in registers, nothing loaded or stored, and one multiply-add after the
 * other on each: with 2 units of latency 4 (see ops/kernels/README.md) eight chains would
 * do.  A kernel cannot be faster than this loop.  SPDX-License-Identifier: MIT
 */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

typedef struct {
    const char *level;
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    int flops;                  /* of one round: 2 for each lane of each multiply-add */
    float (*run)(int rounds);   /* the result only keeps the compiler from dropping it all */
} bench_peak;

extern const bench_peak bench_peak_avx2, bench_peak_avx512, bench_peak_neon;

#endif
