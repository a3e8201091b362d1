/* dwconv_f32_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/dwconv_f32.h"

enum { NR = 4 };

static float pixel(const tsr_dwconv_f32_span *s, const float *x, const float *bias)
{
    float sum = bias[0];
    for (int ky = 0; ky < s->kh; x += ++ky == s->wrap ? s->x_wrap : s->x_row)
        for (int kx = 0; kx < s->kw; kx++)
            sum += x[kx * s->x_col]
                   * bias[s->w_first + ky * s->w_row + kx * NR];
    if (sum < s->lo) sum = s->lo;
    if (sum > s->hi) sum = s->hi;
    return sum;
}

static void span(const tsr_dwconv_f32_span *s)
{
    for (int i = 0; i < s->count; i++)
        for (int c = 0; c < s->channels; c++)
            s->y[i * s->y_step + c] = pixel(s, s->x + i * s->x_step + c,
                                            s->bias + c / NR * s->w_block + c % NR);
}

const tsr_dwconv_f32 tsr_dwconv_f32_c = { "c", 0, NR, 1, span, NULL, NULL };
