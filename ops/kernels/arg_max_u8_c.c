/* arg_max_u8_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/arg_max_u8.h"

static void rows(const uint8_t *x, int n, int count, uint8_t flip, int32_t *at)
{
    for (int i = 0; i < count; i++, x += n) {
        int best = x[0] ^ flip, first = 0;
        for (int k = 1; k < n; k++) {
            const int v = x[k] ^ flip;
            first = v > best ? k : first;
            best = v > best ? v : best;
        }
        at[i] = first;
    }
}

const tsr_arg_max_u8 tsr_arg_max_u8_c = { "c", 0, rows };
