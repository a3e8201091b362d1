/*
 * check_binary_f32.c - every binary_f32 variant against float64.
 *
 * One operation on floats, computed in double and rounded to float, is the
 * correctly rounded result (53 >= 2 * 24 + 2 bits), so most functions must be
 * exact.  squared_difference rounds twice, the difference counting double:
 * gamma(3).  pow is the C library's: 2 units in the last place.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "ops/kernels/binary_f32.h"
#include "tests/checkkern/checkkern.h"

static const char *const names[TSR_BINARY_COUNT] = {
    "add", "sub", "mul", "div", "minimum", "maximum", "squared_difference", "prelu", "pow",
    "floor_div",
};

static double expect(tsr_binary_fn f, double a, double b)
{
    switch (f) {
    case TSR_BINARY_ADD: return (double)(float)(a + b);
    case TSR_BINARY_SUB: return (double)(float)(a - b);
    case TSR_BINARY_MUL: return (double)(float)(a * b);
    case TSR_BINARY_DIV: return (double)(float)(a / b);
    case TSR_BINARY_MINIMUM: return isnan(a) || isnan(b) ? a + b : fmin(a, b);
    case TSR_BINARY_MAXIMUM: return isnan(a) || isnan(b) ? a + b : fmax(a, b);
    case TSR_BINARY_SQUARED_DIFFERENCE: return (a - b) * (a - b);
    case TSR_BINARY_PRELU: return a < 0 ? (double)(float)(a * b) : a;
    case TSR_BINARY_POW: return pow(a, b);
    default: return floor((double)(float)(a / b));
    }
}

static double tolerance(tsr_binary_fn f, double want)
{
    const double u = 0x1p-24, tiny = ck_subnormal();
    return f == TSR_BINARY_SQUARED_DIFFERENCE ? 3 * u / (1 - 3 * u) * want + fmax(0x1p-149, tiny)
           : f == TSR_BINARY_POW ? 4 * u * fabs(want) : tiny;
}

static void compare(tsr_binary_fn f, const tsr_binary_f32_block *k, const float *a, int r, int i)
{
    const double x = (double)a[r * k->a_row + i * k->a_step];
    const double y = (double)k->b[r * k->b_row + i * k->b_step];
    const double exact = expect(f, x, y);
    const double bound = isfinite(exact) ? tolerance(f, exact) : 0;
    const double want = isnan(exact) ? exact
                        : fmin(fmax(exact, (double)k->lo), (double)k->hi);
    const double got = (double)k->y[r * k->y_row + i];
    const double error = got == want || (isnan(got) && isnan(want)) ? 0 : fabs(got - want);
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%s, %d x %d: (%.9g, %.9g) is %.9g, want %.9g", names[f], k->rows, k->n, x, y,
                got, want);
}

/* Steps of 0 keep one number per row; in place y is a. */
static void check_block(tsr_binary_fn f, tsr_binary_f32_run *run, int rows, int n, int shape)
{
    tsr_binary_f32_block k = { .rows = rows, .n = n, .lo = -INFINITY, .hi = INFINITY };
    const int in_place = ck_rand(0, 1) && shape != 1;
    k.a_step = shape != 1, k.b_step = shape != 2;
    k.y_row = n + ck_rand(0, 3);
    k.a_row = in_place ? k.y_row : (k.a_step ? n : 1) + ck_rand(0, 3);
    k.b_row = ck_rand(0, 1) ? 0 : (k.b_step ? n : 1) + ck_rand(0, 3);
    if (ck_rand(0, 1))
        k.lo = -0.25f, k.hi = 0.5f;
    const size_t size = (size_t)((rows - 1) * k.y_row + n);
    const size_t a_size = in_place ? size
                          : (size_t)((rows - 1) * k.a_row + (k.a_step ? n : 1));
    float *a = ck_alloc_f32(a_size);
    float *b = ck_alloc_f32((size_t)((rows - 1) * k.b_row + (k.b_step ? n : 1)));
    float *y = ck_alloc_f32(size);
    if (f == TSR_BINARY_POW)
        for (size_t i = 0; i < a_size; i++)
            a[i] = fabsf(a[i]);
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

/* Every pair of awkward numbers.  A subnormal one that counts as 0 is none when multiplied
 * with infinity: there the smallest normal number takes its place. */
static void check_special(tsr_binary_fn f, tsr_binary_f32_run *run)
{
    const float least = ck_subnormal() > 0 ? 0x1p-126f : 1e-40f;
    const float special[] = { 0.0f, -0.0f, 1.0f, -1.0f, 2.5f, -2.5f, INFINITY, -INFINITY,
                                     NAN, least, 3e38f };
    enum { N = sizeof special / sizeof *special };
    float a[N * N], b[N * N], y[N * N];
    for (int i = 0; i < N * N; i++)
        a[i] = special[i / N], b[i] = special[i % N];
    const tsr_binary_f32_block k = { .a = a, .b = b, .y = y, .a_step = 1, .b_step = 1,
                                     .rows = 1, .n = N * N, .lo = -1e30f, .hi = 1e30f };
    run(&k);
    for (int i = 0; i < N * N && f != TSR_BINARY_POW; i++)
        compare(f, &k, a, 0, i);
}

typedef struct {
    tsr_binary_f32_run *run;
    tsr_binary_f32_block k;
} bench_case;

static void run_bench(void *arg)
{
    const bench_case *b = arg;
    b->run(&b->k);
}

static void bench(const tsr_binary_f32 *v, const char *what, tsr_binary_fn f, int rows, int n)
{
    if (!ck_benching())
        return;
    const size_t size = (size_t)rows * (size_t)n;
    float *a = ck_alloc_f32(size), *b = ck_alloc_f32((size_t)n), *y = ck_alloc_f32(size);
    bench_case c = { v->fn[f], { a, b, y, n, 0, n, 1, 1, rows, n, -INFINITY, INFINITY } };
    ck_bench(what, run_bench, &c, (double)size);
    ck_free(a), ck_free(b), ck_free(y);
}

static void check_variant(const tsr_binary_f32 *v)
{
    if (!ck_begin("binary_f32", v->level, v->cpu))
        return;
    for (int f = 0; f < TSR_BINARY_COUNT; f++) {
        if (!v->fn[f])
            continue;
        for (int n = 1; n <= 40; n++)
            for (int shape = 0; shape < 3; shape++)
                check_block((tsr_binary_fn)f, v->fn[f], ck_rand(1, 4), n, shape);
        check_special((tsr_binary_fn)f, v->fn[f]);
    }
    bench(v, "add 1 x 8192", TSR_BINARY_ADD, 1, 8192);
    bench(v, "add [C] 1024 x 24", TSR_BINARY_ADD, 1024, 24);
    bench(v, "prelu [C] 256 x 32", TSR_BINARY_PRELU, 256, 32);
}

void check_binary_f32(void)
{
    int count = 0;
    while (tsr_binary_f32_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_binary_f32_variants[count]);
}
