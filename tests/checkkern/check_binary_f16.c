/*
 * check_binary_f16.c - every binary_f16 variant against float64.
 *
 * One operation must come out correctly rounded.  squared_difference may be rounded twice
 * more, and pow is as exact as powf, rounded: gamma(3) and gamma(2) with u = 2^-11, and 2^-24
 * for results below 2^-14, which have fewer bits.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "engine/half.h"
#include "ops/kernels/binary_f16.h"
#include "tests/checkkern/checkkern.h"

static const char *const names[TSR_BINARY_COUNT] = {
    "add", "sub", "mul", "div", "minimum", "maximum", "squared_difference", "prelu", "pow",
    "floor_div",
};

static double real(uint16_t h) { return (double)tsr_half_to_float(h); }

/* Sums and products of two halves are exact in float64. */
static double expect(tsr_binary_fn f, double a, double b)
{
    switch (f) {
    case TSR_BINARY_ADD: return a + b;
    case TSR_BINARY_SUB: return a - b;
    case TSR_BINARY_MUL: return a * b;
    case TSR_BINARY_DIV: return a / b;
    case TSR_BINARY_MINIMUM: return isnan(a) || isnan(b) ? a + b : fmin(a, b);
    case TSR_BINARY_MAXIMUM: return isnan(a) || isnan(b) ? a + b : fmax(a, b);
    case TSR_BINARY_SQUARED_DIFFERENCE: return (a - b) * (a - b);
    case TSR_BINARY_PRELU: return a < 0 ? a * b : a;
    case TSR_BINARY_POW: return pow(a, b);
    default: return floor((double)(float)(a / b));
    }
}

static double tolerance(tsr_binary_fn f, double want)
{
    const int roundings = f == TSR_BINARY_SQUARED_DIFFERENCE ? 3 : f == TSR_BINARY_POW ? 2 : 0;
    const double u = 0x1p-11;
    return roundings ? roundings * u / (1 - roundings * u) * fabs(want) + 0x1p-24 : 0;
}

static void compare(tsr_binary_fn f, const tsr_binary_f16_block *k, const uint16_t *a, int r,
                    int i)
{
    const double x = real(a[r * k->a_row + i * k->a_step]);
    const double y = real(k->b[r * k->b_row + i * k->b_step]);
    const double exact = expect(f, x, y);
    const double bound = isfinite(exact) ? tolerance(f, exact) : 0;
    const double clamped = isnan(exact) ? exact : fmin(fmax(exact, (double)k->lo), (double)k->hi);
    const double want = bound > 0 && fabs(clamped) < 65504 ? clamped
                        : real(tsr_float_to_half((float)clamped));
    const double got = real(k->y[r * k->y_row + i]);
    const double error = got == want || (isnan(got) && isnan(want)) ? 0 : fabs(got - want);
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%s, %d x %d: (%.9g, %.9g) is %.9g, want %.9g", names[f], k->rows, k->n, x, y,
                got, want);
}

/* Random numbers of all sizes up to 1. */
static uint16_t *halves(size_t n, bool positive)
{
    uint16_t *p = ck_alloc(n, sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = tsr_float_to_half(ldexpf(positive ? fabsf(ck_randf()) : ck_randf(),
                                        ck_rand(0, 3) ? 0 : ck_rand(-20, 0)));
    return p;
}

/* Steps of 0 keep one number per row; in place y is a. */
static void check_block(tsr_binary_fn f, tsr_binary_f16_run *run, int rows, int n, int shape)
{
    tsr_binary_f16_block k = { .rows = rows, .n = n, .lo = -INFINITY, .hi = INFINITY };
    const int in_place = ck_rand(0, 1) && shape != 1;
    k.a_step = shape != 1, k.b_step = shape != 2;
    k.y_row = n + ck_rand(0, 3);
    k.a_row = in_place ? k.y_row : (k.a_step ? n : 1) + ck_rand(0, 3);
    k.b_row = ck_rand(0, 1) ? 0 : (k.b_step ? n : 1) + ck_rand(0, 3);
    if (ck_rand(0, 1))
        k.lo = -0.3f, k.hi = 0.7f;
    const size_t size = (size_t)((rows - 1) * k.y_row + n);
    const size_t a_size = in_place ? size : (size_t)((rows - 1) * k.a_row + (k.a_step ? n : 1));
    uint16_t *a = halves(a_size, f == TSR_BINARY_POW);
    uint16_t *b = halves((size_t)((rows - 1) * k.b_row + (k.b_step ? n : 1)), false);
    uint16_t *y = ck_alloc(size, sizeof *y);
    if (in_place)
        memcpy(y, a, size * sizeof *y);
    k.a = in_place ? y : a, k.b = b, k.y = y;
    run(&k);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            compare(f, &k, a, r, i);
    if (!ck_intact(y))
        ck_fail("%s, %d x %d: wrote outside y", names[f], rows, n);
    ck_free(a), ck_free(b), ck_free(y);
}

/* Every pair of awkward numbers: zeros, infinities, NaN, the smallest, the largest. */
static void check_special(tsr_binary_fn f, tsr_binary_f16_run *run)
{
    static const uint16_t special[] = { 0, 0x8000, 0x3c00, 0xbc00, 0x4100, 0xc100, 0x7c00, 0xfc00,
                                        0x7e00, 1, 0x3ff, 0x7bff };
    enum { N = sizeof special / sizeof *special };
    uint16_t a[N * N], b[N * N], y[N * N];
    for (int i = 0; i < N * N; i++)
        a[i] = special[i / N], b[i] = special[i % N];
    const tsr_binary_f16_block k = { .a = a, .b = b, .y = y, .a_step = 1, .b_step = 1,
                                     .rows = 1, .n = N * N, .lo = -6e4f, .hi = 6e4f };
    run(&k);
    for (int i = 0; i < N * N && f != TSR_BINARY_POW && f != TSR_BINARY_SQUARED_DIFFERENCE; i++)
        compare(f, &k, a, 0, i);
}

static void check_variant(const tsr_binary_f16 *v)
{
    if (!ck_begin("binary_f16", v->level, v->cpu))
        return;
    for (int f = 0; f < TSR_BINARY_COUNT; f++) {
        if (!v->fn[f])
            continue;
        for (int n = 1; n <= 70; n++)
            for (int shape = 0; shape < 3; shape++)
                check_block((tsr_binary_fn)f, v->fn[f], ck_rand(1, 4), n, shape);
        check_block((tsr_binary_fn)f, v->fn[f], 2, 600, 0);
        check_special((tsr_binary_fn)f, v->fn[f]);
    }
}

void check_binary_f16(void)
{
    int count = 0;
    while (tsr_binary_f16_variants[count])
        count++;
    while (count--)
        check_variant(tsr_binary_f16_variants[count]);
}
