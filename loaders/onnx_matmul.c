/*
 * onnx_matmul.c - Gemm and MatMul: DENSE, whose filter is the constant factor with
 * its rows as outputs.
 *
 *     a[m,k] * B[k,n]:   DENSE(a, B^T)
 *     A[m,k] * b[k,n] = (b^T * A^T)^T:   DENSE(b^T, A), turned over
 *
 * Capitals are constants.  A constant with leading axes of its own is taken
 * apart into matrices, and the results are put together again.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_read.h"

enum { MOST_MATRICES = 64 };

/* x[.., k] with filter[n, k] and an optional bias -> [.., n]. */
static int dense(onx_op *o, int x, int filter, int bias)
{
    int in[3] = { x, filter, bias };
    tsr_node n = tsr_node_make(TSR_OP_DENSE, o->name, in, 3);
    n.attr.dense.keep_dims = true;
    return filter < 0 ? ONX_NONE : onx_step(o, &n, TSR_F32);
}

static int turned(onx_op *o, int x) { return onx_transpose(o, x, (int[]){ 1, 0 }); }

static int scaled(onx_op *o, int x, float by)
{
    o->q.failed |= o->q.on && by != 1.0f;
    return by == 1.0f ? x : onx_binary(o, TSR_OP_MUL, x, onx_scalar(o, by));
}

/* A constant addend that is one number a column can go into DENSE itself. */
static int column_bias(onx_op *o, int slot, int n, float beta)
{
    const tsr_tensor *c = onx_has(o, slot) ? onx_constant(o, slot) : NULL;
    if (!c || tsr_elements(c) != (size_t)n || c->rank < 1 || c->dim[c->rank - 1] != n)
        return ONX_NONE;
    return scaled(o, onx_reshape(o, onx_plain(o, slot), 1, &n), beta);
}

void onx_gemm(onx_op *o)
{
    const float alpha = onx_attr_float(o, "alpha", 1), beta = onx_attr_float(o, "beta", 1);
    const bool turn_a = onx_attr_int(o, "transA", 0) != 0;
    const bool turn_b = onx_attr_int(o, "transB", 0) != 0;
    int a = onx_plain(o, 0), b = onx_plain(o, 1);
    if (a < 0 || b < 0)
        return;
    if (onx_t(o, a)->rank != 2 || onx_t(o, b)->rank != 2) {
        onx_fail(o, TSR_BAD_FILE, "factors of %d and %d dimensions", onx_t(o, a)->rank,
                 onx_t(o, b)->rank);
        return;
    }
    int y;
    if (onx_t(o, b)->data) {
        b = scaled(o, turn_b ? b : turned(o, b), alpha);
        const int n = b < 0 ? 0 : onx_t(o, b)->dim[0];
        const int bias = o->q.on && b >= 0 ? onx_q_bias(o, 2, a, &onx_t(o, b)->quant, n)
                                           : column_bias(o, 2, n, beta);
        o->q.failed |= o->q.on && beta != 1.0f;
        y = dense(o, turn_a ? turned(o, a) : a, b, bias);
        if (bias >= 0 || !onx_has(o, 2)) {
            onx_set(o, 0, y, ONX_PLAIN);
            return;
        }
    } else {
        a = scaled(o, turn_a ? turned(o, a) : a, alpha);
        y = turned(o, dense(o, turn_b ? b : turned(o, b), a, ONX_NONE));
    }
    if (onx_has(o, 2))
        y = onx_binary(o, TSR_OP_ADD, y, scaled(o, onx_plain(o, 2), beta));
    onx_set(o, 0, y, ONX_PLAIN);
}

/* ---- MatMul ---------------------------------------------------------------------- */

/* Matrix `index` of a stack [.., rows, columns]; the stack is [count, rows, columns]. */
static int matrix(onx_op *o, int stack, int index)
{
    const int *d = onx_t(o, stack)->dim, two[2] = { d[1], d[2] };
    const tsr_slice_attr cut = { { index, 0, 0 }, { 1, 1, 1 }, { 1, d[1], d[2] } };
    return onx_reshape(o, onx_slice(o, stack, &cut), 2, two);
}

