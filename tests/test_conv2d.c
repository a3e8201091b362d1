/*
 * test_conv2d.c - convolution and dense layers in float against sums in double.
 *
 * Shapes are random within the corners that the code distinguishes: taps and runs,
 * padding on all sides, dilation, groups, batches, one-pixel outputs, panels of every
 * width.  The bound is Higham's (see checkkern/check_gemm_f32.c), so it follows from
 * the data.  Every case runs with 1 and 3 threads, and both must agree to the bit.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include "engine/cpu.h"
#include "ops/conv2d.h"
#include "tests/op_harness.h"

typedef struct {
    int n, h, w, c, oc, kh, kw;
    tsr_conv2d_attr a;
    bool bias, residual, clamp;
} geometry;

static void fill(tsr_tensor *t)
{
    for (size_t i = 0; i < tsr_elements(t); i++)
        ((float *)t->data)[i] = (float)harness_int(-1000, 1000) / 500.0f;
}

static op_case make_conv(const geometry *g)
{
    op_case c = op_case_make(TSR_OP_CONV2D, g->residual ? 4 : g->bias ? 3 : 2);
    c.node.attr.conv2d = g->a;
    c.constant_inputs = true;
    c.in[0] = harness_tensor(TSR_F32, 4, (int[]){ g->n, g->h, g->w, g->c });
    c.in[1] = harness_tensor(TSR_F32, 4, (int[]){ g->oc, g->kh, g->kw, g->c / g->a.groups });
    if (c.node.in_count > 2)
        c.in[2] = harness_tensor(TSR_F32, 1, (int[]){ g->oc });
    c.absent = g->bias ? 0 : 1 << 2;
    if (g->residual) {
        const tsr_conv2d_attr *a = &g->a;
        const int oh = tsr_window_count(g->h, a->pad_top, a->pad_bottom, g->kh, a->stride_y,
                                        a->dilation_y);
        const int ow = tsr_window_count(g->w, a->pad_left, a->pad_right, g->kw, a->stride_x,
                                        a->dilation_x);
        c.in[3] = harness_tensor(TSR_F32, 4, (int[]){ g->n, oh, ow, g->oc });
    }
    for (int i = 0; i < c.node.in_count; i++)
        fill(&c.in[i]);
    if (g->clamp)
        c.node.lo = 0, c.node.hi = 6;
    return c;
}

static float at(const tsr_tensor *t, int n, int y, int x, int c)
{
    return ((const float *)t->data)[harness_index(t, (int[]){ n, y, x, c })];
}

/* What output element (n, oy, ox, co) must be, and the sum of absolute products. */
static double want(const op_case *c, const int o[4], double *abs)
{
    const tsr_conv2d_attr *a = &c->node.attr.conv2d;
    const int *f = c->in[1].dim, first = o[3] / (f[0] / a->groups) * f[3];
    const bool bias = c->node.in_count > 2 && !(c->absent & 4);
    const double b = bias ? (double)((float *)c->in[2].data)[o[3]] : 0;
    const double r = c->node.in_count > 3 ? (double)at(&c->in[3], o[0], o[1], o[2], o[3]) : 0;
    double sum = b + r;
    *abs = fabs(b) + fabs(r);
    for (int ky = 0; ky < f[1]; ky++)
        for (int kx = 0; kx < f[2]; kx++) {
            const int y = o[1] * a->stride_y - a->pad_top + ky * a->dilation_y;
            const int x = o[2] * a->stride_x - a->pad_left + kx * a->dilation_x;
            if (y < 0 || y >= c->in[0].dim[1] || x < 0 || x >= c->in[0].dim[2])
                continue;
            for (int ci = 0; ci < f[3]; ci++) {
                const double p = (double)at(&c->in[0], o[0], y, x, first + ci)
                               * (double)at(&c->in[1], o[3], ky, kx, ci);
                sum += p, *abs += fabs(p);
            }
        }
    return fmin(fmax(sum, (double)c->node.lo), (double)c->node.hi);
}

