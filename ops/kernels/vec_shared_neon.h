/*
 * vec_shared_neon.h - what four floats in a register of 32-bit and of 64-bit Arm have in common,
 * which is most; vec_neon.h and vec_neon32.h add the rest, and the contract is stated in
 * vec_avx2.h.  Minimum and maximum of both pass every NaN.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_VEC_SHARED_NEON_H
#define TSR_VEC_SHARED_NEON_H

#include <arm_neon.h>

typedef float32x4_t vf;
enum { VF = 4, VF_TURN = 4 };

#define VF_INLINE static inline __attribute__((always_inline))

VF_INLINE vf vf_in_register(vf x)                { return x; }
VF_INLINE vf vf_load(const float *p)             { return vld1q_f32(p); }
VF_INLINE void vf_store(float *p, vf v)          { vst1q_f32(p, v); }
VF_INLINE vf vf_set(float x)                     { return vdupq_n_f32(x); }
VF_INLINE vf vf_add(vf a, vf b)                  { return vaddq_f32(a, b); }
VF_INLINE vf vf_sub(vf a, vf b)                  { return vsubq_f32(a, b); }
VF_INLINE vf vf_mul(vf a, vf b)                  { return vmulq_f32(a, b); }
VF_INLINE vf vf_fma(vf a, vf b, vf c)            { return vfmaq_f32(c, a, b); }
VF_INLINE vf vf_min(vf a, vf b)                  { return vminq_f32(a, b); }
VF_INLINE vf vf_max(vf a, vf b)                  { return vmaxq_f32(a, b); }
VF_INLINE vf vf_min_nan(vf a, vf b)              { return vminq_f32(a, b); }
VF_INLINE vf vf_max_nan(vf a, vf b)              { return vmaxq_f32(a, b); }
VF_INLINE vf vf_clamp(vf v, vf lo, vf hi)        { return vf_min(hi, vf_max(lo, v)); }
VF_INLINE vf vf_abs(vf a)                        { return vabsq_f32(a); }
VF_INLINE vf vf_neg(vf a)                        { return vnegq_f32(a); }

VF_INLINE vf vf_if_less(vf a, vf b, vf x, vf y)
{
    return vbslq_f32(vcltq_f32(a, b), x, y);
}

VF_INLINE vf vf_load_part(const float *p, int n)
{
    vf v = vdupq_n_f32(0.0f);
    switch (n) {
    case 4: return vld1q_f32(p);
    case 3: v = vld1q_lane_f32(p + 2, v, 2);    /* fall through */
    case 2: return vcombine_f32(vld1_f32(p), vget_high_f32(v));
    default: return vld1q_lane_f32(p, v, 0);
    }
}

VF_INLINE void vf_store_part(float *p, vf v, int n)
{
    switch (n) {
    case 4: vst1q_f32(p, v); break;
    case 3: vst1q_lane_f32(p + 2, v, 2);        /* fall through */
    case 2: vst1_f32(p, vget_low_f32(v)); break;
    default: vst1q_lane_f32(p, v, 0); break;
    }
}

#endif
