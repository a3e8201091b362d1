/*
 * test_tflite_math.c - every computing operator of TFLite, read from a file of
 * one operator, against its definition evaluated in float64 here.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "tests/tflite_check.h"

static const double eps = 2e-6;         /* a few roundings of float32 */

static float ramp(int i) { return (float)((i * 7 + 3) % 23 - 11) / 4; }

static void fill_ramp(float *x, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = ramp(i);
}

/* ---- element by element ------------------------------------------------ */

static double logistic(double x) { return 1 / (1 + exp(-x)); }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double negate(double x) { return -x; }
static double hard_swish(double x) { return x * fmin(fmax(x + 3, 0), 6) / 6; }
static double elu(double x) { return x > 0 ? x : expm1(x); }
static double relu(double x) { return fmax(x, 0); }
static double relu6(double x) { return fmin(fmax(x, 0), 6); }
static double relu_n1_to_1(double x) { return fmin(fmax(x, -1), 1); }
static double relu_0_to_1(double x) { return fmin(fmax(x, 0), 1); }
static double leaky(double x) { return x > 0 ? x : x * 0.25; }
static double square(double x) { return x * x; }

static void unary(void **state)
{
    static const struct { int code; double (*f)(double); bool positive; } ops[] = {
        { 8, floor, false },      { 14, logistic, false }, { 19, relu, false },
        { 20, relu_n1_to_1, false }, { 21, relu6, false }, { 28, tanh, false },
        { 47, exp, false },       { 59, negate, false },   { 73, log, true },
        { 75, sqrt, true },       { 76, rsqrt, true },     { 92, square, false },
        { 98, leaky, false },     { 101, fabs, false },    { 104, ceil, false },
        { 111, elu, false },      { 116, rint, false },    { 117, hard_swish, false },
        { 152, relu_0_to_1, false },
    };
    (void)state;
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        mk_model m = { 0 };
        float x[30];
        double want[30];
        for (int i = 0; i < 30; i++) {
            x[i] = ops[k].positive ? fabsf(ramp(i)) + 0.25f : ramp(i) * 3;
            want[i] = ops[k].f((double)x[i]);
        }
        const int in = mk_input(&m, "x", MK_F32, 3, DIM(1, 5, 6));
        const int out = mk_value(&m, "y", MK_F32, 3, DIM(1, 5, 6));
        mk_op *op = mk_operator(&m, ops[k].code, in, -1, -1, out);
        if (ops[k].code == 98)
            mk_option_float(op, 75, 0, 0.25f);
        mk_output(&m, out);
        expect_output(&m, x, NULL, 0, want, 30, eps);
    }
}

static double add(double a, double b) { return a + b; }
static double sub(double a, double b) { return a - b; }
static double mul(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }
static double floor_divide(double a, double b) { return floor(a / b); }
static double squared_difference(double a, double b) { return (a - b) * (a - b); }
static double prelu(double a, double b) { return a > 0 ? a : a * b; }

/* The second operand broadcasts along the last dimension. */
static void binary(void **state)
{
    static const struct { int code, options; double (*f)(double, double); } ops[] = {
        { 0, 11, add },      { 18, 21, mul },  { 41, 28, sub }, { 42, 29, divide },
        { 54, 0, prelu },    { 55, 0, fmax },  { 57, 0, fmin }, { 78, 0, pow },
        { 90, 0, floor_divide }, { 99, 0, squared_difference },
    };
    (void)state;
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        mk_model m = { 0 };
        static const float b[] = { 0.5f, 2, 1.25f };
        float x[12];
        double want[12];
        for (int i = 0; i < 12; i++) {
            x[i] = ops[k].code == 78 ? fabsf(ramp(i)) + 1 : ramp(i);
            want[i] = ops[k].f((double)x[i], (double)b[i % 3]);
        }
        const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, 2, 2, 3));
        const int c = mk_constant(&m, "b", MK_F32, 3, DIM(1, 1, 3), b);
        const int out = mk_value(&m, "y", MK_F32, 4, DIM(1, 2, 2, 3));
        mk_op *op = mk_operator(&m, ops[k].code, in, c, -1, out);
        if (ops[k].options)
            mk_option(op, ops[k].options, 0, 1, 0);
        mk_output(&m, out);
        expect_output(&m, x, NULL, 0, want, 12, eps);
    }
}

