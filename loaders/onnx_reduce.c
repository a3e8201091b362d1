/*
 * onnx_reduce.c - reductions, arg max and softmax.
 *
 * Axes are renumbered when the input is an image in N,H,W,C.  A reduction that
 * drops axes leaves the others in our order; only where that is not the file's
 * order as well ([n,h,w] is, [n,c,h] from [n,h,c] is not) the image is turned
 * back first.                                    SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_read.h"

/* Bit mask of the axes to reduce, in the file's order. */
static unsigned axes_of(onx_op *o, int rank, int64_t since)
{
    int64_t axes[ONX_MAX_INTS];
    const int n = onx_ints(o, since, 1, "axes", axes);
    unsigned mask = 0;
    for (int i = 0; i < n; i++)
        mask |= 1u << onx_axis(o, axes[i], rank);
    if (n <= 0 && !onx_attr_int(o, "noop_with_empty_axes", 0))
        mask = (1u << rank) - 1;
    return mask;
}

static unsigned image_mask(unsigned mask)
{
    unsigned m = 0;
    for (int a = 0; a < 4; a++)
        m |= (mask >> a & 1) << onx_image_axis(a);
    return m;
}

/* Do the axes that remain stand in the same order in N,H,W,C and N,C,H,W? */
static bool same_order(unsigned mask)
{
    const bool c = !(mask & 2), h = !(mask & 4), w = !(mask & 8);
    return !c || (!h && !w);
}

typedef struct { int x; onx_order order, result; unsigned mask; bool keep; } plan;

static plan plan_reduction(onx_op *o, int64_t since)
{
    plan p = { .keep = onx_attr_int(o, "keepdims", 1) != 0 };
    const unsigned mask = axes_of(o, onx_shape_of(o, 0).rank, since);
    const bool image = onx_is_image(o, 0) && (p.keep || same_order(mask));
    p.order = image ? ONX_NHWC : ONX_PLAIN;
    p.result = p.keep ? p.order : ONX_PLAIN;
    p.mask = image ? image_mask(mask) : mask;
    p.x = image ? onx_nhwc(o, 0) : onx_plain(o, 0);
    return p;
}

/* Axes became an input in operator set 13 for ReduceSum, in 18 for the rest. */
static int64_t axes_since(const onx_op *o)
{
    return onx_str_is((onx_str){ o->type, strlen(o->type) }, "ReduceSum") ? 13 : 18;
}

void onx_reduce_op(onx_op *o)
{
    const plan p = plan_reduction(o, axes_since(o));
    onx_set(o, 0, onx_reduce(o, o->reader->kind, p.x, p.mask, p.keep), p.result);
}

/* log(sum exp(x - m)) + m with m = max x, which keeps exp small. */
static int log_sum_exp(onx_op *o, const plan *p)
{
    const int m = onx_reduce(o, TSR_OP_REDUCE_MAX, p->x, p->mask, true);
    const int e = onx_unary(o, TSR_OP_EXP, onx_binary(o, TSR_OP_SUB, p->x, m));
    const int log = onx_unary(o, TSR_OP_LOG, onx_reduce(o, TSR_OP_REDUCE_SUM, e, p->mask, true));
    const int y = onx_binary(o, TSR_OP_ADD, log, m);
    /* The axes have size 1 now: a sum over them drops them. */
    return p->keep ? y : onx_reduce(o, TSR_OP_REDUCE_SUM, y, p->mask, false);
}

void onx_reduce_norm(onx_op *o)
{
    const plan p = plan_reduction(o, 18);
    const char what = o->type[6];       /* Reduce L1, L2, SumSquare, LogSum, LogSumExp */
    int y;
    if (what == 'S' || (what == 'L' && o->type[7] == '2')) {
        const int square = onx_binary(o, TSR_OP_MUL, p.x, p.x);
        y = onx_reduce(o, TSR_OP_REDUCE_SUM, square, p.mask, p.keep);
        y = what == 'S' ? y : onx_unary(o, TSR_OP_SQRT, y);
    } else if (o->type[7] == '1') {
        y = onx_reduce(o, TSR_OP_REDUCE_SUM, onx_unary(o, TSR_OP_ABS, p.x), p.mask, p.keep);
    } else if (o->type[12] == '\0') {
        y = onx_unary(o, TSR_OP_LOG, onx_reduce(o, TSR_OP_REDUCE_SUM, p.x, p.mask, p.keep));
    } else {
        y = log_sum_exp(o, &p);
    }
    onx_set(o, 0, y, p.result);
}

/* Everything behind the channels, kept as 1s. */
void onx_global_pool(onx_op *o)
{
    const int rank = onx_shape_of(o, 0).rank;
    if (rank < 3) {
        onx_fail(o, TSR_BAD_FILE, "the input has %d dimensions", rank);
        return;
    }
    const onx_order order = rank == 4 ? ONX_NHWC : ONX_PLAIN;
    const int x = rank == 4 ? onx_nhwc(o, 0) : onx_plain(o, 0);
    const unsigned mask = rank == 4 ? 6 : ((1u << rank) - 1) & ~3u;
    onx_set(o, 0, onx_reduce(o, o->reader->kind, x, mask, true), order);
}

/* ---- one axis ----------------------------------------------------------------- */

