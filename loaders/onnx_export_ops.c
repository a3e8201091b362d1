/*
 * onnx_export_ops.c - one of our nodes as ONNX nodes; see onnx_export.h.
 *
 * A fused clamp becomes Relu or Clip behind the operator.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_export_ops.h"

const tsr_tensor *tsr_onnx_in_tensor(const tsr_emitter *e, const tsr_node *n, int i)
{
    return i < n->in_count ? tsr_graph_tensor(e->g, n->in[i]) : NULL;
}

tsr_status tsr_onnx_cannot_export(tsr_emitter *e, const tsr_node *n, const char *why)
{
    return tsr_fail(e->err, TSR_UNSUPPORTED, "%s '%.80s': %s cannot be written as ONNX",
                    e->g->ops[n->kind]->name, n->name, why);
}

/* ---- what follows an operator --------------------------------------------- */

/* Clamp `from` into `to`. */
static void emit_clamp(tsr_emitter *e, const tsr_node *n, const char *from, const char *to)
{
    const bool relu = n->lo == 0.0f && n->hi == TSR_INFINITY;
    tsr_onnx_node c = tsr_onnx_begin(e, relu ? "Relu" : "Clip");
    tsr_onnx_in(&c, from);
    if (!relu) {
        tsr_onnx_in(&c, n->lo == -TSR_INFINITY ? "" : tsr_onnx_floats(e, &n->lo, 0, NULL));
        if (n->hi != TSR_INFINITY)
            tsr_onnx_in(&c, tsr_onnx_floats(e, &n->hi, 0, NULL));
    }
    tsr_onnx_out(&c, to);
    tsr_onnx_end(&c);
}

static bool is_clamped(const tsr_node *n)
{
    return n->lo != -TSR_INFINITY || n->hi != TSR_INFINITY;
}

/* End an operator whose result shall be called `to` once it is clamped. */
void tsr_onnx_finish(tsr_onnx_node *o, const tsr_node *n, const char *to)
{
    const char *raw = is_clamped(n) ? tsr_onnx_name(o->e, to) : to;
    tsr_onnx_out(o, raw);
    tsr_onnx_end(o);
    if (is_clamped(n))
        emit_clamp(o->e, n, raw, to);
}

/* An axis of ours where it stands in N,C,H,W. */
int tsr_onnx_nchw_axis(int axis)
{
    static const int where[] = { 0, 2, 3, 1 };
    return where[axis];
}

/* Four-dimensional values that come from convolutions stay as they are. */
bool tsr_onnx_prefer_nchw(const tsr_emitter *e, const tsr_node *n)
{
    bool any = false;
    for (int i = 0; i < n->in_count; i++) {
        const tsr_tensor *t = tsr_onnx_in_tensor(e, n, i);
        if (!t || (!t->data && t->rank != 4))
            return false;
        any |= !t->data && e->nchw[n->in[i]];
    }
    return any && tsr_graph_tensor(e->g, n->out[0])->rank == 4;
}

/* ---- element by element ---------------------------------------------------- */

/* A constant operand of an N,C,H,W operator: its trailing dimensions h,w,c
 * become c,h,w. */
static const char *broadcast_constant(tsr_emitter *e, int value)
{
    const tsr_tensor *t = &e->g->values[value].t;
    tsr_tensor full = *t;
    full.rank = 4;
    for (int i = 0; i < 4; i++)
        full.dim[i] = i < 4 - t->rank ? 1 : t->dim[i - (4 - t->rank)];
    return tsr_onnx_filter(e, &full, (const int[]){ 0, 3, 1, 2 });
}

static const char *const op_types[TSR_OP_COUNT] = {
    [TSR_OP_ADD] = "Add", [TSR_OP_SUB] = "Sub", [TSR_OP_MUL] = "Mul", [TSR_OP_DIV] = "Div",
    [TSR_OP_MINIMUM] = "Min", [TSR_OP_MAXIMUM] = "Max", [TSR_OP_POW] = "Pow",
    [TSR_OP_PRELU] = "PRelu",
    [TSR_OP_LOGISTIC] = "Sigmoid", [TSR_OP_TANH] = "Tanh", [TSR_OP_HARD_SWISH] = "HardSwish",
    [TSR_OP_HARD_SIGMOID] = "HardSigmoid", [TSR_OP_LEAKY_RELU] = "LeakyRelu",
    [TSR_OP_ELU] = "Elu", [TSR_OP_EXP] = "Exp", [TSR_OP_LOG] = "Log", [TSR_OP_SQRT] = "Sqrt",
    [TSR_OP_ABS] = "Abs", [TSR_OP_NEG] = "Neg", [TSR_OP_FLOOR] = "Floor",
    [TSR_OP_CEIL] = "Ceil", [TSR_OP_ROUND] = "Round",
    [TSR_OP_MEAN] = "ReduceMean", [TSR_OP_REDUCE_MAX] = "ReduceMax",
    [TSR_OP_REDUCE_MIN] = "ReduceMin", [TSR_OP_REDUCE_SUM] = "ReduceSum",
};

