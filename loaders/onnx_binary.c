/*
 * onnx_binary.c - operators of several inputs with NumPy broadcasting.
 *
 * Broadcasting lines shapes up at their last axis, which is w in N,C,H,W but c in
 * ours.  An operand of lower rank is therefore written out to four axes first,
 * [c,1,1] as [1,c,1,1], and then turned like an image: [1,1,1,c].  Constants are
 * turned while the graph is built.
 *
 * Operator sets before 7 line up where the attribute `axis` says.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "loaders/onnx_read.h"

onx_order onx_common_order(onx_op *o)
{
    bool image = false;
    for (int i = 0; i < o->in_count; i++) {
        if (onx_has(o, i) && onx_shape_of(o, i).rank > 4)
            return ONX_PLAIN;
        image |= onx_has(o, i) && onx_is_image(o, i);
    }
    return image ? ONX_NHWC : ONX_PLAIN;
}

/* Does some other input have every size of `shape` already, so that the result
 * does not need this one's? */
static bool covered(onx_op *o, int slot, const onx_shape *shape)
{
    for (int i = 0; i < o->in_count; i++) {
        const onx_value *v = i == slot ? NULL : onx_input(o, i);
        if (!v || v->narrow >= 0 || v->shape.rank < shape->rank)
            continue;
        bool all = true;
        for (int k = 1; k <= shape->rank; k++)
            all &= v->shape.dim[v->shape.rank - k] >= shape->dim[shape->rank - k];
        if (all)
            return true;
    }
    return false;
}

/* Axes of the second operand in operator sets before 7: put `axis` in place by
 * adding 1s behind. */
static int line_up(onx_op *o, int slot, int value)
{
    const int rank = onx_shape_of(o, 0).rank;
    const tsr_tensor *t = onx_t(o, value);
    if (slot != 1 || o->f->opset >= 7 || !t || t->rank == 0 || !onx_has_attr(o, "axis"))
        return value;
    const int axis = onx_axis(o, onx_attr_int(o, "axis", 0), rank);
    onx_shape s = { axis + t->rank > rank ? t->rank : rank - axis, { 0 } };
    for (int k = 0; k < s.rank; k++)
        s.dim[k] = k < t->rank ? t->dim[k] : 1;
    return onx_reshape(o, value, s.rank, s.dim);
}

int onx_operand(onx_op *o, int slot, onx_order order)
{
    onx_value *v = onx_input(o, slot);
    if (!v)
        return onx_plain(o, slot);              /* says that it is missing */
    const bool narrow = v->narrow >= 0 && covered(o, slot, &v->shape);
    if (order == ONX_NHWC && v->shape.rank == 4 && !narrow)
        return onx_value_nhwc(o, v);
    const int value = line_up(o, slot, narrow ? v->narrow : onx_value_plain(o, v));
    const tsr_tensor *t = onx_t(o, value);
    if (!t || order == ONX_PLAIN || (tsr_elements(t) == 1 && t->rank <= 4))
        return value;
    int dim[4];
    for (int k = 0; k < 4; k++)
        dim[k] = k < 4 - t->rank ? 1 : t->dim[k - (4 - t->rank)];
    return onx_transpose(o, onx_reshape(o, value, 4, dim), onx_to_nhwc);
}

static int cast(onx_op *o, int x, tsr_dtype to)
{
    if (x < 0 || onx_t(o, x)->dtype == to)
        return x;
    const tsr_node n = tsr_node_make(TSR_OP_CAST, o->name, &x, 1);
    return onx_step(o, &n, to);
}

int onx_arithmetic(onx_op *o, tsr_op_kind kind, int a, int b)
{
    if (a < 0 || b < 0)
        return ONX_NONE;
    const tsr_dtype d = onx_t(o, a)->dtype;
    if (o->q.on)
        return onx_binary(o, kind, a, b);
    if (onx_t(o, b)->dtype != d) {
        onx_fail(o, TSR_BAD_FILE, "inputs of types %s and %s", tsr_dtype_name(d),
                 tsr_dtype_name(onx_t(o, b)->dtype));
        return ONX_NONE;
    }
    if (d != TSR_U8 && d != TSR_S8 && d != TSR_S16)
        return onx_binary(o, kind, a, b);
    return cast(o, onx_binary(o, kind, cast(o, a, TSR_S32), cast(o, b, TSR_S32)), d);
}

/* Is `gate` what x * gate needs to be HardSwish: clamp(x/6 + 1/2, 0, 1)? */
static bool is_swish_gate(const onx_op *o, int x, int gate)
{
    const tsr_graph *g = o->f->g;
    const int producer = x < 0 || gate < 0 ? ONX_NONE : g->values[gate].producer;
    if (producer < 0 || g->nodes[producer].kind != TSR_OP_HARD_SIGMOID)
        return false;
    const tsr_node *n = &g->nodes[producer];
    return n->in[0] == x && fabsf(n->attr.unary.alpha - 1.0f / 6) < 1e-6f
        && fabsf(n->attr.unary.beta - 0.5f) < 1e-6f;
}