static void compare_conv(const op_case *c)
{
    const int k = c->in[1].dim[1] * c->in[1].dim[2] * c->in[1].dim[3] + 2;
    const double u = 0x1p-24, gamma = k * u / (1 - k * u);
    for (size_t i = 0; i < tsr_elements(&c->out); i++) {
        int o[4];
        double abs;
        harness_coordinates(&c->out, i, o);
        const double w = want(c, o, &abs), got = (double)((float *)c->out.data)[i];
        if (!(fabs(got - w) <= gamma * abs))
            fail_msg("[%d,%d,%d,%d] is %.9g, want %.9g", o[0], o[1], o[2], o[3], got, w);
    }
}

/* The op's result with 3 threads must be the bits of that with 1. */
static void run_both_ways(op_case *c)
{
    tsr_threads *threads = NULL;
    assert_int_equal(tsr_threads_start(3, &threads, NULL), TSR_OK);
    c->threads = threads;
    op_case_run(c);
    void *many = c->out.data;
    c->threads = NULL;
    op_case_run(c);
    assert_memory_equal(many, c->out.data, tsr_bytes(&c->out));
    free(many);
    tsr_threads_stop(threads);
}

static void check_conv(const geometry *g)
{
    op_case c = make_conv(g);
    run_both_ways(&c);
    compare_conv(&c);
    op_case_free(&c);
}

static tsr_conv2d_attr plain(void)
{
    return (tsr_conv2d_attr){ .stride_y = 1, .stride_x = 1, .dilation_y = 1, .dilation_x = 1,
                              .groups = 1 };
}

/* Random geometry; the window always fits. */
static geometry random_geometry(void)
{
    geometry g = { .n = harness_int(1, 2), .kh = harness_int(1, 4), .kw = harness_int(1, 4),
                   .bias = harness_int(0, 3) > 0, .residual = harness_int(0, 3) == 0,
                   .clamp = harness_int(0, 1) };
    g.a = (tsr_conv2d_attr){
        .stride_y = harness_int(1, 3), .stride_x = harness_int(1, 3),
        .dilation_y = harness_int(1, 2), .dilation_x = harness_int(1, 2),
        .pad_top = harness_int(0, 3), .pad_left = harness_int(0, 3),
        .pad_bottom = harness_int(0, 3), .pad_right = harness_int(0, 3),
        .groups = harness_int(0, 4) ? 1 : harness_int(2, 3),
    };
    g.c = g.a.groups * harness_int(1, 20);
    g.oc = g.a.groups * harness_int(1, 50);
    g.h = (g.kh - 1) * g.a.dilation_y + harness_int(1, 14);
    g.w = (g.kw - 1) * g.a.dilation_x + harness_int(1, 14);
    return g;
}

static void test_random_convolutions(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        const geometry g = random_geometry();
        check_conv(&g);
    }
}

static void test_plain_c_level(void **state)
{
    (void)state;
    tsr_cpu_mask(TSR_CPU_C);
    for (int i = 0; i < 60; i++) {
        const geometry g = random_geometry();
        check_conv(&g);
    }
    tsr_cpu_mask(~0u);
}

/* Error of the whole output over its greatest value. */
static double relative_error(const op_case *c)
{
    double worst = 0, largest = 0;
    for (size_t i = 0; i < tsr_elements(&c->out); i++) {
        int o[4];
        double abs;
        harness_coordinates(&c->out, i, o);
        const double w = want(c, o, &abs);
        worst = fmax(worst, fabs((double)((float *)c->out.data)[i] - w));
        largest = fmax(largest, fabs(w));
    }
    return worst / largest;
}

/* Done by Winograd's algorithm where there are vectors.  Higham's bound for the direct way
 * is so wide that this way fits in, too; what counts is the error beside the largest value. */
