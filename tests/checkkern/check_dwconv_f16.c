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
    tsr_dwconv_f16_image g;
    float *weights, *bias;
    uint16_t *image, *packed, *y;
} problem;

static double real(uint16_t h) { return (double)tsr_half_to_float(h); }

/* Any padding in front, from none to more than the filter; what lies behind follows from
 * the number of outputs. */
static tsr_window window(int out, int taps, int stride, int dilation)
{
    const int reach = (taps - 1) * dilation;
    const tsr_window w = { .out = out, .taps = taps, .stride = stride, .dilation = dilation,
                           .before = ck_rand(0, 2) ? ck_rand(0, 1) * (reach / 2)
                                                   : ck_rand(0, reach + 1) };
    const int seen = (out - 1) * stride + reach + 1 - w.before;     /* all but what is behind */
    const int in = seen - (ck_rand(0, 2) ? ck_rand(0, 1) * (reach / 2) : ck_rand(-2, reach));
    return (tsr_window){ in > 0 ? in : 1, w.out, w.taps, w.stride, w.dilation, w.before };
}

static problem make(const tsr_dwconv_f16 *v, int channels, int outputs, int kh, int kw)
{
    const int stride = ck_rand(1, 3), dilation = ck_rand(1, 3), usual = ck_rand(0, 2);
    problem p = { .g = { .channels = channels, .lo = ck_rand(0, 1) ? -0.5f : -INFINITY,
                         .hi = 0.75f } };
    p.g.x = window(outputs, kw, usual ? ck_rand(1, 2) : stride, usual ? 1 : dilation);
    if (ck_rand(0, 3) == 0)
        p.g.x = window(outputs, kw, 1, dilation);
    p.g.y = window(ck_rand(1, 3), kh, stride, dilation);
    const size_t numbers = (size_t)p.g.y.in * (size_t)p.g.x.in * (size_t)channels;
    p.image = ck_alloc(numbers, sizeof *p.image);
    for (size_t i = 0; i < numbers; i++)
        p.image[i] = tsr_float_to_half(ck_randf());
    p.weights = ck_alloc_f32((size_t)(kh * kw * channels));
    p.bias = ck_alloc_f32((size_t)channels);
    p.packed = ck_alloc(tsr_dwconv_f16_packed_size(v, kh * kw, channels), sizeof *p.packed);
    tsr_dwconv_f16_pack(v, kh * kw, channels, p.weights, p.bias, p.packed);
    p.g.packed = p.packed;
    p.y = ck_alloc((size_t)(outputs * channels), sizeof *p.y);
    return p;
}

static void compare(const problem *p, int oy, int i, int c)
{
    const tsr_window *gx = &p->g.x, *gy = &p->g.y;
    const double u = 0x1p-11, steps = gy->taps * gx->taps + 1;
    double sum = real(tsr_float_to_half(p->bias[c])), size = fabs(sum);
    for (int ky = 0; ky < gy->taps; ky++)
        for (int kx = 0; kx < gx->taps; kx++) {
            const int y = oy * gy->stride - gy->before + ky * gy->dilation;
            const int x = i * gx->stride - gx->before + kx * gx->dilation;
            if (y < 0 || y >= gy->in || x < 0 || x >= gx->in)
                continue;
            const float w = p->weights[(ky * gx->taps + kx) * p->g.channels + c];
            const double product = real(tsr_float_to_half(w))
                * real(p->image[(y * gx->in + x) * p->g.channels + c]);
            sum += product, size += fabs(product);
        }
    const double want = fmin(fmax(sum, (double)p->g.lo), (double)p->g.hi);
    const double got = real(p->y[i * p->g.channels + c]), error = fabs(got - want);
    const double bound = steps * u / (1 - steps * u) * size + steps * 0x1p-24;
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%d channels, %d columns, %d outputs, %d x %d, stride %d, dilation %d, %d before: "
                "y[%d][%d] is %.9g, want %.9g", p->g.channels, gx->in, gx->out, gy->taps,
                gx->taps, gx->stride, gx->dilation, gx->before, i, c, got, want);
}

static void check_row(const tsr_dwconv_f16 *v, int channels, int outputs, int kh, int kw)
{
    problem p = make(v, channels, outputs, kh, kw);
    for (int oy = 0; oy < p.g.y.out; oy++) {
        tsr_dwconv_f16_row(v, &p.g, p.image, oy, p.y);
        for (int i = 0; i < outputs; i++)
            for (int c = 0; c < channels; c++)
                compare(&p, oy, i, c);
    }
    if (!ck_intact(p.y))
        ck_fail("%d channels, %d outputs: wrote outside y", channels, outputs);
    ck_free(p.image), ck_free(p.weights), ck_free(p.bias), ck_free(p.packed), ck_free(p.y);
}

static void check_variant(const tsr_dwconv_f16 *v)
{
    if (!ck_begin("dwconv_f16", v->level, v->cpu))
        return;
    for (int c = v->vector; c <= (2 * v->wide + 1) * v->vector + 1; c++)
        for (int outputs = 1; outputs <= 9; outputs++)
            check_row(v, c, outputs, ck_rand(1, 4), ck_rand(0, 1) ? 3 : ck_rand(1, 7));
    for (int i = 0; i < 100; i++)                       /* long rows: another way */
        check_row(v, ck_rand(v->vector, 9 * v->vector), ck_rand(15, 120), ck_rand(1, 4), 3);
}

void check_dwconv_f16(void)
{
    int count = 0;
    while (tsr_dwconv_f16_variants[count])
        count++;
    while (count--)
        check_variant(tsr_dwconv_f16_variants[count]);
}
