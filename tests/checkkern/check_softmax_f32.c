/*
 * check_softmax_f32.c - every softmax_f32 variant against float64.
 *
 * With d = beta (x - max) <= 0, u = 2^-24: the argument of exp is off by
 * 2u |d|, exp by 4u, the sum of n terms by gamma(n) and the worst of these
 * errors, the quotient by u.                     SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "ops/kernels/softmax_f32.h"
#include "tests/checkkern/checkkern.h"

static void compare(const float *x, const float *y, int n, int inner, float beta)
{
    const double u = 0x1p-24;
    float max = x[0], min = x[0];
    double sum = 0;
    for (int i = 1; i < n; i++) {
        max = x[i * inner] > max ? x[i * inner] : max;
        min = x[i * inner] < min ? x[i * inner] : min;
    }
    for (int i = 0; i < n; i++)
        sum += exp((double)beta * ((double)x[i * inner] - (double)max));
    const double spread = fmin((double)beta * ((double)max - (double)min), 104);
    for (int i = 0; i < n; i++) {
        const double want = exp((double)beta * ((double)x[i * inner] - (double)max)) / sum;
        const double got = (double)y[i * inner], error = fabs(got - want);
        const double bound = (4 * spread + 9 + n) * u * want
                             + fmax(0x1p-149, ck_subnormal());
        ck_error(error, bound);
        if (!(error <= bound))
            ck_fail("%d of %d apart: y[%d] is %.9g, want %.9g +- %.2g", n, inner, i, got, want,
                    bound);
    }
}

static void check_block(const tsr_softmax_f32 *v, int n, int inner, float range)
{
    const size_t size = (size_t)(n * inner);
    float *x = ck_alloc_f32(size), *y = ck_alloc_f32(size);
    const float beta = ck_rand(0, 1) ? 1.0f : 0.7f;
    for (size_t i = 0; i < size; i++)
        x[i] *= range;
    if (ck_rand(0, 1)) {
        memcpy(y, x, size * sizeof *y);
        v->run(y, y, n, inner, beta);
    } else {
        v->run(x, y, n, inner, beta);
    }
    for (int i = 0; i < inner; i++)
        compare(x + i, y + i, n, inner, beta);
    if (!ck_intact(y))
        ck_fail("%d of %d apart: wrote outside y", n, inner);
    ck_free(x), ck_free(y);
}

typedef struct {
    const tsr_softmax_f32 *v;
    float *x, *y;
    int n, inner;
} bench_case;

static void run_bench(void *arg)
{
    const bench_case *b = arg;
    b->v->run(b->x, b->y, b->n, b->inner, 1.0f);
}

static void bench(const tsr_softmax_f32 *v, const char *what, int n, int inner)
{
    if (!ck_benching())
        return;
    bench_case b = { v, ck_alloc_f32((size_t)(n * inner)), ck_alloc_f32((size_t)(n * inner)),
                     n, inner };
    ck_bench(what, run_bench, &b, (double)n * inner);
    ck_free(b.x), ck_free(b.y);
}

static void check_variant(const tsr_softmax_f32 *v)
{
    if (!ck_begin("softmax_f32", v->level, v->cpu))
        return;
    for (int n = 1; n <= 70; n++) {
        check_block(v, n, 1, 5.0f);
        check_block(v, ck_rand(1, 9), n, 5.0f);
    }
    check_block(v, 1001, 1, 20.0f);
    check_block(v, 33, 1, 200.0f);                      /* most of them vanish */
    bench(v, "1001 in a row", 1001, 1);
    bench(v, "21 in a row", 21, 1);
    bench(v, "21, 256 side by side", 21, 256);
}

void check_softmax_f32(void)
{
    int count = 0;
    while (tsr_softmax_f32_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_softmax_f32_variants[count]);
}
