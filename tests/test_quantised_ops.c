/*
 * test_quantised_ops.c - the other operators on u8 and s8, and changes of type.
 *
 * Where the rule is a formula it is evaluated here in float64 or 64-bit
 * integers.  Where it is the step-by-step arithmetic of TFLite's own kernels,
 * the numbers come from LiteRT 2.3: 52 inputs from the bottom of the type up
 * in steps of 5.                                 SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/quantised.h"

enum { LADDER = 52 };

static tsr_quant quant(float scale, int zero_point)
{
    return (tsr_quant){ .scale = scale, .zero_point = zero_point };
}

/* The bytes of min, min + 5, ... or the other way round. */
static tsr_tensor ladder(tsr_dtype d, tsr_quant q, bool down)
{
    uint8_t *data = malloc(LADDER);
    for (int i = 0; i < LADDER; i++)
        data[i] = (uint8_t)((d == TSR_S8 ? -128 : 0) + 5 * (down ? LADDER - 1 - i : i));
    tsr_tensor t = tensor_of(d, DIMS(1, LADDER), data);
    t.quant = q;
    return t;
}

static void free_inputs(one_op *o)
{
    for (int i = 0; i < o->in_count; i++)
        free(o->in[i].data);
}

static void expect_ladder(one_op *o, tsr_quant out, const int *want)
{
    o->out = (tsr_tensor){ .dtype = o->in[0].dtype, .quant = out };
    tsr_tensor y = one_op_run(o);
    for (int i = 0; i < LADDER; i++)
        if (q8_stored(&y, i) != want[i])
            fail_msg("op %d: y[%d] is %d, TFLite says %d", (int)o->node.kind, i, q8_stored(&y, i),
                     want[i]);
    free(y.data);
    free_inputs(o);
}

static one_op unary_ladder(tsr_op_kind kind, tsr_dtype d, tsr_quant q)
{
    one_op o = one_op_make(kind);
    o.in[0] = ladder(d, q, false);
    o.in_count = 1;
    return o;
}

static void test_tflite_unary(void **state)
{
    (void)state;
    one_op o = unary_ladder(TSR_OP_HARD_SWISH, TSR_U8, quant(0.05f, 100));
    expect_ladder(&o, quant(0.031f, 12), (const int[LADDER]){
        12, 12, 12, 12, 12, 12, 12, 12, 12, 8, 5, 3, 1, 0, 0, 0, 1, 3, 5, 8, 12, 16, 21, 27, 34,
        41, 48, 57, 66, 76, 86, 97, 109, 117, 125, 133, 141, 149, 157, 165, 173, 181, 189, 197,
        206, 214, 222, 230, 238, 246, 254, 255 });
    o = unary_ladder(TSR_OP_HARD_SWISH, TSR_S8, quant(0.043f, -20));
    expect_ladder(&o, quant(0.043f, -119), (const int[LADDER]){
        -119, -119, -119, -119, -119, -119, -119, -119, -120, -122, -124, -125, -126, -127, -128,
        -128, -127, -127, -126, -124, -123, -120, -118, -115, -112, -108, -105, -100, -96, -91,
        -85, -80, -74, -67, -60, -53, -47, -42, -37, -32, -27, -22, -17, -12, -7, -2, 3, 8, 13,
        18, 23, 28 });
    o = unary_ladder(TSR_OP_LEAKY_RELU, TSR_S8, quant(0.1f, -10));
    o.node.attr.unary.alpha = 0.3f;
    expect_ladder(&o, quant(0.07f, 20), (const int[LADDER]){
        -31, -29, -26, -24, -22, -20, -18, -16, -14, -11, -9, -7, -5, -3, -1, 2, 4, 6, 8, 10, 12,
        14, 17, 19, 23, 30, 37, 44, 51, 59, 66, 73, 80, 87, 94, 101, 109, 116, 123, 127, 127, 127,
        127, 127, 127, 127, 127, 127, 127, 127, 127, 127 });
    o = unary_ladder(TSR_OP_ABS, TSR_S8, quant(0.1f, -10));
    expect_ladder(&o, quant(0.13f, -50), (const int[LADDER]){
        41, 37, 33, 29, 25, 22, 18, 14, 10, 6, 2, -2, -5, -9, -13, -17, -21, -25, -28, -32, -36,
        -40, -44, -48, -48, -45, -41, -37, -33, -29, -25, -22, -18, -14, -10, -6, -2, 2, 5, 9, 13,
        17, 21, 25, 28, 32, 36, 40, 44, 48, 52, 55 });
    o = unary_ladder(TSR_OP_QUANTIZE, TSR_U8, quant(0.1f, 30));
    expect_ladder(&o, quant(0.17f, 99), (const int[LADDER]){
        81, 84, 87, 90, 93, 96, 99, 102, 105, 108, 111, 114, 117, 120, 123, 126, 128, 131, 134,
        137, 140, 143, 146, 149, 152, 155, 158, 161, 164, 167, 170, 173, 176, 179, 182, 185, 187,
        190, 193, 196, 199, 202, 205, 208, 211, 214, 217, 220, 223, 226, 229, 232 });
}

