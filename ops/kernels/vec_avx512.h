/*
 * vec_avx512.h - sixteen floats in a ZMM register; the contract is stated in
 * vec_avx2.h.  Masks make partial loads and stores as cheap as whole ones.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_VEC_AVX512_H
#define TSR_VEC_AVX512_H

#include <immintrin.h>

typedef __m512 vf;
enum { VF = 16, VF_TURN = 1 };

#define VF_INLINE static inline __attribute__((always_inline))

VF_INLINE vf vf_in_register(vf x)               { __asm__("" : "+v"(x)); return x; }
VF_INLINE vf vf_load(const float *p)             { return _mm512_loadu_ps(p); }
VF_INLINE void vf_store(float *p, vf v)          { _mm512_storeu_ps(p, v); }
VF_INLINE vf vf_set(float x)                     { return _mm512_set1_ps(x); }
VF_INLINE vf vf_add(vf a, vf b)                  { return _mm512_add_ps(a, b); }
VF_INLINE vf vf_sub(vf a, vf b)                  { return _mm512_sub_ps(a, b); }
VF_INLINE vf vf_mul(vf a, vf b)                  { return _mm512_mul_ps(a, b); }
VF_INLINE vf vf_div(vf a, vf b)                  { return _mm512_div_ps(a, b); }
VF_INLINE vf vf_fma(vf a, vf b, vf c)            { return _mm512_fmadd_ps(a, b, c); }
VF_INLINE vf vf_min(vf a, vf b)                  { return _mm512_min_ps(a, b); }
VF_INLINE vf vf_max(vf a, vf b)                  { return _mm512_max_ps(a, b); }
VF_INLINE vf vf_clamp(vf v, vf lo, vf hi)        { return vf_min(hi, vf_max(lo, v)); }
VF_INLINE vf vf_sqrt(vf a)                       { return _mm512_sqrt_ps(a); }
VF_INLINE vf vf_abs(vf a)   { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
VF_INLINE vf vf_neg(vf a)   { return _mm512_xor_ps(_mm512_set1_ps(-0.0f), a); }

VF_INLINE vf vf_floor(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

VF_INLINE vf vf_ceil(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}

VF_INLINE vf vf_round(vf a)                     /* half to even */
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

VF_INLINE vf vf_if_less(vf a, vf b, vf x, vf y)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}

VF_INLINE vf vf_max_nan(vf a, vf b)
{
    return _mm512_mask_mov_ps(_mm512_max_ps(a, b), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
}

VF_INLINE vf vf_min_nan(vf a, vf b)
{
    return _mm512_mask_mov_ps(_mm512_min_ps(a, b), _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
}

VF_INLINE vf vf_power_of_two(vf n)
{
    const __m512i e = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(e, 23));
}

VF_INLINE __mmask16 vf_first(int n) { return (__mmask16)((1u << n) - 1); }

VF_INLINE vf vf_load_part(const float *p, int n)
{
    return _mm512_maskz_loadu_ps(vf_first(n), p);
}

VF_INLINE void vf_store_part(float *p, vf v, int n)
{
    _mm512_mask_storeu_ps(p, vf_first(n), v);
}

/* Of all lanes, in a fixed order. */
VF_INLINE float vf_sum(vf v)     { return _mm512_reduce_add_ps(v); }
VF_INLINE float vf_largest(vf v) { return _mm512_reduce_max_ps(v); }

#endif
