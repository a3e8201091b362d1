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

/* px outputs of vecs vectors of channels.  px, vecs and part_of are constants
 * at every call, so the loops unroll; part > 0 says how many channels of a
 * last, narrow vector there are. */
VF_INLINE void tile(const tsr_dwconv_f32_span *s, const float *x, const float *bias, float *y,
                    const int px, const int vecs, const int kw, const int part)
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
    for (int ky = s->kh; ky > 0; ky--) {
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
        for (int i = 0; i < px; i++)
            in[i] += x_row;
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

/* All channels of px outputs: pairs of vectors, one vector, a part of one. */
VF_INLINE void pixels(const tsr_dwconv_f32_span *s, const float *x, float *y,
                      const int px, const int kw)
{
    const float *block = s->bias;
    int c = 0;
    for (; c + NR <= s->channels; c += NR, block += s->w_block)
        tile(s, x + c, block, y + c, px, 2, kw, 0);
    if (c + VF <= s->channels) {
        tile(s, x + c, block, y + c, px, 1, kw, 0);
        c += VF, block += VF;
    }
    if (c < s->channels)
        tile(s, x + c, block, y + c, px, 1, kw, s->channels - c);
}

/* Whole rows of a 3 x 3 filter get a version of their own, with kw unrolled. */
VF_INLINE void pixels_any(const tsr_dwconv_f32_span *s, const float *x, float *y, const int px)
{
    if (s->kw == 3)
        pixels(s, x, y, px, 3);
    else
        pixels(s, x, y, px, s->kw);
}

static void span(const tsr_dwconv_f32_span *s)
{
    const float *x = s->x;
    float *y = s->y;
    int tiles = (s->count + PX - 1) / PX;
    for (int left = s->count; left > 0; tiles--) {
        const int px = (left + tiles - 1) / tiles;      /* about equal: no single left over */
        switch (px) {
        case 1: pixels_any(s, x, y, 1); break;
        case 2: pixels_any(s, x, y, 2); break;
        case 3: pixels_any(s, x, y, 3); break;
        case 4: pixels_any(s, x, y, 4); break;
        case 5: pixels_any(s, x, y, 5); break;
        default: pixels_any(s, x, y, PX); break;
        }
        x += px * s->x_step, y += px * s->y_step, left -= px;
    }
}

#endif
