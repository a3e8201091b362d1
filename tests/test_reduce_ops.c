/*
 * test_reduce_ops.c - reductions and arg max, against their definition.
 *
 * The reference walks every input element once and adds it to the output
 * element that its kept coordinates name, in long double.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "tests/typed_input.h"

/* ---- reductions ------------------------------------------------------------ */

static size_t output_of(const tsr_tensor *in, unsigned axes, size_t i)
{
    int at[TSR_MAX_RANK];
    size_t o = 0;
    harness_coordinates(in, i, at);
    for (int k = 0; k < in->rank; k++)
        if (!(axes >> k & 1))
            o = o * (size_t)in->dim[k] + (size_t)at[k];
    return o;
}

static void check_reduction(const op_case *c)
{
    const tsr_tensor *in = &c->in[0], *out = &c->out;
    const tsr_op_kind kind = c->node.kind;
    const size_t n = tsr_elements(in), outputs = tsr_elements(out);
    long double *want = malloc(outputs * sizeof *want), *size = malloc(outputs * sizeof *size);
    for (size_t o = 0; o < outputs; o++) {
        want[o] = kind == TSR_OP_REDUCE_MAX ? -HUGE_VALL
                : kind == TSR_OP_REDUCE_MIN ? HUGE_VALL : 0;
        size[o] = 0;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t o = output_of(in, c->node.attr.reduce.axes, i);
        const long double v = (long double)value_at(in, i);
        size[o] += fabsl(v);
        want[o] = kind == TSR_OP_REDUCE_MAX ? (v > want[o] ? v : want[o])
                : kind == TSR_OP_REDUCE_MIN ? (v < want[o] ? v : want[o]) : want[o] + v;
    }
    for (size_t o = 0; o < outputs; o++) {
        if (kind == TSR_OP_MEAN)
            want[o] /= n / outputs;
        /* Half a float's last place, and the sum's own roundings in double. */
        const long double bound = fabsl(want[o]) * 0x1p-24L + size[o] * 0x1p-50L;
        if (fabsl((long double)value_at(out, o) - want[o]) > bound)
            fail_msg("%s: output %zu is %g, not %Lg", tsr_all_ops[kind]->name, o, value_at(out, o),
                     want[o]);
    }
    free(want);
    free(size);
}

static void run_reduction(op_case *c)
{
    for (int pass = 0; pass < 2; pass++) {
        c->threads = pass ? three : NULL;
        op_case_run(c);
        check_reduction(c);
        if (pass == 0)
            free(c->out.data);
    }
    int rank = 0;
    for (int k = 0; k < c->in[0].rank; k++) {
        const bool folded = c->node.attr.reduce.axes >> k & 1;
        if (!folded || c->node.attr.reduce.keep_dims)
            assert_int_equal(c->out.dim[rank++], folded ? 1 : c->in[0].dim[k]);
    }
    assert_int_equal(c->out.rank, rank);
    op_case_free(c);
}

static void test_reduce_over_any_axes(void **state)
{
    (void)state;
    static const tsr_op_kind kinds[4] = { TSR_OP_MEAN, TSR_OP_REDUCE_SUM, TSR_OP_REDUCE_MAX,
                                          TSR_OP_REDUCE_MIN };
    for (int pass = 0; pass < 1000; pass++) {
        int dim[TSR_MAX_RANK];
        const int rank = harness_int(0, TSR_MAX_RANK);
        for (int k = 0; k < rank; k++)
            dim[k] = harness_int(1, rank > 4 ? 5 : 12);
        if (rank && rank < 4 && pass % 5 == 0)
            dim[harness_int(0, rank - 1)] = harness_int(60, 200);
        op_case c = one_input(kinds[pass % 4], TSR_F32, rank, dim);
        c.node.attr.reduce.axes = harness_random() & ((1u << rank) - 1);
        c.node.attr.reduce.keep_dims = pass / 4 % 2;
        run_reduction(&c);
    }
}

static void test_mean_over_pixels(void **state)
{
    (void)state;
    static const int shapes[][4] = { { 1, 7, 7, 1280 }, { 2, 33, 31, 65 }, { 1, 64, 64, 3 } };
    for (int i = 0; i < 3; i++) {
        op_case c = one_input(TSR_OP_MEAN, TSR_F32, 4, shapes[i]);
        c.node.attr.reduce.axes = 6;
        run_reduction(&c);
    }
}

/* 2^24 + 1 is not a float: a sum kept in single precision would stop growing. */
static void test_sums_of_many_do_not_lose_the_small(void **state)
{
    (void)state;
    const int n = 1 << 20;
    op_case c = op_case_make(TSR_OP_REDUCE_SUM, 1);
    c.in[0] = harness_tensor(TSR_F32, 1, &n);
    c.out.dtype = TSR_F32;
    c.node.attr.reduce.axes = 1;
    float *x = c.in[0].data;
    x[0] = 0x1p26f;
    for (int i = 1; i < n; i++)
        x[i] = 0.75f;
    op_case_run(&c);
    assert_true(*(float *)c.out.data == (float)(0x1p26 + 0.75 * (n - 1)));
    op_case_free(&c);
}

