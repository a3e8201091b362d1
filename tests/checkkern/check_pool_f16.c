/*
 * check_pool_f16.c - every pool_f16 variant against float64.
 *
 * A maximum is exact.  An average is summed up in float32, in any order, and rounded once:
 * gamma(kh * kw + 1) with u = 2^-24, then 2^-11, or 2^-25 where 16 bits have no more.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "engine/half.h"
#include "ops/kernels/pool_f16.h"
#include "tests/checkkern/checkkern.h"

typedef struct {
    uint16_t *x, *y;
    tsr_pool_f16_span s;
} span_case;

enum { UNTOUCHED = 0x1234 };

static double real(uint16_t h) { return (double)tsr_half_to_float(h); }

static span_case make(int channels, int count, int kh, int kw)
{
    const ptrdiff_t pixel = channels + ck_rand(0, 3), row = pixel * ck_rand(1, 5);
    span_case k = { .s = {
        .x_step = pixel * ck_rand(1, 3), .x_row = row, .x_col = pixel * ck_rand(1, 2),
        .y_step = channels + ck_rand(0, 3), .kh = kh, .kw = kw, .count = count,
        .channels = channels, .scale = kh && kw ? 1.0f / (float)(kh * kw) : 0.0f,
        .lo = -INFINITY, .hi = INFINITY,
    } };
    const size_t numbers = (size_t)((count - 1) * k.s.x_step + (kh ? (kh - 1) * row : 0)
                                    + (kw ? (kw - 1) * k.s.x_col : 0) + channels);
    const size_t out = (size_t)((count - 1) * k.s.y_step + channels);
    k.x = ck_alloc(numbers, sizeof *k.x);
    k.y = ck_alloc(out, sizeof *k.y);
    for (size_t i = 0; i < numbers; i++)
        k.x[i] = tsr_float_to_half(ck_randf());
    for (size_t i = 0; i < out; i++)
        k.y[i] = UNTOUCHED;
    k.s.x = k.x, k.s.y = k.y;
    return k;
}

static double expect(const tsr_pool_f16_span *s, const uint16_t *x, int largest, double *bound)
{
    const double u = 0x1p-24, n = s->kh * s->kw + 1;
    double sum = 0, size = 0, max = -HUGE_VAL;
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            const double v = real(x[ky * s->x_row + kx * s->x_col]);
            sum += v, size += fabs(v), max = fmax(max, v);
        }
    const double y = fmin(fmax(largest ? max : sum * (double)s->scale, (double)s->lo),
                          (double)s->hi);
    const double before = n * u / (1 - n * u) * size * (double)s->scale;
    *bound = largest ? 0 : before + 0x1p-11 * (fabs(y) + before) + 0x1p-25;
    return y;
}

static void check_span(const tsr_pool_f16 *v, int channels, int count, int kh, int kw)
{
    for (int largest = 0; largest < 2; largest++) {
        span_case k = make(channels, count, kh, kw);
        if (ck_rand(0, 1))
            k.s.lo = 0, k.s.hi = 0.5f;
        (largest ? v->max : v->average)(&k.s);
        for (int i = 0; i < count; i++)
            for (int c = 0; c < k.s.y_step && !(i == count - 1 && c >= channels); c++) {
                double bound = 0, want = real(UNTOUCHED);       /* between pixels */
                if (c < channels)
                    want = expect(&k.s, k.x + i * k.s.x_step + c, largest, &bound);
                const double got = real(k.y[i * k.s.y_step + c]);
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
static void check_nan(const tsr_pool_f16 *v)
{
    for (int tap = 0; tap < 6; tap++) {
        span_case k = make(19, 1, 2, 3);
        k.s.lo = 0, k.s.hi = 6;
        k.x[tap / 3 * k.s.x_row + tap % 3 * k.s.x_col + 17] = 0x7e00;
        v->max(&k.s);
        const int max_bad = !isnan(real(k.y[17])) || isnan(real(k.y[16]));
        v->average(&k.s);
        if (max_bad || !isnan(real(k.y[17])) || isnan(real(k.y[16])))
            ck_fail("NaN in tap %d: lost or spread", tap);
        ck_free(k.x), ck_free(k.y);
    }
}

static void check_variant(const tsr_pool_f16 *v)
{
    if (!ck_begin("pool_f16", v->level, v->cpu))
        return;
    for (int c = 1; c <= 70; c++)
        for (int count = 1; count <= 4; count++)
            check_span(v, c, count, ck_rand(1, 4), ck_rand(1, 4));
    for (int k = 0; k <= 33; k += 3)
        check_span(v, 24, 2, k, k);                     /* k = 0: only padding in sight */
    check_nan(v);
}

void check_pool_f16(void)
{
    int count = 0;
    while (tsr_pool_f16_variants[count])
        count++;
    while (count--)
        check_variant(tsr_pool_f16_variants[count]);
}
