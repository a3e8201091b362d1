/*
 * test_binary.c - two-input operators: broadcasting of any shapes, float32
 * against float64, integers against a second way to compute them.
 *
 * Single operations on floats are exact once rounded to float (53 >= 2 * 24 + 2
 * bits), so only pow and squared_difference have a tolerance.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "tests/one_op.h"

/* Element of `t` under output coordinates `at`: dimensions of 1 do not move. */
static size_t element(const tsr_tensor *t, const int *at, int rank)
{
    size_t index = 0;
    for (int i = 0; i < t->rank; i++)
        index = index * (size_t)t->dim[i]
                + (size_t)(t->dim[i] == 1 ? 0 : at[i + rank - t->rank]);
    return index;
}

static void coordinates(const tsr_tensor *t, size_t i, int *at)
{
    for (int k = t->rank; k-- > 0; i /= (size_t)t->dim[k])
        at[k] = (int)(i % (size_t)t->dim[k]);
}

static double real_value(tsr_op_kind kind, double a, double b)
{
    switch (kind) {
    case TSR_OP_ADD: return (double)(float)(a + b);
    case TSR_OP_SUB: return (double)(float)(a - b);
    case TSR_OP_MUL: return (double)(float)(a * b);
    case TSR_OP_DIV: return (double)(float)(a / b);
    case TSR_OP_MINIMUM: return fmin(a, b);
    case TSR_OP_MAXIMUM: return fmax(a, b);
    case TSR_OP_POW: return pow(a, b);
    case TSR_OP_FLOOR_DIV: return floor((double)(float)(a / b));
    case TSR_OP_SQUARED_DIFFERENCE: return (a - b) * (a - b);
    default: return a < 0 ? (double)(float)(a * b) : a;         /* PRELU */
    }
}

/* Two random shapes that agree, of rank up to 6; PRELU's slope never stretches x. */
static void random_shapes(uint32_t *r, tsr_op_kind kind, int a[6], int b[6])
{
    memset(a, 0, 6 * sizeof *a), memset(b, 0, 6 * sizeof *b);
    const int rank = test_rand(r, 1, 6), less = test_rand(r, 0, rank - 1);
    for (int i = 0; i < rank; i++) {
        const int d = test_rand(r, 1, 4) * (i == rank - 1 ? test_rand(r, 1, 5) : 1);
        a[i] = kind != TSR_OP_PRELU && test_rand(r, 0, 3) == 0 ? 1 : d;
        if (i >= less)
            b[i - less] = test_rand(r, 0, 2) == 0 ? 1 : d;
    }
    if (kind != TSR_OP_PRELU && test_rand(r, 0, 1))
        for (int i = 0; i < 6; i++) {
            const int t = a[i];
            a[i] = b[i], b[i] = t;
        }
}

static one_op make(tsr_op_kind kind, tsr_dtype dtype, const int *a, const int *b)
{
    one_op o = one_op_make(kind);
    o.in_count = 2;
    o.out.dtype = dtype;
    o.in[0] = tensor_of(dtype, a, NULL);
    o.in[1] = tensor_of(dtype, b, NULL);
    return o;
}

static void compare_reals(const one_op *o, const tsr_tensor *y)
{
    for (size_t i = 0; i < tsr_elements(y); i++) {
        int at[TSR_MAX_RANK];
        coordinates(y, i, at);
        const double a = (double)((const float *)o->in[0].data)[element(&o->in[0], at, y->rank)];
        const double b = (double)((const float *)o->in[1].data)[element(&o->in[1], at, y->rank)];
        const double exact = real_value(o->node.kind, a, b);
        const double want = fmin(fmax(exact, (double)o->node.lo), (double)o->node.hi);
        const double units = o->node.kind == TSR_OP_POW ? 4
                             : o->node.kind == TSR_OP_SQUARED_DIFFERENCE ? 4 : 0;
        const double got = (double)((const float *)y->data)[i];
        if (!(fabs(got - want) <= units * 0x1p-24 * fabs(exact)))
            fail_msg("op %d: f(%.9g, %.9g) is %.9g, want %.9g", (int)o->node.kind, a, b, got, want);
    }
}

