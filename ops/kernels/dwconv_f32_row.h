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
 * Of 3x3 filters two output rows share two input rows: AVX-512 has the registers to do both
 * at a time (pair_tile).
 *
 * Measured on Zen 5 within networks, per cent of the FMA peak: AVX-512 58 to 70 (3x3; 85 in
 * the first cache, where one row at a time reaches 71), 23 to 33 (3x3, stride 2), 68 (7
 * wide), AVX2 75 and 85; what is missing is spent on the second cache and the third.
 *
 * With dilation d the pixels p, p + d, p + 2d ... are a row of their own, for
 * each phase p < d (and rows a picture of their own: dwconv_f32.c).
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_F32_ROW_H
#define TSR_DWCONV_F32_ROW_H

#include "ops/kernels/dwconv_f32.h"

enum {
    ROW_PX = 8, ROW_PX_ALIASED = 4, ROW_KW = 7,
    PAIR = 0,                   /* in place of a filter width: two rows of a 3x3 filter ... */
    PAIR_K = 3, PAIR_ROWS = 4,  /* ... and the input rows they see */
};

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
    /* For two rows at a time: */
    ptrdiff_t down[PAIR_ROWS];  /* to the input rows under both windows, ...      */
    int top, bottom;            /* ... of which rows top <= i < bottom exist       */
    ptrdiff_t y_row;            /* to the second output row                        */
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

/* Two rows of a 3x3 filter of stride 1 at a time, by one vector.  They see four input rows;
 * row by row it would be six:
 *
 *     input row 0   is under filter row   0 of output row 0
 *     input row 1                         1                    0 of output row 1
 *     input row 2                         2                    1
 *     input row 3                                              2
 *
 * All 9 taps, 16 sums and a column take 26 of the 32 registers of AVX-512; 49 loads for 144
 * FMAs, and a third less from the second cache. */
VF_INLINE void pair_tile(const line *l, const place *at, const int px)
{
    enum { K = PAIR_K };
    const int columns = px - 1 + K;
    vf acc[2][ROW_PX], tap[K][K];
#pragma GCC unroll 8
    for (int i = 0; i < px; i++)
        acc[0][i] = acc[1][i] = vf_load(at->bias);
#pragma GCC unroll 9
    for (int t = 0; t < K * K; t++)
        tap[t / K][t % K] = vf_load(at->bias + (1 + t) * NR);

    const ptrdiff_t col = l->col;
    const int first = at->first, end = at->end, top = l->top, bottom = l->bottom;
#pragma GCC unroll 4
    for (int r = 0; r < PAIR_ROWS; r++) {
        const float *x = at->x + l->down[r];
        if (r < top || r >= bottom)
            continue;
#pragma GCC unroll 10
        for (int j = 0; j < columns; j++, x += col) {
            if ((j < K / 2 && j < first) || (j >= columns - K / 2 && j >= end))
                continue;
            const vf in = vf_in_register(vf_load(x));
#pragma GCC unroll 3
            for (int t = 0; t < K; t++) {
                if (j < t || j - t >= px)
                    continue;
                if (r < K)
                    acc[0][j - t] = vf_fma(in, tap[r][t], acc[0][j - t]);
                if (r > 0)
                    acc[1][j - t] = vf_fma(in, tap[r - 1][t], acc[1][j - t]);
            }
        }
    }

    const vf lo = vf_set(l->lo), hi = vf_set(l->hi);
    const ptrdiff_t y_step = l->y_step, y_row = l->y_row;
    float *y = at->y;
#pragma GCC unroll 8
    for (int i = 0; i < px; i++, y += y_step) {
        vf_store(y, vf_clamp(acc[0][i], lo, hi));
        vf_store(y + y_row, vf_clamp(acc[1][i], lo, hi));
    }
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
        if (kw == PAIR)
            pair_tile(l, &at, px);
        else
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
static void pair(const line *l)          { row_outputs(l, ROW_PX, 1, PAIR, 1); }

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

/* Output rows oy and oy + 1 of a 3x3 filter, stride 1 and no dilation down. */
static inline void two_rows(const tsr_dwconv_f32_image *g, const float *image, int oy, float *out)
{
    const int y0 = oy - g->y.before, d = g->x.dilation;
    line l = { .col = d * g->in_pixel, .bias = g->packed,
               .w_block = (1 + PAIR_K * PAIR_K) * (ptrdiff_t)NR, .y_step = d * g->out_pixel,
               .channels = g->channels, .before = g->x.before / d, .lo = g->lo, .hi = g->hi,
               .y_row = g->out_row };
    l.top = y0 < 0 ? -y0 : 0;
    l.bottom = g->y.in - y0 < PAIR_ROWS ? g->y.in - y0 : PAIR_ROWS;
    const float *x = l.top < l.bottom ? tsr_dwconv_f32_row(g, image, y0 + l.top) : image;
    for (int r = l.top; r < l.bottom; r++)
        l.down[r] = tsr_dwconv_f32_row(g, image, y0 + r) - x;
    for (int p = 0; p < d && p < g->x.out; p++) {
        l.outputs = (g->x.out - p + d - 1) / d;
        l.columns = (g->x.in - p + d - 1) / d;
        l.x = x + p * g->in_pixel;
        l.y = out + p * g->out_pixel;
        pair(&l);
    }
}

#endif
