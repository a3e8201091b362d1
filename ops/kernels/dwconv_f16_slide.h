/*
 * dwconv_f16_slide.h - filters 3 wide on 64-bit Arm: along a row, the whole filter in
 * registers.  A part of dwconv_f16_neonf16.c, after `run` and what it is made of.
 *
 * The way of dwconv_f32_neon.c, which explains it: 16 channels at a time, a column is loaded
 * once and goes into the three outputs that see it, and the one that has seen its last column
 * is stored.  18 registers hold taps, 6 sums, 2 limits, 4 inputs.  An output of two vectors
 * takes 27 instructions for its 18 FMLAs, 30 with stride 2; tiles take 31 and 34.  But a row
 * begins and ends with 250 instructions, so short ones are done in tiles.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_F16_SLIDE_H
#define TSR_DWCONV_F16_SLIDE_H

enum { TAPS = 3 };              /* across, and at most so many down */

typedef struct { float16x8_t v[2]; } pair;

/* `vecs` (1 or 2) vectors, by LDP.  What is beyond gets a value, too: GCC 12 would keep a
 * structure with holes in memory. */
INLINE pair load_pair(const uint16_t *p, const int vecs)
{
    const float16x8_t a = load(p);
    return (pair){ { a, vecs > 1 ? load(p + LANES) : a } };
}

/* The `vecs` vectors at *x, which moves on by `step` bytes: no compiler makes that one
 * instruction, which wants neighbouring registers by name.  Two pairs by turns,
 * i = 0 and 1, so that loads need not wait. */
#define LD1(v0, v1) do { \
    register float16x8_t a __asm__("v" #v0), b __asm__("v" #v1); \
    if (vecs == 1) { \
        __asm__ volatile("ld1 {v" #v0 ".8h}, [%1], %2" : "=w"(a), "+r"(*x) : "r"(step) \
                         : "memory"); \
        return (pair){ { a, a } }; \
    } \
    __asm__ volatile("ld1 {v" #v0 ".8h-v" #v1 ".8h}, [%2], %3" \
                     : "=w"(a), "=w"(b), "+r"(*x) : "r"(step) : "memory"); \
    return (pair){ { a, b } }; \
} while (0)

INLINE pair next_pair(const uint16_t **x, ptrdiff_t step, const int vecs, const int i)
{
    switch (i) {                /* a constant */
    case 1: LD1(28, 29);
    default: LD1(26, 27);
    }
}

/* sum += x * w, as an instruction that stays where it is: left to move them, compilers have
 * sums change places, and copy them back. */
INLINE void add_products(pair *sum, const pair *x, const pair *w, const int vecs)
{
    TSR_UNROLL for (int v = 0; v < vecs; v++)
        __asm__ volatile("fmla %0.8h, %1.8h, %2.8h" : "+w"(sum->v[v])
                         : "w"(x->v[v]), "w"(w->v[v]));
}

/* How a row is done, the same for all channels. */
typedef struct {
    int first, turns;           /* outputs before the loop, turns of the loop */
    bool only;                  /* there is but one output */
    bool left, right;           /* the first, the last column is not in the image */
} course;

/* What a row needs, all of it in registers. */
typedef struct {
    pair tap[TAPS][TAPS];
    float16x8_t lo, hi;
    const uint16_t *bias;
    const uint16_t *x[TAPS];    /* the next column, in each row under the filter */
    uint16_t *y;                /* the next output */
    ptrdiff_t x_step, y_step;   /* in bytes */
} slider;

/* The next output is done.  vecs, and kh, how many filter rows are in the image, are
 * constants at every call, here and below. */
INLINE void end(slider *s, const pair *sum, const int vecs)
{
    register float16x8_t a __asm__("v26") = vminq_f16(vmaxq_f16(sum->v[0], s->lo), s->hi);
    if (vecs == 1) {
        __asm__ volatile("st1 {v26.8h}, [%0], %1" : "+r"(s->y) : "r"(s->y_step), "w"(a)
                         : "memory");
        return;
    }
    register float16x8_t b __asm__("v27") = vminq_f16(vmaxq_f16(sum->v[1], s->lo), s->hi);
    __asm__ volatile("st1 {v26.8h-v27.8h}, [%0], %1"
                     : "+r"(s->y) : "r"(s->y_step), "w"(a), "w"(b) : "memory");
}

/* The next column, into the sums of the outputs that see it under tap 0, 1, 2 (NULL: none
 * does). */
INLINE void column(slider *s, const int kh, const int vecs, pair *s0, pair *s1,
                   pair *s2)
{
    pair in[TAPS];
    in[0] = next_pair(&s->x[0], s->x_step, vecs, 0);
    TSR_UNROLL for (int ky = 0; ky < kh; ky++) {
        if (ky + 1 < kh)
            in[ky + 1] = next_pair(&s->x[ky + 1], s->x_step, vecs, (ky + 1) % 2);
        if (s2)
            add_products(s2, &in[ky], &s->tap[ky][2], vecs);
        if (s1)
            add_products(s1, &in[ky], &s->tap[ky][1], vecs);
        if (s0)
            add_products(s0, &in[ky], &s->tap[ky][0], vecs);
    }
}

/* A column that the image may not have. */
INLINE void border(slider *s, const int kh, const int vecs, bool missing, pair *s0,
                   pair *s2)
{
    if (!missing) {
        column(s, kh, vecs, s0, NULL, s2);
        return;
    }
    TSR_UNROLL for (int ky = 0; ky < kh; ky++)
        s->x[ky] += s->x_step / (ptrdiff_t)sizeof *s->y;
}

