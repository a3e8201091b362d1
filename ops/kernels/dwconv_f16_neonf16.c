/*
 * dwconv_f16_neonf16.c - 64-bit Arm with FEAT_FP16: 4 outputs x 32 channels.
 *
 * LD1 fetches the four vectors of 32 channels and moves on to the next column by one
 * instruction.  Filters 3 wide load each column once, and multiply it into all outputs that
 * see it: 16 sums, 12 taps of a filter row and 4 inputs are all 32 registers.  For each
 * filter row
 *
 *     stride 1    6 columns, 3 taps     9 loads for 48 FMLA
 *     stride 2    9 columns, 3 taps    12
 *
 * SAME and VALID padding let the first column of the first tile or the last column of the
 * last one lie outside the image: it is left out.  With dilation d every d-th output sees
 * every d-th column: d rows without dilation, one in the gaps of the other.
 *
 * Other filters, and other padding, load a column for each tap and output, in runs of
 * outputs with the same taps inside (window.h).  Channels left over go through tiles of 16
 * and 8.                                         SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <stdbool.h>
#include "engine/cpu.h"
#include "engine/half.h"
#include "engine/platform.h"
#include "ops/kernels/dwconv_f16.h"

enum { LANES = 8, WIDE = 4, PX = 4, ROW_KW = 3 };

#define INLINE static inline __attribute__((always_inline))

typedef struct { float16x8_t v[WIDE]; } vectors;

/* A run of outputs whose windows have the same kw taps inside the image; or, in a tile 3
 * wide, all but a first one that misses its first tap and a last one that misses its last. */
typedef struct {
    const tsr_dwconv_f16_line *l;
    const uint16_t *x;          /* column under the first tap of the first output, ... */
    ptrdiff_t x_step, x_col;    /* ... from one output, one tap to the next            */
    uint16_t *y;
    ptrdiff_t y_step;
    int count, kw, tap;         /* tap: the first one in use                           */
    bool misses_first, misses_last;
    uint16_t lo, hi;
} run;

/* Where a tile works, and what it misses.  The distances are the run's and the line's: here
 * they are in registers, not loaded for each tile. */
typedef struct {
    const uint16_t *x, *block;
    uint16_t *y;
    bool misses_first, misses_last;
    int kh, tap;
    ptrdiff_t x_col, x_row, y_step;
} place;

INLINE float16x8_t load(const uint16_t *p) { return vreinterpretq_f16_u16(vld1q_u16(p)); }

/* `vecs` (1, 2 or 4) vectors by LDP, into registers that need not be neighbours. */
INLINE vectors load_apart(const uint16_t *p, const int vecs)
{
    vectors x = { { load(p) } };
    TSR_UNROLL for (int v = 1; v < vecs; v++)
        x.v[v] = load(p + v * LANES);
    return x;
}

/* The `vecs` vectors at *x, which moves on by `step` bytes: no compiler makes that one
 * instruction, which wants neighbouring registers by name. */
INLINE vectors next_column(const uint16_t **x, ptrdiff_t step, const int vecs)
{
    register float16x8_t a __asm__("v28"), b __asm__("v29"), c __asm__("v30"), d __asm__("v31");
    if (vecs == 1) {
        __asm__("ld1 {v28.8h}, [%1], %2" : "=w"(a), "+r"(*x) : "r"(step) : "memory");
        return (vectors){ { a } };
    }
    if (vecs == 2) {
        __asm__("ld1 {v28.8h-v29.8h}, [%2], %3" : "=w"(a), "=w"(b), "+r"(*x) : "r"(step)
                : "memory");
        return (vectors){ { a, b } };
    }
    __asm__("ld1 {v28.8h-v31.8h}, [%4], %5"
            : "=w"(a), "=w"(b), "=w"(c), "=w"(d), "+r"(*x) : "r"(step) : "memory");
    return (vectors){ { a, b, c, d } };
}

/* The three taps of a filter row; 12 vectors are three LD1, as one piece that keeps their
 * registers.  *w moves on to what follows them. */
INLINE void next_taps(vectors tap[ROW_KW], const uint16_t **w, const int vecs)
{
    if (vecs < WIDE) {
        TSR_UNROLL for (int t = 0; t < ROW_KW; t++)
            tap[t] = load_apart(*w + t * vecs * LANES, vecs);
        *w += ROW_KW * vecs * LANES;
        return;
    }
    register float16x8_t a __asm__("v16"), b __asm__("v17"), c __asm__("v18"), d __asm__("v19"),
                         e __asm__("v20"), f __asm__("v21"), g __asm__("v22"), h __asm__("v23"),
                         i __asm__("v24"), j __asm__("v25"), k __asm__("v26"), l __asm__("v27");
    __asm__("ld1 {v16.8h-v19.8h}, [%12], #64\n\tld1 {v20.8h-v23.8h}, [%12], #64\n\t"
            "ld1 {v24.8h-v27.8h}, [%12], #64"
            : "=w"(a), "=w"(b), "=w"(c), "=w"(d), "=w"(e), "=w"(f), "=w"(g), "=w"(h), "=w"(i),
              "=w"(j), "=w"(k), "=w"(l), "+r"(*w) : : "memory");
    tap[0] = (vectors){ { a, b, c, d } };
    tap[1] = (vectors){ { e, f, g, h } };
    tap[2] = (vectors){ { i, j, k, l } };
}

