/*
 * test_quantised_types.c - quantize, dequantize, softmax, mean and concat with
 * 8-bit tensors against their formulas, and what every quantised operator must
 * refuse however cleverly a file asks for it.   SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/quantised.h"

static one_op with_input(tsr_op_kind kind, tsr_tensor in)
{
    one_op o = one_op_make(kind);
    o.in[0] = in;
    o.in_count = 1;
    return o;
}

static void done(one_op *o, tsr_tensor *y)
{
    free(y->data);
    for (int i = 0; i < o->in_count; i++)
        free(o->in[i].data);
}

static void test_softmax(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        uint32_t r = i;
        const int n = test_rand(&r, 1, 200), inner = test_rand(&r, 0, 1) ? 1 : 5;
        one_op o = with_input(TSR_OP_SOFTMAX, q8_random(&r, DIMS(3, n, inner)));
        o.node.attr.softmax = (tsr_softmax_attr){ 1, test_rand(&r, 0, 1) ? 1.0f : 0.5f };
        o.out = q8_like(&r);
        o.out.dtype = o.in[0].dtype;
        o.out.quant = (tsr_quant){ .scale = 1 / 256.0f,
                                   .zero_point = o.out.dtype == TSR_U8 ? 0 : -128 };
        tsr_tensor y = one_op_run(&o);
        const double rate = (double)o.in[0].quant.scale * (double)o.node.attr.softmax.beta;
        for (int e = 0; e < 3 * n * inner; e++) {
            double sum = 0;
            for (int k = 0; k < n; k++)
                sum += exp(rate * q8_stored(&o.in[0], (e / (n * inner) * n + k) * inner
                                                      + e % inner));
            const double p = 256 * exp(rate * q8_stored(&o.in[0], e)) / sum;
            const int want = q8_clamped(&o, rint(p) + o.out.quant.zero_point);
            if (q8_stored(&y, e) != want && fabs(p - floor(p) - 0.5) > 1e-4)
                fail_msg("case %u, element %d: %d, want %d (%.6f)", i, e, q8_stored(&y, e),
                         want, p);
        }
        done(&o, &y);
    }
}

/* Sums and means over every set of axes. */
static void test_reduce(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 160; i++) {
        uint32_t r = i;
        const int d[] = { 2, test_rand(&r, 1, 5), test_rand(&r, 1, 6), test_rand(&r, 1, 20), 0, 0 };
        one_op o = with_input(i % 3 ? TSR_OP_MEAN : TSR_OP_REDUCE_SUM, q8_random(&r, d));
        const unsigned axes = (unsigned)test_rand(&r, 1, 15);
        o.node.attr.reduce = (tsr_reduce_attr){ axes, true };
        o.out = q8_like(&r);
        o.out.dtype = o.in[0].dtype;
        o.out.quant.zero_point = o.in[0].quant.zero_point;
        tsr_tensor y = one_op_run(&o);
        int64_t sum[2 * 5 * 6 * 20] = { 0 };
        const int outputs = (int)tsr_elements(&y), n = (int)tsr_elements(&o.in[0]) / outputs;
        for (int e = 0; e < n * outputs; e++) {
            const int at[] = { e / d[3] / d[2] / d[1], e / d[3] / d[2] % d[1], e / d[3] % d[2],
                               e % d[3] };
            int to = 0;
            for (int k = 0; k < 4; k++)
                to = axes >> k & 1 ? to : to * d[k] + at[k];
            sum[to] += q8_centred(&o.in[0], e);
        }
        for (int e = 0; e < outputs; e++) {
            const double v = (double)sum[e] * (double)o.in[0].quant.scale
                           / (double)o.out.quant.scale / (i % 3 ? n : 1);
            const int want = q8_clamped(&o, rint(v + o.out.quant.zero_point));
            const double slack = 1e-5 * (fabs(v) + 256.0 * (i % 3 ? 1 : n));
            if (q8_stored(&y, e) != want && fabs(v - floor(v) - 0.5) > slack)
                fail_msg("case %u, element %d: %d, want %d (%.6f)", i, e, q8_stored(&y, e),
                         want, v);
        }
        done(&o, &y);
    }
}

