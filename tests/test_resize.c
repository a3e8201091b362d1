/*
 * test_resize.c - resize against coordinates in float64.
 *
 * A coordinate computed in float32 is off by up to 4 roundings of the size of
 * the image; the bilinear result moves with it by at most the difference of
 * neighbours, here 2.  Nearest is checked at sizes where no rounding decides.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "tests/one_op.h"

static double source(const tsr_resize_attr *a, float scale, int d, int in, int out)
{
    const double s = scale > 0 ? (double)scale : (double)out / in;
    switch (a->coord) {
    case TSR_COORD_ASYMMETRIC: return d / s;
    case TSR_COORD_ALIGN_CORNERS: return out == 1 ? 0 : d * (in - 1.0) / (out - 1.0);
    case TSR_COORD_HALF_PIXEL: return (d + 0.5) / s - 0.5;
    default: return out == 1 ? 0 : (d + 0.5) / s - 0.5;
    }
}

static double clamp(double x, double lo, double hi) { return fmin(fmax(x, lo), hi); }

static one_op make(const int dim[4], const tsr_resize_attr *a, uint32_t seed)
{
    one_op o = one_op_make(TSR_OP_RESIZE);
    o.node.attr.resize = *a;
    o.in_count = 1;
    o.in[0] = tensor_of(TSR_F32, DIMS(dim[0], dim[1], dim[2], dim[3]),
                        test_random(&seed, (size_t)(dim[0] * dim[1] * dim[2] * dim[3])));
    return o;
}

static double pixel(const one_op *o, int n, int y, int x, int c)
{
    const int *d = o->in[0].dim;
    return (double)((const float *)o->in[0].data)[((n * d[1] + y) * d[2] + x) * d[3] + c];
}

static double bilinear(const one_op *o, const int at[4], const tsr_tensor *out)
{
    const tsr_resize_attr *a = &o->node.attr.resize;
    const int h = o->in[0].dim[1], w = o->in[0].dim[2];
    const double y = clamp(source(a, a->scale_y, at[1], h, out->dim[1]), 0, h - 1);
    const double x = clamp(source(a, a->scale_x, at[2], w, out->dim[2]), 0, w - 1);
    const int y0 = (int)y, y1 = y0 + 1 < h ? y0 + 1 : y0;
    const int x0 = (int)x, x1 = x0 + 1 < w ? x0 + 1 : x0;
    const double fy = y - y0, fx = x - x0;
    const double top = pixel(o, at[0], y0, x0, at[3]) * (1 - fx)
                       + pixel(o, at[0], y0, x1, at[3]) * fx;
    const double bottom = pixel(o, at[0], y1, x0, at[3]) * (1 - fx)
                          + pixel(o, at[0], y1, x1, at[3]) * fx;
    return top * (1 - fy) + bottom * fy;
}

static int rounded(double x, tsr_nearest_mode mode, int in)
{
    const double r = mode == TSR_ROUND_FLOOR ? floor(x) : mode == TSR_ROUND_CEIL ? ceil(x)
                     : mode == TSR_ROUND_HALF_DOWN ? ceil(x - 0.5) : floor(x + 0.5);
    return (int)clamp(r, 0, in - 1);
}

static double nearest(const one_op *o, const int at[4], const tsr_tensor *out)
{
    const tsr_resize_attr *a = &o->node.attr.resize;
    const int h = o->in[0].dim[1], w = o->in[0].dim[2];
    return pixel(o, at[0],
                 rounded(source(a, a->scale_y, at[1], h, out->dim[1]), a->nearest, h),
                 rounded(source(a, a->scale_x, at[2], w, out->dim[2]), a->nearest, w), at[3]);
}

static void check(const int dim[4], const tsr_resize_attr *a, uint32_t seed)
{
    one_op o = make(dim, a, seed);
    tsr_tensor y = one_op_run(&o);
    const float *got = y.data;
    const int size = dim[1] > dim[2] ? dim[1] : dim[2];
    const double bound = a->method == TSR_NEAREST ? 0 : 2 * (4 * size + 8) * 0x1p-24;
    assert_int_equal(y.dim[1], a->oh);
    assert_int_equal(y.dim[2], a->ow);
    for (int i = 0; i < (int)tsr_elements(&y); i++) {
        const int c = y.dim[3], ow = y.dim[2], oh = y.dim[1];
        const int at[4] = { i / c / ow / oh, i / c / ow % oh, i / c % ow, i % c };
        const double want = (a->method == TSR_NEAREST ? nearest : bilinear)(&o, at, &y);
        if (!(fabs((double)got[i] - want) <= bound))
            fail_msg("%d x %d to %d x %d, %d channels, mode %d: y[%d][%d] is %.9g, want %.9g",
                     dim[1], dim[2], oh, ow, c, (int)a->coord, at[1], at[2], (double)got[i], want);
    }
    free(y.data);
    free(o.in[0].data);
}

static void test_bilinear(void **state)
{
    (void)state;
    uint32_t r = 3;
    for (int i = 0; i < 300; i++) {
        const int dim[4] = { test_rand(&r, 1, 2), test_rand(&r, 1, 9), test_rand(&r, 1, 9),
                             test_rand(&r, 1, 40) };
        tsr_resize_attr a = { test_rand(&r, 1, 20), test_rand(&r, 1, 20), TSR_BILINEAR,
                              (tsr_coord)(i % 4), TSR_ROUND_FLOOR, 0.0f, 0.0f };
        if (test_rand(&r, 0, 4) == 0)
            a.scale_y = (float)a.oh / (float)dim[1] + 0.01f, a.scale_x = 1.5f;
        check(dim, &a, (uint32_t)i);
    }
}

/* The resizes of the published networks. */
static void test_published_shapes(void **state)
{
    (void)state;
    check((const int[]){ 1, 33, 33, 21 },
          &(tsr_resize_attr){ 257, 257, TSR_BILINEAR, TSR_COORD_ALIGN_CORNERS, 0, 0, 0 }, 1);
    check((const int[]){ 1, 1, 1, 256 },
          &(tsr_resize_attr){ 33, 33, TSR_BILINEAR, TSR_COORD_ALIGN_CORNERS, 0, 0, 0 }, 2);
    check((const int[]){ 1, 24, 24, 14 },
          &(tsr_resize_attr){ 48, 48, TSR_BILINEAR, TSR_COORD_ASYMMETRIC, 0, 0, 0 }, 3);
    check((const int[]){ 1, 6, 6, 256 },
          &(tsr_resize_attr){ 12, 12, TSR_BILINEAR, TSR_COORD_HALF_PIXEL, 0, 0, 0 }, 4);
}

