/*
 * vec_avx2.h - eight floats in a YMM register, under the names that the shared
 * kernel bodies (*_simd.h) use.  vec_avx512.h, vec_neon.h and vec_neon32.h are its
 * sisters; they must keep the same contract:
 *
 *   VF_TURN                       vectors in a turn of a loop that does little with each: 1
 *                                 where the loop itself costs nothing
 *   vf_load_part, vf_store_part   touch exactly n elements, 1 <= n <= VF; the
 *                                 lanes behind them are 0
 *   vf_in_register(x)             x; where registers abound, the compiler may not load it
 *                                 from memory again for each use
 *   vf_min, vf_max                a NaN in b comes out; one in a may be lost
 *   vf_max_nan, vf_min_nan        a NaN in either comes out
 *   vf_clamp                      a NaN in v comes out
 *   vf_if_less(a, b, x, y)        lane by lane a < b ? x : y
 *   vf_power_of_two(n)            2^n for integral n, -126 <= n <= 127
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_VEC_AVX2_H
#define TSR_VEC_AVX2_H

#include <immintrin.h>

typedef __m256 vf;
enum { VF = 8, VF_TURN = 1 };

#define VF_INLINE static inline __attribute__((always_inline))

VF_INLINE vf vf_in_register(vf x)                { return x; }
VF_INLINE vf vf_load(const float *p)             { return _mm256_loadu_ps(p); }
VF_INLINE void vf_store(float *p, vf v)          { _mm256_storeu_ps(p, v); }
VF_INLINE vf vf_set(float x)                     { return _mm256_set1_ps(x); }
VF_INLINE vf vf_add(vf a, vf b)                  { return _mm256_add_ps(a, b); }
VF_INLINE vf vf_sub(vf a, vf b)                  { return _mm256_sub_ps(a, b); }
VF_INLINE vf vf_mul(vf a, vf b)                  { return _mm256_mul_ps(a, b); }
VF_INLINE vf vf_div(vf a, vf b)                  { return _mm256_div_ps(a, b); }
VF_INLINE vf vf_fma(vf a, vf b, vf c)            { return _mm256_fmadd_ps(a, b, c); }
VF_INLINE vf vf_min(vf a, vf b)                  { return _mm256_min_ps(a, b); }
VF_INLINE vf vf_max(vf a, vf b)                  { return _mm256_max_ps(a, b); }
VF_INLINE vf vf_clamp(vf v, vf lo, vf hi)        { return vf_min(hi, vf_max(lo, v)); }
VF_INLINE vf vf_sqrt(vf a)                       { return _mm256_sqrt_ps(a); }
VF_INLINE vf vf_abs(vf a)   { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
VF_INLINE vf vf_neg(vf a)   { return _mm256_xor_ps(_mm256_set1_ps(-0.0f), a); }
VF_INLINE vf vf_floor(vf a) { return _mm256_floor_ps(a); }
VF_INLINE vf vf_ceil(vf a)  { return _mm256_ceil_ps(a); }

VF_INLINE vf vf_round(vf a)                     /* half to even */
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

VF_INLINE vf vf_if_less(vf a, vf b, vf x, vf y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

VF_INLINE vf vf_max_nan(vf a, vf b)
{
    return _mm256_blendv_ps(_mm256_max_ps(a, b), a, _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}

VF_INLINE vf vf_min_nan(vf a, vf b)
{
    return _mm256_blendv_ps(_mm256_min_ps(a, b), a, _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}

VF_INLINE vf vf_power_of_two(vf n)
{
    const __m256i e = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(e, 23));
}

VF_INLINE vf vf_load_part(const float *p, int n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
}

/* By halves: masked stores are slow on some of these CPUs. */
VF_INLINE void vf_store_part(float *p, vf v, int n)
{
    __m128 x = _mm256_castps256_ps128(v);
    if (n == VF) {
        vf_store(p, v);
        return;
    }
    if (n & 4) {
        _mm_storeu_ps(p, x);
        p += 4, x = _mm256_extractf128_ps(v, 1);
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, x);
        p += 2, x = _mm_movehl_ps(x, x);
    }
    if (n & 1)
        _mm_store_ss(p, x);
}

/* Of all lanes, in a fixed order. */
VF_INLINE float vf_sum(vf v)
{
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}

VF_INLINE float vf_largest(vf v)
{
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}

#endif
