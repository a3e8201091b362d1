/*
 * dwconv_f32_neon.c - along a row, a filter 3 wide in registers as a whole.
 *
 * 8 channels at a time, a row of outputs from its left end to its right.  The 9 taps stay
 * in 18 of the 32 registers; each column of the image is loaded once and goes into the three
 * outputs that see it, whose sums are 6 more.  The one that has seen its last column is
 * stored, and its registers begin the next:
 *
 *     column j    tap 0 -> output j    tap 1 -> output j - 1    tap 2 -> output j - 2, done
 *
 * LD1 fetches the two vectors of a pixel and moves on to the next column by one instruction,
 * ST1 stores them likewise.  Instructions for two vectors of an output
 *
 *     stride 1    18 FMLA, 3 loads, 1 of the bias, 4 of the clamp, 1 store    27
 *     stride 2    the same but 6 loads                                        30
 *
 * and two for a turn of the loop, 3 columns or 2 outputs.  llvm-mca, all of that counted: 5.0
 * and 4.1 multiply-adds a cycle on a Neoverse N1, 3.3 on a Cortex-A72.  The next 8 channels
 * then find the other halves of the same cache lines, 3 for each column of a row: 21 KB if it
 * is 112 long.  Sums are in the order of the columns, and down each column.
 *
 * Filters 5 and 7 wide have too many taps for that: tiles of 8 outputs x 8 channels, as in
 * dwconv_f32_row.h and with the same sums, but a pixel is one load here: 7 taps and 14 columns
 * for 112 FMLA.  The last channels, and short rows, go through those tiles.
 *                                                SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/vec_neon.h"
#include "ops/kernels/dwconv_f32_simd.h"

enum { V = 2, V_ALIASED = 2 };

#include "ops/kernels/dwconv_f32_row.h"

typedef struct { vf v[V]; } pixel;

enum { TAPS = 3 };              /* across, and at most so many down, where a row slides */

/* How a row is done, the same for all channels. */
typedef struct {
    int first, turns;           /* outputs before the loop, turns of the loop */
    bool only;                  /* there is but one output */
    bool left, right;           /* the first, the last column is not in the image */
} course;

/* What a row needs, all of it in registers. */
typedef struct {
    pixel tap[TAPS][TAPS];
    vf lo, hi;
    const float *bias;
    const float *x[TAPS];       /* the next column, in each row under the filter */
    float *y;                   /* the next output */
    ptrdiff_t x_step, y_step;   /* in bytes */
} slider;

/* The pixel at *x, which moves on by `step` bytes: no compiler makes that one instruction,
 * which wants neighbouring registers by name.  Three pairs, so that loads need not wait. */
VF_INLINE pixel next_pixel(const float **x, ptrdiff_t step, const int ky)
{
    register vf a __asm__("v26"), b __asm__("v27"), c __asm__("v28"), d __asm__("v29"),
                e __asm__("v30"), f __asm__("v31");
    switch (ky) {               /* a constant */
    case 0:
        __asm__ volatile("ld1 {v26.4s-v27.4s}, [%2], %3"
                         : "=w"(a), "=w"(b), "+r"(*x) : "r"(step) : "memory");
        return (pixel){ { a, b } };
    case 1:
        __asm__ volatile("ld1 {v28.4s-v29.4s}, [%2], %3"
                         : "=w"(c), "=w"(d), "+r"(*x) : "r"(step) : "memory");
        return (pixel){ { c, d } };
    default:
        __asm__ volatile("ld1 {v30.4s-v31.4s}, [%2], %3"
                         : "=w"(e), "=w"(f), "+r"(*x) : "r"(step) : "memory");
        return (pixel){ { e, f } };
    }
}

/* A new sum. */
VF_INLINE pixel begin(const slider *s)
{
    return (pixel){ { vf_load(s->bias), vf_load(s->bias + VF) } };
}

/* The next output is done. */
VF_INLINE void end(slider *s, const pixel *sum)
{
    register vf a __asm__("v26") = vf_clamp(sum->v[0], s->lo, s->hi);
    register vf b __asm__("v27") = vf_clamp(sum->v[1], s->lo, s->hi);
    __asm__ volatile("st1 {v26.4s-v27.4s}, [%0], %1"
                     : "+r"(s->y) : "r"(s->y_step), "w"(a), "w"(b) : "memory");
}

/* sum += in * tap, as an instruction that stays where it is: left to move them, compilers
 * have sums change places, and copy them back. */
VF_INLINE void add_product(vf *sum, vf in, vf tap)
{
    __asm__ volatile("fmla %0.4s, %1.4s, %2.4s" : "+w"(*sum) : "w"(in), "w"(tap));
}

/* The next column, into the sums of the outputs that see it under tap 0, 1, 2 (NULL: none
 * does).  kh, how many filter rows are in the image, is a constant, here and below. */
