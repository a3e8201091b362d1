/*
 * test_transpose_conv2d.c - transposed convolutions in float against a sum in double
 * that goes the other way round: it paints the patch of each input pixel.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "tests/conv_harness.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transposed),
        cmocka_unit_test(test_transposed_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
