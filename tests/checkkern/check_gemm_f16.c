/*
 * check_gemm_f16.c - every gemm_f16 variant against sums in float64 of the same halves.
 *
 * Tolerance: gamma(k + 2) * (|bias| + sum |a||b| + |residual|) with u = 2^-11, and 2^-24 for
 * each step, because a product below 2^-14 has fewer bits (Higham 2002, section 2.1, 3.1).
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "engine/half.h"
#include "ops/kernels/gemm_f16.h"
#include "tests/checkkern/checkkern.h"

typedef struct {
    const tsr_gemm_f16 *v;
    tsr_gemm_f16_block b;
    float *weights, *bias;
    uint16_t *a, *packed, *residual, *c;
    const uint16_t **rows;
    size_t k;
} problem;

/* Numbers in -1..1 that need no rounding. */
static uint16_t *halves(size_t n)
{
    uint16_t *p = ck_alloc(n, sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = tsr_float_to_half(ck_randf());
    return p;
}

static double real(uint16_t h) { return (double)tsr_half_to_float(h); }

static double rounded(float x) { return real(tsr_float_to_half(x)); }

static problem make(const tsr_gemm_f16 *v, int m, int n, int taps, int kc)
{
    problem p = { .v = v, .k = (size_t)taps * (size_t)kc };
    const size_t rows = (size_t)m * (size_t)taps, length = (size_t)kc;
    const ptrdiff_t ld = n + ck_rand(0, 3);
    p.a = halves(rows * length);
    p.rows = ck_alloc(rows, sizeof *p.rows);
    for (size_t i = 0; i < rows; i++)
        p.rows[i] = p.a + (size_t)ck_rand(0, (int)rows - 1) * length;
    p.weights = ck_alloc_f32((size_t)n * p.k);
    p.bias = ck_rand(0, 3) ? ck_alloc_f32((size_t)n) : NULL;
    p.residual = ck_rand(0, 1) ? halves((size_t)((m - 1) * ld + n)) : NULL;
    p.c = ck_alloc((size_t)((m - 1) * ld + n), sizeof *p.c);
    /* Sometimes with rows of zeros behind the filter's: they must not be missed. */
    p.packed = ck_alloc(tsr_gemm_f16_packed_size(v, n, p.k), sizeof *p.packed);
    tsr_gemm_f16_pack(v, n, p.k, p.weights, p.bias, p.packed);
    const bool clamped = ck_rand(0, 1);
    p.b = (tsr_gemm_f16_block){
        .a = p.rows, .a_step = m, .taps = taps, .kc = kc, .b = p.packed, .residual = p.residual,
        .c = p.c, .ldr = ld, .ldc = ld, .m = m, .n = n,
        .lo = clamped ? -0.5f : -INFINITY, .hi = clamped ? 0.75f : INFINITY };
    return p;
}

static void drop(problem *p)
{
    ck_free(p->a), ck_free((void *)(uintptr_t)p->rows), ck_free(p->weights);
    ck_free(p->packed), ck_free(p->c);
    if (p->bias)
        ck_free(p->bias);
    if (p->residual)
        ck_free(p->residual);
}

static void compare(const problem *p, int i, int j)
{
    const double u = 0x1p-11, steps = (double)p->k + 2;
    double sum = p->bias ? rounded(p->bias[j]) : 0, size = fabs(sum);
    for (int t = 0; t < p->b.taps; t++)
        for (int k = 0; k < p->b.kc; k++) {
            const size_t at = (size_t)t * (size_t)p->b.kc + (size_t)k;
            const double product = real(p->rows[t * p->b.a_step + i][k])
                                 * rounded(p->weights[(size_t)j * p->k + at]);
            sum += product, size += fabs(product);
        }
    if (p->residual) {
        const double r = real(p->residual[i * p->b.ldr + j]);
        sum += r, size += fabs(r);
    }
    const double want = fmin(fmax(sum, (double)p->b.lo), (double)p->b.hi);
    const double got = real(p->c[i * p->b.ldc + j]), error = fabs(got - want);
    const double bound = steps * u / (1 - steps * u) * size + steps * 0x1p-24;
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("m %d, n %d, %d x %d: c[%d][%d] is %.9g, want %.9g +- %.2g", p->b.m, p->b.n,
                p->b.taps, p->b.kc, i, j, got, want, bound);
}

static void check_shape(const tsr_gemm_f16 *v, int m, int n, int taps, int kc)
{
    problem p = make(v, m, n, taps, kc);
    for (int i = 0; i < m - 1; i++)                     /* gaps between rows */
        for (ptrdiff_t j = n; j < p.b.ldc; j++)
            p.c[i * p.b.ldc + j] = 0x1234;
    tsr_gemm_f16_run(v, &p.b, 0, tsr_gemm_f16_panels(v, n));
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            compare(&p, i, j);
    for (int i = 0; i < m - 1; i++)
        for (ptrdiff_t j = n; j < p.b.ldc; j++)
            if (p.c[i * p.b.ldc + j] != 0x1234)
                ck_fail("m %d, n %d: wrote behind row %d", m, n, i);
    if (!ck_intact(p.c))
        ck_fail("m %d, n %d, %d x %d: wrote outside c", m, n, taps, kc);
    drop(&p);
}

static void check_variant(const tsr_gemm_f16 *v)
{
    if (!ck_begin("gemm_f16", v->level, v->cpu))
        return;
    for (int m = 1; m <= 17; m++)                       /* every tail of m and n */
        for (int n = 1; n <= 5 * v->lanes + 1; n++)
            check_shape(v, m, n, ck_rand(1, 4), ck_rand(1, 40));
    check_shape(v, 49, 64, 1, 576);
    check_shape(v, 20, 24, 9, 40);
}

void check_gemm_f16(void)
{
    int count = 0;
    while (tsr_gemm_f16_variants[count])
        count++;
    while (count--)
        check_variant(tsr_gemm_f16_variants[count]);
}
