/* platform.c - see platform.h.   SPDX-License-Identifier: MIT */
#define _GNU_SOURCE             /* madvise, of Linux */
#include "engine/platform.h"

#if TSR_HOST && defined(__linux__)

#include <sys/auxv.h>

unsigned long tsr_platform_hwcap(void) { return getauxval(AT_HWCAP); }

#else

unsigned long tsr_platform_hwcap(void) { return 0; }

#endif

#if TSR_HOST

#include <stdlib.h>

#if defined(__linux__)

#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

/* Weights and sessions are megabytes that are written once, right away: in pages of 4 KB
 * the kernel's work for each takes longer than the copy.  Where a page size is another,
 * or huge pages are off, this is an aligned block like any. */
static void *host_alloc(void *ctx, size_t bytes)
{
    void *block = NULL;
    (void)ctx;
    if (bytes < HUGE_PAGE)
        return malloc(bytes);
    if (posix_memalign(&block, HUGE_PAGE, bytes))
        return NULL;
    (void)madvise(block, bytes & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE);
    return block;
}

#else

static void *host_alloc(void *ctx, size_t bytes)
{
    (void)ctx;
    return malloc(bytes);
}

#endif

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
