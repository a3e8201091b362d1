/*
 * onnx_export_ops.c - one of our nodes as ONNX nodes; see onnx_export.h.
 *
 * A fused clamp becomes Relu or Clip behind the operator, a fused residual an
 * Add.  Filters turn from O,H,W,I to O,I,H,W.    SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_emit.h"

static const tsr_tensor *in_tensor(const tsr_emitter *e, const tsr_node *n, int i)
{
    return i < n->in_count ? tsr_graph_tensor(e->g, n->in[i]) : NULL;
}

static tsr_status unsupported(tsr_emitter *e, const tsr_node *n, const char *why)
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
static void finish(tsr_onnx_node *o, const tsr_node *n, const char *to)
{
    const char *raw = is_clamped(n) ? tsr_onnx_name(o->e, to) : to;
    tsr_onnx_out(o, raw);
    tsr_onnx_end(o);
    if (is_clamped(n))
        emit_clamp(o->e, n, raw, to);
}

/* The same with the residual in between. */
static void finish_with_residual(tsr_onnx_node *o, const tsr_node *n, const char *to)
{
    if (n->in_count < 4 || n->in[3] < 0) {
        finish(o, n, to);
        return;
    }
    tsr_emitter *e = o->e;
    const char *sum = tsr_onnx_name(e, to);
    tsr_onnx_out(o, sum);
    tsr_onnx_end(o);
    const char *residual = tsr_onnx_nchw(e, n->in[3]);
    tsr_onnx_node add = tsr_onnx_begin(e, "Add");
    tsr_onnx_in(&add, sum);
    tsr_onnx_in(&add, residual);
    finish(&add, n, to);
}

/* ---- filters --------------------------------------------------------------- */

/* Permute a filter of four dimensions: out dim i = in dim perm[i]. */
static const char *filter(tsr_emitter *e, const tsr_tensor *w, const int *perm)
{
    int dim[4];
    size_t stride[4] = { 0, 0, 0, 1 }, step[4];
    for (int i = 2; i >= 0; i--)
        stride[i] = stride[i + 1] * (size_t)w->dim[i + 1];
    for (int i = 0; i < 4; i++)
        dim[i] = w->dim[perm[i]], step[i] = stride[perm[i]];
    float *out = tsr_pool_alloc(e->pool, tsr_bytes(w), 64), *p = out;
    if (!out) {
        e->nodes.failed = true;
        return "";
    }
    const float *x = w->data;
    for (int a = 0; a < dim[0]; a++)
        for (int b = 0; b < dim[1]; b++)
            for (int c = 0; c < dim[2]; c++)
                for (int d = 0; d < dim[3]; d++)
                    *p++ = x[(size_t)a * step[0] + (size_t)b * step[1] + (size_t)c * step[2]
                             + (size_t)d * step[3]];
    return tsr_onnx_floats(e, out, 4, dim);
}

