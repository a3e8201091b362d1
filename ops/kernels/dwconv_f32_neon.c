/*
 * dwconv_f32_neon.c - rows of filters 3 wide: 4 outputs x 16 channels.
 *
 * LD1 fetches the four vectors of 16 channels and moves on to the next column by one
 * instruction, and all 32 registers are in use: 16 sums, 12 taps of a filter row, 4 inputs.
 * For each filter row
 *
 *     stride 1    6 columns, 3 taps    10 loads for 48 FMLA
 *     stride 2    9 columns, 3 taps    13
 *
 * Two blocks of 8 packed channels make the 16; the last channels, and other filters, go
 * through the tiles of dwconv_f32_row.h: 8 outputs x 8 channels.
 *                                                SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/vec_neon.h"
#include "ops/kernels/dwconv_f32_simd.h"

enum { V = 2, V_ALIASED = 2 };

#include "ops/kernels/dwconv_f32_row.h"

enum { WIDE = 4, WIDE_PX = 4, WIDE_KW = 3 };

/* The four vectors at *x, which moves on by `step` bytes: no compiler makes that one
 * instruction, which wants four neighbouring registers by name. */
VF_INLINE float32x4x4_t next_column(const float **x, ptrdiff_t step)
{
    register vf a __asm__("v28"), b __asm__("v29"), c __asm__("v30"), d __asm__("v31");
    __asm__("ld1 {v28.4s-v31.4s}, [%4], %5"
            : "=w"(a), "=w"(b), "=w"(c), "=w"(d), "+r"(*x) : "r"(step) : "memory");
    return (float32x4x4_t){ { a, b, c, d } };
}

/* The 6 vectors of a filter row in the first block of 8 channels, and in the second; *w then
 * is the next row. */
VF_INLINE void next_taps(vf tap[WIDE_KW][WIDE], const float **w)
{
    register vf a __asm__("v16"), b __asm__("v17"), c __asm__("v18"),
                d __asm__("v19"), e __asm__("v20"), f __asm__("v21");
    __asm__("ld1 {v16.4s-v18.4s}, [%6], #48\n\tld1 {v19.4s-v21.4s}, [%6], #48"
            : "=w"(a), "=w"(b), "=w"(c), "=w"(d), "=w"(e), "=w"(f), "+r"(*w) : : "memory");
    tap[0][0] = a, tap[0][1] = b, tap[1][0] = c, tap[1][1] = d, tap[2][0] = e, tap[2][1] = f;
}

VF_INLINE void next_taps_2(vf tap[WIDE_KW][WIDE], const float **w)
{
    register vf a __asm__("v22"), b __asm__("v23"), c __asm__("v24"),
                d __asm__("v25"), e __asm__("v26"), f __asm__("v27");
    __asm__("ld1 {v22.4s-v24.4s}, [%6], #48\n\tld1 {v25.4s-v27.4s}, [%6], #48"
            : "=w"(a), "=w"(b), "=w"(c), "=w"(d), "=w"(e), "=w"(f), "+r"(*w) : : "memory");
    tap[0][2] = a, tap[0][3] = b, tap[1][2] = c, tap[1][3] = d, tap[2][2] = e, tap[2][3] = f;
}

