/* resample_u8_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include "ops/kernels/resample_u8.h"

static uint8_t to_byte(int32_t sum)
{
    const int32_t v = sum >> TSR_RESAMPLE_POINT;
    return (uint8_t)(v > 255 ? 255 : v);
}

static void across(const tsr_resample_u8_filter *f, const uint8_t *x, uint8_t *y)
{
    for (int i = 0; i < f->out; i++) {
        const uint8_t *p = x + 3 * (size_t)f->first[i];
        const int32_t *weight = f->weight + (size_t)i * (size_t)f->taps;
        int32_t r = 1 << (TSR_RESAMPLE_POINT - 1), g = r, b = r;
        for (int j = 0; j < f->count[i]; j++, p += 3) {
            r += weight[j] * p[0];
            g += weight[j] * p[1];
            b += weight[j] * p[2];
        }
        y[3 * i] = to_byte(r);
        y[3 * i + 1] = to_byte(g);
        y[3 * i + 2] = to_byte(b);
    }
}

/* Row by row, because that order walks memory forwards. */
static void down(const tsr_resample_u8_filter *f, int i, const uint8_t *x, int n, int32_t *sums,
                 uint8_t *y)
{
    const int32_t *weight = f->weight + (size_t)i * (size_t)f->taps;
    for (int k = 0; k < n; k++)
        sums[k] = 1 << (TSR_RESAMPLE_POINT - 1);
    for (int j = 0; j < f->count[i]; j++) {
        const uint8_t *row = x + (size_t)(f->first[i] + j) * (size_t)n;
        const int32_t w = weight[j];
        for (int k = 0; k < n; k++)
            sums[k] += w * row[k];
    }
    for (int k = 0; k < n; k++)
        y[k] = to_byte(sums[k]);
}

const tsr_resample_u8 tsr_resample_u8_c = { "c", 0, across, down };
