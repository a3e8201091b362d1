/*
 * test_conv2d.c - convolutions in float against sums in double.
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
#include "tests/conv_harness.h"

typedef struct {
    int n, h, w, c, oc, kh, kw;
    tsr_conv2d_attr a;
    bool bias, residual, clamp;
} geometry;

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
