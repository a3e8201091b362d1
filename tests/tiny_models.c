/* tiny_models.c - see tiny_models.h.   SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "tests/tiny_models.h"

enum { SAME, VALID };

/* Weights that nobody looks at: small, of either sign, the same every time. */
static const void *weights(void)
{
    static float w[1024];
    for (int i = 0; i < 1024; i++)
        w[i] = (float)(i * 37 % 64 - 31) / 128;
    return w;
}

static const void *bytes(void)
{
    static uint8_t b[4096];
    for (int i = 0; i < 4096; i++)
        b[i] = (uint8_t)(i * 101 % 251);
    return b;
}

/* Small integers that are fine as biases, whatever the width. */
static const void *zeros(void)
{
    static int64_t z[512];
    return z;
}

static int f32(mk_model *m, int rank, const int *dim)
{
    return mk_value(m, "f", MK_F32, rank, dim);
}

static int weight(mk_model *m, int rank, const int *dim)
{
    return mk_constant(m, "w", MK_F32, rank, dim, weights());
}

/* CONV_2D (code 3) or DEPTHWISE_CONV_2D (4) of stride s with SAME padding. */
static void convolve(mk_model *m, int code, int in, int f, int b, int out, int s)
{
    mk_op *op = mk_operator(m, code, in, f, b, out);
    const int type = code == 3 ? 1 : 2;
    mk_option(op, type, 0, 1, SAME);
    mk_option(op, type, 1, 4, s);
    mk_option(op, type, 2, 4, s);
    if (code == 4)
        mk_option(op, type, 3, 4, 1);
    mk_option(op, type, code == 4 ? 4 : 3, 1, 3);
}

static void pool(mk_model *m, int code, int in, int out)
{
    mk_op *op = mk_operator(m, code, in, -1, -1, out);
    mk_option(op, 5, 0, 1, VALID);
    for (int field = 1; field <= 4; field++)
        mk_option(op, 5, field, 4, 2);
}

/* conv - depthwise - pool - resize - add - transposed - mean - dense - softmax */
static void network(mk_model *m)
{
    static const int size[] = { 4, 4 }, axes[] = { 1, 2 }, up[] = { 1, 8, 8, 4 };
    const int x = mk_input(m, "image", MK_F32, 4, DIM(1, 8, 8, 3));
    const int a = f32(m, 4, DIM(1, 4, 4, 4)), b = f32(m, 4, DIM(1, 4, 4, 4));
    const int c = f32(m, 4, DIM(1, 2, 2, 4)), d = f32(m, 4, DIM(1, 4, 4, 4));
    const int e = f32(m, 4, DIM(1, 4, 4, 4)), f = f32(m, 4, DIM(1, 8, 8, 4));
    const int g = f32(m, 2, DIM(1, 4)), h = f32(m, 2, DIM(1, 5)), y = f32(m, 2, DIM(1, 5));
    convolve(m, 3, x, weight(m, 4, DIM(4, 3, 3, 3)), weight(m, 1, DIM(4)), a, 2);
    convolve(m, 4, a, weight(m, 4, DIM(1, 3, 3, 4)), weight(m, 1, DIM(4)), b, 1);
    pool(m, 17, b, c);
    mk_option(mk_operator(m, 23, c, mk_ints(m, size, 2), -1, d), 15, 3, 1, 1);
    mk_option(mk_operator(m, 0, d, a, -1, e), 11, 0, 1, 1);
    mk_op *op = mk_operator(m, 67, mk_ints(m, up, 4), weight(m, 4, DIM(4, 2, 2, 4)), e, f);
    mk_option(op, 49, 0, 1, SAME);
    mk_option(op, 49, 1, 4, 2);
    mk_option(op, 49, 2, 4, 2);
    mk_option(mk_operator(m, 40, f, mk_ints(m, axes, 2), -1, g), 27, 0, 1, 0);
    mk_option(mk_operator(m, 9, g, weight(m, 2, DIM(5, 4)), weight(m, 1, DIM(5)), h), 8, 0, 1, 0);
    mk_option_float(mk_operator(m, 25, h, -1, -1, y), 9, 0, 1);
    mk_output(m, y);
    mk_output(m, b);
}

