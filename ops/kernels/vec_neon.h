/*
 * vec_neon.h - four floats in a V register of AArch64: what 32-bit Arm has no
 * instructions for.  The contract is stated in vec_avx2.h, the rest is vec_shared_neon.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_VEC_NEON_H
#define TSR_VEC_NEON_H

#include "ops/kernels/vec_shared_neon.h"

VF_INLINE vf vf_div(vf a, vf b)                  { return vdivq_f32(a, b); }
VF_INLINE vf vf_sqrt(vf a)                       { return vsqrtq_f32(a); }
VF_INLINE vf vf_floor(vf a)                      { return vrndmq_f32(a); }
VF_INLINE vf vf_ceil(vf a)                       { return vrndpq_f32(a); }
VF_INLINE vf vf_round(vf a)                      { return vrndnq_f32(a); }   /* half to even */

VF_INLINE vf vf_power_of_two(vf n)
{
    const int32x4_t e = vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(e, 23));
}

/* Of all lanes, in a fixed order. */
VF_INLINE float vf_sum(vf v)     { return vaddvq_f32(v); }
VF_INLINE float vf_largest(vf v) { return vmaxvq_f32(v); }

#endif