/* As an instruction that the compiler leaves where it is: see gemm_f32_neon.c. */
INLINE void multiply_add(vectors *sum, const vectors *x, const vectors *w, const int vecs)
{
    TSR_UNROLL for (int v = 0; v < vecs; v++)
        __asm__("fmla %0.8h, %1.8h, %2.8h" : "+w"(sum->v[v]) : "w"(x->v[v]), "w"(w->v[v]));
}

INLINE void begin(vectors *sum, const uint16_t *bias, const int px, const int vecs)
{
    TSR_UNROLL for (int i = 0; i < px; i++) {
        sum[i] = load_apart(bias, vecs);
        __asm__ volatile("" ::: "memory");      /* load pairs, not copies of output 0 */
    }
}

INLINE void store(const run *r, const place *at, vectors *sum, const int px, const int vecs)
{
    const float16x8_t lo = vreinterpretq_f16_u16(vld1q_dup_u16(&r->lo));
    const float16x8_t hi = vreinterpretq_f16_u16(vld1q_dup_u16(&r->hi));
    TSR_UNROLL for (int i = 0; i < px; i++)
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            sum[i].v[v] = vminq_f16(vmaxq_f16(sum[i].v[v], lo), hi);
    const ptrdiff_t step = at->y_step;
    uint16_t *y = at->y;
    TSR_UNROLL for (int i = 0; i < px; i++, y += step) {
        __asm__("" : "+r"(y));                  /* one register: its stores pair up */
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            vst1q_u16(y + v * LANES, vreinterpretq_u16_f16(sum[i].v[v]));
    }
}

/* px outputs by `vecs` vectors of channels.  px, vecs, stride and inside (no column is
 * missing) are constants at every call, here and below. */
INLINE void tile_3(const run *r, const place *at, const int px, const int vecs,
                   const int stride, const bool inside)
{
    vectors sum[PX], tap[ROW_KW];
    const int width = vecs * LANES, columns = (px - 1) * stride + ROW_KW;
    begin(sum, at->block, px, vecs);
    const ptrdiff_t step = at->x_col * (ptrdiff_t)sizeof *at->x;
    const ptrdiff_t row = at->x_row - columns * at->x_col;
    const uint16_t *x = at->x, *w = at->block + (at->tap + 1) * width;
    const bool first = at->misses_first, last = at->misses_last;
    for (int ky = at->kh; ky > 0; ky--, x += row) {
        next_taps(tap, &w, vecs);
        TSR_UNROLL for (int j = 0; j < columns; j++) {
            if (!inside && ((j == 0 && first) || (j == columns - 1 && last))) {
                x += at->x_col;
                continue;
            }
            const vectors in = next_column(&x, step, vecs);
            TSR_UNROLL for (int t = 0; t < ROW_KW; t++)
                if (j >= t && (j - t) % stride == 0 && j - t <= (px - 1) * stride)
                    multiply_add(&sum[(j - t) / stride], &in, &tap[t], vecs);
        }
    }
    store(r, at, sum, px, vecs);
}

INLINE void tile_any(const run *r, const place *at, const int px, const int vecs)
{
    vectors sum[PX];
    const int width = vecs * LANES;
    begin(sum, at->block, px, vecs);
    const ptrdiff_t step = r->x_step * (ptrdiff_t)sizeof *at->x;
    const ptrdiff_t col = r->x_col - px * r->x_step;
    const uint16_t *row = at->x, *taps = at->block + (r->tap + 1) * width;
    for (int ky = r->l->kh; ky > 0; ky--, row += r->l->x_row, taps += r->l->columns.taps * width) {
        const uint16_t *x = row, *w = taps;
        for (int kx = r->kw; kx > 0; kx--, x += col, w += width) {
            const vectors tap = load_apart(w, vecs);
            TSR_UNROLL for (int i = 0; i < px; i++) {
                const vectors in = next_column(&x, step, vecs);
                multiply_add(&sum[i], &in, &tap, vecs);
            }
        }
    }
    store(r, at, sum, px, vecs);
}

/* stride 0: any filter. */
INLINE void tile(const run *r, const place *at, const int px, const int vecs, const int stride)
{
    if (!stride)
        tile_any(r, at, px, vecs);
    else if (at->misses_first || at->misses_last)
        tile_3(r, at, px, vecs, stride, false);
    else
        tile_3(r, at, px, vecs, stride, true);
}