static int q8(mk_model *m, int type, int rank, const int *dim)
{
    return mk_quantise(m, mk_value(m, "q", type, rank, dim), 0.125f, type == MK_U8 ? 120 : -4);
}

/* conv - depthwise - add - pool - pad - concat - resize - mean - dense - softmax - argmax;
 * per tensor with a zero point for u8, per channel for s8 */
static void quantised(mk_model *m, int type)
{
    static const float scales[] = { 0.01f, 0.02f, 0.005f, 0.01f, 0.01f };
    static const int pads[] = { 0, 0, 1, 0, 0, 1, 0, 0 }, size[] = { 6, 5 };
    static const int axes[] = { 1, 2 }, axis[] = { -1 };
    const int x = mk_quantise(m, mk_input(m, "image", type, 4, DIM(1, 6, 6, 3)), 1 / 64.0f, 0);
    const int a = q8(m, type, 4, DIM(1, 6, 6, 4)), b = q8(m, type, 4, DIM(1, 6, 6, 4));
    const int c = q8(m, type, 4, DIM(1, 6, 6, 4)), d = q8(m, type, 4, DIM(1, 3, 3, 4));
    const int e = q8(m, type, 4, DIM(1, 4, 4, 4)), f = q8(m, type, 4, DIM(1, 4, 4, 8));
    const int g = q8(m, type, 4, DIM(1, 6, 5, 8)), h = q8(m, type, 2, DIM(1, 8));
    const int i = q8(m, type, 2, DIM(1, 5));
    const int j = mk_quantise(m, mk_value(m, "p", type, 2, DIM(1, 5)), 1 / 256.0f,
                              type == MK_U8 ? 0 : -128);
    const int y = mk_value(m, "class", MK_S64, 1, DIM(1)), z = f32(m, 2, DIM(1, 5));
    const int w0 = mk_constant(m, "w0", type, 4, DIM(4, 3, 3, 3), bytes());
    const int w1 = mk_constant(m, "w1", type, 4, DIM(1, 3, 3, 4), bytes());
    const int w2 = mk_constant(m, "w2", type, 2, DIM(5, 8), bytes());
    const int b4 = mk_constant(m, "b4", MK_S32, 1, DIM(4), zeros());
    const int b5 = mk_constant(m, "b5", MK_S32, 1, DIM(5), zeros());
    for (int k = 0; k < 3; k++) {
        mk_tensor *w = &m->tensors[k == 0 ? w0 : k == 1 ? w1 : w2];
        mk_quantise(m, (int)(w - m->tensors), 0.01f, type == MK_U8 ? 128 : 0);
        w->scales = type == MK_S8 ? scales : NULL;
        w->axis = k == 1 ? 3 : 0;
    }
    convolve(m, 3, x, w0, b4, a, 1);
    convolve(m, 4, a, w1, b4, b, 1);
    mk_option(mk_operator(m, 0, a, b, -1, c), 11, 0, 1, 0);
    pool(m, 1, c, d);
    mk_operator(m, 34, d, mk_constant(m, "pads", MK_S32, 2, DIM(4, 2), pads), -1, e);
    mk_option(mk_operator(m, 2, e, e, -1, f), 10, 0, 4, 3);
    mk_option(mk_operator(m, 23, f, mk_ints(m, size, 2), -1, g), 15, 2, 1, 1);
    mk_option(mk_operator(m, 40, g, mk_ints(m, axes, 2), -1, h), 27, 0, 1, 0);
    mk_option(mk_operator(m, 9, h, w2, b5, i), 8, 0, 1, 0);
    mk_option_float(mk_operator(m, 25, i, -1, -1, j), 9, 0, 1);
    mk_option(mk_operator(m, 56, j, mk_ints(m, axis, 1), -1, y), 40, 0, 1, MK_S64);
    mk_operator(m, 6, i, -1, -1, z);
    mk_output(m, y);
    mk_output(m, z);
}

/* 1x1 - depthwise - 1x1 on s8, wide between and high enough to run by rows, a few at a
 * time.  What is padded before the depthwise becomes its padding. */