/* RELU6 whose output cannot hold 6, after TFLite. */
static void test_tflite_relu6(void **state)
{
    (void)state;
    one_op o = unary_ladder(TSR_OP_CLAMP, TSR_U8, quant(0.1f, 30));
    o.node.lo = 0, o.node.hi = 6;
    int want[LADDER] = { 3, 3, 3, 3, 3, 3, 3, 24, 45, 66, 87, 108, 130, 151, 172, 193, 214, 235 };
    for (int i = 18; i < LADDER; i++)
        want[i] = 255;
    expect_ladder(&o, quant(0.0237f, 3), want);
}

static void test_tflite_binary(void **state)
{
    (void)state;
    one_op o = unary_ladder(TSR_OP_PRELU, TSR_S8, quant(0.1f, -10));
    o.in[1] = ladder(TSR_S8, quant(0.01f, 3), true);
    o.in_count = 2, o.constants = 2;
    expect_ladder(&o, quant(0.07f, 20), (const int[LADDER]){
        -128, -128, -128, -128, -126, -112, -98, -86, -74, -62, -52, -42, -33, -25, -17, -10, -4,
        2, 6, 10, 14, 16, 18, 20, 23, 30, 37, 44, 51, 59, 66, 73, 80, 87, 94, 101, 109, 116, 123,
        127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127 });
    o = unary_ladder(TSR_OP_SQUARED_DIFFERENCE, TSR_S8, quant(0.1f, -10));
    o.in[1] = ladder(TSR_S8, quant(0.06f, 7), true);
    o.in_count = 2;
    expect_ladder(&o, quant(0.5f, -100), (const int[LADDER]){
        127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 108, 77, 48, 22, -2, -23, -42, -58,
        -71, -82, -90, -96, -99, -100, -98, -94, -86, -77, -65, -50, -33, -13, 10, 34, 62, 92,
        125, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127 });
}

/* ---- formulas ------------------------------------------------------------------ */

/* One result of a two-input operator from the stored numbers less zero points. */
static int binary_rule(const one_op *o, int a, int b)
{
    const float sa = o->in[0].quant.scale, sb = o->in[1].quant.scale, sy = o->out.quant.scale;
    const int zp = o->out.quant.zero_point;
    switch (o->node.kind) {
    case TSR_OP_MUL:
        return q8_clamped(o, (double)rintf((float)(a * b) * (sa * sb / sy)) + zp);
    case TSR_OP_MINIMUM: return q8_clamped(o, (a < b ? a : b) + zp);
    case TSR_OP_MAXIMUM: return q8_clamped(o, (a > b ? a : b) + zp);
    default: break;
    }
    const double ra = (double)(sa / sy), rb = (double)(sb / sy);
    const int shift = 20 - (int)floor(log2(fmax(ra, rb)));
    const int64_t ma = llrint(ldexp(ra, shift)), mb = llrint(ldexp(rb, shift));
    const int64_t sum = ma * a + (o->node.kind == TSR_OP_SUB ? -mb : mb) * b;
    return q8_clamped(o, floor((double)(sum + (INT64_C(1) << (shift - 1))) / ldexp(1, shift)) + zp);
}