/* Sums change roles, not places: output i is in a, i + 1 in b, i + 2 in c. */
INLINE void stride_1(slider *s, const course *row, const int kh, const int vecs)
{
    pair a = load_pair(s->bias, vecs), b = load_pair(s->bias, vecs), c;
    border(s, kh, vecs, row->left, &a, NULL);
    if (row->only) {
        column(s, kh, vecs, NULL, &a, NULL);
        border(s, kh, vecs, row->right, NULL, &a);
        end(s, &a, vecs);
        return;
    }
    column(s, kh, vecs, &b, &a, NULL);
    for (int n = row->first; n > 0; n--) {
        c = load_pair(s->bias, vecs), column(s, kh, vecs, &c, &b, &a), end(s, &a, vecs);
        a = b, b = c;
    }
    for (int n = row->turns; n > 0; n--) {
        c = load_pair(s->bias, vecs), column(s, kh, vecs, &c, &b, &a), end(s, &a, vecs);
        a = load_pair(s->bias, vecs), column(s, kh, vecs, &a, &c, &b), end(s, &b, vecs);
        b = load_pair(s->bias, vecs), column(s, kh, vecs, &b, &a, &c), end(s, &c, vecs);
    }
    column(s, kh, vecs, NULL, &b, &a);
    end(s, &a, vecs);
    border(s, kh, vecs, row->right, NULL, &b);
    end(s, &b, vecs);
}

INLINE void stride_2(slider *s, const course *row, const int kh, const int vecs)
{
    pair a = load_pair(s->bias, vecs), b;
    border(s, kh, vecs, row->left, &a, NULL);
    column(s, kh, vecs, NULL, &a, NULL);
    if (row->first) {
        b = load_pair(s->bias, vecs), column(s, kh, vecs, &b, NULL, &a);
        column(s, kh, vecs, NULL, &b, NULL), end(s, &a, vecs);
        a = b;
    }
    for (int n = row->turns; n > 0; n--) {
        b = load_pair(s->bias, vecs), column(s, kh, vecs, &b, NULL, &a);
        column(s, kh, vecs, NULL, &b, NULL), end(s, &a, vecs);
        a = load_pair(s->bias, vecs), column(s, kh, vecs, &a, NULL, &b);
        column(s, kh, vecs, NULL, &a, NULL), end(s, &b, vecs);
    }
    border(s, kh, vecs, row->right, NULL, &a);
    end(s, &a, vecs);
}

/* A turn is 3 or 2 outputs; before the loop two sums are begun, or one. */
INLINE course plan_row(const run *r, const int stride)
{
    const int turn = stride == 1 ? 3 : 2, n = r->count - (turn - 1);
    return (course){ n % turn, n / turn, r->count == 1, r->left < 0,
                     r->columns < (r->count - 1) * stride + TAPS + r->left };
}

/* The channels of a slide: `vecs` vectors from channel c on, in a block of `width` channels. */
typedef struct { const uint16_t *block; int c, width; } part;

INLINE void slide(const run *r, const course *row, part p, const int kh, const int vecs,
                  const int stride)
{
    slider s = { .bias = p.block, .y = r->y + p.c,
                 .lo = vreinterpretq_f16_u16(vdupq_n_u16(r->lo)),
                 .hi = vreinterpretq_f16_u16(vdupq_n_u16(r->hi)),
                 .x_step = r->x_col * (ptrdiff_t)sizeof *s.y,
                 .y_step = r->y_step * (ptrdiff_t)sizeof *s.y };
    const uint16_t *w = p.block + (r->tap + 1) * p.width;
    TSR_UNROLL for (int ky = 0; ky < kh; ky++) {
        s.x[ky] = r->x + p.c + ky * r->l->x_row;
        TSR_UNROLL for (int t = 0; t < TAPS; t++, w += p.width)
            s.tap[ky][t] = load_pair(w, vecs);
    }
    if (stride == 1)
        stride_1(&s, row, kh, vecs);
    else
        stride_2(&s, row, kh, vecs);
}

/* All channels: 16 at a time, then 8; the last of these moved back to end with the last. */
INLINE void slide_all(const run *r, const int kh, const int stride)
{
    const ptrdiff_t vector = (ptrdiff_t)(r->l->taps + 1) * LANES;
    const course row = plan_row(r, stride);
    const int channels = r->l->channels;
    part p = { r->l->packed, 0, WIDE * LANES };
    for (; p.c + p.width <= channels; p.block += WIDE * (vector - LANES))
        for (int i = 0; i < 2; i++, p.c += 2 * LANES, p.block += 2 * LANES)
            slide(r, &row, p, kh, 2, stride);
    p.width = 2 * LANES;
    for (; p.c + p.width <= channels; p.c += p.width, p.block += 2 * vector)
        slide(r, &row, p, kh, 2, stride);
    p.width = LANES;
    for (; p.c < channels; p.c += LANES, p.block += vector) {
        p.c = p.c + LANES <= channels ? p.c : channels - LANES;
        slide(r, &row, p, kh, 1, stride);
    }
}

/* Rows of so many columns, and filters so high. */
INLINE bool slides(const run *r)
{
    enum { LEAST = 33 };
    return r->l->columns.taps == TAPS && r->l->kh <= TAPS && r->columns >= LEAST;
}

static void slide_3(const run *r)
{
    switch (r->l->kh) {
    case 3: slide_all(r, 3, 1); break;
    case 2: slide_all(r, 2, 1); break;
    default: slide_all(r, 1, 1); break;
    }
}

static void slide_3_stride_2(const run *r)
{
    switch (r->l->kh) {
    case 3: slide_all(r, 3, 2); break;
    case 2: slide_all(r, 2, 2); break;
    default: slide_all(r, 1, 2); break;
    }
}

#endif
