/* dwconv_f16_c.c - the reference: every number is widened to float, and the sum rounded
 * once.                                           SPDX-License-Identifier: MIT */
#include "engine/half.h"
#include "ops/kernels/dwconv_f16.h"

static float sum(const tsr_dwconv_f16_line *l, int i, int c)
{
    const uint16_t *w = l->packed + (ptrdiff_t)c * (l->taps + 1), *x = l->x + c;
    const tsr_window *g = &l->columns;
    const tsr_taps t = tsr_window_taps(g, i);
    float s = tsr_half_to_float(*w);
    w += 1 + l->tap;
    for (int ky = 0; ky < l->kh; ky++, w += g->taps, x += l->x_row)
        for (int kx = t.first; kx < t.end; kx++) {
            const int column = i * g->stride - g->before + kx * g->dilation;
            s += tsr_half_to_float(x[(ptrdiff_t)column * l->channels]) * tsr_half_to_float(w[kx]);
        }
    return s;
}

static void row(const tsr_dwconv_f16_line *l)
{
    for (int i = 0; i < l->columns.out; i++)
        for (int c = 0; c < l->channels; c++) {
            float y = sum(l, i, c);
            if (y < l->lo) y = l->lo;           /* NaN stays NaN */
            if (y > l->hi) y = l->hi;
            l->y[(ptrdiff_t)i * l->channels + c] = tsr_float_to_half(y);
        }
}

const tsr_dwconv_f16 tsr_dwconv_f16_c = { "c", 0, 1, 1, row };
