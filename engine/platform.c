/* platform.c - see platform.h.   SPDX-License-Identifier: MIT */
#include "engine/platform.h"

#if TSR_HOST && defined(__linux__)

#include <sys/auxv.h>

unsigned long tsr_platform_hwcap(void) { return getauxval(AT_HWCAP); }

#else

unsigned long tsr_platform_hwcap(void) { return 0; }

#endif

#if TSR_HOST

#include <stdlib.h>

static void *host_alloc(void *ctx, size_t bytes)
{
    (void)ctx;
    return malloc(bytes);
}

static void host_release(void *ctx, void *block)
{
    (void)ctx;
    free(block);
}

tsr_allocator tsr_platform_allocator(void)
{
    return (tsr_allocator){ host_alloc, host_release, NULL };
}

const char *tsr_platform_env(const char *name) { return getenv(name); }

#else

static void *no_alloc(void *ctx, size_t bytes)
{
    (void)ctx, (void)bytes;
    return NULL;
}

static void no_release(void *ctx, void *block) { (void)ctx, (void)block; }

tsr_allocator tsr_platform_allocator(void)
{
    return (tsr_allocator){ no_alloc, no_release, NULL };
}

const char *tsr_platform_env(const char *name)
{
    (void)name;
    return NULL;
}

#endif