static tsr_status emit_elementwise(tsr_emitter *e, const tsr_node *n)
{
    const bool nchw = tsr_onnx_prefer_nchw(e, n);
    const char *names[2] = { "", "" };
    for (int i = 0; i < n->in_count; i++)
        names[i] = !nchw ? tsr_onnx_nhwc(e, n->in[i])
                 : tsr_onnx_in_tensor(e, n, i)->data ? broadcast_constant(e, n->in[i])
                 : tsr_onnx_nchw(e, n->in[i]);
    tsr_onnx_node o = tsr_onnx_begin(e, op_types[n->kind]);
    for (int i = 0; i < n->in_count; i++)
        tsr_onnx_in(&o, names[i]);
    if (n->kind == TSR_OP_LEAKY_RELU || n->kind == TSR_OP_ELU || n->kind == TSR_OP_HARD_SIGMOID)
        tsr_onnx_attr_float(&o, "alpha", n->attr.unary.alpha);
    if (n->kind == TSR_OP_HARD_SIGMOID)
        tsr_onnx_attr_float(&o, "beta", n->attr.unary.beta);
    tsr_onnx_finish(&o, n, tsr_onnx_new(e, n->out[0], nchw));
    return TSR_OK;
}

static tsr_status emit_clamp_alone(tsr_emitter *e, const tsr_node *n)
{
    const bool nchw = tsr_onnx_prefer_nchw(e, n);
    const char *x = nchw ? tsr_onnx_nchw(e, n->in[0]) : tsr_onnx_nhwc(e, n->in[0]);
    emit_clamp(e, n, x, tsr_onnx_new(e, n->out[0], nchw));
    return TSR_OK;
}