static void test_nearest(void **state)
{
    (void)state;
    uint32_t r = 11;
    for (int i = 0; i < 200; i++) {
        const int dim[4] = { test_rand(&r, 1, 2), test_rand(&r, 1, 6), test_rand(&r, 1, 6),
                             test_rand(&r, 1, 9) };
        const int times = 1 << test_rand(&r, 0, 2);             /* 1, 2, 4: exact in float */
        tsr_resize_attr a = { dim[1] * times, dim[2] * times, TSR_NEAREST, TSR_COORD_ASYMMETRIC,
                              (tsr_nearest_mode)test_rand(&r, 0, 3), 0.0f, 0.0f };
        if (test_rand(&r, 0, 1))
            a.coord = TSR_COORD_HALF_PIXEL;
        if (test_rand(&r, 0, 1))
            a.scale_y = a.scale_x = (float)times;
        check(dim, &a, (uint32_t)i);
    }
    /* Legacy TensorFlow to a third and to two thirds. */
    check((const int[]){ 1, 9, 12, 4 },
          &(tsr_resize_attr){ 3, 8, TSR_NEAREST, TSR_COORD_ASYMMETRIC, TSR_ROUND_FLOOR, 0, 0 }, 1);
}

/* Nearest only copies: any type will do. */
static void test_nearest_of_bytes(void **state)
{
    (void)state;
    uint8_t x[3 * 2 * 3], want[6 * 4 * 3];
    for (int i = 0; i < 18; i++)
        x[i] = (uint8_t)(7 * i);
    for (int i = 0; i < 72; i++)
        want[i] = x[(i / 12 / 2 * 2 + i / 3 % 4 / 2) * 3 + i % 3];
    one_op o = one_op_make(TSR_OP_RESIZE);
    o.node.attr.resize = (tsr_resize_attr){ 6, 4, TSR_NEAREST, TSR_COORD_ASYMMETRIC, 0, 0, 0 };
    o.in_count = 1;
    o.in[0] = tensor_of(TSR_U8, DIMS(1, 3, 2, 3), x);
    o.out.dtype = TSR_U8;
    tsr_tensor y = one_op_run(&o);
    assert_memory_equal(y.data, want, sizeof want);
    free(y.data);
}

static void test_refusals(void **state)
{
    (void)state;
    const tsr_resize_attr a = { 6, 6, TSR_BILINEAR, TSR_COORD_HALF_PIXEL, 0, 0, 0 };
    one_op o = make((const int[]){ 1, 3, 3, 2 }, &a, 1), bad = o;
    bad.node.attr.resize.oh = 0;
    one_op_refused(&bad, TSR_BAD_FILE, "to 0 x 6 pixels");
    bad = o, bad.node.attr.resize.scale_x = -1.0f;
    one_op_refused(&bad, TSR_BAD_FILE, "scales 0 and -1");
    bad = o, bad.node.attr.resize.scale_y = NAN;
    one_op_refused(&bad, TSR_BAD_FILE, "scales nan and 0");
    bad = o, bad.in[0].rank = 3;
    one_op_refused(&bad, TSR_BAD_FILE, "input has 3 dimensions");
    bad = o, bad.out.dtype = TSR_S32;
    one_op_refused(&bad, TSR_UNSUPPORTED, "f32 to s32");
    bad = o, bad.node.attr.resize.oh = bad.node.attr.resize.ow = INT32_MAX;
    one_op_refused(&bad, TSR_UNSUPPORTED, "larger than 2 GiB");
    free(o.in[0].data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bilinear),
        cmocka_unit_test(test_published_shapes),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_nearest_of_bytes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
