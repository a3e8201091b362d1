/*
 * ckbuffer.c - test buffers with a fence on both sides.
 *
 *     malloc | header | fence 64 .. 127 | the buffer | fence 128 |
 *
 * A write into a fence changes its pattern and ck_intact sees it.  A read
 * leaves no trace, so under AddressSanitizer the fences are also poisoned.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "tests/checkkern/checkkern.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FENCE_POISONED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define FENCE_POISONED 1
#endif

#ifdef FENCE_POISONED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)     ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#endif

enum { FENCE = 128, HEADER = 64, PATTERN = 0xc5 };

/* At malloc's address; ck_alloc's pointer is found again from the list. */
typedef struct block {
    struct block *next;
    unsigned char *data;
    size_t bytes;
} block;

static block *blocks;

static block **find(const void *p)
{
    block **b = &blocks;
    while (*b && (*b)->data != p)
        b = &(*b)->next;
    if (!*b)
        abort();                /* not from ck_alloc */
    return b;
}

void *ck_alloc(size_t count, size_t element_bytes)
{
    const size_t bytes = count * element_bytes;
    block *b = malloc(HEADER + 2 * FENCE + bytes);
    if (!b)
        abort();
    unsigned char *fence = (unsigned char *)b + HEADER;
    memset(fence, PATTERN, 2 * FENCE + bytes);
    /* Any multiple of the element size, so that a kernel that assumes more
     * alignment than its contract grants is found out. */
    const size_t skip = FENCE / 2 + (size_t)ck_rand(0, 7) * element_bytes % (FENCE / 2);
    *b = (block){ .next = blocks, .data = fence + skip, .bytes = bytes };
    blocks = b;
    ASAN_POISON_MEMORY_REGION(fence, skip);
    ASAN_POISON_MEMORY_REGION(b->data + bytes, 2 * FENCE - skip);
    return b->data;
}

bool ck_intact(const void *p)
{
    block *b = *find(p);
    unsigned char *fence = (unsigned char *)b + HEADER, *end = b->data + b->bytes;
    const size_t before = (size_t)(b->data - fence), after = 2 * FENCE - before;
    bool ok = true;
    ASAN_UNPOISON_MEMORY_REGION(fence, 2 * FENCE + b->bytes);
    for (size_t i = 0; i < before; i++)
        ok &= fence[i] == PATTERN;
    for (size_t i = 0; i < after; i++)
        ok &= end[i] == PATTERN;
    ASAN_POISON_MEMORY_REGION(fence, before);
    ASAN_POISON_MEMORY_REGION(end, after);
    return ok;
}

void ck_free(void *p)
{
    if (!p)
        return;
    block **at = find(p), *b = *at;
    *at = b->next;
    ASAN_UNPOISON_MEMORY_REGION((unsigned char *)b + HEADER, 2 * FENCE + b->bytes);
    free(b);
}