static void check_binary(tsr_op_kind kind, uint32_t seed)
{
    uint32_t r = seed;
    one_op o = one_op_make(kind);
    int a[TSR_MAX_RANK] = { 0 }, b[TSR_MAX_RANK] = { 0 };
    for (int k = 0; k < 3; k++) {
        const int n = test_rand(&r, 1, k == 2 ? 40 : 5), stretch = test_rand(&r, 0, 5);
        a[k] = stretch == 1 ? 1 : n, b[k] = stretch == 2 ? 1 : n;
    }
    o.in[0] = q8_random(&r, a), o.in[1] = q8_random(&r, b);
    o.in_count = 2;
    o.out = q8_like(&r);
    o.in[1].dtype = o.out.dtype = o.in[0].dtype;
    o.in[1].quant.zero_point = o.out.quant.zero_point = o.in[0].quant.zero_point;
    if (kind == TSR_OP_MINIMUM || kind == TSR_OP_MAXIMUM)
        o.in[1].quant = o.out.quant = o.in[0].quant;
    if (test_rand(&r, 0, 1))
        o.node.lo = 0, o.node.hi = test_rand(&r, 0, 1) ? 6 : INFINITY;
    tsr_tensor y = one_op_run(&o);
    for (int i = 0; i < (int)tsr_elements(&y); i++) {
        const int at[] = { i / y.dim[2] / y.dim[1], i / y.dim[2] % y.dim[1], i % y.dim[2] };
        int ia = 0, ib = 0;
        for (int k = 0; k < 3; k++) {
            ia = ia * a[k] + (a[k] == 1 ? 0 : at[k]);
            ib = ib * b[k] + (b[k] == 1 ? 0 : at[k]);
        }
        const int want = binary_rule(&o, q8_centred(&o.in[0], ia), q8_centred(&o.in[1], ib));
        if (q8_stored(&y, i) != want)
            fail_msg("op %d: y[%d] is %d, want %d", (int)kind, i, q8_stored(&y, i), want);
    }
    free(y.data);
    free_inputs(&o);
}

static void test_binary(void **state)
{
    (void)state;
    const tsr_op_kind kinds[] = { TSR_OP_ADD, TSR_OP_SUB, TSR_OP_MUL, TSR_OP_MINIMUM,
                                  TSR_OP_MAXIMUM };
    for (int k = 0; k < 5; k++)
        for (uint32_t i = 0; i < 60; i++)
            check_binary(kinds[k], i);
}

static double real_function(tsr_op_kind kind, double x)
{
    return kind == TSR_OP_LOGISTIC ? 1 / (1 + exp(-x)) : kind == TSR_OP_TANH ? tanh(x)
         : kind == TSR_OP_EXP ? exp(x) : kind == TSR_OP_NEG ? -x : floor(x);
}

/* All 256 inputs.  A result this close to a half may go either way. */
static void test_real_functions(void **state)
{
    (void)state;
    const tsr_op_kind kinds[] = { TSR_OP_LOGISTIC, TSR_OP_TANH, TSR_OP_EXP, TSR_OP_NEG,
                                  TSR_OP_FLOOR };
    uint32_t r = 1;
    for (int n = 0; n < 50; n++) {
        one_op o = one_op_make(kinds[n % 5]);
        o.in[0] = q8_random(&r, DIMS(256));
        for (int i = 0; i < 256; i++)
            ((uint8_t *)o.in[0].data)[i] = (uint8_t)i;
        o.in_count = 1;
        o.out = q8_like(&r);
        tsr_tensor y = one_op_run(&o);
        for (int i = 0; i < 256; i++) {
            const double x = (double)o.in[0].quant.scale * q8_centred(&o.in[0], i);
            const double v = real_function(o.node.kind, x) / (double)o.out.quant.scale;
            const double half = fabs(v - floor(v) - 0.5);
            const int want = q8_clamped(&o, rint(v) + o.out.quant.zero_point);
            if (q8_stored(&y, i) != want && !(half < 1e-6 * fabs(v)))
                fail_msg("op %d of %g: %d, want %d", (int)o.node.kind, x, q8_stored(&y, i), want);
        }
        free(y.data);
        free_inputs(&o);
    }
}

static int pool_rule(const one_op *o, const int at[4])
{
    const tsr_pool2d_attr *a = &o->node.attr.pool2d;
    const tsr_tensor *x = &o->in[0];
    int best = -1000, count = 0;
    double sum = 0;
    for (int ky = 0; ky < a->kh; ky++)
        for (int kx = 0; kx < a->kw; kx++) {
            const int y = at[1] * a->stride_y - a->pad_top + ky;
            const int xx = at[2] * a->stride_x - a->pad_left + kx;
            const bool inside = y >= 0 && y < x->dim[1] && xx >= 0 && xx < x->dim[2];
            const int i = ((at[0] * x->dim[1] + y) * x->dim[2] + xx) * x->dim[3] + at[3];
            const int v = inside ? q8_stored(x, i) : x->quant.zero_point;
            best = inside && v > best ? v : best;
            sum += inside || a->count_include_pad ? v : 0;
            count += inside || a->count_include_pad;
        }
    if (o->node.kind == TSR_OP_MAX_POOL2D)
        return q8_clamped(o, best);
    return q8_clamped(o, round(sum / count));        /* halves away from zero */
}

