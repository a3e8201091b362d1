/*
 * pool_f16 - pool_f32 on 16-bit floats: largest or average value under a window.
 *
 *     max:      y[x][c] = clamp(max over taps of in[x * step + tap][c])         exact
 *     average:  y[x][c] = clamp(scale * sum over taps of in[x * step + tap][c])
 *
 * Numbers are IEEE binary16, in uint16_t.  Sums are float32 and rounded once: the error of an
 * average is at most u |y| + gamma(taps + 1) * scale * sum |x|, where u = 2^-11 and gamma is
 * that of float32; 2^-25 if y is subnormal.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_POOL_F16_H
#define TSR_POOL_F16_H

#include <stddef.h>
#include <stdint.h>

/* As tsr_pool_f32_span. */
typedef struct {
    const uint16_t *x;          /* pixel under the first tap of the first output */
    ptrdiff_t x_step;           /* from one output's window to the next one's    */
    ptrdiff_t x_row, x_col;     /* from one tap to the next, down and across     */
    uint16_t *y;                /* count pixels; only `channels` of each are written */
    ptrdiff_t y_step;
    int kh, kw;                 /* taps in use; both 0 when the window sees only padding */
    int count, channels;        /* >= 1 */
    float scale;                /* of the sum; max ignores it */
    float lo, hi;               /* NaN passes through the clamp */
} tsr_pool_f16_span;            /* all distances in elements; y overlaps nothing */

typedef struct {
    const char *level;          /* "c", "neonf16"                             */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    void (*max)(const tsr_pool_f16_span *s);        /* of no taps: -inf, clamped */
    void (*average)(const tsr_pool_f16_span *s);    /* of no taps: 0, clamped    */
} tsr_pool_f16;

extern const tsr_pool_f16 tsr_pool_f16_c, tsr_pool_f16_neonf16;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_pool_f16 *const tsr_pool_f16_variants[];

/* The fastest variant that this CPU can run. */
const tsr_pool_f16 *tsr_pool_f16_best(void);

#endif
