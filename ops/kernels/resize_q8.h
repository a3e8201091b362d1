/*
 * resize_q8 - bilinear interpolation of bytes, first across a row, then between two rows.
 *
 *     across:  y[x][c] = l * 2^11 + (r - l) * f[x],      l, r = in[left[x]][c], in[right[x]][c]
 *     down:    y[i]    = (t * 2^11 + (b - t) * f + 2^21) >> 22,   t, b = two such rows
 *
 * f: weight * 2^11, 0 .. 2^11.  XNNPACK's arithmetic, exact in 32 bits: every term stays
 * within 2^30, and all variants compute the same bits.  Bytes are taken as u8; a shift
 * by 128 passes through, because the weights add up to 1: so signed ones are
 * flipped (^ 0x80) on the way in and on the way out.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_RESIZE_Q8_H
#define TSR_RESIZE_Q8_H

#include <stdint.h>

typedef struct {
    int left, right;            /* bytes from the row's start to the two pixels */
    int32_t f;                  /* weight of the right one * 2^11               */
} tsr_resize_q8_column;

typedef struct {
    const char *level;          /* "c", "avx2" ...        */
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    /* count columns of c channels; y is dense and overlaps nothing. */
    void (*across)(const uint8_t *x, const tsr_resize_q8_column *columns, int count, int c,
                   uint8_t flip, int32_t *y);
    void (*down)(const int32_t *top, const int32_t *bottom, int32_t f, int n, uint8_t flip,
                 uint8_t *y);
} tsr_resize_q8;

extern const tsr_resize_q8 tsr_resize_q8_c, tsr_resize_q8_avx2, tsr_resize_q8_avx512,
                           tsr_resize_q8_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_resize_q8 *const tsr_resize_q8_variants[];

/* The fastest variant that this CPU can run. */
const tsr_resize_q8 *tsr_resize_q8_best(void);

#endif
