/*
 * resample_u8_end.h - what variants of resample_u8 share that load whole groups of taps: how
 * many groups, where such loads would leave the row, and who does the pixels from there on.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_RESAMPLE_U8_END_H
#define TSR_RESAMPLE_U8_END_H

#include <stddef.h>
#include "ops/kernels/resample_u8.h"

/* A group of taps is loaded as so many bytes: four more than it has. */
enum { TSR_RESAMPLE_LOAD = 16 };

/* How many pixels are followed by another one, because each is stored as four bytes, and load
 * nothing behind the row. */
static inline int tsr_resample_u8_within(const tsr_resample_u8_filter *f)
{
    const ptrdiff_t last = 3 * (ptrdiff_t)(f->taps - TSR_RESAMPLE_GROUP);
    const ptrdiff_t room = 3 * (ptrdiff_t)f->in - TSR_RESAMPLE_LOAD - last;
    int count = f->out - 1;
    while (count > 0 && 3 * (ptrdiff_t)f->first[count - 1] > room)
        count--;
    return count;
}

/* The pixels from `from` on, by the reference. */
static inline void tsr_resample_u8_rest(const tsr_resample_u8_filter *f, int from,
                                        const uint8_t *x, uint8_t *y)
{
    tsr_resample_u8_filter rest = *f;
    rest.out = f->out - from;
    rest.first += from, rest.count += from;
    rest.weight += (ptrdiff_t)from * f->taps;
    tsr_resample_u8_c.across(&rest, x, y + 3 * (ptrdiff_t)from);
}

/* The first `count` pixels of a row, all groups of each. */
typedef void (*tsr_resample_u8_pixels)(const tsr_resample_u8_filter *f, const uint8_t *x,
                                       int count, int groups, uint8_t *y);

/* A row, `at_once` pixels at a time.  All groups of all pixels, because those behind
 * `f->count` weigh nothing; of the usual numbers, the loop over the groups disappears: `pixels`
 * is compiled into this once for each, which is why this is no function of its own. */
static inline __attribute__((always_inline))
void tsr_resample_u8_across(tsr_resample_u8_pixels pixels, int at_once,
                            const tsr_resample_u8_filter *f, const uint8_t *x, uint8_t *y)
{
    const int groups = f->taps / TSR_RESAMPLE_GROUP, within = tsr_resample_u8_within(f);
    const int fast = within - within % at_once;
    switch (groups) {
    case 1:  pixels(f, x, fast, 1, y); break;
    case 2:  pixels(f, x, fast, 2, y); break;
    case 3:  pixels(f, x, fast, 3, y); break;
    case 4:  pixels(f, x, fast, 4, y); break;
    default: pixels(f, x, fast, groups, y);
    }
    tsr_resample_u8_rest(f, fast, x, y);
}

#endif
