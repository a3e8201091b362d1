/*
 * crop_u8_neon.c - one place at a time, its three colours in the lanes of a register.
 *
 * A row of a place begins with r g b r g b ...: the same bytes moved by three, which is
 * EXT, are the pixels to the right, so nothing needs sorting.  Lanes are multiplied by the
 * weights of their pixel and widened by the same instruction, first across, then down:
 *
 *     one:   a = (64 - f) l + f r of two rows;  a + (b - a) g      SQDMULH: (2 x y) >> 16
 *     two:   (32 - f) l + 32 m + f r of three rows;  weighed and added up in 32 bits
 *
 * and a rounding, narrowing shift ends both.  Lanes behind the third hold the neighbours'
 * colours and are overwritten by the next place; the last one is stored byte by byte.
 *
 * Registers: 8 or so of 32.  Counted under emulation, instructions a place: `one` 30 (the
 * reference 44), `two` 46 (97); ten of them find out where the place is.
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include "engine/cpu.h"
#include "ops/kernels/crop_u8.h"

enum { POINT = TSR_CROP_U8_POINT, WHOLE = 32 };

static inline const uint8_t *pixel_at(const uint8_t *rgb, int stride, const tsr_crop_u8_walk *w)
{
    return rgb + (w->y >> POINT) * stride + 3 * (w->x >> POINT);
}

/* Two pixels weighed: r g b in the lower lanes. */
static inline uint16x4_t across_one(const uint8_t *p, uint8x8_t left, uint8x8_t right)
{
    const uint8x8_t v = vld1_u8(p);
    return vget_low_u16(vmlal_u8(vmull_u8(v, left), vext_u8(v, v, 3), right));
}

static inline uint8x8_t place_one(const uint8_t *rgb, int stride, const tsr_crop_u8_walk *w)
{
    const uint8_t *p = pixel_at(rgb, stride, w);
    const uint8_t f = (uint8_t)((w->x & 0xFFFF) >> 10);
    const int16_t g = (int16_t)((w->y & 0xFFFF) >> 1);
    const uint8x8_t left = vdup_n_u8((uint8_t)(64 - f)), right = vdup_n_u8(f);
    const int16x4_t a = vreinterpret_s16_u16(across_one(p, left, right));
    const int16x4_t b = vreinterpret_s16_u16(across_one(p + stride, left, right));
    const int16x4_t v = vadd_s16(a, vqdmulh_s16(vsub_s16(b, a), vdup_n_s16(g)));
    return vqrshrun_n_s16(vcombine_s16(v, v), 6);
}

/* Three pixels weighed, at most 255 * 64. */
static inline uint16x4_t across_two(const uint8_t *p, uint8x8_t left, uint8x8_t right)
{
    const uint8x16_t v = vld1q_u8(p);
    const uint8x8_t middle = vget_low_u8(vextq_u8(v, v, 3)), last = vget_low_u8(vextq_u8(v, v, 6));
    const uint16x8_t ends = vmlal_u8(vmull_u8(vget_low_u8(v), left), last, right);
    return vget_low_u16(vmlal_u8(ends, middle, vdup_n_u8(WHOLE)));
}

static inline uint8x8_t place_two(const uint8_t *rgb, int stride, const tsr_crop_u8_walk *w)
{
    const uint8_t *p = pixel_at(rgb, stride, w);
    const uint8_t f = (uint8_t)((w->x & 0xFFFF) >> 11);
    const uint16_t g = (uint16_t)((w->y & 0xFFFF) >> 11);
    const uint8x8_t left = vdup_n_u8((uint8_t)(WHOLE - f)), right = vdup_n_u8(f);
    uint32x4_t sum = vmull_n_u16(across_two(p, left, right), (uint16_t)(WHOLE - g));
    sum = vmlal_n_u16(sum, across_two(p + stride, left, right), WHOLE);
    sum = vmlal_n_u16(sum, across_two(p + 2 * (int64_t)stride, left, right), g);
    const uint16x4_t v = vrshrn_n_u32(sum, 12);
    return vmovn_u16(vcombine_u16(v, v));
}

typedef uint8x8_t place_fn(const uint8_t *rgb, int stride, const tsr_crop_u8_walk *w);

static inline __attribute__((always_inline))
void run(place_fn *place, const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    for (int i = 0; i + 1 < count; i++, y += 3, w.x += w.dx, w.y += w.dy) {
        const uint32x2_t v = vreinterpret_u32_u8(place(rgb, stride, &w));
        const uint32_t four = vget_lane_u32(v, 0);
        __builtin_memcpy(y, &four, 4);
    }
    const uint8x8_t last = place(rgb, stride, &w);
    y[0] = vget_lane_u8(last, 0);
    y[1] = vget_lane_u8(last, 1);
    y[2] = vget_lane_u8(last, 2);
}

static void one(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    run(place_one, rgb, stride, w, count, y);
}

static void two(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    run(place_two, rgb, stride, w, count, y);
}

const tsr_crop_u8 tsr_crop_u8_neon = { "neon", TSR_CPU_NEON, one, two };
