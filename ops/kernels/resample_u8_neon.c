/*
 * resample_u8_neon.c - four taps of three colours at a time across, sixteen bytes down.
 *
 * Across: the bytes of four neighbouring pixels are sorted by colour by a table look-up,
 *
 *     r0 g0 b0 r1 g1 b1 r2 ...  ->  r0 r1 r2 r3  g0 g1 g2 g3 | b0 b1 b2 b3  -  -  -  -
 *
 * widened to 32 bits and multiplied by w0 w1 w2 w3, whose 22 bits a lane of 32 has room for;
 * adding neighbours twice makes one sum of each colour.  A load of 16 bytes touches four more
 * than it needs, so the last pixels of a row, whose loads would leave it, are the
 * reference's.
 *
 * Registers: 3 sums, 1 of weights, 6 of pixels of 32 across; 4 sums and 7 more down.
 * 11 instructions for 12 products across and for 16 down, and one or two for the loop.
 * Counted under emulation, ten taps: 70 instructions a pixel across (the reference
 * 148), 11.4 a byte down (14.5).
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/resample_u8_end.h"

enum { HALF = 1 << (TSR_RESAMPLE_POINT - 1), LOAD = TSR_RESAMPLE_LOAD, GROUP = TSR_RESAMPLE_GROUP };

/* Four sums to bytes; none is negative, and some are a little above 255. */
static inline uint16x4_t to_words(uint32x4_t sum)
{
    return vmin_u16(vshrn_n_u32(vshrq_n_u32(sum, TSR_RESAMPLE_POINT - 16), 16), vdup_n_u16(255));
}

/* One pixel out of `groups` groups of four taps; the fourth byte means nothing. */
static inline uint32_t pixel(const uint8_t *x, const int32_t *weight, int groups)
{
    static const uint8_t order[LOAD] = { 0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 12, 12, 12, 12 };
    const uint8x16_t sort = vld1q_u8(order);
    uint32x4_t r = vdupq_n_u32(0), g = r, b = r;
    for (int i = 0; i < groups; i++, x += 3 * GROUP, weight += GROUP) {
        const uint8x16_t bytes = vqtbl1q_u8(vld1q_u8(x), sort);
        const uint16x8_t rg = vmovl_u8(vget_low_u8(bytes)), b_ = vmovl_high_u8(bytes);
        const uint32x4_t w = vreinterpretq_u32_s32(vld1q_s32(weight));
        r = vmlaq_u32(r, vmovl_u16(vget_low_u16(rg)), w);
        g = vmlaq_u32(g, vmovl_high_u16(rg), w);
        b = vmlaq_u32(b, vmovl_u16(vget_low_u16(b_)), w);
    }
    const uint32x4_t sum = vpaddq_u32(vpaddq_u32(r, g), vpaddq_u32(b, b));
    const uint16x4_t rgb = to_words(vaddq_u32(sum, vdupq_n_u32(HALF)));
    return vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(rgb, rgb))), 0);
}

/* The first `count` pixels, whose loads stay within the row.  Each is stored as four bytes;
 * the next one overwrites the fourth. */
static inline void pixels(const tsr_resample_u8_filter *f, const uint8_t *x, int count, int groups,
                          uint8_t *y)
{
    const int32_t *weight = f->weight;
    for (int i = 0; i < count; i++, y += 3, weight += f->taps) {
        const uint32_t rgb = pixel(x + 3 * (ptrdiff_t)f->first[i], weight, groups);
        memcpy(y, &rgb, 4);
    }
}

static void across(const tsr_resample_u8_filter *f, const uint8_t *x, uint8_t *y)
{
    tsr_resample_u8_across(pixels, 1, f, x, y);
}

/* Sixteen bytes of `count` rows below each other. */
static inline uint8x16_t column(const uint8_t *x, size_t stride, const int32_t *w, int count)
{
    uint32x4_t a = vdupq_n_u32(HALF), b = a, c = a, d = a;
    for (int j = 0; j < count; j++, x += stride) {
        const uint8x16_t v = vld1q_u8(x);
        const uint16x8_t low = vmovl_u8(vget_low_u8(v)), high = vmovl_high_u8(v);
        const uint32x4_t weight = vreinterpretq_u32_s32(vld1q_dup_s32(w + j));
        a = vmlaq_u32(a, vmovl_u16(vget_low_u16(low)), weight);
        b = vmlaq_u32(b, vmovl_high_u16(low), weight);
        c = vmlaq_u32(c, vmovl_u16(vget_low_u16(high)), weight);
        d = vmlaq_u32(d, vmovl_high_u16(high), weight);
    }
    return vcombine_u8(vmovn_u16(vcombine_u16(to_words(a), to_words(b))),
                       vmovn_u16(vcombine_u16(to_words(c), to_words(d))));
}

/* The last bytes of a row are its last sixteen once more. */
static void down(const tsr_resample_u8_filter *f, int i, const uint8_t *x, int n, int32_t *sums,
                 uint8_t *y)
{
    if (n < LOAD) {
        tsr_resample_u8_c.down(f, i, x, n, sums, y);
        return;
    }
    const int32_t *w = f->weight + (size_t)i * (size_t)f->taps;
    const uint8_t *from = x + (size_t)f->first[i] * (size_t)n;
    for (int k = 0; k + LOAD <= n; k += LOAD)
        vst1q_u8(y + k, column(from + k, (size_t)n, w, f->count[i]));
    if (n % LOAD)
        vst1q_u8(y + n - LOAD, column(from + n - LOAD, (size_t)n, w, f->count[i]));
}

const tsr_resample_u8 tsr_resample_u8_neon = { "neon", TSR_CPU_NEON, across, down };
