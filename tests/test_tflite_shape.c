/*
 * test_tflite_shape.c - TFLite's operators that move data, read from files of
 * one operator.  Inputs count 0, 1, 2 ..., so a wrong element tells where it
 * came from; what is right is written down from NumPy's meaning of the words.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "tests/tflite_check.h"

#define COUNT(a) ((int)(sizeof (a) / sizeof *(a)))
static float ramp[256];
static double ramp_want[256];

static void expect(const mk_model *m, int k, const double *want, int n)
{
    expect_output(m, ramp, NULL, k, want, n, 0);
}

/* ---- the same elements under another shape ----------------------------- */

/* The new shape as a constant, as an option, and only declared. */
static void reshape(void **state)
{
    static const int shape[] = { 4, -1 };
    (void)state;
    for (int how = 0; how < 3; how++) {
        mk_model m = { 0 };
        const int in = mk_input(&m, "x", MK_F32, 3, DIM(2, 3, 4));
        const int out = mk_value(&m, "y", MK_F32, 2, DIM(4, 6));
        const int c = how == 0 ? mk_ints(&m, shape, 2) : -1;
        mk_op *op = mk_operator(&m, 22, in, c, -1, out);
        if (how == 1) {
            op->options_type = 17;
            op->vector = shape;
            op->vector_count = 2;
        }
        mk_output(&m, out);
        expect(&m, 0, ramp_want, 24);
    }
}

static void squeeze(void **state)
{
    static const int all[] = { 0 }, some[] = { -4 };
    (void)state;
    for (int list = 0; list < 2; list++) {
        mk_model m = { 0 };
        const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, 3, 1, 4));
        const int out = list ? mk_value(&m, "y", MK_F32, 3, DIM(3, 1, 4))
                             : mk_value(&m, "y", MK_F32, 2, DIM(3, 4));
        mk_op *op = mk_operator(&m, 43, in, -1, -1, out);
        op->options_type = 30;
        op->vector = list ? some : all;
        op->vector_count = list;
        mk_output(&m, out);
        expect(&m, 0, ramp_want, 12);
    }
}

static void expand_dims(void **state)
{
    mk_model m = { 0 };
    static const int axis[] = { -2 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(3, 4));
    const int out = mk_value(&m, "y", MK_F32, 3, DIM(3, 1, 4));
    mk_operator(&m, 70, in, mk_ints(&m, axis, 1), -1, out);
    mk_output(&m, out);
    expect(&m, 0, ramp_want, 12);
}

static void transpose(void **state)
{
    mk_model m = { 0 };
    static const int perm[] = { 0, 3, 1, 2 };
    double want[24];
    (void)state;
    for (int i = 0; i < 24; i++)        /* y[c][h][w] = x[h][w][c] */
        want[i] = i / 6 + 4 * (i % 6);
    const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, 2, 3, 4));
    const int out = mk_value(&m, "y", MK_F32, 4, DIM(1, 4, 2, 3));
    mk_operator(&m, 39, in, mk_ints(&m, perm, 4), -1, out);
    mk_output(&m, out);
    expect(&m, 0, want, 24);
}

/* What exporters of networks with open shapes write: the shape of x, its first
 * entry, PACKed with -1, as the shape of a RESHAPE.  All of it folds away. */
static void computed_shape(void **state)
{
    mk_model m = { 0 };
    static const int zero[] = { 0 }, one[] = { 1 }, minus_one[] = { -1 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 3, DIM(2, 3, 4));
    const int shape = mk_value(&m, "shape", MK_S32, 1, DIM(3));
    mk_option(mk_operator(&m, 77, in, -1, -1, shape), 55, 0, 1, MK_S32);
    const int first = mk_value(&m, "first", MK_S32, 0, NULL);
    mk_op *cut = mk_operator(&m, 45, shape, mk_ints(&m, zero, 1), mk_ints(&m, one, 1), first);
    cut->in[cut->in_count++] = mk_ints(&m, one, 1);
    mk_option(cut, 32, 4, 4, 1);
    const int rest = mk_constant(&m, "rest", MK_S32, 0, NULL, minus_one);
    const int packed = mk_value(&m, "packed", MK_S32, 1, DIM(2));
    mk_op *op = mk_operator(&m, 83, first, rest, -1, packed);
    mk_option(op, 59, 0, 4, 2);
    mk_option(op, 59, 1, 4, 0);
    const int out = mk_value(&m, "y", MK_F32, 2, DIM(2, 12));
    mk_operator(&m, 22, in, packed, -1, out);
    mk_output(&m, out);
    expect(&m, 0, ramp_want, 24);
}

