/*
 * check_pool_f32.c - every pool_f32 variant against float64.
 *
 * A maximum is exact.  An average adds kw numbers in each of kh rows, then the
 * rows, then multiplies: error at most gamma(kh + kw + 1) * scale * sum |x|.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/pool_f32.h"
#include "tests/checkkern/checkkern.h"

typedef struct {
    float *x, *y;
    size_t y_size;
    tsr_pool_f32_span s;
} span_case;

static span_case make(int channels, int count, int kh, int kw)
{
    const ptrdiff_t pixel = channels + ck_rand(0, 3), row = pixel * ck_rand(1, 5);
    span_case k = { .s = {
        .x_step = pixel * ck_rand(1, 3), .x_row = row, .x_col = pixel * ck_rand(1, 2),
        .y_step = channels + ck_rand(0, 3), .kh = kh, .kw = kw, .count = count,
        .channels = channels, .scale = kh && kw ? 1.0f / (float)(kh * kw) : 0.0f,
        .lo = -INFINITY, .hi = INFINITY, .wrap = ck_rand(0, 1) ? kh : ck_rand(1, kh + 1),
    } };
    k.s.back = k.s.wrap < kh ? k.s.x_row * ck_rand(0, kh) : 0;
    const ptrdiff_t least = k.s.wrap < kh ? k.s.wrap * row - k.s.back : 0;
    const ptrdiff_t last = (count - 1) * k.s.x_step + (kh ? (kh - 1) * k.s.x_row : 0)
                           + (kw ? (kw - 1) * k.s.x_col : 0);
    k.y_size = (size_t)((count - 1) * k.s.y_step + channels);
    const ptrdiff_t above = least < 0 ? -least : 0;
    k.x = ck_alloc_f32((size_t)(above + last + channels));
    k.y = ck_alloc(k.y_size, sizeof(float));
    for (size_t i = 0; i < k.y_size; i++)
        k.y[i] = 77.0f;
    k.s.x = k.x + above, k.s.y = k.y;
    return k;
}

static ptrdiff_t place(const tsr_pool_f32_span *s, int ky, int kx)
{
    return ky * s->x_row - (ky < s->wrap ? 0 : s->back) + kx * s->x_col;
}

static double expect(const tsr_pool_f32_span *s, const float *x, int largest, double *bound)
{
    const double u = 0x1p-24, n = s->kh + s->kw + 1;
    double sum = 0, size = 0, max = -HUGE_VAL;
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            const double v = (double)x[place(s, ky, kx)];
            sum += v, size += fabs(v), max = fmax(max, v);
        }
    *bound = largest ? 0 : n * u / (1 - n * u) * size * (double)s->scale;
    return fmin(fmax(largest ? max : sum * (double)s->scale, (double)s->lo), (double)s->hi);
}

static void check_span(const tsr_pool_f32 *v, int channels, int count, int kh, int kw)
{
    for (int largest = 0; largest < 2; largest++) {
        span_case k = make(channels, count, kh, kw);
        if (ck_rand(0, 1))
            k.s.lo = 0, k.s.hi = 0.5f;
        (largest ? v->max : v->average)(&k.s);
        for (int i = 0; i < count; i++)
            for (int c = 0; c < k.s.y_step && !(i == count - 1 && c >= channels); c++) {
                double bound = 0, want = 77;            /* between pixels: untouched */
                if (c < channels)
                    want = expect(&k.s, k.s.x + i * k.s.x_step + c, largest, &bound);
                const double got = (double)k.y[i * k.s.y_step + c];
                const double error = got == want ? 0 : fabs(got - want);    /* inf, inf */
                ck_error(error, bound);
                if (!(error <= bound))
                    ck_fail("%s, %d channels, %d outputs, %d x %d: y[%d][%d] is %.9g, want %.9g",
                            largest ? "max" : "average", channels, count, kh, kw, i, c, got, want);
            }
        if (!ck_intact(k.y))
            ck_fail("%d channels, %d outputs: wrote outside y", channels, count);
        ck_free(k.x), ck_free(k.y);
    }
}

/* A NaN anywhere in the window must come out, a number elsewhere. */
static void check_nan(const tsr_pool_f32 *v)
{
    for (int t = 0; t < 6; t++) {
        span_case k = make(19, 1, 2, 3);
        k.s.lo = 0, k.s.hi = 6;
        ((float *)(uintptr_t)k.s.x)[place(&k.s, t / 3, t % 3) + 17] = NAN;
        v->max(&k.s);
        const int max_bad = !isnan(k.y[17]) || isnan(k.y[16]);
        v->average(&k.s);
        if (max_bad || !isnan(k.y[17]) || isnan(k.y[16]))
            ck_fail("NaN in tap %d: lost or spread", t);
        ck_free(k.x), ck_free(k.y);
    }
}

typedef struct {
    tsr_pool_f32_image g;
    float *image, *y;
} bench_case;

static void run_image(void *arg)
{
    const bench_case *b = arg;
    for (int oy = 0; oy < b->g.y.out; oy++)
        tsr_pool_f32_row(&b->g, b->image, oy,
                         b->y + (ptrdiff_t)oy * b->g.x.out * b->g.channels);
}

static void bench(const char *what, void (*span)(const tsr_pool_f32_span *s), int n, int c,
                  int k)
{
    if (!ck_benching())
        return;
    const int out = n / k;
    const tsr_window w = { n, out, k, k, 1, 0 };
    bench_case b = { { .span = span, .y = w, .x = w, .in_row = n * (ptrdiff_t)c, .in_pixel = c,
                       .out_pixel = c, .channels = c, .lo = -INFINITY, .hi = INFINITY },
                     ck_alloc_f32((size_t)(n * n * c)),
                     ck_alloc((size_t)(out * out * c), sizeof(float)) };
    ck_bench(what, run_image, &b, (double)n * n * c);
    ck_free(b.image), ck_free(b.y);
}

static void check_variant(const tsr_pool_f32 *v)
{
    if (!ck_begin("pool_f32", v->level, v->cpu))
        return;
    for (int c = 1; c <= 70; c++)
        for (int count = 1; count <= 4; count++)
            check_span(v, c, count, ck_rand(1, 4), ck_rand(1, 4));
    for (int k = 0; k <= 33; k += 3)
        check_span(v, 24, 2, k, k);                     /* k = 0: only padding in sight */
    check_nan(v);

    bench("max 2x2 96x96x32", v->max, 96, 32, 2);
    bench("max 4x4 96x96x32", v->max, 96, 32, 4);
    bench("average 7x7x1024", v->average, 7, 1024, 7);
    bench("average 33x33x320", v->average, 33, 320, 33);
}

void check_pool_f32(void)
{
    int count = 0;
    while (tsr_pool_f32_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_pool_f32_variants[count]);
}
