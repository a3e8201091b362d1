/*
 * test_pool2d.c - max and average pooling against float64, straight from the
 * formula.  A maximum is exact; an average of n numbers is within
 * gamma(kh + kw + 1) of their mean size.          SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "tests/one_op.h"

static one_op make(tsr_op_kind kind, const int dim[4], const tsr_pool2d_attr *a, uint32_t seed)
{
    one_op o = one_op_make(kind);
    o.node.attr.pool2d = *a;
    o.in_count = 1;
    o.in[0] = tensor_of(TSR_F32, DIMS(dim[0], dim[1], dim[2], dim[3]),
                        test_random(&seed, (size_t)(dim[0] * dim[1] * dim[2] * dim[3])));
    return o;
}

static double expect(const one_op *o, const int at[4], double *bound)
{
    const tsr_pool2d_attr *a = &o->node.attr.pool2d;
    const int *d = o->in[0].dim;
    const float *x = o->in[0].data;
    double sum = 0, size = 0, max = -HUGE_VAL;
    int count = 0;
    for (int ky = 0; ky < a->kh; ky++)
        for (int kx = 0; kx < a->kw; kx++) {
            const int y = at[1] * a->stride_y - a->pad_top + ky * a->dilation_y;
            const int xx = at[2] * a->stride_x - a->pad_left + kx * a->dilation_x;
            if (y < 0 || y >= d[1] || xx < 0 || xx >= d[2])
                continue;
            const double v = (double)x[((at[0] * d[1] + y) * d[2] + xx) * d[3] + at[3]];
            sum += v, size += fabs(v), max = fmax(max, v), count++;
        }
    const double u = 0x1p-24, n = a->kh + a->kw + 2;
    const double divisor = a->count_include_pad ? a->kh * a->kw : count ? count : 1;
    const bool largest = o->node.kind == TSR_OP_MAX_POOL2D;
    *bound = largest ? 0 : n * u / (1 - n * u) * size / divisor;
    return fmin(fmax(largest ? max : sum / divisor, (double)o->node.lo), (double)o->node.hi);
}

static void check(const one_op *o)
{
    tsr_tensor y = one_op_run(o);
    const float *got = y.data;
    for (int i = 0; i < (int)tsr_elements(&y); i++) {
        const int c = y.dim[3], ow = y.dim[2], oh = y.dim[1];
        const int at[4] = { i / c / ow / oh, i / c / ow % oh, i / c % ow, i % c };
        double bound;
        const double want = expect(o, at, &bound), v = (double)got[i];
        if (!(v == want || fabs(v - want) <= bound))
            fail_msg("y[%d] is %.9g, want %.9g +- %.2g", i, v, want, bound);
    }
    free(y.data);
}

static void test_random_shapes(void **state)
{
    (void)state;
    uint32_t r = 5;
    for (int i = 0; i < 400; i++) {
        const int dim[4] = { test_rand(&r, 1, 3), test_rand(&r, 1, 9), test_rand(&r, 1, 11),
                             test_rand(&r, 1, 70) };
        const int kh = test_rand(&r, 1, 5), kw = test_rand(&r, 1, 5);
        const int dy = test_rand(&r, 1, 3), dx = test_rand(&r, 1, 3);
        const tsr_pool2d_attr a = {
            .kh = kh, .kw = kw, .stride_y = test_rand(&r, 1, 4), .stride_x = test_rand(&r, 1, 4),
            .dilation_y = dy, .dilation_x = dx,
            .pad_top = test_rand(&r, 0, 4), .pad_left = test_rand(&r, 0, 4),
            .pad_bottom = (kh - 1) * dy + test_rand(&r, 0, 3),
            .pad_right = (kw - 1) * dx + test_rand(&r, 0, 3),
            .count_include_pad = test_rand(&r, 0, 1),
        };
        one_op o = make(i % 2 ? TSR_OP_MAX_POOL2D : TSR_OP_AVERAGE_POOL2D, dim, &a, (uint32_t)i);
        if (test_rand(&r, 0, 1))
            o.node.lo = 0.0f, o.node.hi = 0.5f;
        check(&o);
        free(o.in[0].data);
    }
}

static void test_whole_images(void **state)
{
    (void)state;
    const int dims[][4] = { { 1, 7, 7, 1024 }, { 2, 33, 33, 37 }, { 1, 1, 1, 5 },
                            { 1, 13, 2, 65 } };
    for (int i = 0; i < 8; i++) {
        const int *d = dims[i / 2];
        const tsr_pool2d_attr a = { .kh = d[1], .kw = d[2], .stride_y = 1, .stride_x = 1,
                                    .dilation_y = 1, .dilation_x = 1 };
        one_op o = make(i % 2 ? TSR_OP_MAX_POOL2D : TSR_OP_AVERAGE_POOL2D, d, &a, (uint32_t)i);
        check(&o);
        free(o.in[0].data);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    const int dim[4] = { 1, 4, 4, 3 };
    const tsr_pool2d_attr a = { .kh = 2, .kw = 2, .stride_y = 2, .stride_x = 2,
                                .dilation_y = 1, .dilation_x = 1 };
    one_op o = make(TSR_OP_MAX_POOL2D, dim, &a, 1), bad = o;
    bad.node.attr.pool2d.kh = 5;
    one_op_refused(&bad, TSR_BAD_FILE, "a window of 5 does not fit into a padded height of 4");
    bad = o, bad.node.attr.pool2d.kw = 0;
    one_op_refused(&bad, TSR_BAD_FILE, "window 0");
    bad = o, bad.node.attr.pool2d.stride_y = -2;
    one_op_refused(&bad, TSR_BAD_FILE, "stride -2");
    bad = o, bad.node.attr.pool2d.dilation_x = INT32_MAX;
    one_op_refused(&bad, TSR_BAD_FILE, "dilation 2147483647");
    bad = o, bad.node.attr.pool2d.pad_right = -1;
    one_op_refused(&bad, TSR_BAD_FILE, "padding 0 and -1");
    bad = o, bad.in[0].rank = 3;
    one_op_refused(&bad, TSR_BAD_FILE, "max_pool2d 'node': input has 3 dimensions, wants 4");
    bad = o, bad.out.dtype = TSR_S32;
    one_op_refused(&bad, TSR_UNSUPPORTED, "f32 to s32");
    free(o.in[0].data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_shapes),
        cmocka_unit_test(test_whole_images),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
