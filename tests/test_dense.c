/*
 * test_dense.c - dense layers in float against sums in double, within Higham's bound
 * (see checkkern/check_gemm_f32.c).              SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "tests/conv_harness.h"

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
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_dense_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