VF_INLINE void column(slider *s, const int kh, pixel *s0, pixel *s1, pixel *s2)
{
    pixel in[TAPS];
    TSR_UNROLL for (int ky = 0; ky < kh; ky++)
        in[ky] = next_pixel(&s->x[ky], s->x_step, ky);
    TSR_UNROLL for (int ky = 0; ky < kh; ky++)
        TSR_UNROLL for (int v = 0; v < V; v++) {
            if (s2)
                add_product(&s2->v[v], in[ky].v[v], s->tap[ky][2].v[v]);
            if (s1)
                add_product(&s1->v[v], in[ky].v[v], s->tap[ky][1].v[v]);
            if (s0)
                add_product(&s0->v[v], in[ky].v[v], s->tap[ky][0].v[v]);
        }
}

/* A column that the image may not have. */
VF_INLINE void border(slider *s, const int kh, bool missing, pixel *s0, pixel *s2)
{
    if (!missing) {
        column(s, kh, s0, NULL, s2);
        return;
    }
    TSR_UNROLL for (int ky = 0; ky < kh; ky++)
        s->x[ky] = (const float *)(const void *)((const char *)s->x[ky] + s->x_step);
}

/* Sums change roles, not places: output i is in a, i + 1 in b, i + 2 in c. */
VF_INLINE void stride_1(slider *s, const course *row, const int kh)
{
    pixel a = begin(s), b = begin(s), c;
    border(s, kh, row->left, &a, NULL);
    if (row->only) {
        column(s, kh, NULL, &a, NULL);
        border(s, kh, row->right, NULL, &a);
        end(s, &a);
        return;
    }
    column(s, kh, &b, &a, NULL);
    for (int n = row->first; n > 0; n--) {
        c = begin(s), column(s, kh, &c, &b, &a), end(s, &a);
        a = b, b = c;
    }
    for (int n = row->turns; n > 0; n--) {
        c = begin(s), column(s, kh, &c, &b, &a), end(s, &a);
        a = begin(s), column(s, kh, &a, &c, &b), end(s, &b);
        b = begin(s), column(s, kh, &b, &a, &c), end(s, &c);
    }
    column(s, kh, NULL, &b, &a);
    end(s, &a);
    border(s, kh, row->right, NULL, &b);
    end(s, &b);
}

VF_INLINE void stride_2(slider *s, const course *row, const int kh)
{
    pixel a = begin(s), b;
    border(s, kh, row->left, &a, NULL);
    column(s, kh, NULL, &a, NULL);
    if (row->first) {
        b = begin(s), column(s, kh, &b, NULL, &a), column(s, kh, NULL, &b, NULL), end(s, &a);
        a = b;
    }
    for (int n = row->turns; n > 0; n--) {
        b = begin(s), column(s, kh, &b, NULL, &a), column(s, kh, NULL, &b, NULL), end(s, &a);
        a = begin(s), column(s, kh, &a, NULL, &b), column(s, kh, NULL, &a, NULL), end(s, &b);
    }
    border(s, kh, row->right, NULL, &a);
    end(s, &a);
}

/* A turn is 3 or 2 outputs; before the loop two sums are begun, or one. */
static course plan(const line *l, int stride)
{
    const int turn = stride == 1 ? 3 : 2, n = l->outputs - (turn - 1);
    return (course){ n % turn, n / turn, l->outputs == 1, l->before > 0,
                     l->columns < (l->outputs - 1) * stride + TAPS - l->before };
}

/* The channels from c on, fewer than a block, by tiles that take any number. */
static void last_channels(const line *l, int c, row_function *run)
{
    line rest = *l;
    rest.x += c, rest.y += c, rest.bias += c / NR * l->w_block, rest.channels -= c;
    if (rest.channels > 0)
        run(&rest);
}

/* All blocks of 8 channels; then what is left of them.  kh, the filter rows that are in the
 * image, and stride are constants at every call. */
VF_INLINE void slide(const line *shared, const int kh, const int stride)
{
    const line copy = *shared, *l = &copy;      /* which no store can change: stays in registers */
    const course row = plan(l, stride);
    const ptrdiff_t second = l->wrap == 1 ? l->row_wrap : l->row;
    const ptrdiff_t third = second + (l->wrap == 2 ? l->row_wrap : l->row);
    const float *x = l->x - l->before * l->col, *block = l->bias;
    int c = 0;
    for (; c + NR <= l->channels; c += NR, x += NR, block += l->w_block) {
        slider s = { .lo = vf_set(l->lo), .hi = vf_set(l->hi), .bias = block,
                     .x = { x, x + second, x + third }, .y = l->y + c,
                     .x_step = l->col * (ptrdiff_t)sizeof *x,
                     .y_step = l->y_step * (ptrdiff_t)sizeof *x };
        const float *w = block + l->w_first;
        __asm__ volatile("" : "+r"(w) : : "memory");    /* one register: loads pair up */
        TSR_UNROLL for (int ky = 0; ky < kh; ky++)
            TSR_UNROLL for (int t = 0; t < TAPS; t++)
                TSR_UNROLL for (int v = 0; v < V; v++)
                    s.tap[ky][t].v[v] = vf_load(w + (ky * TAPS + t) * NR + v * VF);
        if (stride == 1)
            stride_1(&s, &row, kh);
        else
            stride_2(&s, &row, kh);
    }
    last_channels(l, c, stride == 1 ? row_3 : row_3_stride_2);
}