void onx_binary_op(onx_op *o)
{
    const onx_order order = onx_common_order(o);
    const tsr_op_kind kind = o->reader->kind;
    const int a = onx_operand(o, 0, order), b = onx_operand(o, 1, order);
    int y;
    if (kind == TSR_OP_MUL && !o->q.on
        && (is_swish_gate(o, a, b) || is_swish_gate(o, b, a)))
        y = onx_unary(o, TSR_OP_HARD_SWISH, is_swish_gate(o, a, b) ? a : b);
    else
        y = onx_arithmetic(o, kind, a, b);
    onx_set(o, 0, y, order);
}

static int chain(onx_op *o, tsr_op_kind kind, onx_order order)
{
    int x = onx_operand(o, 0, order);
    for (int i = 1; i < o->in_count; i++)
        x = onx_arithmetic(o, kind, x, onx_operand(o, i, order));
    return x;
}

void onx_variadic(onx_op *o)
{
    const onx_order order = onx_common_order(o);
    onx_set(o, 0, chain(o, o->reader->kind, order), order);
}

void onx_mean(onx_op *o)
{
    const onx_order order = onx_common_order(o);
    const int sum = chain(o, TSR_OP_ADD, order);
    onx_set(o, 0, onx_binary(o, TSR_OP_DIV, sum, onx_scalar(o, (float)o->in_count)), order);
}

/* The result has the type of the base. */
void onx_pow(onx_op *o)
{
    const onx_order order = onx_common_order(o);
    const int a = onx_operand(o, 0, order), b = onx_operand(o, 1, order);
    if (a < 0 || b < 0)
        return;
    if (onx_t(o, a)->dtype != TSR_F32 && onx_t(o, b)->dtype == TSR_F32) {
        onx_fail(o, TSR_UNSUPPORTED, "%s to a power of type f32",
                 tsr_dtype_name(onx_t(o, a)->dtype));
        return;
    }
    onx_set(o, 0, onx_arithmetic(o, TSR_OP_POW, a, cast(o, b, onx_t(o, a)->dtype)), order);
}

/* Slopes broadcast towards x; [c] alone means one for each channel in files of
 * operator set 6 and older. */
void onx_prelu(onx_op *o)
{
    const onx_shape x = onx_shape_of(o, 0), s = onx_shape_of(o, 1);
    const onx_order order = onx_common_order(o);
    int slope = ONX_NONE;
    if (x.rank > 2 && s.rank == 1 && s.dim[0] == x.dim[1] && s.dim[0] > 1 && o->f->opset < 7) {
        int dim[TSR_MAX_RANK] = { 1, 1, 1, 1, 1, 1 };
        dim[order == ONX_NHWC ? 3 : 1] = s.dim[0];
        slope = onx_reshape(o, onx_plain(o, 1), x.rank, dim);
    } else {
        slope = onx_operand(o, 1, order);
    }
    onx_set(o, 0, onx_binary(o, TSR_OP_PRELU, onx_operand(o, 0, order), slope), order);
}

/* Bounds that are computed, or of integers, are minima and maxima. */
static void clip_between(onx_op *o)
{
    const onx_order order = onx_common_order(o);
    int x = onx_operand(o, 0, order);
    if (onx_has(o, 1))
        x = onx_arithmetic(o, TSR_OP_MAXIMUM, x, onx_operand(o, 1, order));
    if (onx_has(o, 2))
        x = onx_arithmetic(o, TSR_OP_MINIMUM, x, onx_operand(o, 2, order));
    if (!onx_has(o, 1) && !onx_has(o, 2))
        onx_identity(o);
    else
        onx_set(o, 0, x, order);
}

static bool constant_or_absent(onx_op *o, int slot)
{
    return !onx_has(o, slot) || onx_constant(o, slot);
}

void onx_clip(onx_op *o)
{
    const bool inputs = o->f->opset >= 11;
    if (inputs && !o->q.on && (onx_dtype_of(o, 0) != TSR_F32 || !constant_or_absent(o, 1)
                   || !constant_or_absent(o, 2))) {
        clip_between(o);
        return;
    }
    const onx_order order = onx_is_image(o, 0) ? ONX_NHWC : ONX_PLAIN;
    int x = onx_operand(o, 0, order);
    tsr_node n = tsr_node_make(TSR_OP_CLAMP, o->name, &x, 1);
    n.lo = inputs ? onx_input_float(o, 1, n.lo) : onx_attr_float(o, "min", n.lo);
    n.hi = inputs ? onx_input_float(o, 2, n.hi) : onx_attr_float(o, "max", n.hi);
    if (n.lo > n.hi)                    /* then the upper bound wins */
        n.lo = n.hi;
    if (isnan(n.lo) || isnan(n.hi))
        onx_fail(o, TSR_BAD_FILE, "a bound is not a number");
    onx_emit(o, &n, TSR_F32, order);
}