static void test_extrema_of_integers(void **state)
{
    (void)state;
    static const tsr_dtype types[4] = { TSR_S8, TSR_U8, TSR_S16, TSR_S32 };
    for (int pass = 0; pass < 200; pass++) {
        const int dim[3] = { harness_int(1, 9), harness_int(1, 9), harness_int(1, 99) };
        op_case c = one_input(pass % 2 ? TSR_OP_REDUCE_MAX : TSR_OP_REDUCE_MIN, types[pass / 2 % 4],
                              3, dim);
        c.node.attr.reduce.axes = harness_random() & 7;
        run_reduction(&c);
    }
}

static void test_reduce_refuses_what_it_cannot_do(void **state)
{
    (void)state;
    op_case c = one_input(TSR_OP_MEAN, TSR_F32, 2, (int[]){ 2, 3 });
    c.node.attr.reduce.axes = 4;
    assert_int_equal(op_case_infer(&c), TSR_BAD_FILE);
    op_case_free(&c);
    c = one_input(TSR_OP_MEAN, TSR_S32, 2, (int[]){ 2, 3 });
    assert_int_equal(op_case_infer(&c), TSR_UNSUPPORTED);
    op_case_free(&c);
    c = one_input(TSR_OP_ARG_MAX, TSR_F32, 2, (int[]){ 2, 3 });
    assert_int_equal(op_case_infer(&c), TSR_UNSUPPORTED);       /* an f32 index */
    c.out.dtype = TSR_S32;
    c.node.attr.arg.axis = 2;
    assert_int_equal(op_case_infer(&c), TSR_BAD_FILE);
    op_case_free(&c);
}

/* ---- arg max --------------------------------------------------------------- */

static void check_arg(const op_case *c)
{
    const tsr_tensor *in = &c->in[0];
    const int axis = c->node.attr.arg.axis;
    const double sign = c->node.kind == TSR_OP_ARG_MIN ? -1 : 1;
    for (size_t i = 0; i < tsr_elements(in); i++) {
        int at[TSR_MAX_RANK];
        harness_coordinates(in, i, at);
        const int k = at[axis];
        const size_t o = output_of(in, 1u << axis, i);
        const double answer = value_at(&c->out, o);
        at[axis] = (int)answer;
        assert_true(answer >= 0 && answer < in->dim[axis]);
        const double best = sign * value_at(in, harness_index(in, at)), v = sign * value_at(in, i);
        if (v > best || (!(v < best) && k < answer))
            fail_msg("element %zu beats the answer %g of output %zu", i, answer, o);
    }
}

static void test_arg_max_and_min(void **state)
{
    (void)state;
    static const tsr_dtype types[4] = { TSR_F32, TSR_U8, TSR_S8, TSR_S32 };
    for (int pass = 0; pass < 400; pass++) {
        int dim[TSR_MAX_RANK];
        const int rank = harness_int(1, 4), axis = harness_int(0, rank - 1);
        for (int k = 0; k < rank; k++)
            dim[k] = harness_int(1, 33);
        op_case c = one_input(pass % 2 ? TSR_OP_ARG_MAX : TSR_OP_ARG_MIN, types[pass / 2 % 4], rank,
                              dim);
        c.out.dtype = pass / 8 % 2 ? TSR_S32 : TSR_S64;
        c.node.attr.arg = (tsr_arg_attr){ axis, pass / 16 % 2 };
        for (int threads = 0; threads < 2; threads++) {
            c.threads = threads ? three : NULL;
            op_case_run(&c);
            check_arg(&c);
            if (!threads)
                free(c.out.data);
        }
        assert_int_equal(c.out.rank, c.node.attr.arg.keep_dims ? rank : rank - 1);
        op_case_free(&c);
    }
}

static void test_arg_min_of_extreme_integers(void **state)
{
    (void)state;
    op_case c = one_input(TSR_OP_ARG_MIN, TSR_S32, 1, (int[]){ 4 });
    memcpy(c.in[0].data, (int32_t[]){ 0, INT32_MAX, INT32_MIN, INT32_MIN }, 16);
    c.out.dtype = TSR_S32;
    op_case_run(&c);
    assert_int_equal(*(int32_t *)c.out.data, 2);
    op_case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce_over_any_axes),
        cmocka_unit_test(test_mean_over_pixels),
        cmocka_unit_test(test_sums_of_many_do_not_lose_the_small),
        cmocka_unit_test(test_extrema_of_integers),
        cmocka_unit_test(test_reduce_refuses_what_it_cannot_do),
        cmocka_unit_test(test_arg_max_and_min),
        cmocka_unit_test(test_arg_min_of_extreme_integers),
    };
    return cmocka_run_group_tests(tests, start_threads, stop_threads);
}
