/*
 * onnx_quant.c - 8-bit networks: QuantizeLinear and DequantizeLinear.  Operators
 * between them are onnx_qdq.c's, those that come with their scales onnx_qlinear.c's.
 *
 * A file of the QDQ kind wraps every operator:
 *
 *     q -> DequantizeLinear -> Conv -> Relu -> QuantizeLinear -> q'
 *
 * and means the operator on the 8-bit numbers.  So a dequantised value remembers
 * what it was made from (q_plain, q_nhwc), and is computed only if somebody wants
 * floats.  When an operator's first input is such a value and its only reader,
 * perhaps behind an activation, is a QuantizeLinear, it is tried with o->q.on: the
 * functions that give inputs then give the 8-bit ones, and the node gets the type
 * and scale of the QuantizeLinear.  If shape inference refuses that (scales that
 * a pool cannot change, a filter scaled along another axis), the operator is done
 * in floats as it is written.  Either way the rounding is the `float` rule.
 *
 * Scales along an axis are only kept for constants, s8 with zero point 0; any
 * other tensor of that kind is (de)quantised by plain arithmetic.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/onnx_quant.h"

bool onx_q_read(onx_op *o, const int slot[2], int rank, onx_scales *s)
{
    const tsr_tensor *scale = onx_constant(o, slot[0]);
    const tsr_tensor *zero = onx_has(o, slot[1]) ? onx_constant(o, slot[1]) : NULL;
    *s = (onx_scales){ .dtype = zero ? zero->dtype : TSR_U8 };
    if (!scale || scale->dtype != TSR_F32 || (onx_has(o, slot[1]) && !zero)
        || (zero && tsr_elements(zero) != tsr_elements(scale))) {
        if (onx_ok(o))
            onx_fail(o, TSR_UNSUPPORTED, "scale and zero point are not constants of one shape");
        return false;
    }
    s->scale = scale->data;
    s->zero = zero;
    s->count = (int)tsr_elements(scale);
    s->axis = s->count == 1 || rank == 0 ? 0 : onx_axis(o, onx_attr_int(o, "axis", 1), rank);
    for (int i = 0; i < s->count; i++)
        if (!(s->scale[i] > 0) || isinf(s->scale[i]))
            onx_fail(o, TSR_BAD_FILE, "scale %d is %g", i, (double)s->scale[i]);
    return onx_ok(o);
}

int onx_q_zero(const onx_scales *s, int i)
{
    const tsr_tensor *z = s->zero;
    if (!z)
        return 0;
    switch (z->dtype) {
    case TSR_U8: return ((const uint8_t *)z->data)[i];
    case TSR_S8: return ((const int8_t *)z->data)[i];
    case TSR_S16: return ((const int16_t *)z->data)[i];
    case TSR_S32: return ((const int32_t *)z->data)[i];
    default: return 0;
    }
}

static bool zeros(const onx_scales *s)
{
    for (int i = 0; i < s->count; i++)
        if (onx_q_zero(s, i) != 0)
            return false;
    return true;
}

/* ---- the same numbers with a scale ------------------------------------------------- */

static bool same_quant(const tsr_quant *a, const tsr_quant *b)
{
    return !a->scales && !b->scales && memcmp(&a->scale, &b->scale, sizeof a->scale) == 0
        && a->zero_point == b->zero_point;
}

/* `value` as a tensor of that scale: itself, if it has none yet and is an input;
 * a constant again; else a view. */
static int label(onx_op *o, int value, const tsr_quant *q)
{
    tsr_graph *g = o->f->g;
    if (value < 0 || !onx_ok(o))
        return ONX_NONE;
    tsr_tensor t = g->values[value].t;
    if (same_quant(&t.quant, q))
        return value;
    const bool fresh = !(t.quant.scale > 0) && !t.quant.scales;
    t.quant = *q;
    if (t.data)
        return tsr_graph_constant(g, &t);
    if (fresh && g->values[value].producer < 0) {
        g->values[value].t.quant = *q;
        return value;
    }
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, t.name, &value, 1);
    n.attr.reshape.rank = t.rank;
    memcpy(n.attr.reshape.dim, t.dim, sizeof t.dim);
    return tsr_graph_node(g, &n, &t);
}

/* Constants along axis `axis` of a tensor of that rank. */
static int along(onx_op *o, const float *x, int n, int rank, int axis)
{
    int dim[TSR_MAX_RANK] = { 1, 1, 1, 1, 1, 1 };
    if (rank > 0)
        dim[axis] = n;
    return onx_floats(o, x, rank, dim);
}

