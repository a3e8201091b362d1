/* pool.c - see pool.h.   SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>
#include "engine/platform.h"
#include "engine/pool.h"

enum { ALIGN = 64, BLOCK_BYTES = 16 * 1024, CHUNK = 2 << 20, MOST_CHUNKS = 4 };

struct tsr_pool_block {
    tsr_pool_block *next;
};

tsr_pool tsr_pool_make(const tsr_allocator *allocator)
{
    tsr_pool p = { 0 };
    if (allocator && allocator->alloc)
        p.allocator = *allocator;
    else
        p.allocator = tsr_platform_allocator(), p.hosted = true;
    return p;
}

/* As much again as there is, up to a few chunks.  0 for small models, and where memory is
 * the caller's. */
static size_t large_block(const tsr_pool *p)
{
    if (!p->hosted)
        return 0;
    const size_t chunks = p->total_bytes / CHUNK;
    return (chunks < MOST_CHUNKS ? chunks : MOST_CHUNKS) * CHUNK;
}

/* The newest block gets room for `bytes` at any alignment up to ALIGN. */
static bool grow(tsr_pool *p, size_t bytes)
{
    const size_t head = sizeof(tsr_pool_block) + ALIGN, large = large_block(p);
    size_t size = bytes > SIZE_MAX - head ? SIZE_MAX : bytes + head;
    if (size < BLOCK_BYTES)
        size = BLOCK_BYTES;
    tsr_pool_block *b = NULL;
    if (size < large && (b = p->allocator.alloc(p->allocator.ctx, large)) != NULL)
        size = large;
    if (!b && size < SIZE_MAX)          /* no more than is wanted, then */
        b = p->allocator.alloc(p->allocator.ctx, size);
    if (!b)
        return false;
    b->next = p->blocks;
    p->blocks = b;
    p->used = sizeof *b;
    p->room = size;
    p->total_bytes += size;
    return true;
}

void *tsr_pool_take(tsr_pool *p, size_t bytes, size_t align)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (p->blocks) {
            const uintptr_t at = (uintptr_t)p->blocks + p->used;
            const size_t start = p->used + (size_t)(-at & (align - 1));
            if (start <= p->room && bytes <= p->room - start) {
                p->used = start + bytes;
                return (unsigned char *)p->blocks + start;
            }
        }
        if (attempt || !grow(p, bytes))
            break;
    }
    return NULL;
}

void *tsr_pool_alloc(tsr_pool *p, size_t bytes, size_t align)
{
    void *room = tsr_pool_take(p, bytes, align);
    return room ? memset(room, 0, bytes) : NULL;
}

char *tsr_pool_string(tsr_pool *p, const char *s, size_t n)
{
    char *copy = tsr_pool_alloc(p, n + 1, 1);
    if (copy && n)
        memcpy(copy, s, n);
    return copy;
}

void tsr_pool_free(tsr_pool *p)
{
    while (p->blocks) {
        tsr_pool_block *next = p->blocks->next;
        p->allocator.release(p->allocator.ctx, p->blocks);
        p->blocks = next;
    }
    p->used = p->room = p->total_bytes = 0;
}