/* ---- joining ----------------------------------------------------------- */

static void concatenation(void **state)
{
    mk_model m = { 0 };
    static const float c[] = { 100, 101 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(2, 3));
    const int k = mk_constant(&m, "c", MK_F32, 2, DIM(2, 1), c);
    const int out = mk_value(&m, "y", MK_F32, 2, DIM(2, 4));
    mk_op *op = mk_operator(&m, 2, in, k, -1, out);
    mk_option(op, 10, 0, 4, 1);
    mk_output(&m, out);
    expect(&m, 0, WANT(0, 1, 2, 100, 3, 4, 5, 101), 8);
}

static void pack(void **state)
{
    mk_model m = { 0 };
    static const float c[] = { 100, 101, 102 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 1, DIM(3));
    const int k = mk_constant(&m, "c", MK_F32, 1, DIM(3), c);
    const int out = mk_value(&m, "y", MK_F32, 2, DIM(3, 2));
    mk_op *op = mk_operator(&m, 83, in, k, -1, out);
    mk_option(op, 59, 0, 4, 2);
    mk_option(op, 59, 1, 4, -1);
    mk_output(&m, out);
    expect(&m, 0, WANT(0, 100, 1, 101, 2, 102), 6);
}

static void pad(void **state)
{
    static const int pads[] = { 1, 0, 0, 2 };
    static const float value[] = { -3 };
    (void)state;
    for (int v2 = 0; v2 < 2; v2++) {
        mk_model m = { 0 };
        const int in = mk_input(&m, "x", MK_F32, 2, DIM(1, 3));
        const int table = mk_constant(&m, "pads", MK_S32, 2, DIM(2, 2), pads);
        const int v = v2 ? mk_constant(&m, "value", MK_F32, 0, NULL, value) : -1;
        const int out = mk_value(&m, "y", MK_F32, 2, DIM(2, 5));
        mk_operator(&m, v2 ? 60 : 34, in, table, v, out);
        mk_output(&m, out);
        const double p = v2 ? -3 : 0;
        expect(&m, 0, WANT(p, p, p, p, p, 0, 1, 2, p, p), 10);
    }
}

static void mirror_pad(void **state)
{
    static const int pads[] = { 1, 0, 2, 1 };
    (void)state;
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        mk_model m = { 0 };
        const int in = mk_input(&m, "x", MK_F32, 2, DIM(2, 3));
        const int table = mk_constant(&m, "pads", MK_S32, 2, DIM(2, 2), pads);
        const int out = mk_value(&m, "y", MK_F32, 2, DIM(3, 6));
        mk_option(mk_operator(&m, 100, in, table, -1, out), 77, 0, 1, symmetric);
        mk_output(&m, out);
        if (symmetric)
            expect(&m, 0, WANT(1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 4, 3, 3, 4, 5, 5), 18);
        else
            expect(&m, 0, WANT(5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4), 18);
    }
}

/* ---- cutting ----------------------------------------------------------- */

static void slice(void **state)
{
    mk_model m = { 0 };
    static const int begin[] = { 0, 1 }, size[] = { -1, 2 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(2, 4));
    const int out = mk_value(&m, "y", MK_F32, 2, DIM(2, 2));
    mk_operator(&m, 65, in, mk_ints(&m, begin, 2), mk_ints(&m, size, 2), out);
    mk_output(&m, out);
    expect(&m, 0, WANT(1, 2, 5, 6), 4);
}

typedef struct {
    int count, begin[4], end[4], stride[4];
    int no_begin, no_end, ellipsis, new_axis, shrink, offset;
    int rank, dim[4], n;
    double want[12];
} strided;

