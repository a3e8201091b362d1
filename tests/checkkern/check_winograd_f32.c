/*
 * check_winograd_f32.c - the three transforms of every variant against matrix products in
 * double, and together against what they are for: a 3x3 convolution.
 *
 * A transform is sums of at most 6 x 6 products, whose factors are exact or, the filters',
 * rounded once; whatever their order, the error is at most gamma(12) * sum |factor| |x|
 * (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, sec. 3.1), as each of the
 * two directions has at most 6 roundings.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/winograd_f32.h"
#include "tests/checkkern/checkkern.h"

enum { IN = 6, OUT = 4, MOST = 70 };

#define A  0.75
#define B  1.5
#define A2 (A * A)
#define B2 (B * B)

static const double bt[IN][IN] = {
    { A2 * B2, 0, -(A2 + B2), 0, 1, 0 }, { 0, -A * B2, -B2, A, 1, 0 },
    { 0, A * B2, -B2, -A, 1, 0 }, { 0, -A2 * B, -A2, B, 1, 0 },
    { 0, A2 * B, -A2, -B, 1, 0 }, { 0, A2 * B2, 0, -(A2 + B2), 0, 1 },
};
static const double at[OUT][IN] = {
    { 1, 1, 1, 1, 1, 0 }, { 0, A, -A, B, -B, 0 }, { 0, A2, A2, B2, B2, 0 },
    { 0, A * A2, -A * A2, B * B2, -B * B2, 1 },
};
#define P (1 / (2 * A2 * (A2 - B2)))
#define Q (1 / (2 * B2 * (B2 - A2)))
static const double gt[IN][IN] = {
    { 1 / (A2 * B2) }, { P, P * A, P * A2 }, { P, -P * A, P * A2 },
    { Q, Q * B, Q * B2 }, { Q, -Q * B, Q * B2 }, { 0, 0, 1 },
};

/* Element (i, j) of t x t^T, x[6 * row + column] `step` apart, and its sum of magnitudes. */
static double both_sides(const double (*t)[IN], const float *x, ptrdiff_t step, const int ij[2],
                         double *abs)
{
    double sum = 0;
    *abs = 0;
    for (int k = 0; k < IN * IN; k++) {
        const double p = t[ij[0]][k / IN] * t[ij[1]][k % IN] * (double)x[k * step];
        sum += p, *abs += fabs(p);
    }
    return sum;
}

static void compare(const char *what, double got, double want, double abs, int c)
{
    const double u = 0x1p-24, bound = 14 * u / (1 - 14 * u) * abs;
    ck_error(fabs(got - want), bound);
    if (!(fabs(got - want) <= bound))
        ck_fail("%s, channel %d: %.9g, want %.9g +- %.2g", what, c, got, want, bound);
}

static void check_filter(const tsr_winograd_f32 *v, int count)
{
    tsr_winograd_f32_filter t = { .g_step = count + ck_rand(0, 3),
                                  .u_step = count + ck_rand(0, 3), .count = count };
    float *x = ck_alloc_f32((size_t)(8 * t.g_step + count));
    t.g = x;
    t.u = ck_alloc((size_t)(35 * t.u_step + count), sizeof(float));
    v->filter(&t);
    for (int c = 0; c < count; c++) {
        float g[IN * IN] = { 0 };       /* 3 x 3 in the corner, for both_sides */
        for (int k = 0; k < 9; k++)
            g[k / 3 * IN + k % 3] = x[k * t.g_step + c];
        for (int k = 0; k < IN * IN; k++) {
            double abs;
            const double want = both_sides(gt, g, 1, (const int[]){ k / IN, k % IN }, &abs);
            compare("filter", (double)t.u[k * t.u_step + c], want, abs, c);
        }
    }
    if (!ck_intact(t.u))
        ck_fail("filter: wrote outside");
    ck_free(x), ck_free(t.u);
}