static void test_concat(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t r = i;
        one_op o = with_input(TSR_OP_CONCAT, q8_random(&r, DIMS(3, 4, 5)));
        o.in[1] = q8_random(&r, DIMS(3, 7, 5));
        o.in_count = 2;
        o.out = q8_like(&r);
        o.in[1].dtype = o.out.dtype = o.in[0].dtype;
        o.in[1].quant.zero_point = o.out.quant.zero_point = o.in[0].quant.zero_point;
        o.node.attr.concat.axis = 1;
        tsr_tensor y = one_op_run(&o);
        for (int e = 0; e < 3 * 11 * 5; e++) {
            const int row = e / 55, at = e % 55;
            const tsr_tensor *x = &o.in[at >= 20];
            const int v = q8_centred(x, at < 20 ? row * 20 + at : row * 35 + at - 20);
            const float scaled = (float)v * (x->quant.scale / o.out.quant.scale);
            assert_int_equal(q8_stored(&y, e),
                             q8_clamped(&o, (double)rintf(scaled) + o.out.quant.zero_point));
        }
        done(&o, &y);
    }
}

/* ---- types ------------------------------------------------------------------------ */

static void test_quantize(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t r = i;
        float *x = malloc(1003 * sizeof *x);
        const tsr_dtype to = i % 3 == 2 ? TSR_S16 : i % 3 ? TSR_S8 : TSR_U8;
        const double min = to == TSR_U8 ? 0 : to == TSR_S8 ? -128 : -32768;
        const double max = to == TSR_U8 ? 255 : to == TSR_S8 ? 127 : 32767;
        tsr_quant q = q8_like(&r).quant;
        q.zero_point = to == TSR_S16 ? 0 : to == TSR_S8 ? test_rand(&r, -128, 127)
                                                        : test_rand(&r, 0, 255);
        for (int k = 0; k < 1000; k++)          /* a third of them on halves */
            x[k] = k % 3 ? test_randf(&r) * 200 * q.scale
                         : ((float)(k - 500) + 0.5f) * q.scale;
        x[1000] = INFINITY, x[1001] = -INFINITY, x[1002] = 3e38f;
        one_op o = with_input(TSR_OP_QUANTIZE, tensor_of(TSR_F32, DIMS(1003), x));
        o.out = (tsr_tensor){ .dtype = to, .quant = q };
        tsr_tensor y = one_op_run(&o);
        for (int k = 0; k < 1003; k++) {
            const double want = (double)rintf(x[k] * (1.0f / q.scale)) + q.zero_point;
            const int got = to == TSR_S16 ? ((const int16_t *)y.data)[k] : q8_stored(&y, k);
            assert_int_equal(got, (int)fmin(fmax(want, min), max));
        }
        done(&o, &y);
    }
}

/* u8 and s8 with one scale, 128 apart: the same real numbers. */
static void test_shift_of_sign(void **state)
{
    (void)state;
    uint32_t r = 3;
    one_op o = with_input(TSR_OP_QUANTIZE, q8_random(&r, DIMS(999)));
    const bool to_s8 = o.in[0].dtype == TSR_U8;
    o.out = (tsr_tensor){ .dtype = to_s8 ? TSR_S8 : TSR_U8, .quant = o.in[0].quant };
    o.out.quant.zero_point += to_s8 ? -128 : 128;
    tsr_tensor y = one_op_run(&o);
    for (int k = 0; k < 999; k++)
        assert_int_equal(q8_stored(&y, k) - o.out.quant.zero_point, q8_centred(&o.in[0], k));
    done(&o, &y);
}

static void test_dequantize_integers(void **state)
{
    (void)state;
    int32_t *x = malloc(6 * sizeof *x);
    memcpy(x, (const int32_t[]){ INT32_MIN, -7, 0, 7, 16777217, INT32_MAX }, 6 * sizeof *x);
    one_op o = with_input(TSR_OP_DEQUANTIZE, tensor_of(TSR_S32, DIMS(6), x));
    o.in[0].quant.scale = 0.75f;
    o.out.dtype = TSR_F32;
    tsr_tensor y = one_op_run(&o);
    for (int k = 0; k < 6; k++)
        assert_true(((const float *)y.data)[k] == (float)x[k] * 0.75f);
    done(&o, &y);

    uint32_t r = 9;
    o = with_input(TSR_OP_DEQUANTIZE, q8_random(&r, DIMS(2, 3, 4)));
    const float scales[] = { 0.5f, 0.3f, 7.0f };
    o.in[0].quant = (tsr_quant){ .scale = 0.5f, .scales = scales, .axis = 1 };
    o.out.dtype = TSR_F32;
    y = one_op_run(&o);
    for (int k = 0; k < 24; k++)
        assert_true(((const float *)y.data)[k]
                    == (float)q8_stored(&o.in[0], k) * scales[k / 4 % 3]);
    done(&o, &y);
}

