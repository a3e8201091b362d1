/* gemv_f32_c.c - the reference.  Four lanes, so that a compiler may vectorise.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/gemv_f32.h"

enum { ROWS = 4, LANES = 4 };

static void dot4(const float *w, ptrdiff_t ldw, const float *x, int k, float *sum)
{
    for (int i = 0; i < ROWS; i++, w += ldw) {
        float lane[LANES] = { 0 };
        int at = 0;
        for (; at + LANES <= k; at += LANES)
            for (int l = 0; l < LANES; l++)
                lane[l] += w[at + l] * x[at + l];
        for (; at < k; at++)
            lane[0] += w[at] * x[at];
        sum[i] = (lane[0] + lane[1]) + (lane[2] + lane[3]);
    }
}

const tsr_gemv_f32 tsr_gemv_f32_c = { .level = "c", .cpu = 0, .dot4 = dot4 };
