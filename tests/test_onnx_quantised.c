/*
 * test_onnx_quantised.c - 8-bit ONNX networks: done on bytes where that can be,
 * in floats where not, and the same numbers either way.
 * SPDX-License-Identifier: MIT
 */
#include "tests/onnx_check.h"

/* ---- 8 bits --------------------------------------------------------------------------------- */

typedef struct { float sx, sw[OC], sy; uint8_t zx, zy; int8_t w[OC * C * 9]; int32_t b[OC]; } eight;

static eight new_eight(void)
{
    eight q = { .sx = 0.05f, .sy = 0.11f, .zx = 120, .zy = 7 };
    for (int i = 0; i < OC * C * 9; i++)
        q.w[i] = (int8_t)(i * 53 % 255 - 127);
    for (int i = 0; i < OC; i++) {
        q.sw[i] = 0.01f + 0.003f * (float)i;
        q.b[i] = 300 * i - 400;
    }
    return q;
}

static void quantised_conv(om_model *m, const eight *q)
{
    float sb[OC];
    for (int i = 0; i < OC; i++)
        sb[i] = q->sx * q->sw[i];
    om_begin(m, 13);
    om_input(m, "x", OM_UINT8, 4, picture_dim);
    om_floats(m, "sx", 0, NULL, &q->sx);
    om_tensor(m, "zx", OM_UINT8, 0, NULL, &q->zx, 1);
    om_floats(m, "sw", 1, (int[]){ OC }, q->sw);
    om_tensor(m, "zw", OM_INT8, 1, (int[]){ OC }, (int8_t[OC]){ 0 }, OC);
    om_tensor(m, "w", OM_INT8, 4, filter_dim, q->w, sizeof q->w);
    om_floats(m, "sb", 1, (int[]){ OC }, sb);
    om_tensor(m, "b", OM_INT32, 1, (int[]){ OC }, q->b, sizeof q->b);
    om_floats(m, "sy", 0, NULL, &q->sy);
    om_tensor(m, "zy", OM_UINT8, 0, NULL, &q->zy, 1);
    om_node(m, "DequantizeLinear", "x,sx,zx", "xf");
    om_node(m, "DequantizeLinear", "w,sw,zw", "wf");
    om_int(m, "axis", 0);
    om_node(m, "DequantizeLinear", "b,sb", "bf");
    om_int(m, "axis", 0);
    om_node(m, "Conv", "xf,wf,bf", "yf");
    om_ints(m, "pads", 4, (int64_t[]){ 1, 1, 1, 1 });
    om_node(m, "Relu", "yf", "rf");
    om_node(m, "QuantizeLinear", "rf,sy,zy", "y");
}

static void quantised_reference(const eight *q, const uint8_t *x, int *want)
{
    float xf[C * H * W], wf[OC * C * 9], bf[OC];
    for (int i = 0; i < C * H * W; i++)
        xf[i] = q->sx * (float)(x[i] - q->zx);
    for (int i = 0; i < OC * C * 9; i++)
        wf[i] = q->sw[i / (C * 9)] * q->w[i];
    for (int i = 0; i < OC; i++)
        bf[i] = q->sx * q->sw[i] * (float)q->b[i];
    picture in = from_floats(xf, C, H, W), y = conv3(&in, wf, bf, OC);
    for (int i = 0; i < OC * H * W; i++) {
        const double v = rint((y.x[i] > 0 ? y.x[i] : 0) / (double)q->sy) + q->zy;
        want[i] = v > 255 ? 255 : (int)v;
    }
    free(in.x);
    free(y.x);
}

/* Conv between DequantizeLinear and QuantizeLinear, a Relu inside: one node on
 * bytes.  Real products may round the other way in a tie: one step is allowed,
 * on one element in fifty. */
static void test_a_quantised_conv_works_on_bytes(void **state)
{
    (void)state;
    const eight q = new_eight();
    om_model m;
    quantised_conv(&m, &q);
    om_output(&m, "y");
    opened o = open_with(om_write(&m), NULL);
    assert_int_equal(count_kind(&o, TSR_OP_CONV2D), 1);
    assert_int_equal(count_kind(&o, TSR_OP_DEQUANTIZE) + count_kind(&o, TSR_OP_QUANTIZE)
                     + count_kind(&o, TSR_OP_CLAMP), 0);
    assert_true(tsr_input(o.session, 0)->quant.zero_point == 120);
    uint8_t *x = tsr_input(o.session, 0)->data, copy[C * H * W];
    for (int i = 0; i < C * H * W; i++)
        copy[i] = x[i] = (uint8_t)(i * 91 % 256);
    tsr_run(o.session);
    const tsr_tensor *y = tsr_output(o.session, 0);
    assert_int_equal(y->dtype, TSR_U8);
    int want[OC * H * W], off = 0;
    quantised_reference(&q, copy, want);
    for (int i = 0; i < OC * H * W; i++) {
        const int d = abs(((uint8_t *)y->data)[i] - want[i]);
        assert_true(d <= 1);
        off += d;
    }
    assert_true(off <= OC * H * W / 50);
    close_all(&o);
}

/* A pool cannot change the scale: it is done in floats between the two. */
static void test_what_bytes_cannot_do_is_done_in_floats(void **state)
{
    (void)state;
    const float one = 0.5f, other = 0.25f;
    const uint8_t zero = 10;
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "x", OM_UINT8, 4, (int[]){ 1, 1, 2, 2 });
    om_floats(&m, "s", 0, NULL, &one);
    om_floats(&m, "t", 0, NULL, &other);
    om_tensor(&m, "z", OM_UINT8, 0, NULL, &zero, 1);
    om_node(&m, "DequantizeLinear", "x,s,z", "a");
    om_node(&m, "MaxPool", "a", "b");
    om_ints(&m, "kernel_shape", 2, (int64_t[]){ 2, 2 });
    om_node(&m, "QuantizeLinear", "b,t,z", "y");
    om_output(&m, "y");
    opened o = open_with(om_write(&m), NULL);
    assert_int_equal(count_kind(&o, TSR_OP_DEQUANTIZE), 1);
    memcpy(tsr_input(o.session, 0)->data, (uint8_t[]){ 3, 17, 20, 9 }, 4);
    tsr_run(o.session);
    assert_int_equal(*(uint8_t *)tsr_output(o.session, 0)->data, 30);   /* (20-10)*.5/.25+10 */
    close_all(&o);
}

/* The float between the two is an output of the model: it must exist. */
static void test_a_float_that_somebody_reads_stays(void **state)
{
    (void)state;
    const eight q = new_eight();
    om_model m;
    quantised_conv(&m, &q);
    om_output(&m, "y");
    om_output(&m, "rf");
    opened o = open_with(om_write(&m), NULL);
    assert_int_equal(tsr_output(o.session, 1)->dtype, TSR_F32);
    assert_int_equal(tsr_output(o.session, 0)->dtype, TSR_U8);
    close_all(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_quantised_conv_works_on_bytes),
        cmocka_unit_test(test_what_bytes_cannot_do_is_done_in_floats),
        cmocka_unit_test(test_a_float_that_somebody_reads_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
