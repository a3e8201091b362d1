/*
 * gemm_q8_avx2.c - 6 x 16 tile: 12 accumulators + 2 rows of weights + 1
 * broadcast of the 16 YMM registers.
 *
 * One step takes two of k: vpmovsxbw widens 8 columns of weight pairs,
 * vpbroadcastd repeats the pair of A, vpmaddwd multiplies 16 and adds pairs.
 * 12 x (madd + add) for 192 multiply-adds: on the four vector ports of a Zen 3
 * about 6.5 cycles.                              SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "ops/kernels/gemm_q8.h"
#include "ops/kernels/requantise_avx2.h"

enum { MR = 6, NR = 16 };

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

    const float *scale = (const float *)t->b + NR;
    for (int i = 0; i < m; i++)
        tsr_store_avx2(t->c + i * t->ldc, t->n,
                       tsr_requantise_avx2(&t->out, scale, acc[i][0], acc[i][1]));
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

static void widen(const uint8_t *x, size_t n, uint8_t flip, int zero, int16_t *a)
{
    const __m128i flips = _mm_set1_epi8((char)flip);
    const __m256i zeros = _mm256_set1_epi16((short)zero);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m128i bytes = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(x + i)), flips);
        _mm256_storeu_si256((__m256i *)(a + i),
                            _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), zeros));
    }
    for (; i + 4 <= n; i += 4) {
        int32_t four;
        memcpy(&four, x + i, sizeof four);
        const __m128i words = _mm_cvtepu8_epi16(_mm_xor_si128(_mm_cvtsi32_si128(four), flips));
        _mm_storel_epi64((__m128i *)(a + i), _mm_sub_epi16(words, _mm256_castsi256_si128(zeros)));
    }
    for (; i < n; i++)
        a[i] = (int16_t)((x[i] ^ flip) - zero);
}

const tsr_gemm_q8 tsr_gemm_q8_avx2 = { "avx2", TSR_CPU_AVX2, MR, NR, 2, tile, widen };