static void test_winograd(void **state)
{
    (void)state;
    double worst = 0;
    for (int i = 0; i < 9; i++) {
        geometry g = { .n = harness_int(1, 2), .h = harness_int(16, 24), .w = harness_int(14, 20),
                       .c = harness_int(32, 50), .oc = harness_int(32, 50), .kh = 3, .kw = 3,
                       .a = plain(), .bias = i % 3, .residual = i % 4 == 1, .clamp = i % 2 };
        g.a.pad_top = harness_int(0, 2), g.a.pad_bottom = harness_int(0, 2);
        g.a.pad_left = harness_int(0, 2), g.a.pad_right = harness_int(0, 2);
        const tsr_conv2d_shape shape = {
            .n = g.n, .h = g.h, .w = g.w, .c = g.c, .oh = g.h + g.a.pad_top + g.a.pad_bottom - 2,
            .ow = g.w + g.a.pad_left + g.a.pad_right - 2, .oc = g.oc, .kh = 3, .kw = 3,
            .attr = g.a };
        if (tsr_cpu_features())
            assert_true(tsr_conv2d_winograd_fits(&shape));
        op_case c = make_conv(&g);
        run_both_ways(&c);
        compare_conv(&c);
        if (!g.clamp)
            worst = fmax(worst, relative_error(&c));
        op_case_free(&c);
    }
    printf("    error / greatest value: %.2g\n", worst);
    assert_true(worst < 3e-6);
}

/* More channels than may have their transformed filters in scratch at a time. */
static void test_winograd_in_groups(void **state)
{
    (void)state;
    geometry g = { .n = 1, .h = 15, .w = 13, .c = 230, .oc = 214, .kh = 3, .kw = 3,
                   .a = plain(), .bias = true, .residual = true };
    g.a.pad_top = g.a.pad_bottom = g.a.pad_left = g.a.pad_right = 1;
    check_conv(&g);
}

static void test_pointwise_of_every_width(void **state)
{
    (void)state;
    for (int oc = 1; oc <= 50; oc++) {
        geometry g = { .n = 1, .h = 9, .w = 11, .c = oc % 7 + 1, .oc = oc, .kh = 1, .kw = 1,
                       .a = plain(), .bias = true, .residual = oc % 2 };
        check_conv(&g);
    }
}

/* More pixels than a block of any kernel has, and more channels than a task takes. */
static void test_many_pixels_and_channels(void **state)
{
    (void)state;
    geometry many = { .n = 1, .h = 37, .w = 33, .c = 9, .oc = 35, .kh = 1, .kw = 1, .a = plain(),
                      .bias = true, .clamp = true };
    check_conv(&many);
    many.n = 2, many.h = 60, many.kh = 3, many.kw = 2, many.a.stride_y = 2, many.a.pad_left = 1;
    check_conv(&many);
    geometry few = { .n = 1, .h = 7, .w = 6, .c = 40, .oc = 307, .kh = 1, .kw = 1, .a = plain(),
                     .residual = true };
    check_conv(&few);
    few.kh = few.kw = 3, few.a.stride_x = 2, few.a.pad_bottom = 2, few.clamp = true;
    check_conv(&few);
}

/* Many taps shrink the block of pixels that share pointers. */
static void test_large_filter(void **state)
{
    (void)state;
    geometry g = { .n = 1, .h = 40, .w = 33, .c = 2, .oc = 5, .kh = 21, .kw = 19, .a = plain(),
                   .bias = true };
    g.a.pad_top = g.a.pad_bottom = 10, g.a.pad_left = g.a.pad_right = 9;
    check_conv(&g);
    g.a.dilation_x = 2;
    check_conv(&g);
}

/* The filter lies outside the image for some pixels: only padding below it. */
static void test_window_in_the_padding(void **state)
{
    (void)state;
    geometry g = { .n = 1, .h = 2, .w = 3, .c = 3, .oc = 4, .kh = 2, .kw = 2, .a = plain(),
                   .bias = true };
    g.a.pad_top = g.a.pad_left = g.a.pad_bottom = g.a.pad_right = 5;
    check_conv(&g);
}

