/*
 * onnx_unary.c - operators of one input, element by element: they work in
 * whatever order the input lies.
 *
 * Those that we have no node for are put together from others:
 *
 *     softplus(x) = max(x, 0) + log(1 + exp(-|x|))      overflows nowhere
 *     mish(x)     = x * tanh(softplus(x))
 *     selu(x)     = gamma * elu(x, alpha)
 *     celu(x)     = alpha * elu(x / alpha, 1)
 *     softsign(x) = x / (1 + |x|)                SPDX-License-Identifier: MIT
 */
#include "loaders/onnx_read.h"

/* Input 0 as it lies. */
static int input(onx_op *o, onx_order *order)
{
    *order = onx_is_image(o, 0) ? ONX_NHWC : ONX_PLAIN;
    return *order == ONX_NHWC ? onx_nhwc(o, 0) : onx_plain(o, 0);
}

void onx_unary_op(onx_op *o)
{
    onx_order order;
    const tsr_op_kind kind = o->reader->kind;
    const int x = input(o, &order);
    int y;
    if (x >= 0 && onx_t(o, x)->dtype != TSR_F32 && (kind == TSR_OP_NEG || kind == TSR_OP_ABS)) {
        const int64_t none = 0;         /* whole numbers: 0 - x, max(x, 0 - x) */
        tsr_node n = tsr_node_make(TSR_OP_CAST, o->name, &(int){ onx_one(o, TSR_S64, &none) }, 1);
        y = onx_arithmetic(o, TSR_OP_SUB, onx_step(o, &n, onx_t(o, x)->dtype), x);
        y = kind == TSR_OP_ABS ? onx_arithmetic(o, TSR_OP_MAXIMUM, x, y) : y;
    } else {
        y = onx_unary(o, kind, x);
    }
    onx_set(o, 0, y, order);
}

static int clamp(onx_op *o, int x, float lo)
{
    tsr_node n = tsr_node_make(TSR_OP_CLAMP, o->name, &x, 1);
    n.lo = lo;
    return onx_step(o, &n, TSR_F32);
}

void onx_relu(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    onx_set(o, 0, clamp(o, x, 0), order);
}

static int with_alpha(onx_op *o, tsr_op_kind kind, int x, float alpha, float beta)
{
    tsr_node n = tsr_node_make(kind, o->name, &x, 1);
    n.attr.unary.alpha = alpha;
    n.attr.unary.beta = beta;
    return onx_step(o, &n, TSR_F32);
}

void onx_leaky_relu(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    const float alpha = onx_attr_float(o, "alpha", 0.01f);
    onx_set(o, 0, with_alpha(o, TSR_OP_LEAKY_RELU, x, alpha, 0), order);
}

void onx_elu(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    onx_set(o, 0, with_alpha(o, TSR_OP_ELU, x, onx_attr_float(o, "alpha", 1), 0), order);
}

void onx_selu(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    const bool old = o->f->opset < 6;
    const float alpha = onx_attr_float(o, "alpha", old ? 1.6732f : 1.67326319217681884765625f);
    const float gamma = onx_attr_float(o, "gamma", old ? 1.0507f : 1.05070102214813232421875f);
    const int elu = with_alpha(o, TSR_OP_ELU, x, alpha, 0);
    onx_set(o, 0, onx_binary(o, TSR_OP_MUL, elu, onx_scalar(o, gamma)), order);
}

void onx_celu(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    const int alpha = onx_scalar(o, onx_attr_float(o, "alpha", 1));
    const int elu = with_alpha(o, TSR_OP_ELU, onx_binary(o, TSR_OP_DIV, x, alpha), 1, 0);
    onx_set(o, 0, onx_binary(o, TSR_OP_MUL, elu, alpha), order);
}

void onx_hard_sigmoid(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    const float alpha = onx_attr_float(o, "alpha", 0.2f), beta = onx_attr_float(o, "beta", 0.5f);
    onx_set(o, 0, with_alpha(o, TSR_OP_HARD_SIGMOID, x, alpha, beta), order);
}

static int softplus(onx_op *o, int x)
{
    const int minus = onx_unary(o, TSR_OP_NEG, onx_unary(o, TSR_OP_ABS, x));
    const int tail = onx_unary(o, TSR_OP_EXP, minus);
    const int sum = onx_binary(o, TSR_OP_ADD, tail, onx_scalar(o, 1));
    return onx_binary(o, TSR_OP_ADD, clamp(o, x, 0), onx_unary(o, TSR_OP_LOG, sum));
}

void onx_softplus(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    onx_set(o, 0, softplus(o, x), order);
}