static void check_input(const tsr_winograd_f32 *v, int channels)
{
    tsr_winograd_f32_input t = { .x_col = channels + ck_rand(0, 3), .channels = channels };
    t.x_row = IN * t.x_col + ck_rand(0, 3);
    t.v_step = channels + ck_rand(0, 3);
    float *x = ck_alloc_f32((size_t)(5 * (t.x_row + t.x_col) + channels));
    t.x = x;
    t.v = ck_alloc((size_t)(35 * t.v_step + channels), sizeof(float));
    v->input(&t);
    for (int c = 0; c < channels; c++) {
        float d[IN * IN];
        for (int k = 0; k < IN * IN; k++)
            d[k] = x[k / IN * t.x_row + k % IN * t.x_col + c];
        for (int k = 0; k < IN * IN; k++) {
            double abs;
            const double want = both_sides(bt, d, 1, (const int[]){ k / IN, k % IN }, &abs);
            compare("input", (double)t.v[k * t.v_step + c], want, abs, c);
        }
    }
    if (!ck_intact(t.v))
        ck_fail("input: wrote outside");
    ck_free(x), ck_free(t.v);
}

/* Pixels outside of rows x columns belong to somebody else. */
static void compare_pixel(const tsr_winograd_f32_output *t, const float *before, int i, int j)
{
    for (int c = 0; c < t->channels; c++) {
        const ptrdiff_t to = i * t->y_row + j * t->y_col + c;
        double abs, want = both_sides(at, t->m + c, t->m_step, (const int[]){ i, j }, &abs);
        want += (double)t->bias[c], abs += fabs((double)t->bias[c]);
        if (t->residual)
            want += (double)before[to], abs += fabs((double)before[to]);
        if (i < t->rows && j < t->columns)
            compare("output", (double)t->y[to],
                    fmin(fmax(want, (double)t->lo), (double)t->hi), abs, c);
        else if (t->y[to] != before[to])
            ck_fail("output: wrote pixel %d, %d of %d x %d", i, j, t->rows, t->columns);
    }
}

static void check_output(const tsr_winograd_f32 *v, int channels)
{
    tsr_winograd_f32_output t = {
        .m_step = channels + ck_rand(0, 3), .y_col = channels + ck_rand(0, 3),
        .rows = ck_rand(1, OUT), .columns = ck_rand(1, OUT), .channels = channels,
        .lo = ck_rand(0, 1) ? 0.0f : -INFINITY, .hi = ck_rand(0, 1) ? 6.0f : INFINITY,
    };
    t.y_row = OUT * t.y_col + ck_rand(0, 3);
    const size_t size = (size_t)(3 * (t.y_row + t.y_col) + channels);
    float *m = ck_alloc_f32((size_t)(35 * t.m_step + channels)), *before = ck_alloc_f32(size);
    float *bias = ck_alloc_f32((size_t)channels);
    t.m = m, t.bias = bias, t.y = ck_alloc(size, sizeof(float));
    for (size_t i = 0; i < size; i++)
        t.y[i] = before[i];
    const int residual = ck_rand(0, 2);         /* none, elsewhere, in place */
    t.residual = residual == 0 ? NULL : residual == 1 ? before : t.y;
    v->output(&t);
    for (int i = 0; i < OUT; i++)
        for (int j = 0; j < OUT; j++)
            compare_pixel(&t, before, i, j);
    if (!ck_intact(t.y))
        ck_fail("output: wrote outside");
    ck_free(m), ck_free(before), ck_free(bias), ck_free(t.y);
}

/* One tile of one channel, from pixels and filter to pixels: in all, less than 28 roundings
 * follow one another; the sums of magnitudes of the three steps multiply. */