/* x = arange(24).reshape(2, 3, 4); the expression stands beside each case. */
static const strided strided_cases[] = {
    /* x[1:2, 0:3:2, -3:] */
    { 3, { 1, 0, -3 }, { 2, 3, 0 }, { 1, 2, 1 }, 0, 4, 0, 0, 0, 0, 3, { 1, 2, 3 }, 6,
      { 13, 14, 15, 21, 22, 23 } },
    /* x[0, ::-1, 1] */
    { 3, { 0, 9, 1 }, { 1, 9, 2 }, { 1, -1, 1 }, 2, 2, 0, 0, 5, 0, 1, { 3 }, 3, { 9, 5, 1 } },
    /* x[..., 3] */
    { 2, { 0, 3 }, { 0, 4 }, { 1, 1 }, 0, 0, 1, 0, 2, 0, 2, { 2, 3 }, 6,
      { 3, 7, 11, 15, 19, 23 } },
    /* x[1, newaxis, 2:3] */
    { 3, { 1, 0, 2 }, { 2, 0, 3 }, { 1, 1, 1 }, 0, 0, 0, 2, 1, 0, 3, { 1, 1, 4 }, 4,
      { 20, 21, 22, 23 } },
    /* x[-1, -1, 3:0:-2] */
    { 3, { -1, -1, 3 }, { 0, 0, 0 }, { 1, 1, -2 }, 0, 0, 0, 0, 3, 0, 1, { 2 }, 2, { 23, 21 } },
    /* x[1:, :-2, 0:-1:3] */
    { 3, { 1, 0, 0 }, { 2, -2, -1 }, { 1, 1, 3 }, 0, 0, 0, 0, 0, 0, 3, { 1, 1, 1 }, 1, { 12 } },
    /* x[0:1, 1:1+2, 0:0+1], ends as offsets */
    { 3, { 0, 1, 0 }, { 1, 2, 1 }, { 1, 1, 1 }, 0, 0, 0, 0, 0, 1, 3, { 1, 2, 1 }, 2, { 4, 8 } },
};

static void strided_slice(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(strided_cases); i++) {
        const strided *s = &strided_cases[i];
        mk_model m = { 0 };
        const int in = mk_input(&m, "x", MK_F32, 3, DIM(2, 3, 4));
        const int out = mk_value(&m, "y", MK_F32, s->rank, s->dim);
        mk_op *op = mk_operator(&m, 45, in, mk_ints(&m, s->begin, s->count),
                                mk_ints(&m, s->end, s->count), out);
        op->in[op->in_count++] = mk_ints(&m, s->stride, s->count);
        mk_option(op, 32, 0, 4, s->no_begin);
        mk_option(op, 32, 1, 4, s->no_end);
        mk_option(op, 32, 2, 4, s->ellipsis);
        mk_option(op, 32, 3, 4, s->new_axis);
        mk_option(op, 32, 4, 4, s->shrink);
        mk_option(op, 32, 5, 1, s->offset);
        mk_output(&m, out);
        expect(&m, 0, s->want, s->n);
    }
}

static void split(void **state)
{
    mk_model m = { 0 };
    static const int axis[] = { 1 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(2, 4));
    const int a = mk_value(&m, "a", MK_F32, 2, DIM(2, 2));
    const int b = mk_value(&m, "b", MK_F32, 2, DIM(2, 2));
    mk_op *op = mk_operator(&m, 49, mk_constant(&m, "axis", MK_S32, 0, NULL, axis), in, -1, a);
    op->out[op->out_count++] = b;
    mk_option(op, 35, 0, 4, 2);
    mk_output(&m, a);
    mk_output(&m, b);
    expect(&m, 0, WANT(0, 1, 4, 5), 4);
    expect(&m, 1, WANT(2, 3, 6, 7), 4);
}

static void split_v(void **state)
{
    mk_model m = { 0 };
    static const int axis[] = { -1 }, sizes[] = { 1, -1 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(2, 3));
    const int a = mk_value(&m, "a", MK_F32, 2, DIM(2, 1));
    const int b = mk_value(&m, "b", MK_F32, 2, DIM(2, 2));
    mk_op *op = mk_operator(&m, 102, in, mk_ints(&m, sizes, 2), mk_ints(&m, axis, 1), a);
    op->out[op->out_count++] = b;
    mk_option(op, 79, 0, 4, 2);
    mk_output(&m, a);
    mk_output(&m, b);
    expect(&m, 0, WANT(0, 3), 2);
    expect(&m, 1, WANT(1, 2, 4, 5), 4);
}

