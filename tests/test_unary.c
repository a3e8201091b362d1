/*
 * test_unary.c - one-input element-wise operators and softmax against float64.
 *
 * The kernels' error bounds are checked in checkkern; here the way through the
 * graph is: kinds, attributes, clamps, shapes, threads.  Tolerance 1e-6 of the
 * result.                                        SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "tests/one_op.h"

static double value(const tsr_node *n, double x)
{
    const double alpha = (double)n->attr.unary.alpha, beta = (double)n->attr.unary.beta;
    switch (n->kind) {
    case TSR_OP_LOGISTIC: return 1 / (1 + exp(-x));
    case TSR_OP_TANH: return tanh(x);
    case TSR_OP_HARD_SWISH: return x * fmin(fmax(x + 3, 0), 6) / 6;
    case TSR_OP_HARD_SIGMOID: return fmin(fmax(alpha * x + beta, 0), 1);
    case TSR_OP_LEAKY_RELU: return x < 0 ? alpha * x : x;
    case TSR_OP_ELU: return x < 0 ? alpha * expm1(x) : x;
    case TSR_OP_EXP: return exp(x);
    case TSR_OP_LOG: return log(x);
    case TSR_OP_SQRT: return sqrt(x);
    case TSR_OP_RSQRT: return 1 / sqrt(x);
    case TSR_OP_ABS: return fabs(x);
    case TSR_OP_NEG: return -x;
    case TSR_OP_FLOOR: return floor(x);
    case TSR_OP_CEIL: return ceil(x);
    case TSR_OP_ROUND: return rint(x);
    default: return x;                          /* CLAMP */
    }
}

static void check(const one_op *o)
{
    tsr_tensor y = one_op_run(o);
    assert_int_equal(y.rank, o->in[0].rank);
    assert_memory_equal(y.dim, o->in[0].dim, (size_t)y.rank * sizeof *y.dim);
    for (size_t i = 0; i < tsr_elements(&y); i++) {
        const double x = (double)((const float *)o->in[0].data)[i];
        const double exact = value(&o->node, x), got = (double)((const float *)y.data)[i];
        const double want = fmin(fmax(exact, (double)o->node.lo), (double)o->node.hi);
        if (!(fabs(got - want) <= 1e-6 * (fabs(exact) + 0.1)))
            fail_msg("op %d: f(%.9g) is %.9g, want %.9g", (int)o->node.kind, x, got, want);
    }
    free(y.data);
}

static void test_all(void **state)
{
    (void)state;
    uint32_t r = 31;
    for (int kind = TSR_OP_CLAMP; kind <= TSR_OP_ROUND; kind++)
        for (int i = 0; i < 6; i++) {
            one_op o = one_op_make((tsr_op_kind)kind);
            const bool large = i == 0;          /* several tasks */
            o.in_count = 1;
            o.in[0] = tensor_of(TSR_F32, large ? DIMS(1, 40, 40, 24)
                                : DIMS(test_rand(&r, 1, 3), test_rand(&r, 1, 40)), NULL);
            float *x = o.in[0].data = test_random(&r, tsr_elements(&o.in[0]));
            for (size_t e = 0; e < tsr_elements(&o.in[0]); e++)
                x[e] = kind == TSR_OP_LOG || kind == TSR_OP_SQRT || kind == TSR_OP_RSQRT
                       ? fabsf(x[e]) + 0.01f : 8 * x[e];
            o.node.attr.unary.alpha = 0.3f, o.node.attr.unary.beta = 0.4f;
            if (i % 2)
                o.node.lo = 0.0f, o.node.hi = 0.75f;
            check(&o);
            free(x);
        }
}

static void test_round_half_to_even(void **state)
{
    (void)state;
    float x[] = { 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 0.49999997f, 8388607.5f, 3e9f };
    const float want[] = { 0.0f, 2.0f, 2.0f, 0.0f, -2.0f, 0.0f, 8388608.0f, 3e9f };
    one_op o = one_op_make(TSR_OP_ROUND);
    o.in_count = 1;
    o.in[0] = tensor_of(TSR_F32, DIMS(8), x);
    tsr_tensor y = one_op_run(&o);
    for (int i = 0; i < 8; i++)
        assert_true(((float *)y.data)[i] == want[i]);
    free(y.data);
}

