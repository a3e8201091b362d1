/*
 * vec_neon32.h - four floats in a Q register of 32-bit Arm (ARMv7 with NEON and
 * VFPv4): what it does in other ways than 64-bit Arm, the rest is vec_shared_neon.h.  The
 * contract is stated in vec_avx2.h, with one difference:
 *
 * Vectors of this CPU know no subnormal numbers.  Below 2^-126 a result is 0, and
 * so is an input; of the functions here only loads, stores, abs, neg, division, root,
 * floor and ceil see them.  The tests of this level allow an error of 2^-126.
 *
 * There is no division and no root of vectors: they go one by one to the scalar unit,
 * which rounds correctly; Newton's steps from the CPU's estimates would not, and fail for
 * the largest numbers.  Nor is there rounding to integral numbers but towards 0.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_VEC_NEON32_H
#define TSR_VEC_NEON32_H

#include "ops/kernels/vec_shared_neon.h"

VF_INLINE vf vf_div(vf a, vf b)                  { return a / b; }      /* one by one */

VF_INLINE vf vf_sqrt(vf a)
{
    for (int i = 0; i < VF; i++)
        a[i] = __builtin_sqrtf(a[i]);
    return a;
}

/* From 2^23 on every float is integral: those, infinities and NaN stay as they are. */
VF_INLINE vf vf_unless_integral(vf a, vf integral)
{
    return vf_if_less(vabsq_f32(a), vf_set(0x1p23f), integral, a);
}

/* Less than 0, subnormal numbers included, as a comparison of bits: all ones or 0. */
VF_INLINE uint32x4_t vf_is_negative(vf a)
{
    return vcgtq_u32(vreinterpretq_u32_f32(a), vdupq_n_u32(0x80000000u));
}

/* Towards 0, then 1 less where that went up; 0 cannot be compared with what the
 * comparison takes for 0. */
VF_INLINE vf vf_floor(vf a)
{
    const int32x4_t i = vcvtq_s32_f32(a);
    const vf t = vcvtq_f32_s32(i);
    const uint32x4_t zero = vceqq_s32(i, vdupq_n_s32(0));
    const uint32x4_t up = vbslq_u32(zero, vf_is_negative(a), vcgtq_f32(t, a));
    const int32x4_t down = vaddq_s32(i, vreinterpretq_s32_u32(up));     /* all ones: -1 */
    return vf_unless_integral(a, vcvtq_f32_s32(down));
}

VF_INLINE vf vf_ceil(vf a) { return vf_neg(vf_floor(vf_neg(a))); }

/* Half to even: 2^23 + |a| has no place for a fraction, and the addition rounds. */
VF_INLINE vf vf_round(vf a)
{
    const vf big = vf_set(0x1p23f), r = vf_sub(vf_add(vabsq_f32(a), big), big);
    return vf_unless_integral(a, vbslq_f32(vdupq_n_u32(0x80000000u), a, r));
}

VF_INLINE vf vf_power_of_two(vf n)
{
    const int32x4_t e = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(e, 23));
}

/* Of all lanes, in a fixed order. */
VF_INLINE float vf_sum(vf v)
{
    const float32x2_t pairs = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(vpadd_f32(pairs, pairs), 0);
}

VF_INLINE float vf_largest(vf v)
{
    const float32x2_t pairs = vmax_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(vpmax_f32(pairs, pairs), 0);
}

#endif
