/*
 * packed.h - weights that a file brings as the kernels want them.
 *
 * Packing (kernels/gemm_f32.h) copies every weight once when a session opens.  A .tsr
 * file may hold the packed form, too: then a session uses that where it lies, and
 * neither copies nor needs memory for it.  What fits is told by a layout id, which is
 * computed from what a kernel's packing really does to a few numbers; a file that was
 * packed for another CPU or by an older version is still right, only not as quick to open.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_PACKED_H
#define TSR_PACKED_H

#include <stddef.h>
#include <stdint.h>

/* The packed form of a filter and its bias, known by where these lie. */
typedef struct {
    const void *filter, *bias;  /* bias NULL: none */
    uint64_t layout;
    const void *bytes;
    size_t size;
} tsr_packed;

typedef struct {
    const tsr_packed *list;     /* what the file brought */
    int count;
    /* Not NULL: is told of everything a session packs itself. */
    void (*made)(void *ctx, const tsr_packed *p);
    void *ctx;
} tsr_packs;

/* Does the file have `want`, its bytes aside?  NULL: no. */
static inline const void *tsr_packed_find(const tsr_packs *packs, const tsr_packed *want)
{
    for (int i = 0; packs && i < packs->count; i++) {
        const tsr_packed *p = &packs->list[i];
        if (p->filter == want->filter && p->bias == want->bias && p->layout == want->layout
            && p->size == want->size)
            return p->bytes;
    }
    return NULL;
}

/* The session has packed `p` itself. */
static inline void tsr_packed_made(const tsr_packs *packs, const tsr_packed *p)
{
    if (packs && packs->made)
        packs->made(packs->ctx, p);
}

#endif
