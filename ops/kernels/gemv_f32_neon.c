/*
 * gemv_f32_neon.c - four rows at once, two vectors of each: 8 independent chains.
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/gemv_f32.h"

enum { ROWS = 4, LANES = 4 };

static void dot4(const float *w, ptrdiff_t ldw, const float *x, int k, float *sum)
{
    const float *row[ROWS] = { w, w + ldw, w + 2 * ldw, w + 3 * ldw };
    float32x4_t even[ROWS], odd[ROWS];
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        even[i] = odd[i] = vdupq_n_f32(0);

    ptrdiff_t at = 0;
    for (; at + 2 * LANES <= k; at += 2 * LANES) {
        const float32x4_t x0 = vld1q_f32(x + at), x1 = vld1q_f32(x + at + LANES);
        TSR_UNROLL for (int i = 0; i < ROWS; i++) {
            even[i] = vfmaq_f32(even[i], vld1q_f32(row[i] + at), x0);
            odd[i] = vfmaq_f32(odd[i], vld1q_f32(row[i] + at + LANES), x1);
        }
    }
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        sum[i] = vaddvq_f32(vaddq_f32(even[i], odd[i]));
    for (; at < k; at++)
        for (int i = 0; i < ROWS; i++)
            sum[i] += row[i][at] * x[at];
}

const tsr_gemv_f32 tsr_gemv_f32_neon = { .level = "neon", .cpu = TSR_CPU_NEON, .dot4 = dot4 };
