/*
 * onnx_shape.c - other shapes for the same elements, and shapes as numbers.
 *
 * Reshape and its kin speak about the file's order of elements and therefore ask
 * for plain values.  Transpose does not move what an image's own order already
 * has: N,C,H,W to N,H,W,C of an image that lies in N,H,W,C is only another name,
 * and so is the way back.                        SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_read.h"

static void reshaped(onx_op *o, int rank, const int *dim)
{
    onx_set(o, 0, onx_reshape(o, onx_plain(o, 0), rank, dim), ONX_PLAIN);
}

/* 0 copies the input's size, -1 is whatever remains. */
void onx_reshape_op(onx_op *o)
{
    int64_t want[ONX_MAX_INTS];
    int dim[TSR_MAX_RANK];
    const onx_shape s = onx_shape_of(o, 0);
    const int rank = onx_ints(o, 5, 1, "shape", want);
    const bool zero_is_zero = onx_attr_int(o, "allowzero", 0) != 0;
    if (rank > TSR_MAX_RANK) {
        onx_fail(o, TSR_UNSUPPORTED, "a shape of %d dimensions", rank);
        return;
    }
    if (rank < 0) {
        if (onx_ok(o))
            onx_fail(o, TSR_BAD_FILE, "has no shape");
        return;
    }
    for (int k = 0; k < rank; k++) {
        const bool copy = want[k] == 0 && !zero_is_zero && k < s.rank;
        dim[k] = copy ? s.dim[k] : onx_int(want[k]);
    }
    reshaped(o, rank, dim);
}

void onx_flatten(onx_op *o)
{
    const onx_shape s = onx_shape_of(o, 0);
    const int64_t given = onx_attr_int(o, "axis", 1);
    const int axis = given == s.rank ? s.rank : onx_axis(o, given, s.rank);
    int dim[2] = { 1, 1 };
    for (int k = 0; k < s.rank; k++)
        dim[k >= axis] *= s.dim[k];
    if (onx_ok(o))
        reshaped(o, 2, dim);
}

void onx_squeeze(onx_op *o)
{
    int64_t axes[ONX_MAX_INTS];
    int dim[TSR_MAX_RANK], rank = 0;
    const onx_shape s = onx_shape_of(o, 0);
    const int n = onx_ints(o, 13, 1, "axes", axes);
    unsigned mask = 0;
    for (int i = 0; i < n; i++)
        mask |= 1u << onx_axis(o, axes[i], s.rank);
    for (int k = 0; k < s.rank; k++) {
        const bool drop = n < 0 ? s.dim[k] == 1 : mask >> k & 1;
        if (drop && s.dim[k] != 1)
            onx_fail(o, TSR_BAD_FILE, "axis %d has size %d", k, s.dim[k]);
        if (!drop)
            dim[rank++] = s.dim[k];
    }
    if (onx_ok(o))
        reshaped(o, rank, dim);
}

void onx_unsqueeze(onx_op *o)
{
    int64_t axes[ONX_MAX_INTS];
    int dim[TSR_MAX_RANK];
    const onx_shape s = onx_shape_of(o, 0);
    const int n = onx_ints(o, 13, 1, "axes", axes), rank = s.rank + n;
    unsigned mask = 0;
    if (n < 1 || rank > TSR_MAX_RANK) {
        if (onx_ok(o))
            onx_fail(o, n < 1 ? TSR_BAD_FILE : TSR_UNSUPPORTED, "%d axes for %d dimensions", n,
                     s.rank);
        return;
    }
    for (int i = 0; i < n; i++)
        mask |= 1u << onx_axis(o, axes[i], rank);
    for (int k = 0, from = 0; k < rank; k++)
        dim[k] = mask >> k & 1 || from >= s.rank ? 1 : s.dim[from++];
    if (onx_ok(o))
        reshaped(o, rank, dim);
}

/* ---- Transpose ------------------------------------------------------------------- */

static bool read_perm(onx_op *o, int rank, int *perm)
{
    int64_t given[ONX_MAX_INTS];
    const int n = onx_attr_ints(o, "perm", given, ONX_MAX_INTS);
    unsigned seen = 0;
    for (int k = 0; k < rank; k++) {
        perm[k] = n < 0 ? rank - 1 - k : n == rank && given[k] >= 0 ? onx_int(given[k]) : rank;
        if (perm[k] >= rank || (seen >> perm[k] & 1)) {
            onx_fail(o, TSR_BAD_FILE, "perm is no permutation of %d axes", rank);
            return false;
        }
        seen |= 1u << perm[k];
    }
    return onx_ok(o);
}