static void test_filter_as_large_as_the_image(void **state)
{
    (void)state;
    geometry g = { .n = 1, .h = 7, .w = 5, .c = 13, .oc = 33, .kh = 7, .kw = 5, .a = plain(),
                   .bias = true, .residual = true, .clamp = true };
    check_conv(&g);
    g.n = 2;
    check_conv(&g);
}

static void expect_refusal(op_case *c, tsr_status status, const char *word)
{
    assert_int_equal(op_case_infer(c), status);
    if (!strstr(c->err.text, word))
        fail_msg("'%s' does not say '%s'", c->err.text, word);
}

static void test_refusals(void **state)
{
    (void)state;
    const geometry g = { .n = 1, .h = 6, .w = 6, .c = 4, .oc = 6, .kh = 3, .kw = 3,
                         .a = plain(), .bias = true };
    op_case c = make_conv(&g);
    c.constant_inputs = false;
    expect_refusal(&c, TSR_UNSUPPORTED, "constant");
    c.constant_inputs = true;
    c.node.attr.conv2d.stride_x = 0;
    expect_refusal(&c, TSR_BAD_FILE, "stride 1x0");
    c.node.attr.conv2d = plain();
    c.node.attr.conv2d.groups = 4;
    expect_refusal(&c, TSR_BAD_FILE, "4 groups");
    c.node.attr.conv2d.groups = 2;
    expect_refusal(&c, TSR_BAD_FILE, "filter wants 4 channels, input has 2");
    c.node.attr.conv2d = plain();
    c.node.attr.conv2d.pad_left = -1;
    expect_refusal(&c, TSR_BAD_FILE, "padding -1");
    c.node.attr.conv2d = plain();
    c.node.attr.conv2d.dilation_y = 1 << 20;
    expect_refusal(&c, TSR_BAD_FILE, "does not fit");
    c.node.attr.conv2d = plain();
    c.in[2].dim[0] = 5;
    expect_refusal(&c, TSR_BAD_FILE, "5 biases");
    c.in[2].dim[0] = 6;
    c.out.dtype = TSR_S8;
    expect_refusal(&c, TSR_UNSUPPORTED, "s8 output");
    op_case_free(&c);
    /* It fits, for the filter has one row; but to step on by that would overflow. */
    const geometry row = { .n = 1, .h = 6, .w = 6, .c = 4, .oc = 6, .kh = 1, .kw = 3,
                           .a = plain() };
    c = make_conv(&row);
    c.node.attr.conv2d.dilation_y = INT_MAX;
    expect_refusal(&c, TSR_BAD_FILE, "dilation 2147483647x1");
    op_case_free(&c);
}

static void check_dense(int rows, int k, int n, bool keep_dims)
{
    op_case c = op_case_make(TSR_OP_DENSE, 3);
    c.node.attr.dense.keep_dims = keep_dims;
    c.node.hi = 9;
    c.constant_inputs = true;
    c.in[0] = harness_tensor(TSR_F32, 3, (int[]){ 1, rows, k });
    c.in[1] = harness_tensor(TSR_F32, 2, (int[]){ n, k });
    c.in[2] = harness_tensor(TSR_F32, 1, (int[]){ n });
    for (int i = 0; i < 3; i++)
        fill(&c.in[i]);
    run_both_ways(&c);
    assert_int_equal(c.out.rank, keep_dims ? 3 : 2);
    assert_int_equal(c.out.dim[c.out.rank - 2], rows);
    assert_int_equal(c.out.dim[c.out.rank - 1], n);
    const float *x = c.in[0].data, *w = c.in[1].data, *b = c.in[2].data, *y = c.out.data;
    const double u = 0x1p-24, gamma = (k + 2) * u / (1 - (k + 2) * u);
    for (int i = 0; i < rows * n; i++) {
        double sum = (double)b[i % n], abs = fabs(sum);
        for (int j = 0; j < k; j++) {
            const double p = (double)x[i / n * k + j] * (double)w[i % n * k + j];
            sum += p, abs += fabs(p);
        }
        if (!(fabs((double)y[i] - fmin(sum, 9)) <= gamma * abs + 9 * u))
            fail_msg("dense %dx%dx%d: [%d] is %.9g, want %.9g", rows, k, n, i, (double)y[i], sum);
    }
    op_case_free(&c);
}

