/*
 * check_gemv_f32.c - every gemv_f32 variant against a double-precision sum; the
 * bound is that of check_gemm_f32.c.             SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/gemv_f32.h"
#include "tests/checkkern/checkkern.h"

typedef struct {
    const tsr_gemv_f32 *v;
    tsr_gemv_f32_args g;
    float *w, *x, *bias, *residual, *y;
} gemv_case;

static gemv_case make(const tsr_gemv_f32 *v, int n, int k)
{
    gemv_case c = { .v = v };
    c.g = (tsr_gemv_f32_args){ .ldw = k + ck_rand(0, 3), .n = n, .k = k,
                               .lo = -INFINITY, .hi = INFINITY };
    c.g.w = c.w = ck_alloc_f32((size_t)((n - 1) * c.g.ldw + k));
    c.g.x = c.x = ck_alloc_f32((size_t)k);
    c.bias = ck_alloc_f32((size_t)n);
    c.residual = ck_alloc_f32((size_t)n);
    c.g.y = c.y = ck_alloc_f32((size_t)n);
    return c;
}

static void drop(gemv_case *c)
{
    if (!ck_intact(c->y))
        ck_fail("n %d k %d: wrote outside y", c->g.n, c->g.k);
    ck_free(c->w), ck_free(c->x), ck_free(c->bias), ck_free(c->residual), ck_free(c->y);
}

static void run(void *arg)
{
    gemv_case *c = arg;
    tsr_gemv_f32_run(c->v, &c->g, 0, c->g.n);
}

static void compare(const gemv_case *c, int j)
{
    const tsr_gemv_f32_args *g = &c->g;
    const double u = 0x1p-24, gamma = (g->k + 2) * u / (1 - (g->k + 2) * u);
    double sum = 0, abs = 0;
    for (int k = 0; k < g->k; k++) {
        const double p = (double)g->w[j * g->ldw + k] * (double)g->x[k];
        sum += p, abs += fabs(p);
    }
    const double b = g->bias ? (double)g->bias[j] : 0, r = g->residual ? (double)g->residual[j] : 0;
    const double want = fmin(fmax(sum + b + r, (double)g->lo), (double)g->hi);
    const double bound = gamma * (abs + fabs(b) + fabs(r)) + u * fabs(want);
    const double error = fabs((double)g->y[j] - want);
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("n %d k %d: y[%d] is %.9g, want %.9g +- %.2g", g->n, g->k, j, (double)g->y[j],
                want, bound);
}

static void check_shape(const tsr_gemv_f32 *v, int n, int k)
{
    gemv_case c = make(v, n, k);
    if (ck_rand(0, 1))
        c.g.bias = c.bias;
    if (ck_rand(0, 1))
        c.g.residual = c.residual;
    if (ck_rand(0, 1))
        c.g.lo = 0, c.g.hi = 0.5f;
    run(&c);
    for (int j = 0; j < n; j++)
        compare(&c, j);
    for (int j = 0; j < n; j++) {       /* the same bits when computed alone */
        const float together = c.y[j];
        tsr_gemv_f32_run(v, &c.g, j, j + 1);
        if (together != c.y[j])
            ck_fail("n %d k %d: y[%d] differs when computed alone", n, k, j);
    }
    drop(&c);
}

void check_gemv_f32(void)
{
    int count = 0;
    while (tsr_gemv_f32_variants[count])
        count++;
    while (count--) {
        const tsr_gemv_f32 *v = tsr_gemv_f32_variants[count];
        if (!ck_begin("gemv_f32", v->level, v->cpu))
            continue;
        for (int n = 1; n <= 9; n++)
            for (int k = 1; k <= 100; k++)
                check_shape(v, n, k);
        check_shape(v, 1001, 1280);
        if (ck_benching()) {
            gemv_case small = make(v, 64, 256), large = make(v, 1001, 1280);
            ck_bench("64 x 256, in cache", run, &small, 2.0 * 64 * 256);
            ck_bench("1001 x 1280", run, &large, 2.0 * 1001 * 1280);
            drop(&small), drop(&large);
        }
    }
}
