/*
 * requantise_avx2.h - what the 8-bit AVX2 kernels share: sums to bytes, and
 * fewer than 16 bytes in and out of a register.  Only for *_avx2.c.
 *
 * Short runs are read as two overlapping halves, so that nothing beyond them is
 * touched and no loop or call is needed.        SPDX-License-Identifier: MIT
 */
#ifndef TSR_REQUANTISE_AVX2_H
#define TSR_REQUANTISE_AVX2_H

#include <immintrin.h>
#include <string.h>
#include "ops/kernels/requantise.h"

/* 16 sums -> 16 bytes, in order; 16 scales. */
static inline __m128i tsr_requantise_avx2(const tsr_q8_output *o, const float *scale, __m256i s0,
                                          __m256i s1)
{
    const __m256 lo = _mm256_set1_ps(o->lo), hi = _mm256_set1_ps(o->hi);
    const __m256i zero_point = _mm256_set1_epi32(o->zero_point);
    __m256 f0 = _mm256_mul_ps(_mm256_cvtepi32_ps(s0), _mm256_loadu_ps(scale));
    __m256 f1 = _mm256_mul_ps(_mm256_cvtepi32_ps(s1), _mm256_loadu_ps(scale + 8));
    f0 = _mm256_min_ps(_mm256_max_ps(f0, lo), hi);
    f1 = _mm256_min_ps(_mm256_max_ps(f1, lo), hi);
    const __m256i i0 = _mm256_add_epi32(_mm256_cvtps_epi32(f0), zero_point);
    const __m256i i1 = _mm256_add_epi32(_mm256_cvtps_epi32(f1), zero_point);
    /* Packing works within 128-bit halves; 0xd8 puts the quarters in order.
     * The low byte is the result for u8 and s8 alike. */
    const __m256i words = _mm256_and_si256(
        _mm256_permute4x64_epi64(_mm256_packs_epi32(i0, i1), 0xd8), _mm256_set1_epi16(0xff));
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* n bytes, 1 <= n <= 16, the rest 0. */
static inline __m128i tsr_load_avx2(const uint8_t *p, int n)
{
    if (n >= 8) {
        const __m128i low = _mm_loadl_epi64((const __m128i *)p);
        const __m128i high = _mm_loadl_epi64((const __m128i *)(p + n - 8));
        return _mm_unpacklo_epi64(low, _mm_srl_epi64(high, _mm_cvtsi32_si128(8 * (16 - n))));
    }
    uint64_t bits = p[0];
    if (n >= 4) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + n - 4, 4);
        bits = low | (uint64_t)high << (8 * (n - 4));
    } else if (n >= 2) {
        bits |= (uint64_t)p[1] << 8 | (uint64_t)p[n - 1] << (8 * (n - 1));
    }
    return _mm_cvtsi64_si128((int64_t)bits);
}

/* The first n bytes of x, 1 <= n <= 16. */
static inline void tsr_store_avx2(uint8_t *p, int n, __m128i x)
{
    if (n == 16) {
        _mm_storeu_si128((__m128i *)p, x);
        return;
    }
    uint8_t bytes[16];
    _mm_storeu_si128((__m128i *)bytes, x);
    if (n >= 8) {
        memcpy(p, bytes, 8);
        memcpy(p + n - 8, bytes + n - 8, 8);
    } else if (n >= 4) {
        memcpy(p, bytes, 4);
        memcpy(p + n - 4, bytes + n - 4, 4);
    } else {
        p[0] = bytes[0];
        p[n / 2] = bytes[n / 2];
        p[n - 1] = bytes[n - 1];
    }
}

#endif
