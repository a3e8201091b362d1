/* pool_f32_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include "ops/kernels/pool_f32.h"

static float clamp(const tsr_pool_f32_span *s, float v)
{
    if (v < s->lo) v = s->lo;
    if (v > s->hi) v = s->hi;
    return v;
}

static ptrdiff_t tap(const tsr_pool_f32_span *s, int ky, int kx)
{
    return ky * s->x_row - (ky >= s->wrap ? s->back : 0) + kx * s->x_col;
}

/* A NaN wins against every number. */
static float largest(const tsr_pool_f32_span *s, const float *x)
{
    float m = -INFINITY;
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            const float v = x[tap(s, ky, kx)];
            if (!(v <= m))
                m = v;
            if (isnan(m))
                return m;
        }
    return m;
}

static float mean(const tsr_pool_f32_span *s, const float *x)
{
    float sum = 0.0f;
    for (int ky = 0; ky < s->kh; ky++) {
        float row = 0.0f;
        for (int kx = 0; kx < s->kw; kx++)
            row += x[tap(s, ky, kx)];
        sum += row;
    }
    return sum * s->scale;
}

static void max(const tsr_pool_f32_span *s)
{
    for (int i = 0; i < s->count; i++)
        for (int c = 0; c < s->channels; c++)
            s->y[i * s->y_step + c] = clamp(s, largest(s, s->x + i * s->x_step + c));
}

static void average(const tsr_pool_f32_span *s)
{
    for (int i = 0; i < s->count; i++)
        for (int c = 0; c < s->channels; c++)
            s->y[i * s->y_step + c] = clamp(s, mean(s, s->x + i * s->x_step + c));
}

const tsr_pool_f32 tsr_pool_f32_c = { "c", 0, max, average };
