/*
 * pool.h - memory that grows while a model is loaded and is freed all at once.
 *
 * A chain of blocks from the caller's allocator; nothing is freed singly.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_POOL_H
#define TSR_POOL_H

#include "engine/tsr.h"

typedef struct tsr_pool_block tsr_pool_block;

typedef struct {
    tsr_allocator allocator;
    bool hosted;                /* the system's allocator: large models grow by large blocks,
                                   which it may put into huge pages.  An allocator of the
                                   caller's is asked for no more than is needed           */
    tsr_pool_block *blocks;     /* newest first */
    size_t used, room;          /* bytes of the newest block */
    size_t total_bytes;         /* taken from the allocator so far */
} tsr_pool;

/* allocator.alloc NULL: malloc and free. */
tsr_pool tsr_pool_make(const tsr_allocator *allocator);

/* Zeroed memory aligned to `align` (a power of two up to 64); NULL when the
 * allocator has none left. */
void *tsr_pool_alloc(tsr_pool *p, size_t bytes, size_t align);

/* The same with undefined contents, for who writes all of it. */
void *tsr_pool_take(tsr_pool *p, size_t bytes, size_t align);

/* A copy of a string of n bytes, ended with NUL. */
char *tsr_pool_string(tsr_pool *p, const char *s, size_t n);

void tsr_pool_free(tsr_pool *p);

#endif