static void check_together(const tsr_winograd_f32 *v)
{
    float *x = ck_alloc_f32(IN * IN), *g = ck_alloc_f32(9), u[IN * IN], d[IN * IN], y[OUT * OUT];
    float size[IN * IN];
    const float bias = 0.25f;
    v->filter(&(tsr_winograd_f32_filter){ .g = g, .g_step = 1, .u = u, .u_step = 1,
                                          .count = 1 });
    v->input(&(tsr_winograd_f32_input){ .x = x, .x_row = IN, .x_col = 1, .v = d, .v_step = 1,
                                        .channels = 1 });
    for (int k = 0; k < IN * IN; k++) {
        double abs;
        both_sides(bt, x, 1, (const int[]){ k / IN, k % IN }, &abs);
        d[k] *= u[k], size[k] = (float)(abs * fabs((double)u[k]));
    }
    v->output(&(tsr_winograd_f32_output){
        .m = d, .m_step = 1, .bias = &bias, .y = y, .y_row = OUT, .y_col = 1, .rows = OUT,
        .columns = OUT, .channels = 1, .lo = -INFINITY, .hi = INFINITY });
    for (int i = 0; i < OUT * OUT; i++) {
        double abs, want = (double)bias;
        both_sides(at, size, 1, (const int[]){ i / OUT, i % OUT }, &abs);
        for (int k = 0; k < 9; k++)
            want += (double)g[k] * (double)x[(i / OUT + k / 3) * IN + i % OUT + k % 3];
        compare("together", (double)y[i], want, 2 * abs + (double)bias, i);
    }
    ck_free(x), ck_free(g);
}

static void check_nan(const tsr_winograd_f32 *v)
{
    float m[IN * IN] = { NAN }, y[OUT * OUT] = { 0 };
    const float bias = 0;
    v->output(&(tsr_winograd_f32_output){
        .m = m, .m_step = 1, .bias = &bias, .y = y, .y_row = OUT, .y_col = 1, .rows = OUT,
        .columns = OUT, .channels = 1, .lo = 0, .hi = 6 });
    if (!isnan(y[0]))
        ck_fail("the clamp hides a NaN");
}

typedef struct {
    const tsr_winograd_f32 *v;
    tsr_winograd_f32_filter filter;
    tsr_winograd_f32_input in;
    tsr_winograd_f32_output out;
} bench_case;

static void run_filter(void *arg) { const bench_case *b = arg; b->v->filter(&b->filter); }
static void run_input(void *arg)  { const bench_case *b = arg; b->v->input(&b->in); }
static void run_output(void *arg) { const bench_case *b = arg; b->v->output(&b->out); }

/* As numbers read and written. */
static void bench(const tsr_winograd_f32 *v)
{
    enum { C = 128, FILTERS = C * 32 };
    if (!ck_benching())
        return;
    float *x = ck_alloc_f32(IN * IN * C), *m = ck_alloc_f32(IN * IN * (C + 16));
    float *bias = ck_alloc_f32(C), *y = ck_alloc(OUT * OUT * C, sizeof(float));
    float *g = ck_alloc_f32(9 * FILTERS), *u = ck_alloc(36 * FILTERS, sizeof(float));
    bench_case b = { v, { g, FILTERS, u, FILTERS, FILTERS }, { x, IN * C, C, m, C + 16, C },
                     { m, C + 16, bias, NULL, y, OUT * C, C, OUT, OUT, C, 0, 6 } };
    ck_bench("filters of 128 x 32 channels", run_filter, &b, 45.0 * FILTERS);
    ck_bench("input tile of 128 channels", run_input, &b, 72.0 * C);
    ck_bench("output tile of 128 channels", run_output, &b, 52.0 * C);
    ck_free(x), ck_free(m), ck_free(bias), ck_free(y), ck_free(g), ck_free(u);
}

void check_winograd_f32(void)
{
    int count = 0;
    while (tsr_winograd_f32_variants[count])
        count++;
    while (count--) {           /* the reference first: speeds are relative to it */
        const tsr_winograd_f32 *v = tsr_winograd_f32_variants[count];
        if (!ck_begin("winograd_f32", v->level, v->cpu))
            continue;
        for (int channels = 1; channels <= MOST; channels++) {
            check_filter(v, channels);
            check_input(v, channels);
            for (int i = 0; i < 4; i++)
                check_output(v, channels);
        }
        for (int i = 0; i < 100; i++)
            check_together(v);
        check_nan(v);
        bench(v);
    }
}