/* With select_last_index the input is reversed and the answers looked up in
 * n-1 .. 0. */
void onx_arg(onx_op *o)
{
    const onx_shape s = onx_shape_of(o, 0);
    const int axis = onx_axis(o, onx_attr_int(o, "axis", 0), s.rank);
    const bool keep = onx_attr_int(o, "keepdims", 1) != 0;
    const bool image = onx_is_image(o, 0) && (keep || same_order(1u << axis));
    int x = image ? onx_nhwc(o, 0) : onx_plain(o, 0);
    if (x < 0 || s.rank == 0)
        return;
    const int at = image ? onx_image_axis(axis) : axis, n = onx_t(o, x)->dim[at];
    const bool last = onx_attr_int(o, "select_last_index", 0) != 0;
    int64_t *down = last ? onx_room(o, (size_t)n * sizeof *down) : NULL;
    for (int i = 0; down && i < n; i++)
        down[i] = n - 1 - i;
    x = last && down ? onx_gather(o, x, at, down, n) : x;
    tsr_node node = tsr_node_make(o->reader->kind, o->name, &x, 1);
    node.attr.arg = (tsr_arg_attr){ at, keep };
    int y = onx_step(o, &node, TSR_S64);
    if (last && down) {
        int in[2] = { onx_int64s(o, down, n), y };
        tsr_node look_up = tsr_node_make(TSR_OP_GATHER, o->name, in, 2);
        look_up.attr.gather.axis = 0;
        y = y < 0 ? ONX_NONE : onx_step(o, &look_up, TSR_S64);
    }
    onx_set(o, 0, y, image && keep ? ONX_NHWC : ONX_PLAIN);
}

static int softmax(onx_op *o, int x, int axis)
{
    tsr_node n = tsr_node_make(TSR_OP_SOFTMAX, o->name, &x, 1);
    n.attr.softmax = (tsr_softmax_attr){ axis, 1 };
    return onx_step(o, &n, TSR_F32);
}

/* x - m - log(sum exp(x - m)) */
static int log_softmax(onx_op *o, int x, int axis)
{
    const unsigned mask = 1u << axis;
    const int m = onx_reduce(o, TSR_OP_REDUCE_MAX, x, mask, true);
    const int d = onx_binary(o, TSR_OP_SUB, x, m);
    const int sum = onx_reduce(o, TSR_OP_REDUCE_SUM, onx_unary(o, TSR_OP_EXP, d), mask, true);
    return onx_binary(o, TSR_OP_SUB, d, onx_unary(o, TSR_OP_LOG, sum));
}

/* 1 where the first maximum is: a row of the identity matrix.  The axis of the rows
 * comes out last and goes back to its place. */
static int hardmax(onx_op *o, int x, int axis)
{
    if (x < 0)
        return ONX_NONE;
    const int rank = onx_t(o, x)->rank, n = onx_t(o, x)->dim[axis];
    float *eye = onx_room(o, (size_t)n * (size_t)n * sizeof *eye);
    for (int i = 0; eye && i < n; i++)
        eye[(size_t)i * ((size_t)n + 1)] = 1;
    tsr_node arg = tsr_node_make(TSR_OP_ARG_MAX, o->name, &x, 1);
    arg.attr.arg.axis = axis;
    int in[2] = { eye ? onx_floats(o, eye, 2, (int[]){ n, n }) : ONX_NONE,
                  onx_step(o, &arg, TSR_S64) };
    const tsr_node pick = tsr_node_make(TSR_OP_GATHER, o->name, in, 2);
    int perm[TSR_MAX_RANK];
    for (int k = 0; k < rank; k++)
        perm[k] = k == axis ? rank - 1 : k < axis ? k : k - 1;
    return in[1] < 0 ? ONX_NONE : onx_transpose(o, onx_step(o, &pick, TSR_F32), perm);
}

/* From operator set 13 on along one axis; before, along all axes from `axis` on
 * taken together, which is one axis if the others have size 1. */
static void along_axis(onx_op *o, int (*fn)(onx_op *o, int x, int axis))
{
    const onx_shape s = onx_shape_of(o, 0);
    const bool one = o->f->opset >= 13;
    const int axis = onx_axis(o, onx_attr_int(o, "axis", one ? -1 : 1), s.rank);
    if (s.rank == 0 || !onx_ok(o))
        return;
    int flat[2] = { 1, 1 };
    for (int k = 0; k < s.rank; k++)
        flat[k >= axis] *= s.dim[k];
    if (one || flat[1] == s.dim[axis]) {
        const bool image = onx_is_image(o, 0);
        const int x = image ? onx_nhwc(o, 0) : onx_plain(o, 0);
        onx_set(o, 0, fn(o, x, image ? onx_image_axis(axis) : axis), image ? ONX_NHWC : ONX_PLAIN);
    } else {
        const int x = onx_reshape(o, onx_plain(o, 0), 2, flat);
        onx_set(o, 0, onx_reshape(o, fn(o, x, 1), s.rank, s.dim), ONX_PLAIN);
    }
}

void onx_softmax(onx_op *o) { along_axis(o, softmax); }

void onx_log_softmax(onx_op *o) { along_axis(o, log_softmax); }

void onx_hardmax(onx_op *o) { along_axis(o, hardmax); }