static void residual(mk_model *m)
{
    static const float scales[16] = { 0.01f, 0.02f, 0.01f, 0.01f, 0.01f, 0.03f, 0.01f, 0.01f,
                                      0.01f, 0.02f, 0.01f, 0.01f, 0.01f, 0.03f, 0.01f, 0.01f };
    static const int pads[] = { 0, 0, 4, 5, 0, 1, 0, 0 };
    const int x = mk_quantise(m, mk_input(m, "image", MK_S8, 4, DIM(1, 64, 8, 2)), 0.1f, 3);
    const int a = q8(m, MK_S8, 4, DIM(1, 64, 8, 16)), b = q8(m, MK_S8, 4, DIM(1, 73, 9, 16));
    const int c = q8(m, MK_S8, 4, DIM(1, 37, 5, 16)), y = q8(m, MK_S8, 4, DIM(1, 37, 5, 2));
    const int w0 = mk_constant(m, "w0", MK_S8, 4, DIM(16, 1, 1, 2), bytes());
    const int w1 = mk_constant(m, "w1", MK_S8, 4, DIM(1, 3, 3, 16), bytes());
    const int w2 = mk_constant(m, "w2", MK_S8, 4, DIM(2, 1, 1, 16), bytes());
    const int b16 = mk_constant(m, "b16", MK_S32, 1, DIM(16), zeros());
    const int b2 = mk_constant(m, "b2", MK_S32, 1, DIM(2), zeros());
    for (int k = 0; k < 3; k++) {
        mk_tensor *w = &m->tensors[k == 0 ? w0 : k == 1 ? w1 : w2];
        mk_quantise(m, (int)(w - m->tensors), 0.01f, 0);
        w->scales = scales;
        w->axis = k == 1 ? 3 : 0;
    }
    convolve(m, 3, x, w0, b16, a, 1);
    mk_operator(m, 34, a, mk_constant(m, "pads", MK_S32, 2, DIM(4, 2), pads), -1, b);
    convolve(m, 4, b, w1, b16, c, 2);
    convolve(m, 3, c, w2, b2, y, 1);
    mk_output(m, y);
}

/* One operator after another on [1,4,4]: each keeps the shape. */
static void mathematics(mk_model *m)
{
    static const int unary[] = { 19, 14, 28, 47, 75, 101, 59, 8, 104, 116, 117, 111, 76, 20 };
    static const int binary[] = { 18, 41, 42, 54, 55, 57, 78, 90, 99 };
    int v = mk_input(m, "x", MK_F32, 3, DIM(1, 4, 4));
    for (int k = 0; k < (int)(sizeof unary / sizeof *unary); k++) {
        const int next = f32(m, 3, DIM(1, 4, 4));
        mk_operator(m, unary[k], v, -1, -1, next);
        v = next;
    }
    for (int k = 0; k < (int)(sizeof binary / sizeof *binary); k++) {
        const int next = f32(m, 3, DIM(1, 4, 4));
        mk_operator(m, binary[k], v, weight(m, 1, DIM(4)), -1, next);
        v = next;
    }
    const int rows = f32(m, 3, DIM(1, 4, 4)), unit = f32(m, 3, DIM(1, 4, 4));
    mk_operator(m, 50, v, -1, -1, rows);
    mk_operator(m, 11, rows, -1, -1, unit);
    mk_option_float(mk_operator(m, 98, unit, -1, -1, f32(m, 3, DIM(1, 4, 4))), 75, 0, 0.5f);
    mk_output(m, m->tensor_count - 1);
    mk_output(m, unit);
}

