/*
 * gemm_q8_c.c - the reference: what every other variant must compute, bit for
 * bit.  Written so that compilers turn the inner loop into vector code.
 * SPDX-License-Identifier: MIT
 */
#include "ops/kernels/gemm_q8.h"
#include "ops/kernels/requantise.h"

enum { MR = 2, NR = 8 };

/* Sums wrap modulo 2^32 on their way to a total that fits: hence unsigned. */
static void multiply(const tsr_gemm_q8_tile *t, const int16_t *a, uint32_t *sum)
{
    const int8_t *b = (const int8_t *)t->b + 8 * NR;
    for (int k = 0; k < t->k; k += 2, b += 2 * NR) {
        const int a0 = a[k], a1 = a[k + 1];
        for (int j = 0; j < NR; j++)
            sum[j] += (uint32_t)(a0 * b[2 * j] + a1 * b[2 * j + 1]);
    }
}

static void tile(const tsr_gemm_q8_tile *t)
{
    const int32_t *bias = t->b;
    const float *scale = (const float *)t->b + NR;
    for (int i = 0; i < t->m; i++) {
        uint32_t sum[NR];
        for (int j = 0; j < NR; j++)
            sum[j] = (uint32_t)bias[j] + (uint32_t)t->row_sum[i];
        multiply(t, t->a + i * t->lda, sum);
        for (int j = 0; j < t->n; j++)
            t->c[i * t->ldc + j] = tsr_q8_store((float)(int32_t)sum[j] * scale[j], &t->out);
    }
}

const tsr_gemm_q8 tsr_gemm_q8_c = { "c", 0, MR, NR, tile };
