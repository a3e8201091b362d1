/*
 * dwconv_f16_neonf16.c - 64-bit Arm with FEAT_FP16: rows of filters 3, 5 and 7 wide.
 *
 * LD1 fetches up to four vectors of 8 channels and moves on to the next column by one
 * instruction.  A tile loads each column once, and multiplies it into all outputs that see
 * it; the taps of a filter row stay in registers meanwhile.  Registers, and for each filter
 * row the instructions for its FMLAs:
 *
 *     filter   tile     sums  taps  input     stride 1     stride 2
 *     3 wide   4 x 32    16    12     4       60 for 48    63 for 48
 *     7 wide   6 x 16    12    14     2      107 for 84
 *
 * Long rows of filters 3 wide keep the whole filter in registers: dwconv_f16_slide.h.
 *
 * SAME and VALID padding let up to half a filter's columns lie outside the image at either
 * end of a row: tiles there leave them out.  With dilation d every d-th output sees every
 * d-th column: d rows without dilation, one in the gaps of the other.
 *
 * Other filters, and other padding, load a column for each tap and output, in runs of
 * outputs with the same taps inside (window.h).  SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <stdbool.h>
#include "engine/cpu.h"
#include "engine/half.h"
#include "engine/platform.h"
#include "ops/kernels/dwconv_f16.h"

enum { LANES = 8, WIDE = 4, PX = 6, KW = 7 };

#define INLINE static inline __attribute__((always_inline))

typedef struct { float16x8_t v[WIDE]; } vectors;

/* A row of outputs, all or every d-th.  Its columns are those of the image that it may see:
 * `columns` of them, x_col apart; the first output's first tap is on column `left`.  Of a
 * filter of any size all kw taps from `tap` on are inside the image. */
typedef struct {
    const tsr_dwconv_f16_line *l;
    const uint16_t *x;          /* column `left`, in the image or not                  */
    ptrdiff_t x_step, x_col;    /* from one output, one column to the next             */
    uint16_t *y;
    ptrdiff_t y_step;
    int count, left, columns;
    int kw, tap;
    uint16_t lo, hi;
} run;

/* Where a tile works: its first column is `first` columns before the image, which ends
 * `end` columns later.  The other fields are the run's: here they stay in registers. */
typedef struct {
    const uint16_t *x, *block;
    uint16_t *y;
    int first, end;
    int kh, tap;
    ptrdiff_t x_col, x_row, y_step;
} place;

INLINE float16x8_t load(const uint16_t *p) { return vreinterpretq_f16_u16(vld1q_u16(p)); }

/* `vecs` (1, 2 or 4) vectors by LDP, into registers that need not be neighbours.  What is
 * beyond gets a value, too: GCC 12 would keep a structure with holes in memory. */
INLINE vectors load_apart(const uint16_t *p, const int vecs)
{
    const float16x8_t a = load(p);
    vectors x = { { a, a, a, a } };
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
        return (vectors){ { a, a, a, a } };
    }
    if (vecs == 2) {
        __asm__("ld1 {v28.8h-v29.8h}, [%2], %3" : "=w"(a), "=w"(b), "+r"(*x) : "r"(step)
                : "memory");
        return (vectors){ { a, b, a, b } };
    }
    __asm__("ld1 {v28.8h-v31.8h}, [%4], %5"
            : "=w"(a), "=w"(b), "=w"(c), "=w"(d), "+r"(*x) : "r"(step) : "memory");
    return (vectors){ { a, b, c, d } };
}

/* The taps of a filter row, each `width` channels from the one before, of which `vecs`
 * vectors are used.  12 whole vectors are three LD1, as one piece that keeps their registers.
 * *w moves on to what follows them. */
