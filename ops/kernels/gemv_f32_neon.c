/*
 * gemv_f32_neon.c - four rows at once, two sums of each: 8 independent chains.
 *
 * LD1 fetches four vectors of a row by one instruction and moves the pointer on: five
 * loads and the loop's two for 16 multiply-adds.  A weight is used once, so on most CPUs
 * memory is the limit.                                  SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/gemv_f32.h"

enum { ROWS = 4, LANES = 4, STEP = 4 * LANES };

/* The compiler shall not know what is in this register any more: pointers that it took for
 * one and a distance would not move on by the loads themselves. */
#define HIDE(variable) __asm__("" : "+r"(variable))

static void dot4(const float *w, ptrdiff_t ldw, const float *x, int k, float *sum)
{
    const float *row[ROWS] = { w, w + ldw, w + 2 * ldw, w + 3 * ldw };
    float32x4_t even[ROWS], odd[ROWS];
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        even[i] = odd[i] = vdupq_n_f32(0);

    for (k -= STEP; k >= 0; k -= STEP) {        /* below 0: too few for one more turn */
        HIDE(k);                                /* SUBS and a branch, no other count */
        const float32x4x4_t in = vld1q_f32_x4(x);
        x += STEP;
        HIDE(x);
        TSR_UNROLL for (int i = 0; i < ROWS; i++) {
            const float32x4x4_t v = vld1q_f32_x4(row[i]);
            row[i] += STEP;
            HIDE(row[i]);
            even[i] = vfmaq_f32(even[i], v.val[0], in.val[0]);
            odd[i] = vfmaq_f32(odd[i], v.val[1], in.val[1]);
            even[i] = vfmaq_f32(even[i], v.val[2], in.val[2]);
            odd[i] = vfmaq_f32(odd[i], v.val[3], in.val[3]);
        }
    }
    k &= STEP - 1;
    ptrdiff_t at = 0;
    for (; at + LANES <= k; at += LANES)
        TSR_UNROLL for (int i = 0; i < ROWS; i++)
            even[i] = vfmaq_f32(even[i], vld1q_f32(row[i] + at), vld1q_f32(x + at));
    TSR_UNROLL for (int i = 0; i < ROWS; i++)
        sum[i] = vaddvq_f32(vaddq_f32(even[i], odd[i]));
    for (; at < k; at++)
        for (int i = 0; i < ROWS; i++)
            sum[i] += row[i][at] * x[at];
}

const tsr_gemv_f32 tsr_gemv_f32_neon = { .level = "neon", .cpu = TSR_CPU_NEON, .dot4 = dot4 };
