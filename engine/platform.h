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

/* malloc and free on a host; an allocator that always says no elsewhere. */
tsr_allocator tsr_platform_allocator(void);

/* A variable of the environment, or NULL. */
const char *tsr_platform_env(const char *name);

#endif
