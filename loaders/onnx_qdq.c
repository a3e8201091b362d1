/*
 * onnx_qdq.c - operators between DequantizeLinear and QuantizeLinear; see
 * onnx_quant.c.                                  SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/onnx_quant.h"

/* ---- who reads what ---------------------------------------------------------------- */

void onx_note_node(onx_file *f, tsr_reader node)
{
    const tsr_reader whole = node;
    tsr_pb_field field;
    while (tsr_pb_next(&node, &field)) {
        if (field.number != 1 || rd_left(&field.bytes) == 0)
            continue;
        const onx_str name = { (const char *)field.bytes.at, rd_left(&field.bytes) };
        onx_value *v = onx_note(f, name);
        if (!v)
            return;
        v->uses += v->uses < 2;
        v->reader = whole;
    }
    f->bad |= node.bad;
}

/* An output of the model has more readers than we can see. */
void onx_note_output(onx_file *f, tsr_reader value_info)
{
    tsr_pb_field field;
    while (tsr_pb_next(&value_info, &field)) {
        const onx_str name = { (const char *)field.bytes.at, rd_left(&field.bytes) };
        onx_value *v = field.number == 1 ? onx_note(f, name) : NULL;
        if (v)
            v->uses = 2;
    }
    f->bad |= value_info.bad;
}

/* ---- the chain behind an operator ---------------------------------------------------- */

static bool is_known(onx_op *o, int slot)
{
    return !onx_has(o, slot) || onx_find(o->f, o->in[slot]);
}

/* Is that an operator that may stand behind another on 8-bit numbers?  Looked up
 * before the node is read, because others can be large. */
static bool may_follow(tsr_reader node)
{
    tsr_pb_field field;
    bool follows = false;
    int fields = 0;
    while (tsr_pb_next(&node, &field) && fields++ < 32) {
        const onx_str s = { (const char *)field.bytes.at, rd_left(&field.bytes) };
        follows |= field.number == 4 && (onx_str_is(s, "QuantizeLinear") || onx_str_is(s, "Relu")
                                         || onx_str_is(s, "Clip"));
    }
    return follows && rd_left(&node) == 0;
}

/* The only reader of `name`, if there is just one. */
static bool only_reader(onx_file *f, onx_str name, onx_op *o)
{
    const onx_value *v = onx_note(f, name);
    return v && v->uses == 1 && v->reader.at && may_follow(v->reader)
        && onx_read_node(f, v->reader, o) && o->in_count > 0 && o->out_count > 0
        && o->in[0].n == name.n && memcmp(o->in[0].s, name.s, name.n) == 0;
}

/* Relu, or Clip between constants. */
static bool read_clamp(onx_op *o, onx_q *q)
{
    if (strcmp(o->type, "Relu") == 0) {
        q->lo = 0;
        return true;
    }
    if (strcmp(o->type, "Clip") != 0 || !is_known(o, 1) || !is_known(o, 2))
        return false;
    const bool inputs = o->f->opset >= 11;
    for (int slot = 1; slot < 3 && inputs; slot++)
        if (onx_has(o, slot) && !onx_constant(o, slot))
            return false;
    q->lo = inputs ? onx_input_float(o, 1, q->lo) : onx_attr_float(o, "min", q->lo);
    q->hi = inputs ? onx_input_float(o, 2, q->hi) : onx_attr_float(o, "max", q->hi);
    return q->lo <= q->hi;
}

/* QuantizeLinear by one constant scale to u8 or s8. */
static bool read_result(onx_op *o, onx_q *q)
{
    onx_scales s;
    if (strcmp(o->type, "QuantizeLinear") != 0 || !is_known(o, 1) || !is_known(o, 2)
        || !onx_constant(o, 1) || (onx_has(o, 2) && !onx_constant(o, 2))
        || !onx_q_read(o, (int[]){ 1, 2 }, 0, &s) || s.count != 1
        || (s.dtype != TSR_U8 && s.dtype != TSR_S8))
        return false;
    q->dtype = s.dtype;
    q->quant = (tsr_quant){ .scale = s.scale[0], .zero_point = onx_q_zero(&s, 0) };
    return true;
}

/* Operators whose function adds one node that computes, others only moving. */
static bool can_try(const onx_op *o)
{
    static void (*const readers[])(onx_op *o) = {
        onx_conv, onx_conv_transpose, onx_gemm, onx_matmul, onx_binary_op, onx_pool,
        onx_global_pool, onx_relu, onx_clip, onx_leaky_relu, onx_softmax, onx_concat_op,
        onx_hard_sigmoid, onx_prelu, onx_reduce_op, onx_resize, onx_reshape_op, onx_flatten,
        onx_squeeze, onx_unsqueeze, onx_transpose_op, onx_slice_op, onx_depth_space, onx_pad,
    };
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (o->reader->load == readers[i])
            return true;
    return o->reader->load == onx_unary_op
        && (o->reader->kind == TSR_OP_LOGISTIC || o->reader->kind == TSR_OP_TANH
            || o->reader->kind == TSR_OP_HARD_SWISH);
}

static bool is_quantised(onx_op *o, int slot)
{
    const onx_value *v = onx_has(o, slot) ? onx_find(o->f, o->in[slot]) : NULL;
    return v && (v->q_plain >= 0 || v->q_nhwc >= 0);
}

/* The names in between exist only here; their own operators find them made. */
static void made_ahead(onx_file *f, onx_str name)
{
    onx_value *v = onx_note(f, name);
    if (v)
        v->defined = v->ahead = true;
}

