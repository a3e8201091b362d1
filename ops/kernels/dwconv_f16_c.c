/* dwconv_f16_c.c - the reference: every number is widened to float, and the sum rounded
 * once.                                           SPDX-License-Identifier: MIT */
#include "engine/half.h"
#include "ops/kernels/dwconv_f16.h"

static float sum(const tsr_dwconv_f16_line *l, int i, int c)
{
    const uint16_t *w = l->packed + (ptrdiff_t)c * (l->kh * l->kw + 1);
    float s = tsr_half_to_float(*w++);
    for (int ky = 0; ky < l->kh; ky++)
        for (int kx = 0; kx < l->kw; kx++) {
            const uint16_t *x = l->x[ky * l->x_step + i * l->stride + kx * l->dilation];
            s += tsr_half_to_float(x[c]) * tsr_half_to_float(*w++);
        }
    return s;
}

static void row(const tsr_dwconv_f16_line *l)
{
    for (int i = 0; i < l->outputs; i++)
        for (int c = 0; c < l->channels; c++) {
            float y = sum(l, i, c);
            if (y < l->lo) y = l->lo;           /* NaN stays NaN */
            if (y > l->hi) y = l->hi;
            l->y[(ptrdiff_t)i * l->channels + c] = tsr_float_to_half(y);
        }
}

const tsr_dwconv_f16 tsr_dwconv_f16_c = { "c", 0, 1, 1, row };