static tsr_status emit_softmax(tsr_emitter *e, const tsr_node *n)
{
    const char *x = tsr_onnx_nhwc(e, n->in[0]);
    if (n->attr.softmax.beta != 1.0f) {
        const char *scaled = tsr_onnx_name(e, "beta");
        const char *beta = tsr_onnx_floats(e, &n->attr.softmax.beta, 0, NULL);
        tsr_onnx_node mul = tsr_onnx_begin(e, "Mul");
        tsr_onnx_in(&mul, x);
        tsr_onnx_in(&mul, beta);
        tsr_onnx_out(&mul, scaled);
        tsr_onnx_end(&mul);
        x = scaled;
    }
    tsr_onnx_node o = tsr_onnx_begin(e, "Softmax");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_int(&o, "axis", n->attr.softmax.axis);
    tsr_onnx_finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

/* Opset 13 moved ReduceSum's axes into an input and left the others' alone. */
static tsr_status emit_reduce(tsr_emitter *e, const tsr_node *n)
{
    const int rank = tsr_onnx_in_tensor(e, n, 0)->rank;
    const bool nchw = n->attr.reduce.keep_dims && tsr_onnx_prefer_nchw(e, n);
    int axes[TSR_MAX_RANK], count = 0;
    for (int i = 0; i < rank; i++)
        if (n->attr.reduce.axes >> i & 1)
            axes[count++] = nchw ? tsr_onnx_nchw_axis(i) : i;
    const bool sum = n->kind == TSR_OP_REDUCE_SUM;
    const char *x = nchw ? tsr_onnx_nchw(e, n->in[0]) : tsr_onnx_nhwc(e, n->in[0]);
    const char *axes_input = sum ? tsr_onnx_int64s(e, axes, count) : NULL;
    tsr_onnx_node o = tsr_onnx_begin(e, op_types[n->kind]);
    tsr_onnx_in(&o, x);
    if (sum)
        tsr_onnx_in(&o, axes_input);
    else
        tsr_onnx_attr_ints(&o, "axes", axes, count);
    tsr_onnx_attr_int(&o, "keepdims", n->attr.reduce.keep_dims);
    tsr_onnx_finish(&o, n, tsr_onnx_new(e, n->out[0], nchw));
    return TSR_OK;
}

static int cast_type(tsr_dtype d)
{
    return d == TSR_F32 ? TSR_ONNX_FLOAT : d == TSR_S32 ? TSR_ONNX_INT32
         : d == TSR_S64 ? TSR_ONNX_INT64 : 0;
}

static void emit_cast(tsr_emitter *e, const char *x, tsr_dtype d, const char *to)
{
    tsr_onnx_node o = tsr_onnx_begin(e, "Cast");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_int(&o, "to", cast_type(d));
    tsr_onnx_out(&o, to);
    tsr_onnx_end(&o);
}

static tsr_status emit_arg(tsr_emitter *e, const tsr_node *n)
{
    const tsr_dtype d = tsr_graph_tensor(e->g, n->out[0])->dtype;
    const char *x = tsr_onnx_nhwc(e, n->in[0]), *to = tsr_onnx_new_nhwc(e, n->out[0]);
    const char *index = d == TSR_S64 ? to : tsr_onnx_name(e, "arg");
    tsr_onnx_node o = tsr_onnx_begin(e, n->kind == TSR_OP_ARG_MAX ? "ArgMax" : "ArgMin");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_int(&o, "axis", n->attr.arg.axis);
    tsr_onnx_attr_int(&o, "keepdims", n->attr.arg.keep_dims);
    tsr_onnx_out(&o, index);
    tsr_onnx_end(&o);
    if (index != to)
        emit_cast(e, index, d, to);
    return TSR_OK;
}

/* ---- the table ------------------------------------------------------------- */

static bool all_float(const tsr_emitter *e, const tsr_node *n)
{
    for (int i = 0; i < n->in_count; i++)
        if (tsr_onnx_in_tensor(e, n, i) && !cast_type(tsr_onnx_in_tensor(e, n, i)->dtype))
            return false;
    return cast_type(tsr_graph_tensor(e->g, n->out[0])->dtype);
}

tsr_status tsr_onnx_emit(tsr_emitter *e, const tsr_node *n)
{
    if (!all_float(e, n))
        return tsr_onnx_cannot_export(e, n, "an operator on quantised numbers");
    switch (n->kind) {
    case TSR_OP_CONV2D: case TSR_OP_DEPTHWISE_CONV2D: return tsr_onnx_emit_conv2d(e, n);
    case TSR_OP_TRANSPOSE_CONV2D: return tsr_onnx_emit_transpose_conv2d(e, n);
    case TSR_OP_DENSE: return tsr_onnx_emit_dense(e, n);
    case TSR_OP_MAX_POOL2D: case TSR_OP_AVERAGE_POOL2D: return tsr_onnx_emit_pool2d(e, n);
    case TSR_OP_RESIZE: return tsr_onnx_emit_resize(e, n);
    case TSR_OP_CLAMP: return emit_clamp_alone(e, n);
    case TSR_OP_SOFTMAX: return emit_softmax(e, n);
    case TSR_OP_RESHAPE: return tsr_onnx_emit_reshape(e, n);
    case TSR_OP_TRANSPOSE: return tsr_onnx_emit_transpose(e, n);
    case TSR_OP_CONCAT: return tsr_onnx_emit_concat(e, n);
    case TSR_OP_PAD: return tsr_onnx_emit_pad(e, n);
    case TSR_OP_SLICE: return tsr_onnx_emit_slice(e, n);
    case TSR_OP_DEPTH_TO_SPACE: case TSR_OP_SPACE_TO_DEPTH: return tsr_onnx_emit_depth_space(e, n);
    case TSR_OP_GATHER: return tsr_onnx_emit_gather(e, n);
    case TSR_OP_ARG_MAX: case TSR_OP_ARG_MIN: return emit_arg(e, n);
    case TSR_OP_MEAN: case TSR_OP_REDUCE_MAX: case TSR_OP_REDUCE_MIN: case TSR_OP_REDUCE_SUM:
        return emit_reduce(e, n);
    case TSR_OP_CAST:
        emit_cast(e, tsr_onnx_nhwc(e, n->in[0]), tsr_graph_tensor(e->g, n->out[0])->dtype,
                  tsr_onnx_new_nhwc(e, n->out[0]));
        return TSR_OK;
    default:
        return op_types[n->kind] ? emit_elementwise(e, n)
                                 : tsr_onnx_cannot_export(e, n, "this operator");
    }
}
