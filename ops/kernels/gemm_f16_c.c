/*
 * gemm_f16_c.c - the reference, and what runs where a CPU has no 16-bit floats.
 *
 * Every number is widened to float, summed as such, and the result is rounded once: more
 * accurate than the contract asks.                SPDX-License-Identifier: MIT
 */
#include "engine/half.h"
#include "ops/kernels/gemm_f16.h"

enum { LANES = 4 };

static void row(const tsr_gemm_f16_block *t, int i)
{
    float sum[LANES];
    const uint16_t *b = t->b;
    for (int j = 0; j < LANES; j++)
        sum[j] = tsr_half_to_float(*b++);
    for (int tap = 0; tap < t->taps; tap++) {
        const uint16_t *a = t->a[tap * t->a_step + i];
        for (int k = 0; k < t->kc; k++) {
            const float x = tsr_half_to_float(a[k]);
            for (int j = 0; j < LANES; j++)
                sum[j] += x * tsr_half_to_float(*b++);
        }
    }
    for (int j = 0; j < t->n; j++) {
        float x = sum[j];
        if (t->residual)
            x += tsr_half_to_float(t->residual[i * t->ldr + j]);
        if (x < t->lo) x = t->lo;       /* NaN stays NaN */
        if (x > t->hi) x = t->hi;
        t->c[i * t->ldc + j] = tsr_float_to_half(x);
    }
}

static void panel(const tsr_gemm_f16_block *t)
{
    for (int i = 0; i < t->m; i++)
        row(t, i);
}

const tsr_gemm_f16 tsr_gemm_f16_c = {
    .level = "c", .lanes = LANES, .wide = 1, .rows = 1, .panel = { panel },
};