/* All channels of px outputs; y and x are those of channel 0. */
INLINE void pixels(const run *r, place at, const int px, const int stride)
{
    const ptrdiff_t vector = (ptrdiff_t)(r->l->taps + 1) * LANES;
    int left = r->l->channels;
    for (; left >= WIDE * LANES; left -= WIDE * LANES) {
        tile(r, &at, px, WIDE, stride);
        at.x += WIDE * LANES, at.y += WIDE * LANES, at.block += WIDE * vector;
    }
    if (left >= 2 * LANES) {
        tile(r, &at, px, 2, stride);
        at.x += 2 * LANES, at.y += 2 * LANES, at.block += 2 * vector, left -= 2 * LANES;
    }
    for (; left > 0; left -= LANES, at.block += vector) {
        const int back = left < LANES ? LANES - left : 0;
        at.x -= back, at.y -= back;
        tile(r, &at, px, 1, stride);
        at.x += LANES, at.y += LANES;
    }
}

INLINE void outputs(const run *r, const int stride)
{
    place at = { r->x, r->l->packed, r->y, r->misses_first, false, r->l->kh, r->tap, r->x_col,
                 r->l->x_row, r->y_step };
    int tiles = (r->count + PX - 1) / PX;
    for (int left = r->count, px; left > 0; left -= px, tiles--) {
        px = (left + tiles - 1) / tiles;                /* about equal: no single left over */
        at.misses_last = r->misses_last && left == px;
        switch (px) {
        case 1: pixels(r, at, 1, stride); break;
        case 2: pixels(r, at, 2, stride); break;
        case 3: pixels(r, at, 3, stride); break;
        default: pixels(r, at, PX, stride); break;
        }
        at.x += px * r->x_step, at.y += px * r->y_step, at.misses_first = false;
    }
}

static void run_3(const run *r)          { outputs(r, 1); }
static void run_3_stride_2(const run *r) { outputs(r, 2); }
static void run_any(const run *r)        { outputs(r, 0); }

static run start(const tsr_dwconv_f16_line *l)
{
    return (run){ .l = l, .tap = l->tap, .kw = l->columns.taps, .y = l->y,
                  .x_step = (ptrdiff_t)l->columns.stride * l->channels,
                  .x_col = (ptrdiff_t)l->columns.dilation * l->channels, .y_step = l->channels,
                  .lo = tsr_float_to_half(l->lo), .hi = tsr_float_to_half(l->hi) };
}

/* Is a row, or with dilation each of its d rows of every d-th column, one of tiles 3 wide? */
static bool fits_3(const tsr_dwconv_f16_line *l)
{
    const tsr_window *g = &l->columns;
    const int d = g->dilation;
    if (g->taps != ROW_KW || g->stride > 2 || (g->stride > 1 && d > 1) || g->before % d
        || g->before > d || !l->kh)
        return false;
    for (int p = 0; p < d && p < g->out; p++) {
        const int last = (g->out - 1 - p) / d * d + p;          /* the last output of its row */
        if (last * g->stride - g->before + d >= g->in)          /* misses its middle tap */
            return false;
    }
    return true;
}

/* Outputs p, p + d, p + 2 d ... */
static void row_3(const tsr_dwconv_f16_line *l, int p)
{
    const tsr_window *g = &l->columns;
    const int d = g->dilation, first = p * g->stride - g->before;
    run r = start(l);
    r.count = (g->out - p + d - 1) / d;
    const int last = first + (r.count - 1) * d * g->stride;
    r.x = l->x + (ptrdiff_t)first * l->channels, r.y += (ptrdiff_t)p * l->channels;
    r.x_step *= d, r.y_step *= d;
    r.misses_first = first < 0, r.misses_last = last + 2 * d >= g->in;
    if (g->stride == 1)
        run_3(&r);
    else
        run_3_stride_2(&r);
}

static void row_any(const tsr_dwconv_f16_line *l)
{
    const tsr_window *g = &l->columns;
    for (int o = 0, end; o < g->out; o = end) {
        const tsr_taps t = tsr_window_taps(g, o);
        end = tsr_window_run_end(g, o, t);
        run r = start(l);
        const int column = o * g->stride - g->before + t.first * g->dilation;
        r.count = end - o, r.kw = t.end - t.first, r.tap += t.first;
        r.x = r.kw ? l->x + (ptrdiff_t)column * l->channels : l->x;
        r.y += (ptrdiff_t)o * l->channels;
        run_any(&r);
    }
}

static void row(const tsr_dwconv_f16_line *l)
{
    if (fits_3(l))
        for (int p = 0; p < l->columns.dilation && p < l->columns.out; p++)
            row_3(l, p);
    else
        row_any(l);
}

const tsr_dwconv_f16 tsr_dwconv_f16_neonf16 = { "neonf16", TSR_CPU_NEONF16, LANES, WIDE, row };