/* Two rows are at the upper and the lower border. */
static void slide_3(const line *l)
{
    switch (l->kh) {
    case 3: slide(l, 3, 1); break;
    case 2: slide(l, 2, 1); break;
    default: row_3(l); break;
    }
}

static void slide_3_stride_2(const line *l)
{
    switch (l->kh) {
    case 3: slide(l, 3, 2); break;
    case 2: slide(l, 2, 2); break;
    default: row_3_stride_2(l); break;
    }
}

/* ---- filters 5 and 7 wide ----------------------------------------------------- */

/* ROW_PX outputs, 8 channels: 16 sums, up to 14 taps of a filter row and one pixel fill the
 * registers.  kw, stride and inside (no column is missing) are constants at every call. */
VF_INLINE void long_tile(const line *l, const place *at, const int kw, const int stride,
                         const bool inside)
{
    const int columns = (ROW_PX - 1) * stride + kw, border = kw / 2;
    pixel sum[ROW_PX], tap[ROW_KW];
    TSR_UNROLL for (int i = 0; i < ROW_PX; i++)
        sum[i] = (pixel){ { vf_load(at->bias), vf_load(at->bias + VF) } };

    const float *x = at->x, *w = at->bias + l->w_first;
    const ptrdiff_t col = l->col, step = col * (ptrdiff_t)sizeof *x;
    for (int ky = 1; ky <= l->kh; ky++, w += kw * NR) {
        TSR_UNROLL for (int t = 0; t < kw; t++)
            tap[t] = (pixel){ { vf_load(w + t * NR), vf_load(w + t * NR + VF) } };
        TSR_UNROLL for (int j = 0; j < columns; j++) {
            if (!inside && ((j < border && j < at->first)
                            || (j >= columns - border && j >= at->end))) {
                x += col;
                continue;
            }
            const pixel in = next_pixel(&x, step, 2);
            TSR_UNROLL for (int t = 0; t < kw; t++)
                if (j >= t && (j - t) % stride == 0 && j - t <= (ROW_PX - 1) * stride)
                    TSR_UNROLL for (int v = 0; v < V; v++)
                        add_product(&sum[(j - t) / stride].v[v], in.v[v], tap[t].v[v]);
        }
        x += (ky == l->wrap ? l->row_wrap : l->row) - columns * col;
    }
    slider s = { .lo = vf_set(l->lo), .hi = vf_set(l->hi), .y = at->y,
                 .y_step = l->y_step * (ptrdiff_t)sizeof *x };
    TSR_UNROLL for (int i = 0; i < ROW_PX; i++)
        end(&s, &sum[i]);
}

/* At least ROW_PX outputs.  The last tile is moved back, and finds some outputs again. */
VF_INLINE void long_outputs(const line *shared, row_function *rest, const int kw,
                            const int stride)
{
    const line copy = *shared, *l = &copy;
    const int whole = l->channels / NR * NR;
    for (int i = 0; i < l->outputs; i += ROW_PX) {
        const int o = i <= l->outputs - ROW_PX ? i : l->outputs - ROW_PX;
        const int left = o * stride - l->before;
        place at = { l->x + left * l->col, l->bias, l->y + o * l->y_step,
                     -left, l->columns - left };
        const bool inside = at.first <= 0 && at.end >= (ROW_PX - 1) * stride + kw;
        for (int c = 0; c < whole; c += NR, at.x += NR, at.y += NR, at.bias += l->w_block)
            if (inside)
                long_tile(l, &at, kw, stride, true);
            else
                long_tile(l, &at, kw, stride, false);
    }
    last_channels(l, whole, rest);
}

/* Rows that are shorter than a tile go another way. */
static void long_5(const line *l)
{
    l->outputs < ROW_PX ? row_5(l) : long_outputs(l, row_5, 5, 1);
}

static void long_5_stride_2(const line *l)
{
    l->outputs < ROW_PX ? row_5_stride_2(l) : long_outputs(l, row_5_stride_2, 5, 2);
}

static void long_7(const line *l)
{
    l->outputs < ROW_PX ? row_7(l) : long_outputs(l, row_7, 7, 1);
}

/* The last vector of channels may have to be moved back among those before it: with a
 * multiple of 4 channels it needs not. */
static void neon_row(const tsr_dwconv_f32_image *g, const float *image, int oy, float *out)
{
    static row_function *const functions[2][3] = { { slide_3, long_5, long_7 },
                                                   { slide_3_stride_2, long_5_stride_2, long_7 } };
    if (g->channels >= NR && g->channels % VF == 0)
        row_by(functions[g->x.stride - 1][g->x.taps / 2 - 1], g, image, oy, out);
    else
        row(g, image, oy, out);
}

const tsr_dwconv_f32 tsr_dwconv_f32_neon = { "neon", TSR_CPU_NEON, NR, VF, span, neon_row };
