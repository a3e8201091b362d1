/*
 * check_unary_f32.c - every unary_f32 variant against the C library in float64.
 *
 * Bounds in units of u = 2^-24, half a unit in the last place, of the result:
 *
 *   exp        4 (2 units in the last place: polynomial, r and last rounding)
 *   logistic   4 for exp, 1 for the sum, 1 for the quotient
 *   tanh       4 for expm1, at most 1 each for the sum and the quotient
 *   elu        4 for expm1, 1 for alpha
 *   others     1 per operation; exact where there is none
 *
 * hard_sigmoid adds a product that may cancel: its bound is absolute.
 * Below the normal numbers one step of 2^-149 is allowed, or 0 where the CPU's vectors
 * know no such numbers (ck_subnormal); logistic may give 0
 * there, because 1 + exp(-x) has become infinite.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "ops/kernels/unary_f32.h"
#include "tests/checkkern/checkkern.h"

static const struct { const char *name; double units; } functions[TSR_UNARY_COUNT] = {
    [TSR_UNARY_CLAMP] = { "clamp", 0 }, [TSR_UNARY_LOGISTIC] = { "logistic", 6 },
    [TSR_UNARY_TANH] = { "tanh", 6 }, [TSR_UNARY_HARD_SWISH] = { "hard_swish", 4 },
    [TSR_UNARY_HARD_SIGMOID] = { "hard_sigmoid", 0 },
    [TSR_UNARY_LEAKY_RELU] = { "leaky_relu", 1 }, [TSR_UNARY_ELU] = { "elu", 5 },
    [TSR_UNARY_EXP] = { "exp", 4 }, [TSR_UNARY_LOG] = { "log", 2 },
    [TSR_UNARY_SQRT] = { "sqrt", 1 }, [TSR_UNARY_RSQRT] = { "rsqrt", 2 },
    [TSR_UNARY_ABS] = { "abs", 0 }, [TSR_UNARY_NEG] = { "neg", 0 },
    [TSR_UNARY_FLOOR] = { "floor", 0 }, [TSR_UNARY_CEIL] = { "ceil", 0 },
    [TSR_UNARY_ROUND] = { "round", 0 },
};

static const float alpha = 0.2f, beta = 0.5f;

static double expect(tsr_unary_fn f, double x)
{
    switch (f) {
    case TSR_UNARY_LOGISTIC: return 1 / (1 + exp(-x));
    case TSR_UNARY_TANH: return tanh(x);
    case TSR_UNARY_HARD_SWISH: return x <= -3 ? 0 : x * fmin(x + 3, 6) / 6;
    case TSR_UNARY_HARD_SIGMOID: return fmin(fmax((double)alpha * x + (double)beta, 0), 1);
    case TSR_UNARY_LEAKY_RELU: return x < 0 ? (double)alpha * x : x;
    case TSR_UNARY_ELU: return x < 0 ? (double)alpha * expm1(x) : x;
    case TSR_UNARY_EXP: return exp(x);
    case TSR_UNARY_LOG: return log(x);
    case TSR_UNARY_SQRT: return sqrt(x);
    case TSR_UNARY_RSQRT: return 1 / sqrt(x);
    case TSR_UNARY_ABS: return fabs(x);
    case TSR_UNARY_NEG: return -x;
    case TSR_UNARY_FLOOR: return floor(x);
    case TSR_UNARY_CEIL: return ceil(x);
    case TSR_UNARY_ROUND: return rint(x);
    default: return x;
    }
}

static double tolerance(tsr_unary_fn f, double x, double want)
{
    const double u = 0x1p-24, tiny = f == TSR_UNARY_LOGISTIC ? 0x1p-126
                                     : ck_subnormal() > 0 ? ck_subnormal()
                                     : functions[f].units > 0 ? 0x1p-149 : 0;
    if (f == TSR_UNARY_HARD_SIGMOID)
        return 2 * u * (fabs((double)alpha * x) + (double)beta);
    if (f == TSR_UNARY_HARD_SWISH)      /* the sum x + 3 may cancel */
        return 4 * u * fabs(want) + u * fabs(x) * (fabs(x) + 3) / 6 * (x < 4) + tiny;
    return functions[f].units * u * fabs(want) + tiny;
}

