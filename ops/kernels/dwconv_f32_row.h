/*
 * dwconv_f32_row.h - whole rows of filters 3, 5 or 7 wide; included after
 * dwconv_f32_simd.h, by a file that has chosen V, the vectors of a tile, and
 * V_ALIASED, the same for images whose pixels fall into few sets of the cache.
 *
 * A tile is up to 8 neighbouring outputs.  For each filter row its taps are
 * loaded once, and every input column once; the column goes into all outputs
 * that see it:
 *
 *     output i  +=  tap t * column j        for all t with i * stride + t = j
 *
 * Of a 3 wide filter that is 13 loads for 24 FMAs: the FMA units are the limit, not the
 * load ports - if the compiler does not make a column a memory operand of each of its FMAs,
 * as GCC does (hence vf_in_register).  Borders take part: the first and the last few columns
 * of a tile are left out where the image has none; nothing else asks for borders.
 *
 * Measured on Zen 5 within networks, per cent of the FMA peak: AVX-512 53 (3 wide) and 68
 * (7 wide), AVX2 75 and 85; what is missing is spent on the second cache.
 *
 * With dilation d the pixels p, p + d, p + 2d ... are a row of their own, for
 * each phase p < d (and rows a picture of their own: dwconv_f32.c).
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_F32_ROW_H
#define TSR_DWCONV_F32_ROW_H

#include "ops/kernels/dwconv_f32.h"

enum { ROW_PX = 8, ROW_PX_ALIASED = 4, ROW_KW = 7 };

typedef struct {                /* one row, or one phase of it */
    const float *x;             /* column 0, first tap row in use, channel 0 */
    ptrdiff_t row, col;         /* to the next tap row, the next column  */
    int wrap;                   /* after so many tap rows (0: never) ... */
    ptrdiff_t row_wrap;         /* ... instead of row                    */
    const float *bias;          /* packed block 0                        */
    ptrdiff_t w_first, w_row, w_block;
    float *y;
    ptrdiff_t y_step;
    int kh, channels, outputs, columns;
    int before;                 /* columns that output 0 misses */
    float lo, hi;
} line;

typedef struct {
    const float *x;             /* column under tap 0 of the first output, perhaps a missing one */
    const float *bias;
    float *y;
    int first, end;             /* the columns first <= j < end of the tile exist */
} place;

/* px, vecs, kw and stride are constants at every call.  GCC keeps an array in
 * registers only if all its loops unroll early (hence the pragmas) and within
 * one function (hence its length). */
VF_INLINE void row_tile(const line *l, const place *at, const int px, const int vecs,
                        const int kw, const int stride)
{
    const int columns = (px - 1) * stride + kw, border = kw / 2;
    vf acc[ROW_PX][2], tap[ROW_KW][2];
#pragma GCC unroll 8
    for (int i = 0; i < px; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vecs; v++)
            acc[i][v] = vf_load(at->bias + v * VF);

    const float *x_row = at->x, *w_row = at->bias + l->w_first;
    const ptrdiff_t row = l->row, col = l->col, next_w = l->w_row;
    const int first = at->first, end = at->end;
    const int kh = l->kh;
    for (int ky = 1; ky <= kh; x_row += ky++ == l->wrap ? l->row_wrap : row, w_row += next_w) {
        const float *x = x_row;
#pragma GCC unroll 8
        for (int t = 0; t < kw; t++)
#pragma GCC unroll 2
            for (int v = 0; v < vecs; v++)
                tap[t][v] = vf_load(w_row + t * NR + v * VF);
#pragma GCC unroll 32
        for (int j = 0; j < columns; j++, x += col) {
            if ((j < border && j < first) || (j >= columns - border && j >= end))
                continue;
#pragma GCC unroll 2
            for (int v = 0; v < vecs; v++) {
                const vf in = vf_in_register(vf_load(x + v * VF));
#pragma GCC unroll 8
                for (int t = 0; t < kw; t++)
                    if (j >= t && (j - t) % stride == 0 && j - t <= (px - 1) * stride)
                        acc[(j - t) / stride][v] = vf_fma(in, tap[t][v],
                                                          acc[(j - t) / stride][v]);
            }
        }
    }

    const vf lo = vf_set(l->lo), hi = vf_set(l->hi);
    const ptrdiff_t y_step = l->y_step;
    float *y = at->y;
#pragma GCC unroll 8
    for (int i = 0; i < px; i++, y += y_step)
#pragma GCC unroll 2
        for (int v = 0; v < vecs; v++)
            vf_store(y + v * VF, vf_clamp(acc[i][v], lo, hi));
}

