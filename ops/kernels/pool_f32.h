/*
 * pool_f32 - largest or average value under a sliding window, per channel.
 *
 *     max:      y[x][c] = clamp(max over taps of in[x * step + tap][c])
 *     average:  y[x][c] = clamp(scale * sum over taps of in[x * step + tap][c])
 *
 * The same walk as dwconv_f32: channels in vectors, a row cut into spans whose
 * windows have the same taps inside the image, so padding costs nothing: it
 * is -inf for max, and for average `scale` says what to divide by.  Sums are
 * taken row by row and then over the rows, which keeps the rounding error of
 * a large window at gamma(kh + kw) instead of gamma(kh * kw).
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_POOL_F32_H
#define TSR_POOL_F32_H

#include <stddef.h>
#include "ops/kernels/window.h"

typedef struct {
    const float *x;             /* pixel under the first tap of the first output */
    ptrdiff_t x_step;           /* from one output's window to the next one's    */
    ptrdiff_t x_row, x_col;     /* from one tap to the next, down and across     */
    float *y;                   /* count pixels; only `channels` of each are written */
    ptrdiff_t y_step;
    int kh, kw;                 /* taps in use; both 0 when the window sees only padding */
    int wrap;                   /* rows of taps before the end of a ring of rows, >= kh: all; */
    ptrdiff_t back;             /* ... the others lie so much further up                 */
    int count, channels;        /* >= 1 */
    float scale;                /* of the sum; max ignores it */
    float lo, hi;               /* NaN passes through the clamp */
} tsr_pool_f32_span;            /* all distances in elements; y overlaps nothing */

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    void (*max)(const tsr_pool_f32_span *s);        /* of no taps: -inf, clamped */
    void (*average)(const tsr_pool_f32_span *s);    /* of no taps: 0, clamped    */
} tsr_pool_f32;

extern const tsr_pool_f32 tsr_pool_f32_c, tsr_pool_f32_avx2, tsr_pool_f32_avx512,
                          tsr_pool_f32_neon, tsr_pool_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_pool_f32 *const tsr_pool_f32_variants[];

/* The fastest variant that this CPU can run. */
const tsr_pool_f32 *tsr_pool_f32_best(void);

typedef struct {
    void (*span)(const tsr_pool_f32_span *s);
    tsr_window y, x;
    ptrdiff_t in_row, in_pixel; /* strides of the image, in elements */
    ptrdiff_t out_pixel;
    int channels;               /* to compute: all, or a slice of them */
    int ring, first_row;        /* ring > 0: there are so many rows, row r is at
                                   (r - first_row) % ring; else at r - first_row */
    int count_padding;          /* average divides by all taps, not by those inside */
    float lo, hi;
} tsr_pool_f32_image;

/* Output row oy; `image` is where its row first_row is. */
void tsr_pool_f32_row(const tsr_pool_f32_image *g, const float *image, int oy, float *out);

#endif
