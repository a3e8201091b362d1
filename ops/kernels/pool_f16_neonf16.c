/*
 * pool_f16_neonf16.c - 64-bit Arm with FEAT_FP16: one output by 32 channels.
 *
 * The largest of four vectors are four FMAX for each tap.  Sums are float32, two vectors for
 * each of 16-bit floats: FCVTL, FCVTL2 and two FADD.  Where the channels do not fill a last
 * vector, it is moved back over some that are done already; fewer than 8 go one by one.
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <math.h>
#include <stdbool.h>
#include "engine/cpu.h"
#include "engine/half.h"
#include "engine/platform.h"
#include "ops/kernels/pool_f16.h"

enum { LANES = 8, WIDE = 4 };

#define INLINE static inline __attribute__((always_inline))

/* All lanes or, `single`, one number in all of them. */
INLINE float16x8_t load(const uint16_t *p, const bool single)
{
    return vreinterpretq_f16_u16(single ? vld1q_dup_u16(p) : vld1q_u16(p));
}

/* Limits rounded to 16 bits clamp to the same number as before rounding the result. */
INLINE void store(const tsr_pool_f16_span *s, uint16_t *y, float16x8_t v, const bool single)
{
    const float16x8_t lo = vdupq_n_f16((float16_t)s->lo), hi = vdupq_n_f16((float16_t)s->hi);
    const uint16x8_t r = vreinterpretq_u16_f16(vminq_f16(vmaxq_f16(v, lo), hi));
    if (single)
        vst1q_lane_u16(y, r, 0);
    else
        vst1q_u16(y, r);
}

/* `vecs` vectors of channels of one output; vecs and single are constants at every call,
 * here and below. */
INLINE void largest(const tsr_pool_f16_span *s, const uint16_t *x, uint16_t *y, const int vecs,
                    const bool single)
{
    float16x8_t acc[WIDE];
    TSR_UNROLL for (int v = 0; v < vecs; v++)
        acc[v] = vdupq_n_f16((float16_t)-INFINITY);
    for (int ky = 0; ky < s->kh; ky++, x += s->x_row) {
        const uint16_t *in = x;
        for (int kx = 0; kx < s->kw; kx++, in += s->x_col)
            TSR_UNROLL for (int v = 0; v < vecs; v++)
                acc[v] = vmaxq_f16(acc[v], load(in + v * LANES, single));
    }
    TSR_UNROLL for (int v = 0; v < vecs; v++)
        store(s, y + v * LANES, acc[v], single);
}

INLINE void mean(const tsr_pool_f16_span *s, const uint16_t *x, uint16_t *y, const int vecs,
                 const bool single)
{
    float32x4_t low[WIDE], high[WIDE];
    TSR_UNROLL for (int v = 0; v < vecs; v++)
        low[v] = high[v] = vdupq_n_f32(0);
    for (int ky = 0; ky < s->kh; ky++, x += s->x_row) {
        const uint16_t *in = x;
        for (int kx = 0; kx < s->kw; kx++, in += s->x_col)
            TSR_UNROLL for (int v = 0; v < vecs; v++) {
                const float16x8_t i = load(in + v * LANES, single);
                low[v] = vaddq_f32(low[v], vcvt_f32_f16(vget_low_f16(i)));
                high[v] = vaddq_f32(high[v], vcvt_high_f32_f16(i));
            }
    }
    TSR_UNROLL for (int v = 0; v < vecs; v++) {
        const float16x4_t first = vcvt_f16_f32(vmulq_n_f32(low[v], s->scale));
        store(s, y + v * LANES, vcvt_high_f16_f32(first, vmulq_n_f32(high[v], s->scale)), single);
    }
}

INLINE void tile(const tsr_pool_f16_span *s, int i, int c, const int vecs, const bool single,
                 const bool max)
{
    const uint16_t *x = s->x + i * s->x_step + c;
    uint16_t *y = s->y + i * s->y_step + c;
    if (max)
        largest(s, x, y, vecs, single);
    else
        mean(s, x, y, vecs, single);
}

INLINE void pixels(const tsr_pool_f16_span *s, const bool max)
{
    const int channels = s->channels;
    for (int i = 0; i < s->count; i++) {
        int c = 0;
        for (; c + WIDE * LANES <= channels; c += WIDE * LANES)
            tile(s, i, c, WIDE, false, max);
        for (; c + LANES <= channels; c += LANES)
            tile(s, i, c, 1, false, max);
        if (c < channels && c >= LANES)
            tile(s, i, channels - LANES, 1, false, max);
        else
            for (; c < channels; c++)
                tile(s, i, c, 1, true, max);
    }
}

static void span_max(const tsr_pool_f16_span *s)     { pixels(s, true); }
static void span_average(const tsr_pool_f16_span *s) { pixels(s, false); }

const tsr_pool_f16 tsr_pool_f16_neonf16 = { "neonf16", TSR_CPU_NEONF16, span_max, span_average };
