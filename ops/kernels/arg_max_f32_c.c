/* arg_max_f32_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/arg_max_f32.h"

static void rows(const float *x, int n, int count, float sign, int32_t *at)
{
    for (int i = 0; i < count; i++, x += n) {
        float best = x[0] * sign;
        at[i] = 0;
        for (int k = 1; k < n; k++) {
            const float v = x[k] * sign;
            at[i] = v > best ? k : at[i];
            best = v > best ? v : best;
        }
    }
}

const tsr_arg_max_f32 tsr_arg_max_f32_c = { "c", 0, rows };
