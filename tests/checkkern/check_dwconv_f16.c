/*
 * check_dwconv_f16.c - every dwconv_f16 variant against sums in float64 of the same halves;
 * the bound is that of check_gemm_f16.c with k = taps.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "engine/half.h"
#include "ops/kernels/dwconv_f16.h"
#include "tests/checkkern/checkkern.h"

typedef struct {
    tsr_dwconv_f16_line l;
    float *weights, *bias;
    uint16_t *image, *packed, *y;
    const uint16_t **x;
} problem;

static double real(uint16_t h) { return (double)tsr_half_to_float(h); }

/* Pointers lead to random pixels: what lies where is the caller's affair. */
static problem make(const tsr_dwconv_f16 *v, int channels, int outputs, int kh, int kw)
{
    problem p = { .l = { .kh = kh, .kw = kw, .stride = ck_rand(1, 3), .dilation = ck_rand(0, 2) + 1,
                         .outputs = outputs, .channels = channels,
                         .lo = ck_rand(0, 1) ? -0.5f : -INFINITY, .hi = 0.75f } };
    if (ck_rand(0, 1))
        p.l.dilation = 1, p.l.stride = ck_rand(1, 2);
    const int columns = (outputs - 1) * p.l.stride + (kw - 1) * p.l.dilation + 1, pixels = 7;
    const size_t pointers = (size_t)(kh * columns);
    p.image = ck_alloc((size_t)(pixels * channels), sizeof *p.image);
    for (int i = 0; i < pixels * channels; i++)
        p.image[i] = tsr_float_to_half(ck_randf());
    p.x = ck_alloc(pointers, sizeof *p.x);
    for (size_t i = 0; i < pointers; i++)
        p.x[i] = p.image + ck_rand(0, pixels - 1) * channels;
    p.weights = ck_alloc_f32((size_t)(kh * kw * channels));
    p.bias = ck_alloc_f32((size_t)channels);
    p.packed = ck_alloc(tsr_dwconv_f16_packed_size(v, kh * kw, channels), sizeof *p.packed);
    tsr_dwconv_f16_pack(v, kh * kw, channels, p.weights, p.bias, p.packed);
    p.y = ck_alloc((size_t)(outputs * channels), sizeof *p.y);
    p.l.x = p.x, p.l.x_step = columns, p.l.packed = p.packed, p.l.y = p.y;
    return p;
}

static void compare(const problem *p, int i, int c)
{
    const tsr_dwconv_f16_line *l = &p->l;
    const double u = 0x1p-11, steps = l->kh * l->kw + 1;
    double sum = real(tsr_float_to_half(p->bias[c])), size = fabs(sum);
    for (int ky = 0; ky < l->kh; ky++)
        for (int kx = 0; kx < l->kw; kx++) {
            const float w = p->weights[(ky * l->kw + kx) * l->channels + c];
            const double product = real(tsr_float_to_half(w))
                * real(l->x[ky * l->x_step + i * l->stride + kx * l->dilation][c]);
            sum += product, size += fabs(product);
        }
    const double want = fmin(fmax(sum, (double)l->lo), (double)l->hi);
    const double got = real(p->y[i * l->channels + c]), error = fabs(got - want);
    const double bound = steps * u / (1 - steps * u) * size + steps * 0x1p-24;
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%d channels, %d outputs, %d x %d, stride %d, dilation %d: y[%d][%d] is %.9g, "
                "want %.9g", l->channels, l->outputs, l->kh, l->kw, l->stride, l->dilation, i, c,
                got, want);
}

static void check_line(const tsr_dwconv_f16 *v, int channels, int outputs, int kh, int kw)
{
    problem p = make(v, channels, outputs, kh, kw);
    v->row(&p.l);
    for (int i = 0; i < outputs; i++)
        for (int c = 0; c < channels; c++)
            compare(&p, i, c);
    if (!ck_intact(p.y))
        ck_fail("%d channels, %d outputs: wrote outside y", channels, outputs);
    ck_free(p.image), ck_free((void *)(uintptr_t)p.x), ck_free(p.weights), ck_free(p.bias);
    ck_free(p.packed), ck_free(p.y);
}

static void check_variant(const tsr_dwconv_f16 *v)
{
    if (!ck_begin("dwconv_f16", v->level, v->cpu))
        return;
    for (int c = v->vector; c <= (2 * v->wide + 1) * v->vector + 1; c++)
        for (int outputs = 1; outputs <= 9; outputs++)
            check_line(v, c, outputs, ck_rand(1, 4), ck_rand(0, 1) ? 3 : ck_rand(1, 5));
}

void check_dwconv_f16(void)
{
    int count = 0;
    while (tsr_dwconv_f16_variants[count])
        count++;
    while (count--)
        check_variant(tsr_dwconv_f16_variants[count]);
}
