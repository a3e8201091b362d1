/*
 * check_resize_f32.c - every resize_f32 variant against float64.
 *
 * a + (b - a) f rounds three times, or twice with a fused multiply-add: at most
 * 2u |b - a| f for difference and product and u |result| for the sum, to first
 * order; gamma(3) (|a| + |b|) covers both.       SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/resize_f32.h"
#include "tests/checkkern/checkkern.h"

static void compare(double a, double b, double f, float y, const char *what, int i)
{
    const double u = 0x1p-24, want = a + (b - a) * f, got = (double)y;
    const double error = fabs(got - want), bound = 3 * u / (1 - 3 * u) * (fabs(a) + fabs(b));
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%s: y[%d] is %.9g, want %.9g", what, i, got, want);
}

static float weight(void) { return fabsf(ck_randf()); }

static void check_across(const tsr_resize_f32 *v, int w, int count, int c)
{
    tsr_resize_f32_column *columns = ck_alloc((size_t)count, sizeof *columns);
    for (int i = 0; i < count; i++)
        columns[i] = (tsr_resize_f32_column){ ck_rand(0, w - 1) * c, ck_rand(0, w - 1) * c,
                                              weight() };
    float *x = ck_alloc_f32((size_t)(w * c)), *y = ck_alloc_f32((size_t)(count * c));
    v->across(x, columns, count, c, y);
    for (int i = 0; i < count * c; i++) {
        const tsr_resize_f32_column *k = &columns[i / c];
        compare((double)x[k->left + i % c], (double)x[k->right + i % c], (double)k->f, y[i],
                "across", i);
    }
    if (!ck_intact(y))
        ck_fail("across: %d columns of %d: wrote outside y", count, c);
    ck_free(columns), ck_free(x), ck_free(y);
}

static void check_down(const tsr_resize_f32 *v, int n)
{
    float *a = ck_alloc_f32((size_t)n), *b = ck_alloc_f32((size_t)n);
    float *y = ck_alloc_f32((size_t)n);
    const float f = weight();
    v->down(a, b, f, n, y);
    for (int i = 0; i < n; i++)
        compare((double)a[i], (double)b[i], (double)f, y[i], "down", i);
    if (!ck_intact(y))
        ck_fail("down: %d elements: wrote outside y", n);
    ck_free(a), ck_free(b), ck_free(y);
}

typedef struct {
    const tsr_resize_f32 *v;
    tsr_resize_f32_column *columns;
    float *x, *y;
    int count, c;
} bench_case;

static void run_across(void *arg)
{
    const bench_case *b = arg;
    b->v->across(b->x, b->columns, b->count, b->c, b->y);
}

static void run_down(void *arg)
{
    const bench_case *b = arg;
    b->v->down(b->x, b->x, 0.5f, b->count * b->c, b->y);
}

static void bench(const tsr_resize_f32 *v, const char *what, int w, int count, int c)
{
    if (!ck_benching())
        return;
    bench_case b = { v, ck_alloc((size_t)count, sizeof *b.columns),
                     ck_alloc_f32((size_t)(count * c)), ck_alloc_f32((size_t)(count * c)),
                     count, c };
    for (int i = 0; i < count; i++)
        b.columns[i] = (tsr_resize_f32_column){ i * w / count * c, (i + 1) * w / (count + 1) * c,
                                                0.25f };
    ck_bench(what, run_across, &b, (double)count * c);
    ck_bench("down", run_down, &b, (double)count * c);
    ck_free(b.columns), ck_free(b.x), ck_free(b.y);
}

static void check_variant(const tsr_resize_f32 *v)
{
    if (!ck_begin("resize_f32", v->level, v->cpu))
        return;
    for (int c = 1; c <= 40; c++) {
        check_across(v, ck_rand(1, 5), ck_rand(1, 9), c);
        check_down(v, c);
    }
    check_down(v, 257 * 21);
    bench(v, "across 33 to 257, 21 channels", 33, 257, 21);
    bench(v, "across 48 to 96, 64 channels", 48, 96, 64);
    bench(v, "across 128 to 256, 1 channel", 128, 256, 1);
}

void check_resize_f32(void)
{
    int count = 0;
    while (tsr_resize_f32_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_resize_f32_variants[count]);
}