void onx_mish(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    const int gate = onx_unary(o, TSR_OP_TANH, softplus(o, x));
    onx_set(o, 0, onx_binary(o, TSR_OP_MUL, x, gate), order);
}

void onx_softsign(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    const int below = onx_binary(o, TSR_OP_ADD, onx_unary(o, TSR_OP_ABS, x), onx_scalar(o, 1));
    onx_set(o, 0, onx_binary(o, TSR_OP_DIV, x, below), order);
}

/* Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26, good to 1.5e-7:
 *     erf(|x|) = 1 - (a1 t + .. + a5 t^5) exp(-x^2),  t = 1 / (1 + 0.3275911 |x|)
 * and the sign of x, as a clamp so steep that only |x| < 1e-30 is not 1. */
void onx_erf(onx_op *o)
{
    static const float a[5] = { 1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f,
                                0.254829592f };
    onx_order order;
    const int x = input(o, &order), one = onx_scalar(o, 1);
    const int below = onx_binary(o, TSR_OP_MUL, onx_unary(o, TSR_OP_ABS, x),
                                 onx_scalar(o, 0.3275911f));
    const int t = onx_binary(o, TSR_OP_DIV, one, onx_binary(o, TSR_OP_ADD, below, one));
    int sum = onx_binary(o, TSR_OP_MUL, t, onx_scalar(o, a[0]));
    for (int i = 1; i < 5; i++)
        sum = onx_binary(o, TSR_OP_MUL, t, onx_binary(o, TSR_OP_ADD, sum, onx_scalar(o, a[i])));
    const int square = onx_unary(o, TSR_OP_NEG, onx_binary(o, TSR_OP_MUL, x, x));
    const int rest = onx_binary(o, TSR_OP_MUL, sum, onx_unary(o, TSR_OP_EXP, square));
    int steep = onx_binary(o, TSR_OP_MUL, x, onx_scalar(o, 1e30f));
    tsr_node sign = tsr_node_make(TSR_OP_CLAMP, o->name, &steep, 1);
    sign.lo = -1, sign.hi = 1;
    const int size = onx_binary(o, TSR_OP_SUB, one, rest);
    onx_set(o, 0, onx_binary(o, TSR_OP_MUL, size, onx_step(o, &sign, TSR_F32)), order);
}

void onx_reciprocal(onx_op *o)
{
    onx_order order;
    const int x = input(o, &order);
    onx_set(o, 0, onx_binary(o, TSR_OP_DIV, onx_scalar(o, 1), x), order);
}

/* ---- types and copies ------------------------------------------------------------ */

static void cast_to(onx_op *o, tsr_dtype dtype, bool half)
{
    onx_order order;
    int x = input(o, &order);
    tsr_node n = tsr_node_make(TSR_OP_CAST, o->name, &x, 1);
    /* Numbers of a half-precision network are kept in f32: here they are only
     * rounded as a half would be. */
    if (half)
        x = onx_step(o, &n, TSR_F16);
    onx_emit(o, &n, dtype, order);
}

void onx_cast(onx_op *o)
{
    const int64_t to = onx_attr_int(o, "to", 0);
    const tsr_dtype dtype = onx_dtype(to);
    if (to == ONX_UINT16 || to == ONX_UINT32 || to == ONX_UINT64 || to == ONX_BFLOAT16
        || dtype == TSR_DTYPE_COUNT)
        onx_fail(o, TSR_UNSUPPORTED, "to type %s", onx_type_name(to));
    else
        cast_to(o, dtype, to == ONX_FLOAT16);
}

void onx_cast_like(onx_op *o) { cast_to(o, onx_dtype_of(o, 1), false); }

/* Another name for the same value. */
void onx_identity(onx_op *o)
{
    const onx_value *v = onx_input(o, 0);
    if (!v) {
        onx_plain(o, 0);                /* says that it is missing */
        return;
    }
    const onx_value copy = *v;
    onx_value *out = onx_add(o->f, o->out[0]);
    if (!out)
        return;
    const onx_value noted = *out;
    *out = copy;
    out->name = noted.name;
    out->uses = noted.uses;
    out->reader = noted.reader;
}

/* Nothing is dropped when a network runs; the mask, if asked for, says so. */
void onx_dropout(onx_op *o)
{
    const bool training = onx_input_float(o, 2, 0) != 0.0f;
    if (training && onx_input_float(o, 1, 0.5f) != 0.0f) {
        onx_fail(o, TSR_UNSUPPORTED, "drops at random (training mode)");
        return;
    }
    onx_identity(o);
    const onx_shape shape = onx_shape_of(o, 0);
    const bool yes = true;
    if (o->out_count > 1)
        onx_set_expanded(o, 1, onx_one(o, TSR_BOOL, &yes), shape);
}
