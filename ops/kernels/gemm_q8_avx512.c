/*
 * gemm_q8_avx512.c - 8 x 32 tile: 16 accumulators + 2 rows of weights + 1
 * broadcast of the 32 ZMM registers; the same steps as gemm_q8_avx2.c at twice
 * the width.  vpmaddwd on ZMM needs AVX-512BW; no VNNI, so every machine of
 * this level runs it.                            SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/gemm_q8.h"

enum { MR = 8, NR = 32 };

/* 16 sums -> 16 bytes; scale stands for the same columns. */
static inline __m128i requantise(const tsr_gemm_q8_tile *t, __m512i sum, const float *scale)
{
    __m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(scale));
    f = _mm512_min_ps(_mm512_max_ps(f, _mm512_set1_ps(t->out.lo)), _mm512_set1_ps(t->out.hi));
    /* vpmovdb keeps the low byte: the result for u8 and s8 alike. */
    return _mm512_cvtepi32_epi8(
        _mm512_add_epi32(_mm512_cvtps_epi32(f), _mm512_set1_epi32(t->out.zero_point)));
}

/* `m` is a constant at every call, so the row loops unroll away. */
static inline __attribute__((always_inline))
void rows(const tsr_gemm_q8_tile *t, const int m)
{
    const int32_t *bias = t->b;
    const float *scale = (const float *)t->b + NR;
    __m512i acc[MR][2];
    for (int i = 0; i < m; i++) {
        const __m512i row = _mm512_set1_epi32(t->row_sum[i]);
        acc[i][0] = _mm512_add_epi32(_mm512_loadu_si512(bias), row);
        acc[i][1] = _mm512_add_epi32(_mm512_loadu_si512(bias + 16), row);
    }

    const int8_t *b = (const int8_t *)t->b + 8 * NR;
    for (int k = 0; k < t->k; k += 2, b += 2 * NR) {
        const __m512i b0 = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)b));
        const __m512i b1 = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(b + NR)));
        for (int i = 0; i < m; i++) {
            int32_t pair;
            memcpy(&pair, t->a + i * t->lda + k, sizeof pair);
            const __m512i a = _mm512_set1_epi32(pair);
            acc[i][0] = _mm512_add_epi32(acc[i][0], _mm512_madd_epi16(a, b0));
            acc[i][1] = _mm512_add_epi32(acc[i][1], _mm512_madd_epi16(a, b1));
        }
    }

    for (int i = 0; i < m; i++) {
        uint8_t out[NR];        /* a narrow last panel must not write past n */
        uint8_t *c = t->c + i * t->ldc, *dst = t->n == NR ? c : out;
        _mm_storeu_si128((__m128i *)dst, requantise(t, acc[i][0], scale));
        _mm_storeu_si128((__m128i *)(dst + 16), requantise(t, acc[i][1], scale + 16));
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
    case 7: rows(t, 7); break;
    case 8: rows(t, 8); break;
    }
}

/* Masks leave the bytes beyond the last untouched. */
static void widen(const uint8_t *x, size_t n, uint8_t flip, int zero, int16_t *a)
{
    const __m256i flips = _mm256_set1_epi8((char)flip);
    const __m512i zeros = _mm512_set1_epi16((short)zero);
    for (size_t i = 0; i < n; i += 32) {
        const __mmask32 mask = n - i >= 32 ? 0xffffffffu : (1u << (n - i)) - 1;
        const __m256i bytes = _mm256_xor_si256(_mm256_maskz_loadu_epi8(mask, x + i), flips);
        _mm512_mask_storeu_epi16(a + i, mask,
                                 _mm512_sub_epi16(_mm512_cvtepu8_epi16(bytes), zeros));
    }
}

const tsr_gemm_q8 tsr_gemm_q8_avx512 = { "avx512", TSR_CPU_AVX512, MR, NR, 2, tile, widen };