INLINE void next_taps(vectors *tap, const uint16_t **w, const int kw, const int vecs,
                      const int width)
{
    if (vecs < WIDE) {
        TSR_UNROLL for (int t = 0; t < kw; t++)
            TSR_UNROLL for (int v = 0; v < vecs; v++)
                tap[t].v[v] = load(*w + t * width + v * LANES);
        *w += kw * width;
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

/* What a tile is; constants at every call.  kw 0: a filter of any size. */
typedef struct { int px, vecs, width, kw, stride; } shape;

/* inside: no column is missing. */
INLINE void tile_row(const run *r, const place *at, const shape s, const bool inside)
{
    vectors sum[PX], tap[KW];
    const int columns = (s.px - 1) * s.stride + s.kw, border = s.kw / 2;
    begin(sum, at->block, s.px, s.vecs);
    const ptrdiff_t step = at->x_col * (ptrdiff_t)sizeof *at->x;
    const ptrdiff_t row = at->x_row - columns * at->x_col;
    const uint16_t *x = at->x, *w = at->block + (at->tap + 1) * s.width;
    for (int ky = at->kh; ky > 0; ky--, x += row) {
        next_taps(tap, &w, s.kw, s.vecs, s.width);
        TSR_UNROLL for (int j = 0; j < columns; j++) {
            if (!inside && ((j < border && j < at->first)
                            || (j >= columns - border && j >= at->end))) {
                x += at->x_col;
                continue;
            }
            const vectors in = next_column(&x, step, s.vecs);
            TSR_UNROLL for (int t = 0; t < s.kw; t++)
                if (j >= t && (j - t) % s.stride == 0 && j - t <= (s.px - 1) * s.stride)
                    multiply_add(&sum[(j - t) / s.stride], &in, &tap[t], s.vecs);
        }
    }
    store(r, at, sum, s.px, s.vecs);
}

INLINE void tile_any(const run *r, const place *at, const shape s)
{
    vectors sum[PX];
    begin(sum, at->block, s.px, s.vecs);
    const ptrdiff_t step = r->x_step * (ptrdiff_t)sizeof *at->x;
    const ptrdiff_t col = at->x_col - s.px * r->x_step;
    const uint16_t *row = at->x, *taps = at->block + (at->tap + 1) * s.width;
    for (int ky = at->kh; ky > 0; ky--, row += at->x_row, taps += r->l->columns.taps * s.width) {
        const uint16_t *x = row, *w = taps;
        for (int kx = r->kw; kx > 0; kx--, x += col, w += s.width) {
            const vectors tap = load_apart(w, s.vecs);
            TSR_UNROLL for (int i = 0; i < s.px; i++) {
                const vectors in = next_column(&x, step, s.vecs);
                multiply_add(&sum[i], &in, &tap, s.vecs);
            }
        }
    }
    store(r, at, sum, s.px, s.vecs);
}

INLINE void tile(const run *r, const place *at, const shape s)
{
    if (!s.kw)
        tile_any(r, at, s);
    else if (at->first > 0 || at->end < (s.px - 1) * s.stride + s.kw)
        tile_row(r, at, s, false);
    else
        tile_row(r, at, s, true);
}

/* All channels of px outputs: 32 at a time, in halves where the taps of a filter row would
 * fill the registers, then 16 and 8. */
INLINE void pixels(const run *r, place at, const int px, const int kw, const int stride)
{
    const ptrdiff_t vector = (ptrdiff_t)(r->l->taps + 1) * LANES;
    const int vecs = kw > 3 ? 2 : WIDE;
    int left = r->l->channels;
    for (; left >= WIDE * LANES; left -= WIDE * LANES) {
        for (int part = 0; part < WIDE; part += vecs) {
            tile(r, &at, (shape){ px, vecs, WIDE * LANES, kw, stride });
            at.x += vecs * LANES, at.y += vecs * LANES, at.block += vecs * LANES;
        }
        at.block += WIDE * (vector - LANES);
    }
    if (left >= 2 * LANES) {
        tile(r, &at, (shape){ px, 2, 2 * LANES, kw, stride });
        at.x += 2 * LANES, at.y += 2 * LANES, at.block += 2 * vector, left -= 2 * LANES;
    }
    for (; left > 0; left -= LANES, at.block += vector) {
        const int back = left < LANES ? LANES - left : 0;
        at.x -= back, at.y -= back;
        tile(r, &at, (shape){ px, 1, LANES, kw, stride });
        at.x += LANES, at.y += LANES;
    }
}

/* Tiles of about as many outputs: no single one left over. */
INLINE void outputs(const run *r, const int kw, const int stride)
{
    const int most = kw > 3 ? PX : 4;
    place at = { r->x, r->l->packed, r->y, 0, 0, r->l->kh, r->tap, r->x_col, r->l->x_row,
                 r->y_step };
    int tiles = (r->count + most - 1) / most;
    for (int i = 0, px; i < r->count; i += px, tiles--) {
        px = (r->count - i + tiles - 1) / tiles;
        at.first = -(i * stride + r->left), at.end = r->columns + at.first;
        switch (px) {
        case 1: pixels(r, at, 1, kw, stride); break;
        case 2: pixels(r, at, 2, kw, stride); break;
        case 3: pixels(r, at, 3, kw, stride); break;
        case 4: pixels(r, at, 4, kw, stride); break;
        case 5: if (most > 4) pixels(r, at, 5, kw, stride); break;
        case 6: if (most > 4) pixels(r, at, 6, kw, stride); break;
        }
        at.x += px * r->x_step, at.y += px * r->y_step;
    }
}

static void run_3(const run *r)          { outputs(r, 3, 1); }
static void run_3_stride_2(const run *r) { outputs(r, 3, 2); }
static void run_5(const run *r)          { outputs(r, 5, 1); }
static void run_7(const run *r)          { outputs(r, 7, 1); }
static void run_any(const run *r)        { outputs(r, 0, 1); }

#include "ops/kernels/dwconv_f16_slide.h"

static run start(const tsr_dwconv_f16_line *l)
{
    return (run){ .l = l, .tap = l->tap, .kw = l->columns.taps, .y = l->y,
                  .x_step = (ptrdiff_t)l->columns.stride * l->channels,
                  .x_col = (ptrdiff_t)l->columns.dilation * l->channels, .y_step = l->channels,
                  .lo = tsr_float_to_half(l->lo), .hi = tsr_float_to_half(l->hi) };
}

/* Outputs p, p + d, p + 2 d ... */
static run every_dth(const tsr_dwconv_f16_line *l, int p)
{
    const tsr_window *g = &l->columns;
    const int d = g->dilation, first = p * g->stride - g->before;
    const int phase = (first % d + d) % d;
    run r = start(l);
    r.count = (g->out - p + d - 1) / d;
    r.left = (first - phase) / d, r.columns = (g->in - phase + d - 1) / d;
    r.x = l->x + (ptrdiff_t)first * l->channels, r.y += (ptrdiff_t)p * l->channels;
    r.x_step *= d, r.y_step *= d;
    return r;
}

/* Are there tiles for this filter, and no more columns missing than they can leave out? */
static bool has_tiles(const tsr_dwconv_f16_line *l)
{
    const tsr_window *g = &l->columns;
    const bool has = g->taps == 3 || ((g->taps == 5 || g->taps == 7) && g->stride == 1);
    return has && l->kh && g->stride <= 2 && (g->stride == 1 || g->dilation == 1);
}

static bool fits(const run *r)
{
    const tsr_window *g = &r->l->columns;
    const int end = r->left + (r->count - 1) * g->stride + g->taps;
    return r->left >= -(g->taps / 2) && end - r->columns <= g->taps / 2;
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
    const tsr_window *g = &l->columns;
    bool good = has_tiles(l);
    for (int p = 0; good && p < g->dilation && p < g->out; p++) {
        const run r = every_dth(l, p);
        good = fits(&r);
        if (!good)
            break;
        if (slides(&r))
            (g->stride == 1 ? slide_3 : slide_3_stride_2)(&r);
        else if (g->taps == 3)
            (g->stride == 1 ? run_3 : run_3_stride_2)(&r);
        else
            (g->taps == 5 ? run_5 : run_7)(&r);
    }
    if (!good)                  /* what was done is done again */
        row_any(l);
}

const tsr_dwconv_f16 tsr_dwconv_f16_neonf16 = { "neonf16", TSR_CPU_NEONF16, LANES, WIDE, row };
