/*
 * cpu.h - what the processor can do, asked once.
 *
 * A level is a bit; a kernel variant states the bits it needs.  Tests and
 * benchmarks narrow the set with tsr_cpu_mask(), so every variant can be run
 * on one machine.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_CPU_H
#define TSR_CPU_H

#include <stdbool.h>

/* 32-bit Arm under Linux that passes floats in registers: NEON is compiled in, and used
 * where the CPU has it.  Microcontrollers are __arm__, too, but have no NEON. */
#if defined(__arm__) && defined(__linux__) && defined(__ARM_PCS_VFP)
#define TSR_CPU_ARMHF
#endif

enum {
    TSR_CPU_C      = 0,         /* plain C11: always there            */
    TSR_CPU_AVX2   = 1 << 0,    /* AVX2 + FMA (Haswell 2013, Zen 2017) */
    TSR_CPU_AVX512 = 1 << 1,    /* F+BW+DQ+VL (Skylake-X 2017, Zen 4)  */
    TSR_CPU_NEON   = 1 << 2,    /* Advanced SIMD, mandatory on AArch64 */
    TSR_CPU_NEONF16 = 1 << 3,   /* ... and FEAT_FP16: 16-bit floats (A55, A75, A76, N1) */
    TSR_CPU_NEON32 = 1 << 4,    /* 32-bit Arm: NEON + VFPv4 (Cortex-A7, A15, Raspberry Pi 2) */
};

/* Features of this machine, less the ones masked out, less those above the level
 * named by TSR_CPU (c, avx2, avx512, neon, neonf16, neon32) in the environment.  Asked
 * once. */
unsigned tsr_cpu_features(void);

/* Pretend that only the features in `mask` exist (tests, benchmarks). */
void tsr_cpu_mask(unsigned mask);

/* Use no more than the level of this name; false, and no change, if this CPU does not have it. */
bool tsr_cpu_limit(const char *level);

/* Name of the highest level in use: "avx2". */
const char *tsr_cpu_level(void);

#endif