static void unpack(void **state)
{
    mk_model m = { 0 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(3, 2));
    const int a = mk_value(&m, "a", MK_F32, 1, DIM(3));
    const int b = mk_value(&m, "b", MK_F32, 1, DIM(3));
    mk_op *op = mk_operator(&m, 88, in, -1, -1, a);
    op->out[op->out_count++] = b;
    mk_option(op, 64, 0, 4, 2);
    mk_option(op, 64, 1, 4, 1);
    mk_output(&m, a);
    mk_output(&m, b);
    expect(&m, 0, WANT(0, 2, 4), 3);
    expect(&m, 1, WANT(1, 3, 5), 3);
}

/* ---- blocks and gathering ---------------------------------------------- */

/* Depth to space: [1,1,2,4] -> [1,2,4,1]; the other way round gives it back. */
static void depth_space(void **state)
{
    mk_model m = { 0 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, 1, 2, 4));
    const int wide = mk_value(&m, "wide", MK_F32, 4, DIM(1, 2, 4, 1));
    const int back = mk_value(&m, "back", MK_F32, 4, DIM(1, 1, 2, 4));
    mk_option(mk_operator(&m, 5, in, -1, -1, wide), 94, 0, 4, 2);
    mk_option(mk_operator(&m, 26, wide, -1, -1, back), 19, 0, 4, 2);
    mk_output(&m, wide);
    mk_output(&m, back);
    expect(&m, 0, WANT(0, 1, 4, 5, 2, 3, 6, 7), 8);
    expect(&m, 1, ramp_want, 8);
}

/* [1,3,2,1] padded to four rows becomes four images of every other row and
 * column; cropping takes the pad away again. */
static void space_batch(void **state)
{
    mk_model m = { 0 };
    static const int block[] = { 2, 2 }, pads[] = { 1, 0, 0, 0 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, 3, 2, 1));
    const int parts = mk_value(&m, "parts", MK_F32, 4, DIM(4, 2, 1, 1));
    const int back = mk_value(&m, "back", MK_F32, 4, DIM(1, 3, 2, 1));
    const int table = mk_constant(&m, "pads", MK_S32, 2, DIM(2, 2), pads);
    mk_operator(&m, 38, in, mk_ints(&m, block, 2), table, parts);
    mk_operator(&m, 37, parts, mk_ints(&m, block, 2), table, back);
    mk_output(&m, parts);
    mk_output(&m, back);
    expect(&m, 0, WANT(0, 2, 0, 3, 0, 4, 1, 5), 8);
    expect(&m, 1, ramp_want, 6);
}

static void gather(void **state)
{
    mk_model m = { 0 };
    static const int which[] = { 2, 0 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(2, 3));
    const int out = mk_value(&m, "y", MK_F32, 2, DIM(2, 2));
    mk_option(mk_operator(&m, 36, in, mk_ints(&m, which, 2), -1, out), 23, 0, 4, 1);
    mk_output(&m, out);
    expect(&m, 0, WANT(2, 0, 5, 3), 4);
}

static void gather_nd(void **state)
{
    mk_model m = { 0 };
    static const int which[] = { 1, 2, 0, 1 };
    (void)state;
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(2, 3));
    const int c = mk_constant(&m, "which", MK_S32, 2, DIM(2, 2), which);
    const int out = mk_value(&m, "y", MK_F32, 1, DIM(2));
    mk_operator(&m, 107, in, c, -1, out);
    mk_output(&m, out);
    expect(&m, 0, WANT(5, 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshape),
        cmocka_unit_test(squeeze),
        cmocka_unit_test(expand_dims),
        cmocka_unit_test(transpose),
        cmocka_unit_test(computed_shape),
        cmocka_unit_test(concatenation),
        cmocka_unit_test(pack),
        cmocka_unit_test(pad),
        cmocka_unit_test(mirror_pad),
        cmocka_unit_test(slice),
        cmocka_unit_test(strided_slice),
        cmocka_unit_test(split),
        cmocka_unit_test(split_v),
        cmocka_unit_test(unpack),
        cmocka_unit_test(depth_space),
        cmocka_unit_test(space_batch),
        cmocka_unit_test(gather),
        cmocka_unit_test(gather_nd),
    };
    for (int i = 0; i < COUNT(ramp); i++)
        ramp_want[i] = i, ramp[i] = (float)i;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
