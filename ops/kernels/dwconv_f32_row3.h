/*
 * dwconv_f32_row3.h - whole rows of filters 3 wide; included after
 * dwconv_f32_simd.h, by a file that has chosen V, the vectors of a tile, and
 * V_ALIASED, the same for images whose pixels fall into few sets of the cache.
 *
 * A tile is up to 8 neighbouring outputs.  For each filter row its three taps
 * are loaded, and then every input column once, which goes into all outputs
 * that see it:
 *
 *     stride 1:  column j is tap 1 of output j, tap 2 of j-1, tap 0 of j+1
 *     stride 2:  column 2j is tap 1 of output j,
 *                column 2j+1 is tap 2 of j and tap 0 of j+1
 *
 * That is 13 loads for 24 FMAs, so that the FMA units are the limit, not the
 * load ports.  Borders take part: the first tile of a row may do without the
 * column left of it, the last one without the column right of it.
 *
 * With dilation d the pixels p, p + d, p + 2d ... are a row of their own, for
 * each phase p < d.                              SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_F32_ROW3_H
#define TSR_DWCONV_F32_ROW3_H

#include "ops/kernels/dwconv_f32.h"

enum { PX3 = 8, PX3_ALIASED = 4 };

typedef struct {                /* one row, or one phase of it */
    const float *x;             /* centre column of output 0, first tap row in use, channel 0 */
    ptrdiff_t row, col;         /* to the next tap row, the next column  */
    const float *bias;          /* packed block 0                        */
    ptrdiff_t w_first, w_row, w_block;
    float *y;
    ptrdiff_t y_step;
    int kh, channels, outputs;
    bool no_left, no_right;     /* the image ends before output 0's tap 0, the last one's tap 2 */
    float lo, hi;
} line3;

typedef struct { const float *x, *bias; float *y; bool no_left, no_right; } place3;

/* px, vecs and stride are constants at every call.  GCC keeps an array in
 * registers only if all its loops unroll early (hence the pragmas) and within
 * one function (hence its length). */
VF_INLINE void tile3(const line3 *l, const place3 *at, const int px, const int vecs,
                     const int stride)
{
    vf acc[PX3][2];
    for (int v = 0; v < vecs; v++)
#pragma GCC unroll 8
        for (int i = 0; i < px; i++)
            acc[i][v] = vf_load(at->bias + v * VF);

    const float *x_row = at->x, *w = at->bias + l->w_first;
    const ptrdiff_t row = l->row, col = l->col, w_row = l->w_row;
    for (int ky = l->kh; ky > 0; ky--, x_row += row, w += w_row)
        for (int v = 0; v < vecs; v++) {
            const float *x = x_row + v * VF;
            const vf tap0 = vf_load(w + v * VF), tap1 = vf_load(w + NR + v * VF);
            const vf tap2 = vf_load(w + 2 * NR + v * VF);
            if (!at->no_left)
                acc[0][v] = vf_fma(vf_load(x - col), tap0, acc[0][v]);
#pragma GCC unroll 8
            for (int i = 0; i < px; i++, x += stride * col) {
                const vf centre = vf_load(x);
                acc[i][v] = vf_fma(centre, tap1, acc[i][v]);
                if (stride == 1 && i > 0)
                    acc[i - 1][v] = vf_fma(centre, tap2, acc[i - 1][v]);
                if (stride == 1 && i + 1 < px)
                    acc[i + 1][v] = vf_fma(centre, tap0, acc[i + 1][v]);
                if (stride == 2 && i + 1 < px) {
                    const vf between = vf_load(x + col);
                    acc[i][v] = vf_fma(between, tap2, acc[i][v]);
                    acc[i + 1][v] = vf_fma(between, tap0, acc[i + 1][v]);
                }
            }
            if (!at->no_right)
                acc[px - 1][v] = vf_fma(vf_load(stride == 2 ? x - col : x), tap2,
                                        acc[px - 1][v]);
        }

    const vf lo = vf_set(l->lo), hi = vf_set(l->hi);
    const ptrdiff_t y_step = l->y_step;
    float *y = at->y;
#pragma GCC unroll 8
    for (int i = 0; i < px; i++, y += y_step)
        for (int v = 0; v < vecs; v++)
            vf_store(y + v * VF, vf_clamp(acc[i][v], lo, hi));
}

