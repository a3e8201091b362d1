/*
 * test_depthwise_conv2d.c - against a sum in float64, straight from the formula.
 *
 * Tolerance: gamma(taps + 1) * (|bias| + sum |x||w|), Higham 2002, section 3.1.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "tests/one_op.h"

typedef struct {
    int n, h, w, c, multiplier, kh, kw;
    tsr_conv2d_attr a;
    float lo, hi;
    bool bias;
} conv_case;

static one_op make(const conv_case *k, uint32_t seed)
{
    const int oc = k->c * k->multiplier;
    one_op o = one_op_make(TSR_OP_DEPTHWISE_CONV2D);
    o.node.attr.conv2d = k->a;
    o.node.lo = k->lo, o.node.hi = k->hi;
    o.in[0] = tensor_of(TSR_F32, DIMS(k->n, k->h, k->w, k->c),
                        test_random(&seed, (size_t)(k->n * k->h * k->w * k->c)));
    o.in[1] = tensor_of(TSR_F32, DIMS(1, k->kh, k->kw, oc),
                        test_random(&seed, (size_t)(k->kh * k->kw * oc)));
    o.in[2] = tensor_of(TSR_F32, DIMS(oc), test_random(&seed, (size_t)oc));
    o.in_count = 3, o.constants = 6, o.absent = k->bias ? 0 : 4;
    return o;
}

static void drop(one_op *o)
{
    for (int i = 0; i < o->in_count; i++)
        free(o->in[i].data);
}

/* One output in float64, and its error bound. */
static double expect(const conv_case *k, const one_op *o, const int at[4], double *bound)
{
    const int oc = k->c * k->multiplier, co = at[3];
    const float *x = o->in[0].data, *f = o->in[1].data, *b = o->in[2].data;
    double sum = k->bias ? (double)b[co] : 0, size = fabs(sum);
    for (int ky = 0; ky < k->kh; ky++)
        for (int kx = 0; kx < k->kw; kx++) {
            const int y = at[1] * k->a.stride_y - k->a.pad_top + ky * k->a.dilation_y;
            const int xx = at[2] * k->a.stride_x - k->a.pad_left + kx * k->a.dilation_x;
            if (y < 0 || y >= k->h || xx < 0 || xx >= k->w)
                continue;
            const double p = (double)x[((at[0] * k->h + y) * k->w + xx) * k->c
                                       + co / k->multiplier]
                             * (double)f[(ky * k->kw + kx) * oc + co];
            sum += p, size += fabs(p);
        }
    const double u = 0x1p-24, n = k->kh * k->kw + 1;
    *bound = n * u / (1 - n * u) * size;
    return fmin(fmax(sum, (double)k->lo), (double)k->hi);
}

static void check(const conv_case *k, uint32_t seed)
{
    one_op o = make(k, seed);
    tsr_tensor y = one_op_run(&o);
    const float *got = y.data;
    assert_int_equal(y.rank, 4);
    assert_int_equal(y.dim[3], k->c * k->multiplier);
    for (int i = 0; i < (int)tsr_elements(&y); i++) {
        const int oc = y.dim[3], ow = y.dim[2], oh = y.dim[1];
        const int at[4] = { i / oc / ow / oh, i / oc / ow % oh, i / oc % ow, i % oc };
        double bound;
        const double want = expect(k, &o, at, &bound);
        if (!(fabs((double)got[i] - want) <= bound))
            fail_msg("%dx%dx%dx%d k %dx%d s %d,%d d %d,%d: y[%d] is %.9g, want %.9g +- %.2g",
                     k->n, k->h, k->w, k->c, k->kh, k->kw, k->a.stride_y, k->a.stride_x,
                     k->a.dilation_y, k->a.dilation_x, i, (double)got[i], want, bound);
    }
    free(y.data);
    drop(&o);
}

static conv_case plain(int h, int w, int c, int k)
{
    return (conv_case){ 1, h, w, c, 1, k, k, { 1, 1, 1, 1, 0, 0, 0, 0, 1 },
                        -INFINITY, INFINITY, true };
}

static void same(conv_case *k)
{
    tsr_same_padding(k->h, k->kh, k->a.stride_y, k->a.dilation_y, &k->a.pad_top,
                     &k->a.pad_bottom);
    tsr_same_padding(k->w, k->kw, k->a.stride_x, k->a.dilation_x, &k->a.pad_left,
                     &k->a.pad_right);
}

/* The windows of the published networks. */
static void test_windows(void **state)
{
    (void)state;
    const int sizes[] = { 1, 3, 5, 7 };
    for (int i = 0; i < 4; i++)
        for (int s = 1; s <= 3; s++)
            for (int d = 1; d <= 4; d *= 2) {
                conv_case k = plain(11, 13, 20, sizes[i]);
                k.a.stride_y = k.a.stride_x = s;
                k.a.dilation_y = k.a.dilation_x = d;
                same(&k);
                check(&k, (uint32_t)(i * 100 + s * 10 + d));
            }
}

