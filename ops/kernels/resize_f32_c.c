/* resize_f32_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/resize_f32.h"

static void across(const float *x, const tsr_resize_f32_column *columns, int count, int c,
                   float *y)
{
    for (int i = 0; i < count; i++) {
        const float *l = x + columns[i].left, *r = x + columns[i].right;
        for (int k = 0; k < c; k++)
            *y++ = l[k] + (r[k] - l[k]) * columns[i].f;
    }
}

static void down(const float *top, const float *bottom, float f, int n, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = top[i] + (bottom[i] - top[i]) * f;
}

const tsr_resize_f32 tsr_resize_f32_c = { "c", 0, across, down };