bool onx_q_try(onx_op *o)
{
    onx_op next, last;
    if (o->out_count != 1 || !can_try(o) || !is_quantised(o, 0)
        || !only_reader(o->f, o->out[0], &next))
        return false;
    onx_op sub = *o;
    sub.q = (onx_q){ .on = true, .lo = -TSR_INFINITY, .hi = TSR_INFINITY };
    const bool clamped = read_clamp(&next, &sub.q);
    last = next;
    if (clamped && !only_reader(o->f, next.out[0], &last))
        return false;
    if (!read_result(&last, &sub.q) || !onx_ok(o))
        return false;
    sub.out = last.out;
    sub.name = last.name;
    o->reader->load(&sub);
    if (!onx_ok(o) || !onx_find(o->f, last.out[0]))
        return false;
    made_ahead(o->f, o->out[0]);
    made_ahead(o->f, next.out[0]);
    made_ahead(o->f, last.out[0]);
    return true;
}

/* ---- while it is tried ----------------------------------------------------------------- */

static bool computes(tsr_op_kind kind)
{
    switch (kind) {
    case TSR_OP_CONV2D: case TSR_OP_DEPTHWISE_CONV2D: case TSR_OP_TRANSPOSE_CONV2D:
    case TSR_OP_DENSE: case TSR_OP_ADD: case TSR_OP_SUB: case TSR_OP_MUL: case TSR_OP_MAX_POOL2D:
    case TSR_OP_AVERAGE_POOL2D: case TSR_OP_RESIZE: case TSR_OP_MEAN: case TSR_OP_CLAMP:
    case TSR_OP_LEAKY_RELU: case TSR_OP_SOFTMAX: case TSR_OP_CONCAT: case TSR_OP_LOGISTIC:
    case TSR_OP_TANH: case TSR_OP_HARD_SWISH: case TSR_OP_HARD_SIGMOID: case TSR_OP_PRELU:
        return true;
    default: return false;
    }
}

static bool moves(tsr_op_kind kind)
{
    return kind >= TSR_OP_RESHAPE && kind <= TSR_OP_BATCH_TO_SPACE;
}

/* Would infer take it?  Asked before the graph is, whose errors stay. */
static bool acceptable(onx_op *o, tsr_node *n, const tsr_tensor *out)
{
    const tsr_op *op = o->f->g->ops[n->kind];
    const size_t slots = (size_t)n->in_count + 1;
    const tsr_tensor **in = tsr_pool_alloc(o->f->scratch, slots * sizeof *in, sizeof(void *));
    tsr_node node = *n;
    tsr_tensor result = *out;
    if (!op || !in || n->in_count < op->min_in)
        return false;
    for (int i = 0; i < n->in_count; i++) {
        in[i] = onx_t(o, n->in[i]);
        if (!in[i] && (i < op->min_in || n->kind == TSR_OP_CONCAT))
            return false;
    }
    return op->infer(&node, in, &result, NULL) == TSR_OK;
}

bool onx_q_step(onx_op *o, tsr_node *n, tsr_tensor *out)
{
    if (computes(n->kind)) {
        const tsr_op *op = o->f->g->ops[n->kind];
        out->dtype = o->q.dtype;
        out->quant = o->q.quant;
        if (op && op->flags & TSR_OP_HAS_CLAMP) {
            n->lo = n->lo > o->q.lo ? n->lo : o->q.lo;
            n->hi = n->hi < o->q.hi ? n->hi : o->q.hi;
        } else if (o->q.lo > -TSR_INFINITY || o->q.hi < TSR_INFINITY) {
            o->q.failed = true;
        }
    } else if (!moves(n->kind)) {
        o->q.failed = true;
    }
    o->q.failed |= !(n->lo <= n->hi);
    for (int i = 0; i < n->in_count && moves(n->kind); i++)
        o->q.failed |= n->in[i] < 0 || onx_t(o, n->in[i])->quant.scales;
    o->q.failed |= o->q.failed || !acceptable(o, n, out);
    return !o->q.failed;
}

/* Real biases over x_scale * filter_scale, unless they have that scale already. */
int onx_q_bias(onx_op *o, int slot, int x, const tsr_quant *filter, int oc)
{
    const tsr_tensor *b = onx_has(o, slot) ? onx_constant(o, slot) : NULL;
    if (!b)
        return ONX_NONE;
    const bool stored = b->dtype == TSR_S32 && (b->quant.scale > 0 || b->quant.scales);
    if (tsr_elements(b) != (size_t)oc || x < 0 || (!stored && b->dtype != TSR_F32)) {
        o->q.failed = true;
        return ONX_NONE;
    }
    const tsr_tensor t = { .name = b->name, .dtype = TSR_S32, .rank = 1, .dim = { oc } };
    tsr_tensor made = t;
    int32_t *to = made.data = onx_room(o, tsr_bytes(&t));
    for (int i = 0; to && i < oc; i++) {
        const double scale = (double)onx_t(o, x)->quant.scale
                             * (double)(filter->scales ? filter->scales[i] : filter->scale);
        const double own = (double)(b->quant.scales ? b->quant.scales[i] : b->quant.scale);
        const double v = stored ? ((const int32_t *)b->data)[i]
                                : (double)((const float *)b->data)[i];
        const bool same = stored && fabs(own - scale) <= 1e-6 * scale;
        const double q = same ? v : rint(v * (stored ? own : 1) / scale);
        o->q.failed |= !(fabs(q) < 0x1p31);
        to[i] = fabs(q) < 0x1p31 ? (int32_t)q : 0;
    }
    return to && !o->q.failed ? tsr_graph_constant(o->f->g, &made) : ONX_NONE;
}
