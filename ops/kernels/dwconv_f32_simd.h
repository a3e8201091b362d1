/*
 * dwconv_f32_simd.h - the span of dwconv_f32 on vectors of any width.
 *
 * Included by one file per CPU level after its vec_*.h, which gives the vector
 * type; the file then names the variant.  A tile is PX neighbouring outputs by
 * two vectors of channels, so a block of packed weights is two vectors wide:
 *
 *     for each tap:   2 filter vectors are loaded, and
 *                     2 * PX inputs are multiplied into 2 * PX accumulators
 *
 * PX = 6 takes 12 accumulators: enough independent chains for two FMA ports of
 * latency 4, and the loads (14 per 12 FMAs) stay within two a cycle.  Reusing
 * an input for the neighbouring tap would save loads only for stride 1 and
 * costs registers and moves: not worth it where an FMA takes its input from
 * memory.  The channels are the inner loop, so that memory is read forwards.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_F32_SIMD_H
#define TSR_DWCONV_F32_SIMD_H

#include "ops/kernels/dwconv_f32.h"

enum { PX = 6, NR = 2 * VF };

/* px outputs of vecs vectors of channels.  px and vecs are constants at every
 * call, so the loops unroll; part > 0: fewer channels than fit a vector. */
VF_INLINE void tile(const tsr_dwconv_f32_span *s, const float *x, const float *bias, float *y,
                    const int px, const int vecs, const int part)
{
    vf acc[PX][2];
    const float *in[PX], *w_row = bias + s->w_first;
    for (int i = 0; i < px; i++)
        in[i] = x + i * s->x_step;
    for (int v = 0; v < vecs; v++) {
        const vf b = vf_load(bias + v * VF);
        for (int i = 0; i < px; i++)
            acc[i][v] = b;
    }

    const ptrdiff_t x_row = s->x_row, x_col = s->x_col, row_size = s->w_row;
    const int kw = s->kw, kh = s->kh;
    for (int ky = 1; ky <= kh; ky++) {
        const float *w = w_row;
        ptrdiff_t at = 0;
        for (int kx = 0; kx < kw; kx++, at += x_col, w += NR)
            for (int v = 0; v < vecs; v++) {
                const vf f = vf_load(w + v * VF);
                for (int i = 0; i < px; i++) {
                    const float *p = in[i] + at + v * VF;
                    acc[i][v] = vf_fma(part ? vf_load_part(p, part) : vf_load(p), f, acc[i][v]);
                }
            }
        const ptrdiff_t next = ky == s->wrap ? s->x_wrap : x_row;
        for (int i = 0; i < px; i++)
            in[i] += next;
        w_row += row_size;
    }

    const vf lo = vf_set(s->lo), hi = vf_set(s->hi);
    const ptrdiff_t y_step = s->y_step;         /* read once: the stores might alias *s */
    for (int i = 0; i < px; i++, y += y_step)
        for (int v = 0; v < vecs; v++) {
            if (part)
                vf_store_part(y + v * VF, vf_clamp(acc[i][v], lo, hi), part);
            else
                vf_store(y + v * VF, vf_clamp(acc[i][v], lo, hi));
        }
}

/* All channels of px outputs: pairs of vectors, one vector, the one moved back. */
VF_INLINE void pixels(const tsr_dwconv_f32_span *s, const float *x, float *y, const int px)
{
    const float *block = s->bias;
    int c = 0;
    for (; c + NR <= s->channels; c += NR, block += s->w_block)
        tile(s, x + c, block, y + c, px, 2, 0);
    for (; c < s->channels; c += VF, block += VF) {
        const int at = c + VF <= s->channels ? c : s->channels - VF;
        tile(s, x + at, block, y + at, px, 1, 0);
    }
}

static void few_channels(const tsr_dwconv_f32_span *s)
{
    for (int i = 0; i < s->count; i++)
        tile(s, s->x + i * s->x_step, s->bias, s->y + i * s->y_step, 1, 1, s->channels);
}

static void span(const tsr_dwconv_f32_span *s)
{
    const float *x = s->x;
    float *y = s->y;
    int tiles = (s->count + PX - 1) / PX;
    if (s->channels < VF) {
        few_channels(s);
        return;
    }
    for (int left = s->count; left > 0; tiles--) {
        const int px = (left + tiles - 1) / tiles;      /* about equal: no single left over */
        switch (px) {
        case 1: pixels(s, x, y, 1); break;
        case 2: pixels(s, x, y, 2); break;
        case 3: pixels(s, x, y, 3); break;
        case 4: pixels(s, x, y, 4); break;
        case 5: pixels(s, x, y, 5); break;
        default: pixels(s, x, y, PX); break;
        }
        x += px * s->x_step, y += px * s->y_step, left -= px;
    }
}

#endif
