/*
 * gemv_f32_avx512.c - four rows at once, two vectors of each: 8 independent chains.
 * The odd end is one masked step.                SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/gemv_f32.h"

enum { ROWS = 4, LANES = 16 };

static void dot4(const float *w, ptrdiff_t ldw, const float *x, int k, float *sum)
{
    const float *row[ROWS] = { w, w + ldw, w + 2 * ldw, w + 3 * ldw };
    __m512 even[ROWS], odd[ROWS];
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        even[i] = odd[i] = _mm512_setzero_ps();

    ptrdiff_t at = 0;
    for (; at + 2 * LANES <= k; at += 2 * LANES) {
        const __m512 x0 = _mm512_loadu_ps(x + at), x1 = _mm512_loadu_ps(x + at + LANES);
        TSR_UNROLL for (int i = 0; i < ROWS; i++) {
            even[i] = _mm512_fmadd_ps(_mm512_loadu_ps(row[i] + at), x0, even[i]);
            odd[i] = _mm512_fmadd_ps(_mm512_loadu_ps(row[i] + at + LANES), x1, odd[i]);
        }
    }
    for (; at < k; at += LANES) {
        const ptrdiff_t left = k - at;
        const __mmask16 live = (__mmask16)(left >= LANES ? 0xffff : (1 << left) - 1);
        const __m512 x0 = _mm512_maskz_loadu_ps(live, x + at);
        TSR_UNROLL for (int i = 0; i < ROWS; i++)
            even[i] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(live, row[i] + at), x0, even[i]);
    }
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        sum[i] = _mm512_reduce_add_ps(_mm512_add_ps(even[i], odd[i]));
}

const tsr_gemv_f32 tsr_gemv_f32_avx512 = {
    .level = "avx512", .cpu = TSR_CPU_AVX512, .dot4 = dot4,
};