/* Everything that moves data, ending where it began. */
static void shapes(mk_model *m)
{
    static const int perm[] = { 0, 2, 1, 3 }, block[] = { 2, 2 }, pads[] = { 0, 0, 0, 0 };
    static const int begin[] = { 0, 0, 1, 0 }, size[] = { -1, -1, 2, -1 }, one[] = { 1 };
    static const int first[] = { 0, 0 }, end[] = { 0, 2 }, stride[] = { 1, 1 }, idx[] = { 1, 0 };
    static const int flat[] = { -1 };
    const int x = mk_input(m, "x", MK_F32, 4, DIM(1, 4, 4, 4));
    const int a = f32(m, 4, DIM(1, 4, 4, 4)), b = f32(m, 4, DIM(4, 2, 2, 4));
    const int c = f32(m, 4, DIM(1, 4, 4, 4)), d = f32(m, 4, DIM(1, 8, 8, 1));
    const int e = f32(m, 4, DIM(1, 4, 4, 4)), f = f32(m, 4, DIM(1, 4, 2, 4));
    const int g = f32(m, 4, DIM(1, 4, 1, 4)), h = f32(m, 4, DIM(1, 4, 1, 4));
    const int i = f32(m, 5, DIM(2, 1, 4, 1, 4)), j = f32(m, 4, DIM(1, 4, 1, 4));
    const int k = f32(m, 2, DIM(4, 4)), l = f32(m, 2, DIM(2, 4)), n = f32(m, 2, DIM(2, 4));
    const int o = f32(m, 3, DIM(2, 1, 4)), p = f32(m, 1, DIM(8));
    mk_operator(m, 39, x, mk_ints(m, perm, 4), -1, a);
    const int table = mk_constant(m, "pads", MK_S32, 2, DIM(2, 2), pads);
    mk_operator(m, 38, a, mk_ints(m, block, 2), table, b);
    mk_operator(m, 37, b, mk_ints(m, block, 2), table, c);
    mk_option(mk_operator(m, 5, c, -1, -1, d), 94, 0, 4, 2);
    mk_option(mk_operator(m, 26, d, -1, -1, e), 19, 0, 4, 2);
    mk_operator(m, 65, e, mk_ints(m, begin, 4), mk_ints(m, size, 4), f);
    mk_op *op = mk_operator(m, 49, mk_constant(m, "two", MK_S32, 0, NULL, size + 2), f, -1, g);
    op->out[op->out_count++] = h;
    mk_option(op, 35, 0, 4, 2);
    op = mk_operator(m, 83, g, h, -1, i);
    mk_option(op, 59, 0, 4, 2);
    mk_option(op, 59, 1, 4, 0);
    op = mk_operator(m, 88, i, -1, -1, j);
    op->out[op->out_count++] = f32(m, 4, DIM(1, 4, 1, 4));
    mk_option(op, 64, 0, 4, 2);
    mk_option(op, 64, 1, 4, 0);
    mk_operator(m, 43, j, -1, -1, k)->options_type = 0;
    op = mk_operator(m, 45, k, mk_ints(m, first, 2), mk_ints(m, end, 2), l);
    op->in[op->in_count++] = mk_ints(m, stride, 2);
    mk_option(op, 32, 0, 4, 1);
    mk_option(op, 32, 1, 4, 1);
    mk_option(mk_operator(m, 36, l, mk_ints(m, idx, 2), -1, n), 23, 0, 4, 0);
    mk_operator(m, 70, n, mk_ints(m, one, 1), -1, o);
    mk_operator(m, 22, o, mk_ints(m, flat, 1), -1, p);
    m->tensors[l].dim[0] = 4;           /* x[:, 0:2] */
    m->tensors[l].dim[1] = 2;
    m->tensors[n].dim[1] = 2;
    m->tensors[o].dim[2] = 2;
    m->tensors[p].dim[0] = 4;
    mk_output(m, p);
}

/* Sparse halves, made dense, made float, added: as in the pruned face detectors. */
static void sparse(mk_model *m)
{
    static const int segments[] = { 0, 2, 4, 5 }, indices[] = { 0, 3, 1, 2, 3 };
    static const mk_sparsity index = {
        .order = { 0, 1 }, .level_count = 2,
        .levels = { { .dense_size = 3 },
                    { .csr = true, .index_bytes = 1, .segments = segments, .segment_count = 4,
                      .indices = indices, .index_count = 5 } },
    };
    const int x = mk_input(m, "x", MK_F32, 2, DIM(3, 4));
    const int s = mk_constant(m, "sparse", MK_F16, 2, DIM(3, 4), bytes());
    const int h = mk_value(m, "half", MK_F16, 2, DIM(3, 4));
    const int w = f32(m, 2, DIM(3, 4)), y = f32(m, 2, DIM(3, 4));
    m->tensors[s].data_bytes = 10;
    m->tensors[s].sparsity = &index;
    mk_operator(m, 124, s, -1, -1, h);
    mk_operator(m, 6, h, -1, -1, w);
    mk_option(mk_operator(m, 0, x, w, -1, y), 11, 0, 1, 0);
    mk_output(m, y);
}