/* As row_tile: px, stride and inside (no column is missing) are constants at every call. */
VF_INLINE void wide_tile(const line *l, const place *at, const int px, const int stride,
                         const bool inside)
{
    const int columns = (px - 1) * stride + WIDE_KW;
    vf acc[WIDE_PX][WIDE], tap[WIDE_KW][WIDE];
    const float *bias = at->bias, *bias2 = bias + l->w_block;
    __asm__("" : "+r"(bias2));                  /* a register of its own: loads pair up */
    TSR_UNROLL for (int i = 0; i < px; i++)
        TSR_UNROLL for (int v = 0; v < WIDE; v++)
            acc[i][v] = vf_load(v < 2 ? bias + v * VF : bias2 + (v - 2) * VF);

    const float *x = at->x, *w = bias + l->w_first, *w2 = bias2 + l->w_first;
    const ptrdiff_t col = l->col, step = col * (ptrdiff_t)sizeof *x, y_step = l->y_step;
    const ptrdiff_t row = l->row - columns * col, row_wrap = l->row_wrap - columns * col;
    const int kh = l->kh, wrap = l->wrap, first = at->first, end = at->end;
    for (int ky = 1; ky <= kh; ky++) {
        next_taps(tap, &w);
        next_taps_2(tap, &w2);
        TSR_UNROLL for (int j = 0; j < columns; j++) {
            if (!inside && ((j == 0 && first > 0) || (j == columns - 1 && j >= end))) {
                x += col;
                continue;
            }
            const float32x4x4_t in = next_column(&x, step);
            TSR_UNROLL for (int t = 0; t < WIDE_KW; t++)
                if (j >= t && (j - t) % stride == 0 && j - t <= (px - 1) * stride)
                    TSR_UNROLL for (int v = 0; v < WIDE; v++)
                        acc[(j - t) / stride][v] = vf_fma(in.val[v], tap[t][v],
                                                          acc[(j - t) / stride][v]);
        }
        x += ky == wrap ? row_wrap : row;
    }
    const vf lo = vf_set(l->lo), hi = vf_set(l->hi);
    TSR_UNROLL for (int i = 0; i < px; i++)
        TSR_UNROLL for (int v = 0; v < WIDE; v++)
            acc[i][v] = vf_clamp(acc[i][v], lo, hi);
    float *y = at->y;
    TSR_UNROLL for (int i = 0; i < px; i++, y += y_step) {
        __asm__("" : "+r"(y));                  /* one register: its stores pair up */
        TSR_UNROLL for (int v = 0; v < WIDE; v++)
            vf_store(y + v * VF, acc[i][v]);
    }
}

/* 16 channels at a time, then what is left of them. */
VF_INLINE void wide_channels(const line *shared, const place *start, const int px,
                             const int stride)
{
    line l = *shared;
    place at = *start;
    const bool inside = at.first <= 0 && at.end >= (px - 1) * stride + WIDE_KW;
    for (; l.channels >= WIDE * VF; l.channels -= WIDE * VF) {
        if (inside)
            wide_tile(&l, &at, px, stride, true);
        else
            wide_tile(&l, &at, px, stride, false);
        at.x += WIDE * VF, at.y += WIDE * VF, at.bias += 2 * l.w_block;
    }
    if (l.channels >= VF)
        row_channels(&l, &at, px, V, WIDE_KW, stride);
}

VF_INLINE void wide_outputs(const line *l, const int stride)
{
    int tiles = (l->outputs + WIDE_PX - 1) / WIDE_PX;
    for (int i = 0, px; i < l->outputs; i += px, tiles--) {
        px = (l->outputs - i + tiles - 1) / tiles;
        const int left = i * stride - l->before;
        const place at = { l->x + left * l->col, l->bias, l->y + i * l->y_step,
                           -left, l->columns - left };
        switch (px) {
        case 1: wide_channels(l, &at, 1, stride); break;
        case 2: wide_channels(l, &at, 2, stride); break;
        case 3: wide_channels(l, &at, 3, stride); break;
        default: wide_channels(l, &at, 4, stride); break;
        }
    }
}

static void wide_3(const line *l)          { wide_outputs(l, 1); }
static void wide_3_stride_2(const line *l) { wide_outputs(l, 2); }

/* The last vector of channels may have to be moved back into the wide part's: with a
 * multiple of 4 channels it needs not. */
static void neon_row(const tsr_dwconv_f32_image *g, const float *image, int oy, float *out)
{
    if (g->x.taps == WIDE_KW && g->channels >= WIDE * VF && g->channels % VF == 0)
        row_by(g->x.stride == 1 ? wide_3 : wide_3_stride_2, g, image, oy, out);
    else
        row(g, image, oy, out);
}

const tsr_dwconv_f32 tsr_dwconv_f32_neon = { "neon", TSR_CPU_NEON, NR, VF, span, neon_row };
