/*
 * tflite_math.c - operators that compute element by element, and reductions.
 *
 * Most are one node of the same meaning.  The rest is composed:
 *
 *     LOG_SOFTMAX       y - log(sum exp y),  y = x - max x   (last dimension)
 *     L2_NORMALIZATION  x / max(sqrt(sum x^2), 1e-6)         (last dimension)
 *
 * SPDX-License-Identifier: MIT
 */
#include "loaders/tflite_file.h"

enum { BINARY_ACTIVATION };
enum { SOFTMAX_BETA, LEAKY_ALPHA = 0, L2_ACTIVATION = 0, REDUCE_KEEP_DIMS = 0 };

/* ---- one node ---------------------------------------------------------- */

void tfl_unary(tfl_op *o)
{
    int in[] = { tfl_input(o, 0) };
    const tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 1);
    tfl_emit(o, &n, 0);
}

void tfl_clamp(tfl_op *o)
{
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(TSR_OP_CLAMP, o->name, in, 1);
    n.lo = o->reader->lo, n.hi = o->reader->hi;
    tfl_emit(o, &n, 0);
}

void tfl_leaky_relu(tfl_op *o)
{
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(TSR_OP_LEAKY_RELU, o->name, in, 1);
    n.attr.unary.alpha = tsr_fb_f32(&o->f->fb, o->options, LEAKY_ALPHA);
    tfl_emit(o, &n, 0);
}

void tfl_elu(tfl_op *o)
{
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(TSR_OP_ELU, o->name, in, 1);
    n.attr.unary.alpha = 1;
    tfl_emit(o, &n, 0);
}

void tfl_binary(tfl_op *o)
{
    int in[] = { tfl_input(o, 0), tfl_input(o, 1) };
    const tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 2);
    tfl_emit(o, &n, 0);
}

void tfl_binary_activated(tfl_op *o)
{
    int in[] = { tfl_input(o, 0), tfl_input(o, 1) };
    tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 2);
    tfl_emit_activated(o, &n, tsr_fb_i8(&o->f->fb, o->options, BINARY_ACTIVATION));
}

void tfl_square(tfl_op *o)
{
    int in[] = { tfl_input(o, 0), tfl_input(o, 0) };
    const tsr_node n = tsr_node_make(TSR_OP_MUL, o->name, in, 2);
    tfl_emit(o, &n, 0);
}

/* A sum of many terms, from the left. */
void tfl_add_n(tfl_op *o)
{
    int sum = tfl_input(o, 0);
    const int count = o->in.count < TSR_MAX_NODES ? (int)o->in.count : TSR_MAX_NODES;
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    if (count < 2 || !x || x->dtype == TSR_U8 || x->dtype == TSR_S8) {
        tfl_fail(o, TSR_UNSUPPORTED, "wants two or more terms that are not quantised");
        return;
    }
    for (int i = 1; i < count; i++) {
        int in[] = { sum, tfl_input(o, i) };
        const tsr_node n = tsr_node_make(TSR_OP_ADD, o->name, in, 2);
        if (i + 1 < count)
            sum = tfl_step(o, &n, x);
        else
            tfl_emit(o, &n, 0);
    }
}

/* ---- along the last dimension ------------------------------------------ */

void tfl_softmax(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(TSR_OP_SOFTMAX, o->name, in, 1);
    n.attr.softmax.axis = x ? x->rank - 1 : 0;
    n.attr.softmax.beta = tsr_fb_f32(&o->f->fb, o->options, SOFTMAX_BETA);
    tfl_emit(o, &n, 0);
}

/* Input 0 when it is float and has a last dimension; else a failure and NULL. */
static const tsr_tensor *float_rows(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    if (x && x->dtype == TSR_F32 && x->rank > 0)
        return x;
    tfl_fail(o, TSR_UNSUPPORTED, "on %s", x ? tsr_dtype_name(x->dtype) : "nothing");
    return NULL;
}

static int reduce_rows(tfl_op *o, tsr_op_kind kind, int value, const tsr_tensor *x)
{
    tsr_node n = tsr_node_make(kind, o->name, &value, 1);
    n.attr.reduce = (tsr_reduce_attr){ .axes = 1u << (x->rank - 1), .keep_dims = true };
    return tfl_step(o, &n, x);
}

static int step1(tfl_op *o, tsr_op_kind kind, int a, const tsr_tensor *x)
{
    const tsr_node n = tsr_node_make(kind, o->name, &a, 1);
    return tfl_step(o, &n, x);
}

static int step2(tfl_op *o, tsr_op_kind kind, int a, int b, const tsr_tensor *x)
{
    int in[] = { a, b };
    const tsr_node n = tsr_node_make(kind, o->name, in, 2);
    return tfl_step(o, &n, x);
}

void tfl_log_softmax(tfl_op *o)
{
    const tsr_tensor *x = float_rows(o);
    if (!x)
        return;
    const int most = reduce_rows(o, TSR_OP_REDUCE_MAX, tfl_input(o, 0), x);
    const int y = step2(o, TSR_OP_SUB, tfl_input(o, 0), most, x);
    const int sum = reduce_rows(o, TSR_OP_REDUCE_SUM, step1(o, TSR_OP_EXP, y, x), x);
    int in[] = { y, step1(o, TSR_OP_LOG, sum, x) };
    const tsr_node n = tsr_node_make(TSR_OP_SUB, o->name, in, 2);
    tfl_emit(o, &n, 0);
}

void tfl_l2_normalization(tfl_op *o)
{
    const tsr_tensor *x = float_rows(o);
    if (!x)
        return;
    const int square = step2(o, TSR_OP_MUL, tfl_input(o, 0), tfl_input(o, 0), x);
    int norm = step1(o, TSR_OP_SQRT, reduce_rows(o, TSR_OP_REDUCE_SUM, square, x), x);
    tsr_node floor_node = tsr_node_make(TSR_OP_CLAMP, o->name, &norm, 1);
    floor_node.lo = 1e-6f;
    int in[] = { tfl_input(o, 0), tfl_step(o, &floor_node, x) };
    tsr_node n = tsr_node_make(TSR_OP_DIV, o->name, in, 2);
    tfl_emit_activated(o, &n, tsr_fb_i8(&o->f->fb, o->options, L2_ACTIVATION));
}

/* ---- reductions -------------------------------------------------------- */

/* x, axes */
void tfl_reduce(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int64_t axes[TFL_MAX_INTS];
    const int count = tfl_ints(o, 1, axes, TFL_MAX_INTS);
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 1);
    if (!x)
        return;
    for (int i = 0; i < count; i++)
        n.attr.reduce.axes |= 1u << tfl_axis(o, axes[i], x->rank);
    n.attr.reduce.keep_dims = tsr_fb_bool(&o->f->fb, o->options, REDUCE_KEEP_DIMS);
    tfl_emit(o, &n, 0);
}

/* x, axis; the output's type says whether indices have 32 or 64 bits */
void tfl_arg(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int64_t axis;
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 1);
    if (!x || tfl_ints(o, 1, &axis, 1) != 1)
        return;
    n.attr.arg = (tsr_arg_attr){ .axis = tfl_axis(o, axis, x->rank), .keep_dims = false };
    tfl_emit(o, &n, 0);
}