static void test_broadcasting(void **state)
{
    (void)state;
    uint32_t r = 17;
    for (int i = 0; i < 600; i++) {
        const tsr_op_kind kind = (tsr_op_kind)(TSR_OP_ADD + i % 10);
        int a[6], b[6];
        random_shapes(&r, kind, a, b);
        one_op o = make(kind, TSR_F32, a, b);
        for (int k = 0; k < 2; k++) {
            const size_t n = tsr_elements(&o.in[k]);
            float *p = o.in[k].data = test_random(&r, n);
            for (size_t e = 0; e < n && kind == TSR_OP_POW; e++)
                p[e] = fabsf(p[e]);
        }
        o.constants = (unsigned)test_rand(&r, 0, 2);
        if (test_rand(&r, 0, 1))
            o.node.lo = 0.0f, o.node.hi = 0.5f;
        tsr_tensor y = one_op_run(&o);
        compare_reals(&o, &y);
        free(y.data), free(o.in[0].data), free(o.in[1].data);
    }
}

/* Large enough for several tasks, in each of the shapes that get their own. */
static void test_large(void **state)
{
    (void)state;
    const int shapes[][12] = {
        { 2, 64, 64, 24, 0, 0, 2, 64, 64, 24 }, { 2, 64, 64, 24, 0, 0, 24 },
        { 2, 64, 64, 24, 0, 0, 1 }, { 2, 64, 64, 24, 0, 0, 2, 1, 1, 24 },
        { 2, 64, 64, 24, 0, 0, 2, 64, 64, 1 }, { 1, 0, 0, 0, 0, 0, 2, 64, 64, 24 },
        { 2, 64, 1, 24, 0, 0, 64, 24 }, { 40000, 0, 0, 0, 0, 0, 40000 },
    };
    uint32_t r = 23;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        one_op o = make(TSR_OP_ADD, TSR_F32, shapes[i], shapes[i] + 6);
        for (int k = 0; k < 2; k++)
            o.in[k].data = test_random(&r, tsr_elements(&o.in[k]));
        tsr_tensor y = one_op_run(&o);
        compare_reals(&o, &y);
        free(y.data), free(o.in[0].data), free(o.in[1].data);
    }
}

/* By repeated steps and division of magnitudes: not the way of the code. */
static int64_t int_value(tsr_op_kind kind, int64_t a, int64_t b)
{
    int64_t p = 1;
    switch (kind) {
    case TSR_OP_ADD: return a + b;
    case TSR_OP_SUB: return a - b;
    case TSR_OP_MUL: return a * b;
    case TSR_OP_DIV: return b ? (int64_t)((double)a / (double)b) : 0;
    case TSR_OP_FLOOR_DIV: return b ? (int64_t)floor((double)a / (double)b) : 0;
    case TSR_OP_MINIMUM: return a < b ? a : b;
    case TSR_OP_MAXIMUM: return a < b ? b : a;
    case TSR_OP_SQUARED_DIFFERENCE: return a * a - 2 * a * b + b * b;
    default:                                                    /* POW */
        for (int64_t i = 0; i < b; i++)
            p *= a;
        return b < 0 ? (a == 1 || a == -1 ? (b % 2 ? a : 1) : 0) : p;
    }
}

static void test_integers(void **state)
{
    (void)state;
    for (int kind = TSR_OP_ADD; kind <= TSR_OP_SQUARED_DIFFERENCE; kind++)
        for (int wide = 0; wide < 2; wide++) {
            int32_t a32[21], b32[11];
            int64_t a64[21], b64[11];
            for (int i = 0; i < 21; i++)
                a64[i] = i - 10, a32[i] = i - 10;
            for (int i = 0; i < 11; i++)
                b64[i] = i - 5, b32[i] = i - 5;
            one_op o = make((tsr_op_kind)kind, wide ? TSR_S64 : TSR_S32, DIMS(21, 1), DIMS(11));
            o.in[0].data = wide ? (void *)a64 : a32;
            o.in[1].data = wide ? (void *)b64 : b32;
            tsr_tensor y = one_op_run(&o);
            assert_int_equal(y.rank, 2);
            for (int i = 0; i < 21 * 11; i++) {
                const int64_t got = wide ? ((int64_t *)y.data)[i] : ((int32_t *)y.data)[i];
                assert_int_equal(got, int_value((tsr_op_kind)kind, i / 11 - 10, i % 11 - 5));
            }
            free(y.data);
        }
}

