/*
 * test_quantised.c - conv2d, depthwise, transposed and dense layers on u8 and
 * s8: no value may differ from the rule, evaluated here term by term.
 *
 *     sum = bias + sum over taps of (x - zx) * (w - zw)     in 64 bits
 *     y   = clamp(rint((float)sum * ((sx * sw) / sy)) + zy)  in float32
 *
 * Every mix of u8 and s8 data and filters, zero points at the ends of their
 * ranges, scales per tensor and per channel, fused RELU6.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/quantised.h"

typedef struct {
    one_op o;
    uint32_t r;                 /* the next random number */
} linear;

/* ---- making cases ------------------------------------------------------------ */

static const int *dims(int a, int b, int c, int d)
{
    static int dim[TSR_MAX_RANK];
    dim[0] = a, dim[1] = b, dim[2] = c, dim[3] = d;
    return dim;
}

/* Input of the given shape, filter with output channels along `axis`. */
static void make_tensors(linear *l, const int x[4], const int f[4], int axis)
{
    uint32_t *r = &l->r;
    one_op *o = &l->o;
    const int oc = f[axis], taps = f[0] * f[1] * f[2] * f[3] / oc;
    o->in[0] = q8_random(r, x);
    o->in[1] = q8_random(r, f);
    o->in[1].quant.zero_point *= o->in[1].dtype == TSR_U8;
    if (o->in[1].dtype == TSR_S8 && test_rand(r, 0, 1)) {
        float *scales = malloc((size_t)oc * sizeof *scales);
        for (int i = 0; i < oc; i++)
            scales[i] = ldexpf(1.5f + test_randf(r) * 0.5f, -8);
        o->in[1].quant.scales = scales;
        o->in[1].quant.axis = axis;
    }
    int32_t *bias = malloc((size_t)oc * sizeof *bias);
    for (int i = 0; i < oc; i++)
        bias[i] = test_rand(r, -9000, 9000);
    o->in[2] = tensor_of(TSR_S32, DIMS(oc), bias);
    o->in_count = 3, o->constants = 6, o->absent = test_rand(r, 0, 3) ? 0 : 4;
    o->out = q8_like(r);
    o->out.quant.scale = o->in[0].quant.scale * o->in[1].quant.scale
                       * sqrtf((float)taps) * ldexpf(1.0f, test_rand(r, 3, 8));
    if (test_rand(r, 0, 1))
        o->node.lo = 0, o->node.hi = test_rand(r, 0, 1) ? 6 : INFINITY;
}

static void drop(linear *l)
{
    free((float *)(uintptr_t)l->o.in[1].quant.scales);
    for (int i = 0; i < 3; i++)
        free(l->o.in[i].data);
}

/* ---- the rule ----------------------------------------------------------------- */

static int requantised(const linear *l, int64_t sum, int channel)
{
    const tsr_tensor *f = &l->o.in[1];
    const float sw = f->quant.scales ? f->quant.scales[channel] : f->quant.scale;
    const float s = l->o.in[0].quant.scale * sw / l->o.out.quant.scale;
    return q8_clamped(&l->o, (double)rintf((float)sum * s) + l->o.out.quant.zero_point);
}

/* (x - zx) * (w - zw) at these indices; 0 beyond the image. */
static int64_t term(const linear *l, int n, int y, int x, int c, int weight)
{
    const tsr_tensor *in = &l->o.in[0];
    if (y < 0 || y >= in->dim[1] || x < 0 || x >= in->dim[2])
        return 0;
    const int i = ((n * in->dim[1] + y) * in->dim[2] + x) * in->dim[3] + c;
    return (int64_t)q8_centred(in, i) * q8_centred(&l->o.in[1], weight);
}

static int64_t bias_of(const linear *l, int channel)
{
    return l->o.absent ? 0 : ((const int32_t *)l->o.in[2].data)[channel];
}

