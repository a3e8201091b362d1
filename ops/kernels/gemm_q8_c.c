/*
 * gemm_q8_c.c - the reference: what every other variant must compute, bit for
 * bit.  Columns of B are runs of memory, and the dot product of two runs of
 * integers is a loop that compilers turn into vector code.
 * SPDX-License-Identifier: MIT
 */
#include "ops/kernels/gemm_q8.h"
#include "ops/kernels/requantise.h"

enum { MR = 1, NR = 8, RUN = 1 << 15 };

/* RUN products of at most 255 * 128 fit an int.  Sums of these wrap modulo 2^32
 * on their way to a total that fits: hence unsigned. */
static uint32_t dot(const int16_t *a, const int8_t *b, int k)
{
    uint32_t total = 0;
    for (int first = 0; first < k; first += RUN) {
        const int end = k - first < RUN ? k : first + RUN;
        int sum = 0;
        for (int i = first; i < end; i++)
            sum += a[i] * b[i];
        total += (uint32_t)sum;
    }
    return total;
}

static void tile(const tsr_gemm_q8_tile *t)
{
    const uint32_t *bias = t->b;
    const float *scale = (const float *)t->b + NR;
    const int8_t *b = (const int8_t *)t->b + 8 * NR;
    int32_t sum[NR];
    for (int j = 0; j < t->n; j++)
        sum[j] = (int32_t)(bias[j] + (uint32_t)t->row_sum[0]
                           + dot(t->a, b + (ptrdiff_t)j * t->k, t->k));
    for (int j = 0; j < t->n; j++)
        t->c[j] = tsr_q8_store((float)sum[j] * scale[j], &t->out);
}

static void widen(const uint8_t *x, size_t n, uint8_t flip, int zero, int16_t *a)
{
    for (size_t i = 0; i < n; i++)
        a[i] = (int16_t)((x[i] ^ flip) - zero);
}

const tsr_gemm_q8 tsr_gemm_q8_c = { "c", 0, MR, NR, 0, tile, widen };
