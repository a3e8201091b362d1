/*
 * gemv_f32_neon32.c - four rows at once, two vectors of each: 8 independent chains.
 * SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/gemv_f32.h"
#include "ops/kernels/vec_neon32.h"

enum { ROWS = 4 };

static void dot4(const float *w, ptrdiff_t ldw, const float *x, int k, float *sum)
{
    const float *row[ROWS] = { w, w + ldw, w + 2 * ldw, w + 3 * ldw };
    vf even[ROWS], odd[ROWS];
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        even[i] = odd[i] = vf_set(0);

    ptrdiff_t at = 0;
    for (; at + 2 * VF <= k; at += 2 * VF) {
        const vf x0 = vf_load(x + at), x1 = vf_load(x + at + VF);
        TSR_UNROLL for (int i = 0; i < ROWS; i++) {
            even[i] = vf_fma(vf_load(row[i] + at), x0, even[i]);
            odd[i] = vf_fma(vf_load(row[i] + at + VF), x1, odd[i]);
        }
    }
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        sum[i] = vf_sum(vf_add(even[i], odd[i]));
    for (; at < k; at++)
        for (int i = 0; i < ROWS; i++)
            sum[i] += row[i][at] * x[at];
}

const tsr_gemv_f32 tsr_gemv_f32_neon32 = { .level = "neon32", .cpu = TSR_CPU_NEON32,
                                           .dot4 = dot4 };
