/*
 * dwconv_q8_neon.c - 8 channels at a time: 2 accumulators of 4 sums, all taps
 * of one pixel.
 *
 * ld2 takes the pairs of weights apart: 8 channels of tap t, 8 of tap t + 1.
 * smlal multiplies 16-bit words and adds in 32 bits.  A last block of fewer
 * channels works on copies, so that no pointer is read past its end.
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/dwconv_q8.h"

enum { NR = 8 };

/* 8 sums -> 8 bytes; see gemm_q8_neon.c. */
static inline uint8x8_t requantise(const tsr_q8_output *o, const float *scale, int32x4_t s0,
                                   int32x4_t s1)
{
    const float32x4_t lo = vdupq_n_f32(o->lo), hi = vdupq_n_f32(o->hi);
    const int32x4_t zero_point = vdupq_n_s32(o->zero_point);
    float32x4_t f0 = vmulq_f32(vcvtq_f32_s32(s0), vld1q_f32(scale));
    float32x4_t f1 = vmulq_f32(vcvtq_f32_s32(s1), vld1q_f32(scale + 4));
    f0 = vminq_f32(vmaxq_f32(f0, lo), hi);
    f1 = vminq_f32(vmaxq_f32(f1, lo), hi);
    const int32x4_t i0 = vaddq_s32(vcvtnq_s32_f32(f0), zero_point);
    const int32x4_t i1 = vaddq_s32(vcvtnq_s32_f32(f1), zero_point);
    const int16x8_t words = vcombine_s16(vmovn_s32(i0), vmovn_s32(i1));
    return vmovn_u16(vreinterpretq_u16_s16(words));
}

/* n channels at p as words: all NR, or fewer and the rest 0. */
static inline __attribute__((always_inline))
int16x8_t load(const uint8_t *p, int n, uint8x8_t flip)
{
    uint8_t part[NR] = { 0 };
    if (n < NR)
        p = memcpy(part, p, (size_t)n);
    return vreinterpretq_s16_u16(vmovl_u8(veor_u8(vld1_u8(p), flip)));
}

static inline __attribute__((always_inline))
void pixel(const tsr_dwconv_q8_row *r, const uint8_t *const *x, int c, const void *block,
           const int n, uint8_t *y)
{
    const int32_t *bias = block;
    const int16_t *w = (const int16_t *)block + 4 * NR;
    const uint8x8_t flip = vdup_n_u8(r->flip);
    int32x4_t s0 = vld1q_s32(bias), s1 = vld1q_s32(bias + 4);
    for (int t = 0; t < r->taps; t += 2, w += 2 * NR) {
        const int16x8x2_t weights = vld2q_s16(w);
        const int16x8_t x0 = load(x[t] + c, n, flip), x1 = load(x[t + 1] + c, n, flip);
        s0 = vmlal_s16(s0, vget_low_s16(x0), vget_low_s16(weights.val[0]));
        s1 = vmlal_s16(s1, vget_high_s16(x0), vget_high_s16(weights.val[0]));
        s0 = vmlal_s16(s0, vget_low_s16(x1), vget_low_s16(weights.val[1]));
        s1 = vmlal_s16(s1, vget_high_s16(x1), vget_high_s16(weights.val[1]));
    }
    const uint8x8_t bytes = requantise(&r->out, (const float *)block + NR, s0, s1);
    uint8_t part[NR];
    vst1_u8(n == NR ? y : part, bytes);
    if (n < NR)
        memcpy(y, part, (size_t)n);
}

static void row(const tsr_dwconv_q8_row *r)
{
    const uint8_t *block = r->w;
    const size_t taps = (size_t)r->taps, channels = (size_t)r->c;
    int c = 0;
    for (; c + NR <= r->c; c += NR, block += NR * (8 + 2 * r->taps))
        for (int p = 0; p < r->pixels; p++)
            pixel(r, r->x + (size_t)p * taps, c, block, NR, r->y + (size_t)p * channels + c);
    if (c < r->c)
        for (int p = 0; p < r->pixels; p++)
            pixel(r, r->x + (size_t)p * taps, c, block, r->c - c, r->y + (size_t)p * channels + c);
}

const tsr_dwconv_q8 tsr_dwconv_q8_neon = { "neon", TSR_CPU_NEON, NR, row };
