/*
 * workspace.h - parts of a block of work space, taken one after the other.
 *
 * With base NULL nothing is given out, only counted: the same function that
 * takes the parts also tells how many bytes to bring.   SPDX-License-Identifier: MIT
 */
#ifndef TSR_WORKSPACE_H
#define TSR_WORKSPACE_H

#include <stddef.h>
#include <stdint.h>

enum { TSR_WORKSPACE_ALIGN = 16 };

typedef struct {
    uint8_t *base;              /* aligned; NULL: count only */
    size_t used;
} tsr_workspace;

static inline tsr_workspace tsr_workspace_make(void *block)
{
    const size_t odd = (size_t)((uintptr_t)block % TSR_WORKSPACE_ALIGN);
    tsr_workspace w = { (uint8_t *)block + (odd ? TSR_WORKSPACE_ALIGN - odd : 0), 0 };
    return w;
}

static inline void *tsr_workspace_take(tsr_workspace *w, size_t bytes)
{
    void *part = w->base ? w->base + w->used : NULL;
    w->used += (bytes + TSR_WORKSPACE_ALIGN - 1) / TSR_WORKSPACE_ALIGN * TSR_WORKSPACE_ALIGN;
    return part;
}

/* Bytes a caller's block must have, wherever it starts. */
static inline size_t tsr_workspace_need(const tsr_workspace *w)
{
    return w->used + TSR_WORKSPACE_ALIGN - 1;
}

#endif