static int reduce(mk_model *m, int code, int in, int out)
{
    static const int axes[] = { 1 };
    mk_option(mk_operator(m, code, in, mk_ints(m, axes, 1), -1, out), 27, 0, 1, 1);
    return out;
}

/* What the others leave out: reductions, reflections, indices, types. */
static void rest(mk_model *m)
{
    static const int pads[] = { 1, 1, 2, 0 }, which[] = { 1, 0, 2, 3 }, zero[] = { 0 };
    static const int sizes[] = { 1, -1 }, axis[] = { 0 }, first[] = { 1 }, flat[] = { -1 };
    const int x = mk_input(m, "x", MK_F32, 2, DIM(4, 4));
    const int a = f32(m, 2, DIM(6, 6)), b = f32(m, 2, DIM(8, 8)), c = f32(m, 2, DIM(8, 1));
    const int d = f32(m, 2, DIM(8, 1)), e = f32(m, 2, DIM(8, 1)), f = f32(m, 2, DIM(8, 1));
    const int g = f32(m, 1, DIM(2)), h = f32(m, 2, DIM(1, 4)), i = f32(m, 2, DIM(3, 4));
    const int j = mk_value(m, "i", MK_S32, 1, DIM(3)), k = mk_value(m, "s", MK_S32, 1, DIM(2));
    const int l = mk_value(m, "n", MK_S32, 0, NULL), n = f32(m, 1, DIM(16));
    const int table = mk_constant(m, "pads", MK_S32, 2, DIM(2, 2), pads);
    mk_option(mk_operator(m, 100, x, table, -1, a), 77, 0, 1, 1);
    mk_operator(m, 60, a, table, mk_constant(m, "value", MK_F32, 0, NULL, weights()), b);
    reduce(m, 82, b, c);
    reduce(m, 89, b, d);
    reduce(m, 74, b, e);
    mk_operator(m, 106, c, d, e, f);
    const int indices = mk_constant(m, "which", MK_S32, 2, DIM(2, 2), which);
    mk_operator(m, 107, x, indices, -1, g);
    mk_op *op = mk_operator(m, 102, x, mk_ints(m, sizes, 2), mk_ints(m, axis, 1), h);
    op->out[op->out_count++] = i;
    mk_option(op, 79, 0, 4, 2);
    mk_option(mk_operator(m, 79, i, mk_ints(m, first, 1), -1, j), 57, 0, 1, MK_S32);
    mk_option(mk_operator(m, 77, x, -1, -1, k), 55, 0, 1, MK_S32);
    mk_operator(m, 36, k, mk_constant(m, "zero", MK_S32, 0, NULL, zero), -1, l)->options_type = 0;
    const int q = mk_quantise(m, mk_value(m, "q", MK_U8, 2, DIM(8, 1)), 0.5f, 9);
    const int r = mk_quantise(m, mk_value(m, "r", MK_S8, 2, DIM(8, 1)), 0.5f, -119);
    const int t = mk_value(m, "t", MK_S32, 2, DIM(8, 1));
    mk_operator(m, 114, f, -1, -1, q);
    mk_operator(m, 114, q, -1, -1, r);
    mk_operator(m, 53, f, -1, -1, t);
    mk_operator(m, 22, x, mk_ints(m, flat, 1), -1, n);
    mk_output(m, r);
    mk_output(m, t);
    mk_output(m, g);
    mk_output(m, j);
    mk_output(m, l);
    mk_output(m, n);
}

const char *tiny_model(int k, mk_model *m)
{
    *m = (mk_model){ 0 };
    switch (k) {
    case 0: network(m); return "tiny network";
    case 1: quantised(m, MK_U8); return "tiny u8";
    case 2: quantised(m, MK_S8); return "tiny s8";
    case 3: mathematics(m); return "tiny mathematics";
    case 4: shapes(m); return "tiny shapes";
    case 5: sparse(m); return "tiny sparse";
    case 6: rest(m); return "tiny rest";
    case 7: residual(m); return "tiny s8 residual";
    default: abort();
    }
}
