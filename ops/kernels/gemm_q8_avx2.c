/*
 * gemm_q8_avx2.c - 6 x 16 tile: 12 accumulators + 2 rows of weights + 1
 * broadcast of the 16 YMM registers.
 *
 * One step takes two of k: vpmovsxbw widens 8 columns of weight pairs,
 * vpbroadcastd repeats the pair of A, vpmaddwd multiplies 16 and adds pairs.
 * 12 x (madd + add) for 192 multiply-adds: on the four vector ports of a Zen 3
 * about 6.5 cycles.                              SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/gemm_q8.h"

enum { MR = 6, NR = 16 };

/* 16 sums -> 16 bytes, in order. */
static inline __m128i requantise(const tsr_gemm_q8_tile *t, __m256i s0, __m256i s1)
{
    const float *scale = (const float *)t->b + NR;
    const __m256 lo = _mm256_set1_ps(t->out.lo), hi = _mm256_set1_ps(t->out.hi);
    const __m256i zero_point = _mm256_set1_epi32(t->out.zero_point);
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

/* `m` is a constant at every call, so the row loops unroll away. */
static inline __attribute__((always_inline))
void rows(const tsr_gemm_q8_tile *t, const int m)
{
    const int32_t *bias = t->b;
    const __m256i bias0 = _mm256_loadu_si256((const __m256i *)bias);
    const __m256i bias1 = _mm256_loadu_si256((const __m256i *)(bias + 8));
    __m256i acc[MR][2];
    for (int i = 0; i < m; i++) {
        const __m256i row = _mm256_set1_epi32(t->row_sum[i]);
        acc[i][0] = _mm256_add_epi32(bias0, row);
        acc[i][1] = _mm256_add_epi32(bias1, row);
    }

    const int8_t *b = (const int8_t *)t->b + 8 * NR;
    for (int k = 0; k < t->k; k += 2, b += 2 * NR) {
        const __m256i b0 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)b));
        const __m256i b1 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(b + NR)));
        for (int i = 0; i < m; i++) {
            int32_t pair;
            memcpy(&pair, t->a + i * t->lda + k, sizeof pair);
            const __m256i a = _mm256_set1_epi32(pair);
            acc[i][0] = _mm256_add_epi32(acc[i][0], _mm256_madd_epi16(a, b0));
            acc[i][1] = _mm256_add_epi32(acc[i][1], _mm256_madd_epi16(a, b1));
        }
    }

    for (int i = 0; i < m; i++) {
        uint8_t out[NR];        /* a narrow last panel must not write past n */
        uint8_t *c = t->c + i * t->ldc, *dst = t->n == NR ? c : out;
        _mm_storeu_si128((__m128i *)dst, requantise(t, acc[i][0], acc[i][1]));
        if (dst == out)
            memcpy(c, out, (size_t)t->n);
    }
}

static void tile(const tsr_gemm_q8_tile *t)
{
    switch (t->m) {
    case 1: rows(t, 1); break;
    case 2: rows(t, 2); break;
    case 3: rows(t, 3); break;
    case 4: rows(t, 4); break;
    case 5: rows(t, 5); break;
    case 6: rows(t, 6); break;
    }
}

const tsr_gemm_q8 tsr_gemm_q8_avx2 = { "avx2", TSR_CPU_AVX2, MR, NR, tile };