static void add_n(void **state)
{
    mk_model m = { 0 };
    float x[4];
    double want[4];
    (void)state;
    fill_ramp(x, 4);
    for (int i = 0; i < 4; i++)
        want[i] = 3 * (double)x[i];
    const int in = mk_input(&m, "x", MK_F32, 1, DIM(4));
    const int out = mk_value(&m, "y", MK_F32, 1, DIM(4));
    mk_operator(&m, 106, in, in, in, out);
    mk_output(&m, out);
    expect_output(&m, x, NULL, 0, want, 4, eps);
}

/* NONE, RELU, RELU_N1_TO_1, RELU6 and TANH behind ADD, CONCATENATION and L2_NORM. */
static void fused_activations(void **state)
{
    static double (*const f[])(double) = { fabs, relu, relu_n1_to_1, relu6, tanh };
    (void)state;
    for (int act = 0; act < 5; act++) {
        mk_model sum = { 0 }, joined = { 0 };
        float x[6];
        double twice[6], both[12];
        for (int i = 0; i < 6; i++) {
            x[i] = act ? ramp(i) * 2 : fabsf(ramp(i));
            twice[i] = f[act](2 * (double)x[i]);
            both[i] = both[i + 6] = f[act]((double)x[i]);
        }
        int in = mk_input(&sum, "x", MK_F32, 2, DIM(2, 3));
        int out = mk_value(&sum, "y", MK_F32, 2, DIM(2, 3));
        mk_option(mk_operator(&sum, 0, in, in, -1, out), 11, 0, 1, act);
        mk_output(&sum, out);
        expect_output(&sum, x, NULL, 0, twice, 6, eps);

        in = mk_input(&joined, "x", MK_F32, 2, DIM(2, 3));
        out = mk_value(&joined, "y", MK_F32, 2, DIM(4, 3));
        mk_op *op = mk_operator(&joined, 2, in, in, -1, out);
        mk_option(op, 10, 0, 4, -2);
        mk_option(op, 10, 1, 1, act);
        mk_output(&joined, out);
        expect_output(&joined, x, NULL, 0, both, 12, eps);
    }
}

/* ---- along the last dimension ------------------------------------------ */

static void rows(int code, const float *x, double *want)
{
    for (int r = 0; r < 3; r++) {
        double most = -HUGE_VAL, sum = 0, squares = 0;
        for (int i = 0; i < 4; i++) {
            most = fmax(most, (double)x[4 * r + i]);
            squares += (double)x[4 * r + i] * (double)x[4 * r + i];
        }
        const double beta = code == 25 ? 0.5 : 1;
        for (int i = 0; i < 4; i++)
            sum += exp(beta * ((double)x[4 * r + i] - most));
        for (int i = 0; i < 4; i++) {
            const double v = (double)x[4 * r + i];
            want[4 * r + i] = code == 25 ? exp(beta * (v - most)) / sum
                            : code == 50 ? v - most - log(sum)
                                         : v / fmax(sqrt(squares), 1e-6);
        }
    }
}

static void along_rows(void **state)
{
    static const int codes[] = { 25, 50, 11 };
    (void)state;
    for (int k = 0; k < 3; k++) {
        mk_model m = { 0 };
        float x[12];
        double want[12];
        fill_ramp(x, 12);
        memset(x + 8, 0, 4 * sizeof *x);        /* a row of zeros: no division by 0 */
        rows(codes[k], x, want);
        const int in = mk_input(&m, "x", MK_F32, 3, DIM(1, 3, 4));
        const int out = mk_value(&m, "y", MK_F32, 3, DIM(1, 3, 4));
        mk_op *op = mk_operator(&m, codes[k], in, -1, -1, out);
        if (codes[k] == 25)
            mk_option_float(op, 9, 0, 0.5f);
        mk_output(&m, out);
        expect_output(&m, x, NULL, 0, want, 12, eps);
    }
}

/* x [2,3,4] reduced over axes 0 and -2. */
static void reductions(void **state)
{
    static const int codes[] = { 40, 74, 82, 89 }, axes[] = { 0, -2 };
    (void)state;
    for (int k = 0; k < 8; k++) {
        mk_model m = { 0 };
        const int code = codes[k / 2], keep = k % 2;
        float x[24];
        double want[4];
        fill_ramp(x, 24);
        for (int c = 0; c < 4; c++) {
            double sum = 0, most = -HUGE_VAL, least = HUGE_VAL;
            for (int i = c; i < 24; i += 4) {
                sum += (double)x[i];
                most = fmax(most, (double)x[i]);
                least = fmin(least, (double)x[i]);
            }
            want[c] = code == 40 ? sum / 6 : code == 74 ? sum : code == 82 ? most : least;
        }
        const int in = mk_input(&m, "x", MK_F32, 3, DIM(2, 3, 4));
        const int ax = mk_ints(&m, axes, 2);
        const int out = keep ? mk_value(&m, "y", MK_F32, 3, DIM(1, 1, 4))
                             : mk_value(&m, "y", MK_F32, 1, DIM(4));
        mk_option(mk_operator(&m, code, in, ax, -1, out), 27, 0, 1, keep);
        mk_output(&m, out);
        expect_output(&m, x, NULL, 0, want, 4, eps);
    }
}

