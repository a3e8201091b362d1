/*
 * gemv_f32_avx2.c - four rows at once, two vectors of each: 8 independent chains, and
 * an x that is loaded once for four rows.        SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/gemv_f32.h"

enum { ROWS = 4, LANES = 8 };

static inline float add_lanes(__m256 x)
{
    __m128 v = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v)));
}

static void dot4(const float *w, ptrdiff_t ldw, const float *x, int k, float *sum)
{
    const float *row[ROWS] = { w, w + ldw, w + 2 * ldw, w + 3 * ldw };
    __m256 even[ROWS], odd[ROWS];
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        even[i] = odd[i] = _mm256_setzero_ps();

    ptrdiff_t at = 0;
    for (; at + 2 * LANES <= k; at += 2 * LANES) {
        const __m256 x0 = _mm256_loadu_ps(x + at), x1 = _mm256_loadu_ps(x + at + LANES);
        TSR_UNROLL for (int i = 0; i < ROWS; i++) {
            even[i] = _mm256_fmadd_ps(_mm256_loadu_ps(row[i] + at), x0, even[i]);
            odd[i] = _mm256_fmadd_ps(_mm256_loadu_ps(row[i] + at + LANES), x1, odd[i]);
        }
    }
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        sum[i] = add_lanes(_mm256_add_ps(even[i], odd[i]));
    for (; at < k; at++)
        for (int i = 0; i < ROWS; i++)
            sum[i] += row[i][at] * x[at];
}

const tsr_gemv_f32 tsr_gemv_f32_avx2 = { .level = "avx2", .cpu = TSR_CPU_AVX2, .dot4 = dot4 };
