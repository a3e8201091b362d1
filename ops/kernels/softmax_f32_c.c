/* softmax_f32_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include "ops/kernels/softmax_f32.h"

static void one(const float *x, float *y, int n, ptrdiff_t stride, float beta)
{
    float max = x[0], sum = 0.0f;
    for (int i = 1; i < n; i++)
        if (x[i * stride] > max)
            max = x[i * stride];
    for (int i = 0; i < n; i++) {
        y[i * stride] = expf((x[i * stride] - max) * beta);
        sum += y[i * stride];
    }
    for (int i = 0; i < n; i++)
        y[i * stride] /= sum;
}

static void run(const float *x, float *y, int n, int inner, float beta)
{
    for (int i = 0; i < inner; i++)
        one(x + i, y + i, n, inner, beta);
}

const tsr_softmax_f32 tsr_softmax_f32_c = { "c", 0, run };