/* Index of the greatest or least along axis -1, as 32 and 64 bits. */
static void arg(void **state)
{
    static const int last[] = { -1 };
    (void)state;
    for (int k = 0; k < 4; k++) {
        mk_model m = { 0 };
        const int least = k % 2;
        float x[15];
        double want[3];
        fill_ramp(x, 15);
        for (int r = 0; r < 3; r++) {
            int best = 0;
            for (int i = 1; i < 5; i++)
                if (least ? x[5 * r + i] < x[5 * r + best] : x[5 * r + i] > x[5 * r + best])
                    best = i;
            want[r] = best;
        }
        const int in = mk_input(&m, "x", MK_F32, 2, DIM(3, 5));
        const int ax = mk_constant(&m, "axis", MK_S32, 0, NULL, last);
        const int out = mk_value(&m, "y", k / 2 ? MK_S64 : MK_S32, 1, DIM(3));
        mk_option(mk_operator(&m, least ? 79 : 56, in, ax, -1, out), least ? 57 : 40, 0, 1,
                  k / 2 ? MK_S64 : MK_S32);
        mk_output(&m, out);
        expect_output(&m, x, NULL, 0, want, 3, 0);
    }
}

/* ---- types ------------------------------------------------------------- */

static void quantise_and_back(void **state)
{
    mk_model m = { 0 };
    float x[10];
    double stored[10], real[10];
    (void)state;
    for (int i = 0; i < 10; i++) {
        x[i] = ramp(i);
        stored[i] = fmin(fmax(rint((double)(x[i] / 0.0625f)) + 20, 0), 255);
        real[i] = (stored[i] - 20) * 0.0625;
    }
    const int in = mk_input(&m, "x", MK_F32, 1, DIM(10));
    const int q = mk_quantise(&m, mk_value(&m, "q", MK_U8, 1, DIM(10)), 0.0625f, 20);
    const int out = mk_value(&m, "y", MK_F32, 1, DIM(10));
    mk_operator(&m, 114, in, -1, -1, q);
    mk_operator(&m, 6, q, -1, -1, out);
    mk_output(&m, q);
    mk_output(&m, out);
    expect_output(&m, x, NULL, 0, stored, 10, 0);
    expect_output(&m, x, NULL, 1, real, 10, 0);
}

static void cast(void **state)
{
    mk_model m = { 0 };
    static const float x[] = { -2.75f, -1, 0, 0.5f, 3.99f };
    static const double want[] = { -2, -1, 0, 0, 3 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 1, DIM(5));
    const int out = mk_value(&m, "y", MK_S32, 1, DIM(5));
    mk_operator(&m, 53, in, -1, -1, out);
    mk_output(&m, out);
    expect_output(&m, x, NULL, 0, want, 5, 0);
}

/* 1.0, -2.0, 0.5, 65504, smallest subnormal as halves */
static const uint16_t halves[] = { 0x3c00, 0xc000, 0x3800, 0x7bff, 0x0001 };

static void half_constants(void **state)
{
    mk_model m = { 0 };
    static const float x[] = { 0, 0, 0, 0, 0 };
    const double want[] = { 1, -2, 0.5, 65504, ldexp(1, -24) };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 1, DIM(5));
    const int c = mk_constant(&m, "c", MK_F16, 1, DIM(5), halves);
    const int f = mk_value(&m, "f", MK_F32, 1, DIM(5));
    const int out = mk_value(&m, "y", MK_F32, 1, DIM(5));
    mk_operator(&m, 6, c, -1, -1, f);
    mk_option(mk_operator(&m, 0, in, f, -1, out), 11, 0, 1, 0);
    mk_output(&m, out);
    expect_output(&m, x, NULL, 0, want, 5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary),
        cmocka_unit_test(binary),
        cmocka_unit_test(add_n),
        cmocka_unit_test(fused_activations),
        cmocka_unit_test(along_rows),
        cmocka_unit_test(reductions),
        cmocka_unit_test(arg),
        cmocka_unit_test(quantise_and_back),
        cmocka_unit_test(cast),
        cmocka_unit_test(half_constants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