/* Overflow wraps, and the one quotient that does not fit stops nothing. */
static void test_integer_limits(void **state)
{
    (void)state;
    int32_t a[] = { INT32_MAX, INT32_MIN, INT32_MIN, 5 }, b[] = { 1, -1, 0, 0 };
    one_op o = make(TSR_OP_ADD, TSR_S32, DIMS(4), DIMS(4));
    o.in[0].data = a, o.in[1].data = b;
    tsr_tensor y = one_op_run(&o);
    const int32_t sums[] = { INT32_MIN, INT32_MAX, INT32_MIN, 5 };
    assert_memory_equal(y.data, sums, sizeof sums);
    free(y.data);
    o.node.kind = TSR_OP_DIV;
    y = one_op_run(&o);
    const int32_t quotients[] = { INT32_MAX, INT32_MIN, 0, 0 };
    assert_memory_equal(y.data, quotients, sizeof quotients);
    free(y.data);
    int64_t c[] = { INT64_MIN, 7 }, d[] = { -1, 0 };
    o = make(TSR_OP_FLOOR_DIV, TSR_S64, DIMS(2), DIMS(2));
    o.in[0].data = c, o.in[1].data = d;
    o.node.lo = -100.0f, o.node.hi = 6.0f;
    y = one_op_run(&o);
    const int64_t clamped[] = { -100, 0 };
    assert_memory_equal(y.data, clamped, sizeof clamped);
    free(y.data);
}

static void test_nan_passes(void **state)
{
    (void)state;
    const tsr_op_kind kinds[] = { TSR_OP_ADD, TSR_OP_MINIMUM, TSR_OP_MAXIMUM, TSR_OP_PRELU };
    for (int i = 0; i < 8; i++) {
        float a[11] = { 0 }, b[11] = { 0 };
        (i % 2 ? b : a)[i + 2] = NAN;
        if (kinds[i / 2] == TSR_OP_PRELU)
            a[i + 2] = i % 2 ? -1.0f : a[i + 2];        /* else the slope is not used */
        one_op o = make(kinds[i / 2], TSR_F32, DIMS(11), DIMS(11));
        o.in[0].data = a, o.in[1].data = b;
        o.node.lo = 0.0f, o.node.hi = 6.0f;
        tsr_tensor y = one_op_run(&o);
        for (int k = 0; k < 11; k++)
            assert_true(!!isnan(((float *)y.data)[k]) == (k == i + 2));
        free(y.data);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    float x[24] = { 0 };
    one_op o = make(TSR_OP_MUL, TSR_F32, DIMS(2, 3, 4), DIMS(2, 4));
    o.in[0].data = o.in[1].data = x;
    one_op_refused(&o, TSR_BAD_FILE, "dimension 1 is 3 in one input and 2 in the other");
    o = make(TSR_OP_PRELU, TSR_F32, DIMS(4), DIMS(2, 4));
    o.in[0].data = o.in[1].data = x;
    one_op_refused(&o, TSR_BAD_FILE, "slopes of 8 elements for an input of 4");
    o = make(TSR_OP_PRELU, TSR_S32, DIMS(4), DIMS(4));
    one_op_refused(&o, TSR_UNSUPPORTED, "prelu 'node': s32 and s32 to s32");
    o = make(TSR_OP_ADD, TSR_F32, DIMS(4), DIMS(4));
    o.in[1].dtype = TSR_S32;
    one_op_refused(&o, TSR_UNSUPPORTED, "f32 and s32 to f32");
    o = make(TSR_OP_ADD, TSR_F32, DIMS(60000, 1), DIMS(1, 60000));
    one_op_refused(&o, TSR_UNSUPPORTED, "larger than 2 GiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broadcasting),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_integer_limits),
        cmocka_unit_test(test_nan_passes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