static void check_softmax(const one_op *o)
{
    const tsr_softmax_attr *a = &o->node.attr.softmax;
    const int axis = a->axis < 0 ? a->axis + o->in[0].rank : a->axis;
    size_t inner = 1;
    for (int i = axis + 1; i < o->in[0].rank; i++)
        inner *= (size_t)o->in[0].dim[i];
    const size_t n = (size_t)o->in[0].dim[axis];
    const float *x = o->in[0].data;
    tsr_tensor y = one_op_run(o);
    for (size_t i = 0; i < tsr_elements(&y); i++) {
        const size_t first = i / (n * inner) * n * inner + i % inner;
        double sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += exp((double)a->beta * (double)x[first + k * inner]);
        const double want = exp((double)a->beta * (double)x[i]) / sum;
        if (!(fabs((double)((float *)y.data)[i] - want) <= 2e-6 * want))
            fail_msg("y[%zu] is %.9g, want %.9g", i, (double)((float *)y.data)[i], want);
    }
    free(y.data);
}

static void test_softmax(void **state)
{
    (void)state;
    uint32_t r = 41;
    for (int i = 0; i < 200; i++) {
        one_op o = one_op_make(TSR_OP_SOFTMAX);
        int dim[TSR_MAX_RANK] = { 0 };
        const int rank = test_rand(&r, 1, 4);
        for (int k = 0; k < rank; k++)
            dim[k] = test_rand(&r, 1, k == rank - 1 ? 40 : 7);
        o.node.attr.softmax = (tsr_softmax_attr){ test_rand(&r, -rank, rank - 1), 1.5f };
        o.in_count = 1;
        o.in[0] = tensor_of(TSR_F32, dim, NULL);
        float *x = o.in[0].data = test_random(&r, tsr_elements(&o.in[0]));
        for (size_t e = 0; e < tsr_elements(&o.in[0]); e++)
            x[e] *= 10;
        check_softmax(&o);
        free(x);
    }
}

/* Numbers far above what exp can take must not matter. */
static void test_softmax_of_large_numbers(void **state)
{
    (void)state;
    float x[] = { 1e30f, 1e30f, -1e30f, -INFINITY };
    one_op o = one_op_make(TSR_OP_SOFTMAX);
    o.node.attr.softmax = (tsr_softmax_attr){ 0, 1.0f };
    o.in_count = 1;
    o.in[0] = tensor_of(TSR_F32, DIMS(4), x);
    tsr_tensor y = one_op_run(&o);
    const float want[] = { 0.5f, 0.5f, 0.0f, 0.0f };
    assert_memory_equal(y.data, want, sizeof want);
    free(y.data);
}

static void test_refusals(void **state)
{
    (void)state;
    float x[4] = { 0 };
    one_op o = one_op_make(TSR_OP_TANH), bad;
    o.in_count = 1;
    o.in[0] = tensor_of(TSR_F32, DIMS(4), x);
    bad = o, bad.out.dtype = TSR_S32;
    one_op_refused(&bad, TSR_UNSUPPORTED, "tanh 'node': f32 to s32");
    o.node.kind = TSR_OP_SOFTMAX;
    o.node.attr.softmax = (tsr_softmax_attr){ 0, 1.0f };
    bad = o, bad.node.attr.softmax.axis = 1;
    one_op_refused(&bad, TSR_BAD_FILE, "axis 1 of 1 dimensions");
    bad = o, bad.node.attr.softmax.axis = -2;
    one_op_refused(&bad, TSR_BAD_FILE, "axis -2 of 1 dimensions");
    bad = o, bad.node.attr.softmax.beta = NAN;
    one_op_refused(&bad, TSR_BAD_FILE, "beta nan");
    bad = o, bad.in[0].dtype = TSR_S64;
    one_op_refused(&bad, TSR_UNSUPPORTED, "softmax 'node': s64 to f32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_round_half_to_even),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_softmax_of_large_numbers),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