/* Windows of more bytes than floats count exactly, and of almost as many. */
static void test_average_of_large_windows(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        const int side = i % 2 ? 220 : 199;             /* 48400, 39601 */
        uint32_t r = i;
        one_op o = one_op_make(TSR_OP_AVERAGE_POOL2D);
        o.node.attr.pool2d = (tsr_pool2d_attr){ side, side, 1, 1, 1, 1, 0, 0, 0, 0, false };
        o.in[0] = q8_random(&r, DIMS(1, side, side, 5));
        o.in_count = 1;
        o.out.dtype = o.in[0].dtype, o.out.quant = o.in[0].quant;
        for (size_t e = 0; e < tsr_elements(&o.in[0]) && i > 3; e++)
            ((uint8_t *)o.in[0].data)[e] = e % 5 == 4 ? 0x7f : 0xff;    /* the largest sums */
        tsr_tensor y = one_op_run(&o);
        for (int e = 0; e < 5; e++)
            assert_int_equal(q8_stored(&y, e), pool_rule(&o, (int[]){ 0, 0, 0, e }));
        free(y.data);
        free_inputs(&o);
    }
}

static void test_pool(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 120; i++) {
        uint32_t r = i;
        one_op o = one_op_make(i % 2 ? TSR_OP_MAX_POOL2D : TSR_OP_AVERAGE_POOL2D);
        const int k = test_rand(&r, 1, 4), h = test_rand(&r, 4, 9), w = test_rand(&r, 4, 9);
        o.node.attr.pool2d = (tsr_pool2d_attr){
            k, k, test_rand(&r, 1, 3), test_rand(&r, 1, 3), 1, 1, k / 2, k / 2, k / 2, k / 2,
            test_rand(&r, 0, 1) };
        o.in[0] = q8_random(&r, DIMS(2, h, w, test_rand(&r, 1, 300)));
        o.in_count = 1;
        o.out.dtype = o.in[0].dtype, o.out.quant = o.in[0].quant;
        if (test_rand(&r, 0, 1))
            o.node.lo = 0;
        tsr_tensor y = one_op_run(&o);
        for (int e = 0; e < (int)tsr_elements(&y); e++) {
            const int c = y.dim[3], ow = y.dim[2], oh = y.dim[1];
            const int at[] = { e / c / ow / oh, e / c / ow % oh, e / c % ow, e % c };
            assert_int_equal(q8_stored(&y, e), pool_rule(&o, at));
        }
        free(y.data);
        free_inputs(&o);
    }
}

/* Weights of both neighbours in 1/2048, the sum rounded half up. */
static void test_resize(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        uint32_t r = i;
        one_op o = one_op_make(TSR_OP_RESIZE);
        const int h = test_rand(&r, 1, 9), w = test_rand(&r, 1, 9), c = test_rand(&r, 1, 5);
        const int oh = test_rand(&r, 2, 20), ow = test_rand(&r, 2, 20);
        o.node.attr.resize = (tsr_resize_attr){ .oh = oh, .ow = ow, .method = TSR_BILINEAR,
                                                .coord = TSR_COORD_ALIGN_CORNERS };
        o.in[0] = q8_random(&r, DIMS(1, h, w, c));
        o.in_count = 1;
        o.out.dtype = o.in[0].dtype, o.out.quant = o.in[0].quant;
        tsr_tensor y = one_op_run(&o);
        for (int e = 0; e < oh * ow * c; e++) {
            const float fy = (float)(e / c / ow) * ((float)(h - 1) / (float)(oh - 1));
            const float fx = (float)(e / c % ow) * ((float)(w - 1) / (float)(ow - 1));
            const int y0 = (int)fy, y1 = y0 + 1 < h ? y0 + 1 : y0;
            const int x0 = (int)fx, x1 = x0 + 1 < w ? x0 + 1 : x0;
            const double ay = rint((double)(fy - (float)y0) * 2048) / 2048;
            const double ax = rint((double)(fx - (float)x0) * 2048) / 2048;
            const tsr_tensor *x = &o.in[0];
            const double top = q8_stored(x, (y0 * w + x0) * c + e % c) * (1 - ax)
                             + q8_stored(x, (y0 * w + x1) * c + e % c) * ax;
            const double bottom = q8_stored(x, (y1 * w + x0) * c + e % c) * (1 - ax)
                                + q8_stored(x, (y1 * w + x1) * c + e % c) * ax;
            assert_int_equal(q8_stored(&y, e), (int)floor(top * (1 - ay) + bottom * ay + 0.5));
        }
        free(y.data);
        free_inputs(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tflite_unary), cmocka_unit_test(test_tflite_relu6),
        cmocka_unit_test(test_tflite_binary), cmocka_unit_test(test_binary),
        cmocka_unit_test(test_real_functions), cmocka_unit_test(test_pool),
        cmocka_unit_test(test_average_of_large_windows),
        cmocka_unit_test(test_resize),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