/* Every half there is: 2^(e-15) * 1.m, subnormals, infinities, NaNs. */
static void test_dequantize_halves(void **state)
{
    (void)state;
    uint16_t *x = malloc(65536 * sizeof *x);
    for (int i = 0; i < 65536; i++)
        x[i] = (uint16_t)i;
    one_op o = with_input(TSR_OP_DEQUANTIZE, tensor_of(TSR_F16, DIMS(65536), x));
    o.out.dtype = TSR_F32;
    tsr_tensor y = one_op_run(&o);
    for (int i = 0; i < 65536; i++) {
        const int e = i >> 10 & 31, m = i & 1023;
        const float got = ((const float *)y.data)[i];
        const double size = e == 31 ? (double)INFINITY
                          : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
        if (e == 31 && m)
            assert_true(isnan(got));
        else
            assert_true((double)got == (i >> 15 ? -size : size));
        assert_int_equal(signbit(got) != 0, i >> 15);
    }
    done(&o, &y);
}

/* ---- refusals ------------------------------------------------------------------------ */

static uint8_t bytes[64];
static int32_t biases[8];
static float scales[] = { 0.1f, 0.1f, 0.1f, 0.1f };

/* A sound 1x1 convolution of 2 to 4 channels, to be spoilt. */
static one_op sound(void)
{
    one_op o = one_op_make(TSR_OP_CONV2D);
    o.in[0] = tensor_of(TSR_U8, DIMS(1, 2, 2, 2), bytes);
    o.in[1] = tensor_of(TSR_U8, DIMS(4, 1, 1, 2), bytes);
    o.in[2] = tensor_of(TSR_S32, DIMS(4), biases);
    o.in[0].quant.scale = o.in[1].quant.scale = 0.1f;
    o.out = (tsr_tensor){ .dtype = TSR_U8, .quant = { .scale = 0.1f } };
    o.in_count = 3, o.constants = 6;
    o.node.attr.conv2d = (tsr_conv2d_attr){ 1, 1, 1, 1, 0, 0, 0, 0, 1 };
    return o;
}

static void test_refused_scales(void **state)
{
    (void)state;
    const float bad[] = { 0, -1, NAN, INFINITY };
    for (int i = 0; i < 4; i++) {
        one_op o = sound();
        o.in[0].quant.scale = bad[i];
        one_op_refused(&o, TSR_BAD_FILE, "input is u8 with scale");
        o = sound();
        o.out.quant.scale = bad[i];
        one_op_refused(&o, TSR_BAD_FILE, "output is u8 with scale");
        o = sound();
        o.in[1].quant.scale = bad[i];
        one_op_refused(&o, TSR_BAD_FILE, "filter is u8 with scale");
    }
    one_op o = sound();
    o.out.quant.scale = 1e-30f, o.in[0].quant.scale = 1e30f;
    one_op_refused(&o, TSR_BAD_FILE, "multiply to inf");
}

static void test_refused_filters(void **state)
{
    (void)state;
    one_op o = sound();
    o.in[1].quant.scales = scales;
    one_op_refused(&o, TSR_UNSUPPORTED, "per-channel filter is u8");
    o.in[1].dtype = TSR_S8, o.in[1].quant.zero_point = 3;
    one_op_refused(&o, TSR_UNSUPPORTED, "zero point 3");
    o.in[1].quant.zero_point = 0, o.in[1].quant.axis = 3;
    one_op_refused(&o, TSR_UNSUPPORTED, "scales lie along axis 3, not 0");
    o.in[1].quant.axis = 0, scales[2] = NAN;
    one_op_refused(&o, TSR_BAD_FILE, "filter scale 2 is");
    scales[2] = 0.1f;
    o.constants = 4;
    one_op_refused(&o, TSR_UNSUPPORTED, "constant");
    o = sound();
    o.in[1].quant.zero_point = 256;
    one_op_refused(&o, TSR_BAD_FILE, "zero point 256, outside u8");
    o = sound();
    o.in[1].dtype = TSR_F32, o.in[1].data = (float[8]){ 0 };
    one_op_refused(&o, TSR_UNSUPPORTED, "filter is f32");
}