static int as_stack(onx_op *o, int x)
{
    if (x < 0)
        return ONX_NONE;
    const tsr_tensor *t = onx_t(o, x);
    int dim[3] = { 1, t->dim[t->rank - 2], t->dim[t->rank - 1] };
    for (int k = 0; k + 2 < t->rank; k++)
        dim[0] *= t->dim[k];
    return onx_reshape(o, x, 3, dim);
}

/* Leading axes must be alike: stacks that broadcast are rare in networks. */
static bool same_stacks(onx_op *o, int a, int b)
{
    const tsr_tensor *s = onx_t(o, a), *t = onx_t(o, b);
    bool same = s->rank == t->rank;
    for (int k = 0; same && k + 2 < s->rank; k++)
        same = s->dim[k] == t->dim[k];
    if (!same)
        onx_fail(o, TSR_UNSUPPORTED, "stacks of matrices of different shapes");
    return same;
}

static int stacked(onx_op *o, int a, int b)
{
    const tsr_tensor *t = onx_t(o, a);
    int y[MOST_MATRICES], shape[TSR_MAX_RANK];
    const int rank = t->rank, columns = onx_t(o, b)->dim[rank - 1];
    memcpy(shape, t->dim, sizeof shape);
    shape[rank - 1] = columns;
    if (!same_stacks(o, a, b))
        return ONX_NONE;
    const int left = as_stack(o, a), right = as_stack(o, b);
    const int count = left < 0 ? 0 : onx_t(o, left)->dim[0];
    if (count > MOST_MATRICES) {
        onx_fail(o, TSR_UNSUPPORTED, "%d matrices in a stack", count);
        return ONX_NONE;
    }
    for (int i = 0; i < count && onx_ok(o); i++) {
        y[i] = dense(o, matrix(o, left, i), turned(o, matrix(o, right, i)), ONX_NONE);
        y[i] = onx_reshape(o, y[i], 3, (int[]){ 1, shape[rank - 2], columns });
    }
    return onx_ok(o) ? onx_reshape(o, onx_concat(o, y, count, 0), rank, shape) : ONX_NONE;
}

/* A vector on either side is a matrix of one row or column; that axis goes
 * again afterwards. */
static int with_axis(onx_op *o, int x, bool row)
{
    if (x < 0 || onx_t(o, x)->rank != 1)
        return x;
    const int n = onx_t(o, x)->dim[0], dim[2] = { row ? 1 : n, row ? n : 1 };
    return onx_reshape(o, x, 2, dim);
}

static int product(onx_op *o, int a, int b)
{
    if (a < 0 || b < 0)
        return ONX_NONE;
    const tsr_tensor *s = onx_t(o, a), *t = onx_t(o, b);
    if (s->rank < 2 || t->rank < 2) {
        onx_fail(o, TSR_BAD_FILE, "factors of %d and %d dimensions", s->rank, t->rank);
        return ONX_NONE;
    }
    if (t->rank == 2 && t->data)
        return dense(o, a, turned(o, b), ONX_NONE);
    if (s->rank == 2 && t->rank == 2)
        return turned(o, dense(o, turned(o, b), a, ONX_NONE));
    return stacked(o, a, b);
}

void onx_matmul(onx_op *o)
{
    const int left = onx_plain(o, 0), right = onx_plain(o, 1);
    if (left < 0 || right < 0)
        return;
    const bool row = onx_t(o, left)->rank == 1, column = onx_t(o, right)->rank == 1;
    int y = product(o, with_axis(o, left, true), with_axis(o, right, false));
    if ((row || column) && y >= 0) {
        const tsr_tensor *t = onx_t(o, y);
        int dim[TSR_MAX_RANK], rank = 0;
        for (int k = 0; k < t->rank; k++)
            if (!(row && k == t->rank - 2) && !(column && k == t->rank - 1))
                dim[rank++] = t->dim[k];
        y = onx_reshape(o, y, rank, dim);
    }
    onx_set(o, 0, y, ONX_PLAIN);
}