static void test_dense(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++)
        check_dense(i % 2 ? 1 : harness_int(2, 60), harness_int(1, 70), harness_int(1, 40), i & 4);
    check_dense(1, 1280, 300, false);
}

/* The other way round than the op: paint each input pixel's patch. */
static void paint(const op_case *c, double *sum, double *abs)
{
    const tsr_transpose_conv2d_attr *a = &c->node.attr.transpose_conv2d;
    const int *f = c->in[1].dim;
    for (size_t i = 0; i < tsr_elements(&c->out); i++) {
        sum[i] = c->node.in_count > 2 ? (double)((float *)c->in[2].data)[i % (size_t)f[0]] : 0;
        abs[i] = fabs(sum[i]);
    }
    for (size_t i = 0; i < tsr_elements(&c->in[0]); i++)
        for (size_t j = 0; j < tsr_elements(&c->in[1]) / (size_t)f[3]; j++) {
            int p[4], q[4];
            harness_coordinates(&c->in[0], i, p);
            harness_coordinates(&c->in[1], j * (size_t)f[3] + (size_t)p[3], q);
            const int oy = p[1] * a->stride_y + q[1] - a->pad_top;
            const int ox = p[2] * a->stride_x + q[2] - a->pad_left;
            if (oy < 0 || oy >= a->oh || ox < 0 || ox >= a->ow)
                continue;
            const size_t o = harness_index(&c->out, (int[]){ p[0], oy, ox, q[0] });
            const double product = (double)((float *)c->in[0].data)[i]
                                 * (double)at(&c->in[1], q[0], q[1], q[2], q[3]);
            sum[o] += product, abs[o] += fabs(product);
        }
}

static void check_transposed(tsr_transpose_conv2d_attr a, const int x[4], const int f[4], bool bias)
{
    op_case c = op_case_make(TSR_OP_TRANSPOSE_CONV2D, bias ? 3 : 2);
    c.node.attr.transpose_conv2d = a;
    c.node.lo = -3;
    c.constant_inputs = true;
    c.in[0] = harness_tensor(TSR_F32, 4, x);
    c.in[1] = harness_tensor(TSR_F32, 4, f);
    if (bias)
        c.in[2] = harness_tensor(TSR_F32, 1, f);
    for (int i = 0; i < c.node.in_count; i++)
        fill(&c.in[i]);
    run_both_ways(&c);
    const size_t size = tsr_elements(&c.out);
    double *sum = malloc(2 * size * sizeof *sum), *abs = sum + size;
    assert_non_null(sum);
    paint(&c, sum, abs);
    const double u = 0x1p-24;
    const int k = f[1] * f[2] * f[3] + 2;
    for (size_t i = 0; i < size; i++)
        if (!(fabs((double)((float *)c.out.data)[i] - fmax(sum[i], -3)) <=
              k * u / (1 - k * u) * abs[i]))
            fail_msg("[%zu] is %.9g, want %.9g", i, (double)((float *)c.out.data)[i], sum[i]);
    free(sum);
    op_case_free(&c);
}