static int64_t conv_sum(const linear *l, const int at[4])
{
    const tsr_conv2d_attr *a = &l->o.node.attr.conv2d;
    const int *f = l->o.in[1].dim, group = at[3] / (f[0] / a->groups);
    int64_t sum = bias_of(l, at[3]);
    for (int ky = 0; ky < f[1]; ky++)
        for (int kx = 0; kx < f[2]; kx++)
            for (int c = 0; c < f[3]; c++)
                sum += term(l, at[0], at[1] * a->stride_y - a->pad_top + ky * a->dilation_y,
                            at[2] * a->stride_x - a->pad_left + kx * a->dilation_x,
                            group * f[3] + c, ((at[3] * f[1] + ky) * f[2] + kx) * f[3] + c);
    return sum;
}

static int64_t depthwise_sum(const linear *l, const int at[4])
{
    const tsr_conv2d_attr *a = &l->o.node.attr.conv2d;
    const int *f = l->o.in[1].dim, multiplier = f[3] / l->o.in[0].dim[3];
    int64_t sum = bias_of(l, at[3]);
    for (int ky = 0; ky < f[1]; ky++)
        for (int kx = 0; kx < f[2]; kx++)
            sum += term(l, at[0], at[1] * a->stride_y - a->pad_top + ky * a->dilation_y,
                        at[2] * a->stride_x - a->pad_left + kx * a->dilation_x,
                        at[3] / multiplier, (ky * f[2] + kx) * f[3] + at[3]);
    return sum;
}

/* Every input pixel paints: which ones hit this output? */
static int64_t transposed_sum(const linear *l, const int at[4])
{
    const tsr_transpose_conv2d_attr *a = &l->o.node.attr.transpose_conv2d;
    const int *f = l->o.in[1].dim, *x = l->o.in[0].dim;
    int64_t sum = bias_of(l, at[3]);
    for (int iy = 0; iy < x[1]; iy++)
        for (int ix = 0; ix < x[2]; ix++) {
            const int ky = at[1] + a->pad_top - iy * a->stride_y;
            const int kx = at[2] + a->pad_left - ix * a->stride_x;
            if (ky < 0 || ky >= f[1] || kx < 0 || kx >= f[2])
                continue;
            for (int c = 0; c < f[3]; c++)
                sum += term(l, at[0], iy, ix, c, ((at[3] * f[1] + ky) * f[2] + kx) * f[3] + c);
        }
    return sum;
}

static int64_t dense_sum(const linear *l, const int at[4])
{
    const int c = l->o.in[1].dim[1], row = at[2];   /* the output has rank 2 */
    int64_t sum = bias_of(l, at[3]);
    for (int i = 0; i < c; i++)
        sum += (int64_t)q8_centred(&l->o.in[0], row * c + i)
             * q8_centred(&l->o.in[1], at[3] * c + i);
    return sum;
}

static void check(linear *l, int64_t (*sum)(const linear *l, const int at[4]))
{
    tsr_tensor y = one_op_run(&l->o);
    for (int i = 0; i < (int)tsr_elements(&y); i++) {
        int at[4] = { 0 }, rest = i;
        for (int k = y.rank - 1, j = 3; k >= 0; k--, j--)
            at[j] = rest % y.dim[k], rest /= y.dim[k];
        const int got = q8_stored(&y, i), want = requantised(l, sum(l, at), at[3]);
        if (got != want)
            fail_msg("%s input, %s filter: y[%d][%d][%d][%d] is %d, want %d",
                     tsr_dtype_name(l->o.in[0].dtype), tsr_dtype_name(l->o.in[1].dtype),
                     at[0], at[1], at[2], at[3], got, want);
    }
    free(y.data);
    drop(l);
}

/* ---- tests --------------------------------------------------------------------- */

static tsr_conv2d_attr window(uint32_t *r, const int f[4])
{
    tsr_conv2d_attr a = { .stride_y = test_rand(r, 1, 3), .stride_x = test_rand(r, 1, 3),
                          .dilation_y = test_rand(r, 1, 2), .dilation_x = test_rand(r, 1, 2),
                          .pad_top = test_rand(r, 0, 3), .pad_left = test_rand(r, 0, 3),
                          .groups = 1 };
    a.pad_bottom = (f[1] - 1) * a.dilation_y;
    a.pad_right = (f[2] - 1) * a.dilation_x + test_rand(r, 0, 2);
    return a;
}