/* All channels of px outputs: memory is read forwards. */
VF_INLINE void row_channels(const line *l, const place *start, const int px, const int vecs,
                            const int kw, const int stride)
{
    place at = *start;
    const float *block = at.bias;
    int c = 0;
    for (; vecs == 2 && c + NR <= l->channels; c += NR, block += l->w_block) {
        at.x = start->x + c, at.y = start->y + c, at.bias = block;
        row_tile(l, &at, px, 2, kw, stride);
    }
    for (; c < l->channels; c += VF) {                  /* the last one moved back */
        const int to = c + VF <= l->channels ? c : l->channels - VF;
        at.x = start->x + to, at.y = start->y + to, at.bias = block + c % NR;
        row_tile(l, &at, px, 1, kw, stride);
        if (c % NR)
            block += l->w_block;
    }
}

/* `most` outputs a tile at most: 4 or 8, a constant as are vecs, kw and stride. */
VF_INLINE void row_outputs(const line *shared, const int most, const int vecs, const int kw,
                           const int stride)
{
    const line copy = *shared, *l = &copy;      /* which no store can change: stays in registers */
    int tiles = (l->outputs + most - 1) / most;
    for (int i = 0, px; i < l->outputs; i += px, tiles--) {
        px = (l->outputs - i + tiles - 1) / tiles;      /* about equal: no single left over */
        const int left = i * stride - l->before;        /* the column under tap 0 */
        const place at = { l->x + left * l->col, l->bias, l->y + i * l->y_step,
                           -left, l->columns - left };
        switch (most == 4 ? (px - 1) & 3 : px - 1) {
        case 0: row_channels(l, &at, 1, vecs, kw, stride); break;
        case 1: row_channels(l, &at, 2, vecs, kw, stride); break;
        case 2: row_channels(l, &at, 3, vecs, kw, stride); break;
        case 3: row_channels(l, &at, 4, vecs, kw, stride); break;
        case 4: row_channels(l, &at, 5, vecs, kw, stride); break;
        case 5: row_channels(l, &at, 6, vecs, kw, stride); break;
        case 6: row_channels(l, &at, 7, vecs, kw, stride); break;
        default: row_channels(l, &at, 8, vecs, kw, stride); break;
        }
    }
}

static void row_3(const line *l)         { row_outputs(l, ROW_PX, V, 3, 1); }
static void row_3_aliased(const line *l) { row_outputs(l, ROW_PX_ALIASED, V_ALIASED, 3, 1); }
static void row_3_stride_2(const line *l) { row_outputs(l, ROW_PX, V, 3, 2); }
static void row_5(const line *l)         { row_outputs(l, ROW_PX, V, 5, 1); }
static void row_5_stride_2(const line *l) { row_outputs(l, ROW_PX, V, 5, 2); }
static void row_7(const line *l)         { row_outputs(l, ROW_PX, V, 7, 1); }

/* Where neighbouring columns lie a multiple of 2 KiB apart, most caches can hold
 * few of them at a time.  Tiles of two vectors then use up a cache line before
 * it is displaced, and are narrower for it.
 * Through a table, so that each function gets the registers to itself. */
typedef void row_function(const line *l);

static row_function *choose_row(int kw, int stride, ptrdiff_t col)
{
    static row_function *const functions[2][3] = { { row_3, row_5, row_7 },
                                                   { row_3_stride_2, row_5_stride_2, row_7 } };
    if (V_ALIASED != V && kw == 3 && stride == 1 && col % (2048 / (int)sizeof(float)) == 0)
        return row_3_aliased;
    return functions[stride - 1][kw / 2 - 1];
}

/* One row by `run`: all phases. */
static void row_by(row_function *run, const tsr_dwconv_f32_image *g, const float *image, int oy,
                   float *out)
{
    const tsr_taps t = tsr_window_taps(&g->y, oy);
    const int d = g->x.dilation, kw = g->x.taps;
    const int y0 = t.first < t.end ? oy * g->y.stride - g->y.before + t.first * g->y.dilation : 0;
    line l = { .wrap = tsr_dwconv_f32_wrap(g, y0), .row_wrap = tsr_dwconv_f32_wrap_step(g),
               .row = g->y.dilation * g->in_row, .col = d * g->in_pixel,
               .bias = g->packed, .w_first = (1 + t.first * kw) * (ptrdiff_t)NR,
               .w_row = kw * (ptrdiff_t)NR, .w_block = (1 + g->y.taps * kw) * (ptrdiff_t)NR,
               .y_step = d * g->out_pixel, .kh = t.end - t.first, .channels = g->channels,
               .before = g->x.before / d, .lo = g->lo, .hi = g->hi };
    for (int p = 0; p < d && p < g->x.out; p++) {
        l.outputs = (g->x.out - p + d - 1) / d;
        l.columns = (g->x.in - p + d - 1) / d;
        l.x = tsr_dwconv_f32_row(g, image, y0) + p * g->in_pixel;
        l.y = out + p * g->out_pixel;
        run(&l);
    }
}

static inline void row(const tsr_dwconv_f32_image *g, const float *image, int oy, float *out)
{
    const ptrdiff_t col = g->x.dilation * g->in_pixel;
    row_by(choose_row(g->x.taps, g->x.stride, col), g, image, oy, out);
}

#endif