static tsr_status emit_conv2d(tsr_emitter *e, const tsr_node *n)
{
    static const int ohwi_to_oihw[] = { 0, 3, 1, 2 }, depthwise_to_oihw[] = { 3, 0, 1, 2 };
    const bool depthwise = n->kind == TSR_OP_DEPTHWISE_CONV2D;
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    const tsr_tensor *w = in_tensor(e, n, 1), *bias = in_tensor(e, n, 2);
    const char *x = tsr_onnx_nchw(e, n->in[0]);
    const char *f = filter(e, w, depthwise ? depthwise_to_oihw : ohwi_to_oihw);
    const char *b = bias ? tsr_onnx_nhwc(e, n->in[2]) : NULL;
    tsr_onnx_node o = tsr_onnx_begin(e, "Conv");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, f);
    if (b)
        tsr_onnx_in(&o, b);
    tsr_onnx_attr_ints(&o, "kernel_shape", (int[]){ w->dim[1], w->dim[2] }, 2);
    tsr_onnx_attr_ints(&o, "strides", (int[]){ a->stride_y, a->stride_x }, 2);
    tsr_onnx_attr_ints(&o, "dilations", (int[]){ a->dilation_y, a->dilation_x }, 2);
    tsr_onnx_attr_ints(&o, "pads",
                       (int[]){ a->pad_top, a->pad_left, a->pad_bottom, a->pad_right }, 4);
    tsr_onnx_attr_int(&o, "group", depthwise ? in_tensor(e, n, 0)->dim[3] : a->groups);
    finish_with_residual(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_transpose_conv2d(tsr_emitter *e, const tsr_node *n)
{
    static const int ohwi_to_iohw[] = { 3, 0, 1, 2 };
    const tsr_transpose_conv2d_attr *a = &n->attr.transpose_conv2d;
    const tsr_tensor *x = in_tensor(e, n, 0), *w = in_tensor(e, n, 1);
    /* What the cut result lacks to oh x ow is added at the end, or cut there. */
    const int full_h = (x->dim[1] - 1) * a->stride_y + w->dim[1] - a->pad_top - a->pad_bottom;
    const int full_w = (x->dim[2] - 1) * a->stride_x + w->dim[2] - a->pad_left - a->pad_right;
    int more_h = a->oh - full_h, more_w = a->ow - full_w;
    int bottom = a->pad_bottom, right = a->pad_right;
    if (more_h < 0)
        bottom -= more_h, more_h = 0;
    if (more_w < 0)
        right -= more_w, more_w = 0;
    const char *xn = tsr_onnx_nchw(e, n->in[0]), *f = filter(e, w, ohwi_to_iohw);
    const char *b = in_tensor(e, n, 2) ? tsr_onnx_nhwc(e, n->in[2]) : NULL;
    tsr_onnx_node o = tsr_onnx_begin(e, "ConvTranspose");
    tsr_onnx_in(&o, xn);
    tsr_onnx_in(&o, f);
    if (b)
        tsr_onnx_in(&o, b);
    tsr_onnx_attr_ints(&o, "kernel_shape", (int[]){ w->dim[1], w->dim[2] }, 2);
    tsr_onnx_attr_ints(&o, "strides", (int[]){ a->stride_y, a->stride_x }, 2);
    tsr_onnx_attr_ints(&o, "pads", (int[]){ a->pad_top, a->pad_left, bottom, right }, 4);
    tsr_onnx_attr_ints(&o, "output_padding", (int[]){ more_h, more_w }, 2);
    finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

/* ---- shapes ---------------------------------------------------------------- */

static const char *emit_reshape(tsr_emitter *e, const char *x, int rank, const int *dim,
                                const char *to)
{
    const char *shape = tsr_onnx_int64s(e, dim, rank);
    tsr_onnx_node o = tsr_onnx_begin(e, "Reshape");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, shape);
    tsr_onnx_out(&o, to);
    tsr_onnx_end(&o);
    return to;
}

static tsr_status reshape(tsr_emitter *e, const tsr_node *n)
{
    const tsr_tensor *y = tsr_graph_tensor(e->g, n->out[0]);
    const char *x = tsr_onnx_nhwc(e, n->in[0]);
    emit_reshape(e, x, y->rank, y->dim, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_dense(tsr_emitter *e, const tsr_node *n)
{
    const tsr_tensor *x = in_tensor(e, n, 0), *w = in_tensor(e, n, 1);
    const tsr_tensor *y = tsr_graph_tensor(e->g, n->out[0]);
    const int c = w->dim[1], rows = (int)(tsr_elements(x) / (size_t)c);
    const char *flat = tsr_onnx_nhwc(e, n->in[0]), *f = tsr_onnx_nhwc(e, n->in[1]);
    if (x->rank != 2 || x->dim[1] != c)
        flat = emit_reshape(e, flat, 2, (int[]){ rows, c }, tsr_onnx_name(e, "rows"));
    const char *b = in_tensor(e, n, 2) ? tsr_onnx_nhwc(e, n->in[2]) : NULL;
    const char *to = tsr_onnx_new_nhwc(e, n->out[0]);
    const char *product = y->rank == 2 ? to : tsr_onnx_name(e, "dense");
    tsr_onnx_node o = tsr_onnx_begin(e, "Gemm");
    tsr_onnx_in(&o, flat);
    tsr_onnx_in(&o, f);
    if (b)
        tsr_onnx_in(&o, b);
    tsr_onnx_attr_int(&o, "transB", 1);
    finish(&o, n, product);
    if (product != to)
        emit_reshape(e, product, y->rank, y->dim, to);
    return TSR_OK;
}

/* An axis of ours where it stands in N,C,H,W. */
static int nchw_axis(int axis)
{
    static const int where[] = { 0, 2, 3, 1 };
    return where[axis];
}

/* Four-dimensional values that come from convolutions stay as they are. */
static bool prefer_nchw(const tsr_emitter *e, const tsr_node *n)
{
    bool any = false;
    for (int i = 0; i < n->in_count; i++) {
        const tsr_tensor *t = in_tensor(e, n, i);
        if (!t || (!t->data && t->rank != 4))
            return false;
        any |= !t->data && e->nchw[n->in[i]];
    }
    return any && tsr_graph_tensor(e->g, n->out[0])->rank == 4;
}

static tsr_status emit_concat(tsr_emitter *e, const tsr_node *n)
{
    const bool nchw = prefer_nchw(e, n);
    const char *names[64];
    if (n->in_count > 64)
        return unsupported(e, n, "more than 64 inputs");
    for (int i = 0; i < n->in_count; i++)
        names[i] = nchw ? tsr_onnx_nchw(e, n->in[i]) : tsr_onnx_nhwc(e, n->in[i]);
    tsr_onnx_node o = tsr_onnx_begin(e, "Concat");
    for (int i = 0; i < n->in_count; i++)
        tsr_onnx_in(&o, names[i]);
    const int axis = n->attr.concat.axis;
    tsr_onnx_attr_int(&o, "axis", nchw ? nchw_axis(axis) : axis);
    finish(&o, n, nchw ? tsr_onnx_new_nchw(e, n->out[0]) : tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_pad(tsr_emitter *e, const tsr_node *n)
{
    const tsr_pad_attr *a = &n->attr.pad;
    const int rank = in_tensor(e, n, 0)->rank;
    const bool nchw = prefer_nchw(e, n);
    int pads[2 * TSR_MAX_RANK] = { 0 };
    for (int i = 0; i < rank; i++) {
        const int at = nchw ? nchw_axis(i) : i;
        pads[at] = a->before[i], pads[rank + at] = a->after[i];
    }
    const char *x = nchw ? tsr_onnx_nchw(e, n->in[0]) : tsr_onnx_nhwc(e, n->in[0]);
    const char *p = tsr_onnx_int64s(e, pads, 2 * rank);
    const char *value = tsr_onnx_floats(e, &a->value, 0, NULL);
    tsr_onnx_node o = tsr_onnx_begin(e, "Pad");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, p);
    tsr_onnx_in(&o, value);
    finish(&o, n, nchw ? tsr_onnx_new_nchw(e, n->out[0]) : tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_slice(tsr_emitter *e, const tsr_node *n)
{
    const tsr_slice_attr *a = &n->attr.slice;
    const int rank = in_tensor(e, n, 0)->rank;
    int end[TSR_MAX_RANK], axes[TSR_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        const int64_t stop = a->begin[i] + (int64_t)a->size[i] * a->stride[i];
        end[i] = stop < 0 ? INT32_MIN : (int)stop;      /* backwards past the first */
        axes[i] = i;
    }
    const char *names[] = { tsr_onnx_nhwc(e, n->in[0]), tsr_onnx_int64s(e, a->begin, rank),
                            tsr_onnx_int64s(e, end, rank), tsr_onnx_int64s(e, axes, rank),
                            tsr_onnx_int64s(e, a->stride, rank) };
    tsr_onnx_node o = tsr_onnx_begin(e, "Slice");
    for (int i = 0; i < 5; i++)
        tsr_onnx_in(&o, names[i]);
    finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_transpose(tsr_emitter *e, const tsr_node *n)
{
    const char *x = tsr_onnx_nhwc(e, n->in[0]);
    tsr_onnx_node o = tsr_onnx_begin(e, "Transpose");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_ints(&o, "perm", n->attr.transpose.perm, in_tensor(e, n, 0)->rank);
    finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_gather(tsr_emitter *e, const tsr_node *n)
{
    const char *x = tsr_onnx_nhwc(e, n->in[0]), *index = tsr_onnx_nhwc(e, n->in[1]);
    tsr_onnx_node o = tsr_onnx_begin(e, "Gather");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, index);
    tsr_onnx_attr_int(&o, "axis", n->attr.gather.axis);
    finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

/* ---- windows --------------------------------------------------------------- */

static tsr_status emit_pool2d(tsr_emitter *e, const tsr_node *n)
{
    const tsr_pool2d_attr *a = &n->attr.pool2d;
    const bool max = n->kind == TSR_OP_MAX_POOL2D;
    const char *x = tsr_onnx_nchw(e, n->in[0]);
    if (!max && (a->dilation_y > 1 || a->dilation_x > 1))
        return unsupported(e, n, "a dilated average");
    tsr_onnx_node o = tsr_onnx_begin(e, max ? "MaxPool" : "AveragePool");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_ints(&o, "kernel_shape", (int[]){ a->kh, a->kw }, 2);
    tsr_onnx_attr_ints(&o, "strides", (int[]){ a->stride_y, a->stride_x }, 2);
    tsr_onnx_attr_ints(&o, "pads",
                       (int[]){ a->pad_top, a->pad_left, a->pad_bottom, a->pad_right }, 4);
    if (max && (a->dilation_y > 1 || a->dilation_x > 1))
        tsr_onnx_attr_ints(&o, "dilations", (int[]){ a->dilation_y, a->dilation_x }, 2);
    if (!max)
        tsr_onnx_attr_int(&o, "count_include_pad", a->count_include_pad);
    finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_resize(tsr_emitter *e, const tsr_node *n)
{
    static const char *const coord[] = {
        [TSR_COORD_ASYMMETRIC] = "asymmetric", [TSR_COORD_ALIGN_CORNERS] = "align_corners",
        [TSR_COORD_HALF_PIXEL] = "half_pixel",
        [TSR_COORD_PYTORCH_HALF_PIXEL] = "pytorch_half_pixel",
    };
    static const char *const nearest[] = {
        [TSR_ROUND_FLOOR] = "floor", [TSR_ROUND_CEIL] = "ceil",
        [TSR_ROUND_HALF_DOWN] = "round_prefer_floor", [TSR_ROUND_HALF_UP] = "round_prefer_ceil",
    };
    const tsr_resize_attr *a = &n->attr.resize;
    const tsr_tensor *x = in_tensor(e, n, 0);
    const int size[] = { x->dim[0], x->dim[3], a->oh, a->ow };
    const float scale[] = { 1.0f, 1.0f, a->scale_y, a->scale_x };
    const bool by_scale = a->scale_y > 0.0f && a->scale_x > 0.0f;
    const char *xn = tsr_onnx_nchw(e, n->in[0]);
    const char *how = by_scale ? tsr_onnx_floats(e, scale, 1, (int[]){ 4 })
                               : tsr_onnx_int64s(e, size, 4);
    tsr_onnx_node o = tsr_onnx_begin(e, "Resize");
    tsr_onnx_in(&o, xn);
    tsr_onnx_in(&o, "");
    tsr_onnx_in(&o, by_scale ? how : "");
    if (!by_scale)
        tsr_onnx_in(&o, how);
    tsr_onnx_attr_string(&o, "mode", a->method == TSR_BILINEAR ? "linear" : "nearest");
    tsr_onnx_attr_string(&o, "coordinate_transformation_mode", coord[a->coord]);
    if (a->method == TSR_NEAREST)
        tsr_onnx_attr_string(&o, "nearest_mode", nearest[a->nearest]);
    finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_depth_space(tsr_emitter *e, const tsr_node *n)
{
    const bool to_space = n->kind == TSR_OP_DEPTH_TO_SPACE;
    const char *x = tsr_onnx_nchw(e, n->in[0]);
    tsr_onnx_node o = tsr_onnx_begin(e, to_space ? "DepthToSpace" : "SpaceToDepth");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_int(&o, "blocksize", n->attr.depth_space.block);
    if (to_space)
        tsr_onnx_attr_string(&o, "mode", n->attr.depth_space.crd ? "CRD" : "DCR");
    finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
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
    return filter(e, &full, (const int[]){ 0, 3, 1, 2 });
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
    const bool nchw = prefer_nchw(e, n);
    const char *names[2] = { "", "" };
    for (int i = 0; i < n->in_count; i++)
        names[i] = !nchw ? tsr_onnx_nhwc(e, n->in[i])
                 : in_tensor(e, n, i)->data ? broadcast_constant(e, n->in[i])
                 : tsr_onnx_nchw(e, n->in[i]);
    tsr_onnx_node o = tsr_onnx_begin(e, op_types[n->kind]);
    for (int i = 0; i < n->in_count; i++)
        tsr_onnx_in(&o, names[i]);
    if (n->kind == TSR_OP_LEAKY_RELU || n->kind == TSR_OP_ELU || n->kind == TSR_OP_HARD_SIGMOID)
        tsr_onnx_attr_float(&o, "alpha", n->attr.unary.alpha);
    if (n->kind == TSR_OP_HARD_SIGMOID)
        tsr_onnx_attr_float(&o, "beta", n->attr.unary.beta);
    finish(&o, n, nchw ? tsr_onnx_new_nchw(e, n->out[0]) : tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

static tsr_status emit_clamp_alone(tsr_emitter *e, const tsr_node *n)
{
    const bool nchw = prefer_nchw(e, n);
    const char *x = nchw ? tsr_onnx_nchw(e, n->in[0]) : tsr_onnx_nhwc(e, n->in[0]);
    emit_clamp(e, n, x, nchw ? tsr_onnx_new_nchw(e, n->out[0]) : tsr_onnx_new_nhwc(e, n->out[0]));
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
    finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

/* Opset 13 moved ReduceSum's axes into an input and left the others' alone. */
static tsr_status emit_reduce(tsr_emitter *e, const tsr_node *n)
{
    const int rank = in_tensor(e, n, 0)->rank;
    const bool nchw = n->attr.reduce.keep_dims && prefer_nchw(e, n);
    int axes[TSR_MAX_RANK], count = 0;
    for (int i = 0; i < rank; i++)
        if (n->attr.reduce.axes >> i & 1)
            axes[count++] = nchw ? nchw_axis(i) : i;
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
    finish(&o, n, nchw ? tsr_onnx_new_nchw(e, n->out[0]) : tsr_onnx_new_nhwc(e, n->out[0]));
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
        if (in_tensor(e, n, i) && !cast_type(in_tensor(e, n, i)->dtype))
            return false;
    return cast_type(tsr_graph_tensor(e->g, n->out[0])->dtype);
}

tsr_status tsr_onnx_emit(tsr_emitter *e, const tsr_node *n)
{
    if (!all_float(e, n))
        return unsupported(e, n, "an operator on quantised numbers");
    switch (n->kind) {
    case TSR_OP_CONV2D: case TSR_OP_DEPTHWISE_CONV2D: return emit_conv2d(e, n);
    case TSR_OP_TRANSPOSE_CONV2D: return emit_transpose_conv2d(e, n);
    case TSR_OP_DENSE: return emit_dense(e, n);
    case TSR_OP_MAX_POOL2D: case TSR_OP_AVERAGE_POOL2D: return emit_pool2d(e, n);
    case TSR_OP_RESIZE: return emit_resize(e, n);
    case TSR_OP_CLAMP: return emit_clamp_alone(e, n);
    case TSR_OP_SOFTMAX: return emit_softmax(e, n);
    case TSR_OP_RESHAPE: return reshape(e, n);
    case TSR_OP_TRANSPOSE: return emit_transpose(e, n);
    case TSR_OP_CONCAT: return emit_concat(e, n);
    case TSR_OP_PAD: return emit_pad(e, n);
    case TSR_OP_SLICE: return emit_slice(e, n);
    case TSR_OP_DEPTH_TO_SPACE: case TSR_OP_SPACE_TO_DEPTH: return emit_depth_space(e, n);
    case TSR_OP_GATHER: return emit_gather(e, n);
    case TSR_OP_ARG_MAX: case TSR_OP_ARG_MIN: return emit_arg(e, n);
    case TSR_OP_MEAN: case TSR_OP_REDUCE_MAX: case TSR_OP_REDUCE_MIN: case TSR_OP_REDUCE_SUM:
        return emit_reduce(e, n);
    case TSR_OP_CAST:
        emit_cast(e, tsr_onnx_nhwc(e, n->in[0]), tsr_graph_tensor(e->g, n->out[0])->dtype,
                  tsr_onnx_new_nhwc(e, n->out[0]));
        return TSR_OK;
    default:
        return op_types[n->kind] ? emit_elementwise(e, n) : unsupported(e, n, "this operator");
    }
}