static bool is_identity(const int *perm, int rank)
{
    for (int k = 0; k < rank; k++)
        if (perm[k] != k)
            return false;
    return true;
}

/* The value itself under another order, or a node in front of it. */
static void turn(onx_op *o, int x, int rank, const int *perm, onx_order order)
{
    onx_set(o, 0, is_identity(perm, rank) ? x : onx_transpose(o, x, perm), order);
}

void onx_transpose_op(onx_op *o)
{
    int perm[TSR_MAX_RANK], here[4];
    const int rank = onx_shape_of(o, 0).rank;
    if (!onx_ok(o) || !read_perm(o, rank, perm))
        return;
    if (onx_is_image(o, 0)) {
        /* Axis perm[k] of the file is axis image_axis(perm[k]) of what lies here. */
        for (int k = 0; k < 4; k++)
            here[k] = onx_image_axis(perm[k]);
        turn(o, onx_nhwc(o, 0), 4, here, ONX_PLAIN);
        return;
    }
    const int x = onx_plain(o, 0);
    if (rank == 4 && memcmp(perm, onx_from_nhwc, sizeof onx_from_nhwc) == 0)
        onx_set(o, 0, x, ONX_NHWC);     /* it was N,H,W,C: no need to move anything */
    else
        turn(o, x, rank, perm, ONX_PLAIN);
}

void onx_concat_op(onx_op *o)
{
    const onx_order order = onx_common_order(o);
    const int rank = onx_shape_of(o, 0).rank;
    const int64_t given = onx_attr_int(o, "axis", o->f->opset < 4 ? 1 : INT64_MAX);
    const int axis = onx_axis(o, given, rank);
    int *in = onx_room(o, (size_t)o->in_count * sizeof *in), count = 0;
    for (int i = 0; in && i < o->in_count && onx_ok(o); i++) {
        const onx_value *v = onx_input(o, i);
        if (v && v->empty)
            continue;
        in[count++] = order == ONX_NHWC ? onx_nhwc(o, i) : onx_plain(o, i);
    }
    if (!onx_ok(o) || count == 0)
        return;
    onx_set(o, 0, onx_concat(o, in, count, order == ONX_NHWC ? onx_image_axis(axis) : axis), order);
}

void onx_depth_space(onx_op *o)
{
    int x = onx_nhwc(o, 0);
    tsr_node n = tsr_node_make(o->reader->kind, o->name, &x, 1);
    n.attr.depth_space.block = onx_int(onx_attr_int(o, "blocksize", 0));
    n.attr.depth_space.crd = onx_str_is(onx_attr_string(o, "mode", "DCR"), "CRD");
    onx_emit(o, &n, x < 0 ? TSR_F32 : onx_t(o, x)->dtype, ONX_NHWC);
}

/* ---- shapes as numbers -------------------------------------------------------------- */

static int64_t clip(int64_t x, int rank)
{
    x += x < 0 ? rank : 0;
    return x < 0 ? 0 : x > rank ? rank : x;
}

void onx_shape_op(onx_op *o)
{
    const onx_shape s = onx_shape_of(o, 0);
    const int64_t start = clip(onx_attr_int(o, "start", 0), s.rank);
    const int64_t end = clip(onx_attr_int(o, "end", s.rank), s.rank);
    int64_t dim[TSR_MAX_RANK];
    int n = 0;
    for (int64_t k = start; k < end; k++)
        dim[n++] = s.dim[k];
    if (n > 0)
        onx_set(o, 0, onx_int64s(o, dim, n), ONX_PLAIN);
    else
        onx_set_empty(o, 0, (onx_shape){ 1, { 0 } });
}

void onx_size(onx_op *o)
{
    const onx_shape s = onx_shape_of(o, 0);
    int64_t n = 1;
    for (int k = 0; k < s.rank; k++)
        n *= s.dim[k];
    onx_set(o, 0, onx_one(o, TSR_S64, &n), ONX_PLAIN);
}
