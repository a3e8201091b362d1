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
 * registers.  GCC would unroll it by itself, but when loops are nested only after it
 * has decided that the array is memory; clang does better without being told. */
#if defined(__GNUC__) && !defined(__clang__)
#define TSR_UNROLL _Pragma("GCC unroll 64")
#else
#define TSR_UNROLL
#endif

/* malloc and free on a host; an allocator that always says no elsewhere. */
tsr_allocator tsr_platform_allocator(void);

/* A variable of the environment, or NULL. */
const char *tsr_platform_env(const char *name);

#endif
