/*
 * platform.h - the few things that differ between a host and bare metal.
 *
 * TSR_HOST is 1 where there is an operating system with malloc, threads and an
 * environment; a firmware build defines it as 0 and passes its own allocator.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_PLATFORM_H
#define TSR_PLATFORM_H

#include "engine/tsr.h"

#ifndef TSR_HOST
#define TSR_HOST 1
#endif

/* In front of a loop of a few, constant turns over an array that shall live in
 * registers.  Compilers unroll it by themselves, but too late, after they have decided
 * that the array is memory, or not when the unrolled code is long. */
#if defined(__clang__)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define TSR_UNROLL              /* the checks, unrolled, take minutes to compile */
#else
#define TSR_UNROLL _Pragma("clang loop unroll(full)")
#endif
#define TSR_UNROLL_TWICE _Pragma("clang loop unroll_count(2)")
#elif defined(__GNUC__)
#define TSR_UNROLL _Pragma("GCC unroll 64")
#define TSR_UNROLL_TWICE _Pragma("GCC unroll 2")
#else
#define TSR_UNROLL
#define TSR_UNROLL_TWICE        /* two turns of a long loop at once */
#endif

/* malloc and free on a host, large blocks in huge pages where the system has them; an
 * allocator that always says no elsewhere. */
tsr_allocator tsr_platform_allocator(void);

/* A variable of the environment, or NULL. */
const char *tsr_platform_env(const char *name);

/* What Linux says of the CPU in AT_HWCAP; 0 elsewhere. */
unsigned long tsr_platform_hwcap(void);

#endif