static void test_conv2d(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 250; i++) {
        linear l = { one_op_make(TSR_OP_CONV2D), i };
        uint32_t *r = &l.r;
        const int groups = test_rand(r, 0, 3) ? 1 : test_rand(r, 2, 3);
        const int c = groups * test_rand(r, 1, i % 7 ? 12 : 80);
        const int f[] = { groups * test_rand(r, 1, 40), test_rand(r, 1, 4), test_rand(r, 1, 4),
                          c / groups, 0, 0 };
        l.o.node.attr.conv2d = window(r, f);
        l.o.node.attr.conv2d.groups = groups;
        make_tensors(&l, dims(test_rand(r, 1, 2), test_rand(r, 1, 9), test_rand(r, 1, 9), c), f, 0);
        check(&l, conv_sum);
    }
}

static void test_depthwise(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        linear l = { one_op_make(TSR_OP_DEPTHWISE_CONV2D), i };
        uint32_t *r = &l.r;
        const int c = test_rand(r, 1, 40), m = test_rand(r, 0, 2) ? 1 : test_rand(r, 2, 8);
        const int f[] = { 1, test_rand(r, 1, 5), test_rand(r, 1, 5), c * m, 0, 0 };
        l.o.node.attr.conv2d = window(r, f);
        make_tensors(&l, dims(test_rand(r, 1, 2), test_rand(r, 1, 9), test_rand(r, 1, 20), c), f,
                     3);
        check(&l, depthwise_sum);
    }
}

static void test_transposed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 150; i++) {
        linear l = { one_op_make(TSR_OP_TRANSPOSE_CONV2D), i };
        uint32_t *r = &l.r;
        const int c = test_rand(r, 1, 20), h = test_rand(r, 1, 6), w = test_rand(r, 1, 6);
        const int f[] = { test_rand(r, 1, 20), test_rand(r, 1, 4), test_rand(r, 1, 4), c, 0, 0 };
        tsr_transpose_conv2d_attr *a = &l.o.node.attr.transpose_conv2d;
        a->stride_y = test_rand(r, 1, 4), a->stride_x = test_rand(r, 1, 4);
        a->pad_top = test_rand(r, 0, 2), a->pad_left = test_rand(r, 0, 2);
        a->oh = test_rand(r, 1, h * a->stride_y + 3), a->ow = test_rand(r, 1, w * a->stride_x + 3);
        make_tensors(&l, dims(test_rand(r, 1, 2), h, w, c), f, 0);
        check(&l, transposed_sum);
    }
}

static void test_dense(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        linear l = { one_op_make(TSR_OP_DENSE), i };
        const int c = test_rand(&l.r, 1, 300), rows = i % 2 ? 1 : test_rand(&l.r, 2, 60);
        make_tensors(&l, (const int[]){ rows, 1, 1, c, 0, 0 },
                     (const int[]){ test_rand(&l.r, 1, 50), c, 1, 1, 0, 0 }, 0);
        l.o.in[0].rank = l.o.in[1].rank = 2;
        l.o.in[0].dim[1] = c;
        check(&l, dense_sum);
    }
}

/* Sums beyond 2^24, where float(sum) rounds, and close to 2^31. */
static void test_large_sums(void **state)
{
    (void)state;
    linear l = { one_op_make(TSR_OP_DENSE), 1 };
    const int c = 30001;
    make_tensors(&l, (const int[]){ 3, 1, 1, c, 0, 0 }, (const int[]){ 5, c, 1, 1, 0, 0 }, 0);
    l.o.in[0].rank = l.o.in[1].rank = 2, l.o.in[0].dim[1] = c;
    l.o.in[0].quant.zero_point = l.o.in[0].dtype == TSR_U8 ? 255 : 127;
    for (int i = 0; i < 3 * c; i++)
        ((uint8_t *)l.o.in[0].data)[i] = (uint8_t)(l.o.in[0].dtype == TSR_U8 ? 0 : 0x80);
    l.o.out.quant.scale *= 100;
    check(&l, dense_sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv2d), cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_transposed), cmocka_unit_test(test_dense),
        cmocka_unit_test(test_large_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