static void compare(tsr_unary_fn f, const tsr_unary_f32_row *k, const float *x, int i)
{
    const double in = (double)x[i], exact = isnan(in) ? in : expect(f, in);
    const double want = isnan(exact) ? exact
                        : fmin(fmax(exact, (double)k->lo), (double)k->hi);
    const double got = (double)k->y[i];
    double bound = isfinite(want) ? tolerance(f, in, exact) : 0;
    double error = got == want || (isnan(got) && isnan(want)) ? 0 : fabs(got - want);
    if (isinf(got) && fabs(want) >= 0x1.ffffffp127)     /* rounds up to infinity */
        error = 0;
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%s(%.9g) is %.9g, want %.9g +- %.2g", functions[f].name, in, got, want, bound);
}

/* n numbers of a magnitude up to `range`, computed in place or not. */
static void check_row(tsr_unary_fn f, tsr_unary_f32_run *run, int n, float range)
{
    float *x = ck_alloc_f32((size_t)n), *y = ck_alloc_f32((size_t)n);
    const int in_place = ck_rand(0, 1);
    tsr_unary_f32_row k = { in_place ? y : x, y, n, alpha, beta, -INFINITY, INFINITY };
    for (int i = 0; i < n; i++)
        x[i] *= range;
    if (ck_rand(0, 1))
        k.lo = -0.25f, k.hi = 0.5f;
    if (in_place)
        memcpy(y, x, (size_t)n * sizeof *y);
    run(&k);
    for (int i = 0; i < n; i++)
        compare(f, &k, x, i);
    if (!ck_intact(y))
        ck_fail("%s, %d elements: wrote outside y", functions[f].name, n);
    ck_free(x), ck_free(y);
}

static void check_special(tsr_unary_fn f, tsr_unary_f32_run *run)
{
    static const float x[] = { 0.0f, -0.0f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, INFINITY, -INFINITY,
                               NAN, 1e-40f, -1e-40f, 1e-8f, -1e-8f, 87.3f, 88.72f, 88.73f, 89.5f,
                               -87.4f, -100.0f, -103.9f, -104.1f, 3e38f, -3e38f, 9.01f, -9.01f,
                               8388609.0f, -3.0f };
    enum { N = sizeof x / sizeof *x };
    float y[N];
    const tsr_unary_f32_row k = { x, y, N, alpha, beta, -INFINITY, INFINITY };
    run(&k);
    for (int i = 0; i < N; i++)
        if (f != TSR_UNARY_HARD_SIGMOID || isfinite(x[i]))
            compare(f, &k, x, i);
}

typedef struct {
    tsr_unary_f32_run *run;
    tsr_unary_f32_row k;
} bench_case;

static void run_bench(void *arg)
{
    const bench_case *b = arg;
    b->run(&b->k);
}

static void bench(const tsr_unary_f32 *v, tsr_unary_fn f)
{
    if (!ck_benching() || !v->fn[f])
        return;
    enum { N = 4096 };
    float *x = ck_alloc_f32(N), *y = ck_alloc_f32(N);
    bench_case c = { v->fn[f], { x, y, N, alpha, beta, -INFINITY, INFINITY } };
    ck_bench(functions[f].name, run_bench, &c, N);
    ck_free(x), ck_free(y);
}

static void check_variant(const tsr_unary_f32 *v)
{
    if (!ck_begin("unary_f32", v->level, v->cpu))
        return;
    for (int f = 0; f < TSR_UNARY_COUNT; f++) {
        if (!v->fn[f])
            continue;
        for (int n = 1; n <= 40; n++)
            check_row((tsr_unary_fn)f, v->fn[f], n, 4.0f);
        check_row((tsr_unary_fn)f, v->fn[f], 10000, 1.0f);
        check_row((tsr_unary_fn)f, v->fn[f], 10000, 12.0f);
        check_row((tsr_unary_fn)f, v->fn[f], 10000, 110.0f);
        check_row((tsr_unary_fn)f, v->fn[f], 1000, 1e-3f);
        check_special((tsr_unary_fn)f, v->fn[f]);
    }
    bench(v, TSR_UNARY_CLAMP);
    bench(v, TSR_UNARY_LOGISTIC);
    bench(v, TSR_UNARY_TANH);
    bench(v, TSR_UNARY_HARD_SWISH);
    bench(v, TSR_UNARY_EXP);
    bench(v, TSR_UNARY_ELU);
}

void check_unary_f32(void)
{
    int count = 0;
    while (tsr_unary_f32_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_unary_f32_variants[count]);
}