static void test_refused_types(void **state)
{
    (void)state;
    one_op o = sound();
    o.out.dtype = TSR_F32;
    one_op_refused(&o, TSR_UNSUPPORTED, "output is f32, wants u8 or s8");
    o = sound();
    o.in[2].dtype = TSR_F32;
    one_op_refused(&o, TSR_UNSUPPORTED, "bias is f32, wants s32");
    o = sound();
    o.in[0].dtype = TSR_S16;
    one_op_refused(&o, TSR_UNSUPPORTED, "s16");
    o = sound();
    o.in[0].quant.zero_point = -1;
    one_op_refused(&o, TSR_BAD_FILE, "zero point -1, outside u8");
    biases[1] = INT32_MAX;
    memset(bytes, 255, sizeof bytes);
    o = sound();
    one_op_refused(&o, TSR_UNSUPPORTED, "sums of channel 1 can exceed 32 bits");
    biases[1] = 0;
}

static void test_refused_elsewhere(void **state)
{
    (void)state;
    one_op o = with_input(TSR_OP_AVERAGE_POOL2D, sound().in[0]);
    o.node.attr.pool2d = (tsr_pool2d_attr){ .kh = 2, .kw = 2, .stride_y = 1, .stride_x = 1,
                                            .dilation_y = 1, .dilation_x = 1 };
    o.out = (tsr_tensor){ .dtype = TSR_U8, .quant = { .scale = 0.2f } };
    one_op_refused(&o, TSR_UNSUPPORTED, "scale 0.1 zero point 0 to scale 0.2");
    o = with_input(TSR_OP_ADD, sound().in[0]);
    o.in[1] = o.in[0], o.in_count = 2;
    o.out = (tsr_tensor){ .dtype = TSR_U8, .quant = { .scale = 1e9f } };
    one_op_refused(&o, TSR_UNSUPPORTED, "scales 0.1 and 0.1 to 1e+09");
    o.out = (tsr_tensor){ .dtype = TSR_S8, .quant = { .scale = 0.1f } };
    one_op_refused(&o, TSR_UNSUPPORTED, "u8 and u8 to s8");
    o = with_input(TSR_OP_SOFTMAX, sound().in[0]);
    o.node.attr.softmax.beta = 1;
    o.out = (tsr_tensor){ .dtype = TSR_U8 };
    one_op_refused(&o, TSR_BAD_FILE, "output is u8 with scale 0");
    o = with_input(TSR_OP_LOGISTIC, sound().in[0]);
    o.in[0].quant.scale = 0;
    o.out = (tsr_tensor){ .dtype = TSR_U8, .quant = { .scale = 0.1f } };
    one_op_refused(&o, TSR_BAD_FILE, "logistic 'node': input is u8 with scale 0");
    o = with_input(TSR_OP_DEQUANTIZE, sound().in[0]);
    o.in[0].quant.scale = INFINITY, o.out.dtype = TSR_F32;
    one_op_refused(&o, TSR_BAD_FILE, "input scale inf");
    o = with_input(TSR_OP_QUANTIZE, sound().in[0]);
    o.out = (tsr_tensor){ .dtype = TSR_S64, .quant = { .scale = 0.1f } };
    one_op_refused(&o, TSR_UNSUPPORTED, "output is s64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax), cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_concat), cmocka_unit_test(test_quantize),
        cmocka_unit_test(test_shift_of_sign), cmocka_unit_test(test_dequantize_integers),
        cmocka_unit_test(test_dequantize_halves), cmocka_unit_test(test_refused_scales),
        cmocka_unit_test(test_refused_filters), cmocka_unit_test(test_refused_types),
        cmocka_unit_test(test_refused_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