/* All channels of px outputs: memory is read forwards. */
VF_INLINE void channels3(const line3 *l, const place3 *first, const int px, const int vecs,
                         const int stride)
{
    place3 at = *first;
    const float *block = at.bias;
    int c = 0;
    for (; vecs == 2 && c + NR <= l->channels; c += NR, block += l->w_block) {
        at.x = first->x + c, at.y = first->y + c, at.bias = block;
        tile3(l, &at, px, 2, stride);
    }
    for (; c < l->channels; c += VF) {                  /* the last one moved back */
        const int to = c + VF <= l->channels ? c : l->channels - VF;
        at.x = first->x + to, at.y = first->y + to, at.bias = block + c % NR;
        tile3(l, &at, px, 1, stride);
        if (c % NR)
            block += l->w_block;
    }
}

/* `most` outputs a tile at most; 4 or 8, a constant as are vecs and stride. */
VF_INLINE void outputs3(const line3 *l, const int most, const int vecs, const int stride)
{
    place3 at = { l->x, l->bias, l->y, l->no_left, false };
    int tiles = (l->outputs + most - 1) / most;
    for (int left = l->outputs; left > 0; tiles--) {
        const int px = (left + tiles - 1) / tiles;      /* about equal: no single left over */
        left -= px;
        at.no_right = l->no_right && left == 0;
        switch (most == 4 ? (px - 1) & 3 : px - 1) {
        case 0: channels3(l, &at, 1, vecs, stride); break;
        case 1: channels3(l, &at, 2, vecs, stride); break;
        case 2: channels3(l, &at, 3, vecs, stride); break;
        case 3: channels3(l, &at, 4, vecs, stride); break;
        case 4: channels3(l, &at, 5, vecs, stride); break;
        case 5: channels3(l, &at, 6, vecs, stride); break;
        case 6: channels3(l, &at, 7, vecs, stride); break;
        default: channels3(l, &at, 8, vecs, stride); break;
        }
        at.x += px * stride * l->col, at.y += px * l->y_step, at.no_left = false;
    }
}

/* Where neighbouring columns lie a multiple of 2 KiB apart, most caches can hold
 * few of them at a time.  Tiles of two vectors then use up a cache line before
 * it is displaced, and are narrower for it. */
VF_INLINE void line_of(const line3 *l, const int stride)
{
    const bool aliased = V_ALIASED != V && stride == 1 && l->col % (2048 / (int)sizeof(float)) == 0;
    if (aliased)
        outputs3(l, PX3_ALIASED, V_ALIASED, stride);
    else
        outputs3(l, PX3, V, stride);
}

static void row3(const tsr_dwconv_f32_image *g, const float *image, int oy, float *out)
{
    const tsr_taps t = tsr_window_taps(&g->y, oy);
    const int d = g->x.dilation, stride = g->x.stride, no_left = g->x.before > 0;
    const int y0 = t.first < t.end ? oy * g->y.stride - g->y.before + t.first * g->y.dilation : 0;
    line3 l = { .row = g->y.dilation * g->in_row, .col = d * g->in_pixel,
                .bias = g->packed, .w_first = (1 + t.first * 3) * (ptrdiff_t)NR, .w_row = 3 * NR,
                .w_block = (1 + g->y.taps * 3) * (ptrdiff_t)NR,
                .y_step = d * g->out_pixel, .kh = t.end - t.first,
                .channels = g->channels, .no_left = no_left, .lo = g->lo, .hi = g->hi };
    for (int p = 0; p < d && p < g->x.out; p++) {
        const int columns = (g->x.in - p + d - 1) / d;
        l.outputs = (g->x.out - p + d - 1) / d;
        l.no_right = (l.outputs - 1) * stride + 3 - no_left > columns;
        l.x = image + y0 * g->in_row + p * g->in_pixel + (no_left ? 0 : l.col);
        l.y = out + p * g->out_pixel;
        if (stride == 1)
            line_of(&l, 1);
        else
            line_of(&l, 2);
    }
}

#endif