/* Every number of channels around the vector widths. */
static void test_channels(void **state)
{
    (void)state;
    for (int c = 1; c <= 50; c++) {
        conv_case k = plain(4, 6, c, 3);
        same(&k);
        check(&k, (uint32_t)c);
    }
}

static void test_random_shapes(void **state)
{
    (void)state;
    uint32_t r = 7;
    for (int i = 0; i < 300; i++) {
        conv_case k = plain(test_rand(&r, 1, 9), test_rand(&r, 1, 12), test_rand(&r, 1, 40), 1);
        k.n = test_rand(&r, 1, 3);
        k.multiplier = test_rand(&r, 0, 3) ? 1 : test_rand(&r, 1, 5);
        k.kh = test_rand(&r, 1, 5), k.kw = test_rand(&r, 1, 5);
        k.a.stride_y = test_rand(&r, 1, 4), k.a.stride_x = test_rand(&r, 1, 4);
        k.a.dilation_y = test_rand(&r, 1, 3), k.a.dilation_x = test_rand(&r, 1, 3);
        k.a.pad_top = test_rand(&r, 0, 6), k.a.pad_left = test_rand(&r, 0, 6);
        k.a.pad_bottom = (k.kh - 1) * k.a.dilation_y + test_rand(&r, 0, 2);
        k.a.pad_right = (k.kw - 1) * k.a.dilation_x + test_rand(&r, 0, 2);
        k.bias = test_rand(&r, 0, 1);
        if (test_rand(&r, 0, 1))
            k.lo = 0.0f, k.hi = 0.5f;
        check(&k, (uint32_t)i);
    }
}

/* A window that sees only padding gives the bias; so does one whose dilated
 * taps straddle the image. */
static void test_only_padding(void **state)
{
    (void)state;
    conv_case k = plain(1, 1, 9, 2);
    k.a.dilation_y = k.a.dilation_x = 2;
    k.a.pad_top = k.a.pad_left = k.a.pad_bottom = k.a.pad_right = 1;
    check(&k, 1);
    k = plain(2, 2, 9, 3);
    k.a.pad_top = k.a.pad_left = k.a.pad_bottom = k.a.pad_right = 7;
    check(&k, 2);
}

static void test_nan_and_infinity_pass(void **state)
{
    (void)state;
    conv_case k = plain(5, 5, 19, 3);
    same(&k);
    k.lo = 0.0f, k.hi = 6.0f;
    one_op o = make(&k, 3);
    ((float *)o.in[0].data)[(2 * 5 + 2) * 19 + 18] = NAN;
    ((float *)o.in[0].data)[(2 * 5 + 2) * 19 + 3] = INFINITY;
    tsr_tensor y = one_op_run(&o);
    const float *p = y.data;
    for (int i = 0; i < 25; i++) {
        const bool near = abs(i / 5 - 2) <= 1 && abs(i % 5 - 2) <= 1;
        for (int c = 0; c < 19; c++)
            assert_true((near && c == 18) == !!isnan(p[i * 19 + c]));
        assert_true(!near || p[i * 19 + 3] == 0.0f || p[i * 19 + 3] == 6.0f);
    }
    free(y.data);
    drop(&o);
}

static void test_refusals(void **state)
{
    (void)state;
    const conv_case k = plain(5, 5, 4, 3);
    one_op o = make(&k, 1), bad = o;
    bad.in[0].dim[3] = 3;
    one_op_refused(&bad, TSR_BAD_FILE, "filter has 4 channels, input has 3");
    bad = o, bad.in[2].dim[0] = 3;
    one_op_refused(&bad, TSR_BAD_FILE, "bias has 3 elements, filter has 4 channels");
    bad = o, bad.in[0].dim[1] = 2;
    one_op_refused(&bad, TSR_BAD_FILE, "a window of 3 does not fit into a padded height of 2");
    bad = o, bad.node.attr.conv2d.stride_x = 0;
    one_op_refused(&bad, TSR_BAD_FILE, "stride 0");
    bad = o, bad.node.attr.conv2d.dilation_y = -1;
    one_op_refused(&bad, TSR_BAD_FILE, "dilation -1");
    bad = o, bad.node.attr.conv2d.pad_left = -1;
    one_op_refused(&bad, TSR_BAD_FILE, "padding -1 and 0");
    bad = o, bad.node.attr.conv2d.pad_bottom = INT32_MAX;
    one_op_refused(&bad, TSR_BAD_FILE, "padding 0 and 2147483647");
    bad = o, bad.constants = 4;
    one_op_refused(&bad, TSR_UNSUPPORTED, "filter is not a constant");
    bad = o, bad.in[0].rank = 3;
    one_op_refused(&bad, TSR_BAD_FILE, "input of rank 3");
    bad = o, bad.in[1].dtype = TSR_F16;
    one_op_refused(&bad, TSR_UNSUPPORTED, "f16 filter");
    drop(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_random_shapes),
        cmocka_unit_test(test_only_padding),
        cmocka_unit_test(test_nan_and_infinity_pass),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