static int zero_floats(onx_op *o, const onx_scales *s, int rank)
{
    float *z = onx_room(o, (size_t)s->count * sizeof *z);
    for (int i = 0; z && i < s->count; i++)
        z[i] = (float)onx_q_zero(s, i);
    return z ? along(o, z, s->count, rank, s->axis) : ONX_NONE;
}

static int cast(onx_op *o, int x, tsr_dtype to)
{
    const tsr_node n = tsr_node_make(TSR_OP_CAST, o->name, &x, 1);
    return onx_step(o, &n, to);
}

/* (x - zero) * scale, by arithmetic. */
static int dequantised(onx_op *o, int x, const onx_scales *s)
{
    if (x < 0)
        return ONX_NONE;
    const int rank = onx_t(o, x)->rank;
    const int d = onx_binary(o, TSR_OP_SUB, cast(o, x, TSR_F32), zero_floats(o, s, rank));
    return onx_binary(o, TSR_OP_MUL, d, along(o, s->scale, s->count, rank, s->axis));
}

static bool fits_axis(const onx_scales *s, const onx_shape *shape)
{
    return s->count == 1 || (shape->rank > 0 && shape->dim[s->axis] == s->count);
}

bool onx_q_define(onx_op *o, int slot, const onx_scales *s, onx_str name)
{
    onx_value *v = onx_input(o, slot);
    if (!v || !fits_axis(s, &v->shape)) {
        if (onx_ok(o))
            onx_fail(o, TSR_BAD_FILE, "%d scales do not fit its input", s->count);
        return false;
    }
    onx_value made = *v;
    const tsr_dtype d = onx_dtype_of(o, slot);
    const bool per_axis = s->count > 1, constant = onx_constant(o, slot) != NULL;
    const bool small = d == TSR_U8 || d == TSR_S8 || d == TSR_S32;
    if (small && (!per_axis || (constant && d != TSR_U8)) && (d != TSR_S32 || zeros(s))
        && (!per_axis || zeros(s))) {
        const tsr_quant q = { .scale = s->scale[0], .zero_point = per_axis ? 0 : onx_q_zero(s, 0),
                              .scales = per_axis ? s->scale : NULL, .axis = s->axis };
        made.q_plain = made.nhwc >= 0 && made.plain < 0 ? ONX_NONE
                     : label(o, onx_value_plain(o, v), &q);
        made.q_nhwc = made.q_plain >= 0 ? ONX_NONE : label(o, made.nhwc, &q);
        made.plain = ONX_NONE;
    } else {
        made.plain = dequantised(o, onx_value_plain(o, v), s);
    }
    made.nhwc = made.narrow = ONX_NONE;
    onx_value *out = onx_ok(o) ? onx_add(o->f, name) : NULL;
    if (!out)
        return false;
    made.name = out->name;
    made.uses = out->uses;
    made.reader = out->reader;
    made.defined = true;
    *out = made;
    return true;
}

void onx_dequantize(onx_op *o)
{
    onx_scales s;
    if (onx_q_read(o, (int[]){ 1, 2 }, onx_shape_of(o, 0).rank, &s))
        onx_q_define(o, 0, &s, o->out[0]);
}

void onx_quantize(onx_op *o)
{
    onx_scales s;
    const onx_shape shape = onx_shape_of(o, 0);
    if (!onx_q_read(o, (int[]){ 1, 2 }, shape.rank, &s))
        return;
    if ((s.dtype != TSR_U8 && s.dtype != TSR_S8) || !fits_axis(&s, &shape)) {
        onx_fail(o, TSR_UNSUPPORTED, "to %s with %d scales", tsr_dtype_name(s.dtype), s.count);
        return;
    }
    const bool image = onx_is_image(o, 0) && s.count == 1;
    int x = image ? onx_nhwc(o, 0) : onx_plain(o, 0);
    if (s.count == 1) {
        tsr_node n = tsr_node_make(TSR_OP_QUANTIZE, o->name, &x, 1);
        n.attr.quantize.divide = true;
        tsr_tensor out = { .name = o->name, .dtype = s.dtype };
        out.quant = (tsr_quant){ .scale = s.scale[0], .zero_point = onx_q_zero(&s, 0) };
        x = x < 0 || !onx_ok(o) ? ONX_NONE : tsr_graph_node(o->f->g, &n, &out);
    } else {
        x = onx_binary(o, TSR_OP_DIV, x, along(o, s.scale, s.count, shape.rank, s.axis));
        x = onx_unary(o, TSR_OP_ROUND, x);
        x = cast(o, onx_binary(o, TSR_OP_ADD, x, zero_floats(o, &s, shape.rank)), s.dtype);
    }
    onx_set(o, 0, x, image ? ONX_NHWC : ONX_PLAIN);
}