static void test_transposed(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        const int x[] = { harness_int(1, 2), harness_int(1, 7), harness_int(1, 7),
                          harness_int(1, 9) };
        const int f[] = { harness_int(1, 40), harness_int(1, 5), harness_int(1, 5), x[3] };
        tsr_transpose_conv2d_attr a = {
            .stride_y = harness_int(1, 4), .stride_x = harness_int(1, 4),
            .pad_top = harness_int(0, 3), .pad_left = harness_int(0, 3)
        };
        /* Cut short, exact, or longer than what is painted. */
        a.oh = (x[1] - 1) * a.stride_y + f[1] - a.pad_top + harness_int(-2, 2);
        a.ow = (x[2] - 1) * a.stride_x + f[2] - a.pad_left + harness_int(-2, 2);
        a.oh = a.oh < 1 ? 1 : a.oh, a.ow = a.ow < 1 ? 1 : a.ow;
        check_transposed(a, x, f, i % 3);
        a.pad_left = 0, a.stride_x = f[2], a.ow = x[2] * f[2];      /* side by side */
        check_transposed(a, x, f, i % 3);
    }
    check_transposed((tsr_transpose_conv2d_attr){ .stride_y = 2, .stride_x = 2,
                                                  .oh = 6, .ow = 300 },
                     (int[]){ 1, 3, 150, 5 }, (int[]){ 7, 2, 2, 5 }, true);
}

static void test_transposed_refusals(void **state)
{
    (void)state;
    op_case c = op_case_make(TSR_OP_TRANSPOSE_CONV2D, 2);
    c.constant_inputs = true;
    c.node.attr.transpose_conv2d = (tsr_transpose_conv2d_attr){ .stride_y = 2, .stride_x = 2,
                                                                .oh = 8, .ow = 8 };
    c.in[0] = harness_tensor(TSR_F32, 4, (int[]){ 1, 4, 4, 3 });
    c.in[1] = harness_tensor(TSR_F32, 4, (int[]){ 5, 2, 2, 3 });
    assert_int_equal(op_case_infer(&c), TSR_OK);
    c.constant_inputs = false;
    expect_refusal(&c, TSR_UNSUPPORTED, "constant");
    c.constant_inputs = true;
    c.in[1].dim[3] = 2;
    expect_refusal(&c, TSR_BAD_FILE, "filter wants 2 channels, input has 3");
    c.in[1].dim[3] = 3;
    c.node.attr.transpose_conv2d.stride_y = 0;
    expect_refusal(&c, TSR_BAD_FILE, "stride 0x2");
    c.node.attr.transpose_conv2d.stride_y = 2;
    c.in[0].dtype = TSR_S16;
    expect_refusal(&c, TSR_UNSUPPORTED, "s16");
    op_case_free(&c);
}

static void test_dense_refusals(void **state)
{
    (void)state;
    op_case c = op_case_make(TSR_OP_DENSE, 2);
    c.constant_inputs = true;
    c.in[0] = harness_tensor(TSR_F32, 2, (int[]){ 3, 8 });
    c.in[1] = harness_tensor(TSR_F32, 2, (int[]){ 5, 12 });
    assert_int_equal(op_case_infer(&c), TSR_OK);        /* 24 inputs are 2 rows of 12 */
    assert_int_equal(c.out.dim[0], 2);
    c.node.attr.dense.keep_dims = true;
    expect_refusal(&c, TSR_BAD_FILE, "filter wants 12 channels, input has 8");
    c.node.attr.dense.keep_dims = false;
    c.in[1].dim[1] = 7;
    expect_refusal(&c, TSR_BAD_FILE, "24 inputs are no rows of 7");
    op_case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_convolutions),
        cmocka_unit_test(test_plain_c_level),
        cmocka_unit_test(test_winograd),
        cmocka_unit_test(test_winograd_in_groups),
        cmocka_unit_test(test_pointwise_of_every_width),
        cmocka_unit_test(test_many_pixels_and_channels),
        cmocka_unit_test(test_large_filter),
        cmocka_unit_test(test_window_in_the_padding),
        cmocka_unit_test(test_filter_as_large_as_the_image),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_dense_refusals),
        cmocka_unit_test(test_transposed),
        cmocka_unit_test(test_transposed_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
