/*
 * binary.c - operators of two inputs, with NumPy broadcasting: the meaning.
 *
 *     a, b  ->  y = clamp(f(a, b))     add sub mul div minimum maximum pow
 *                                      floor_div squared_difference prelu
 *
 * f32 everywhere; s32 and s64 for all but prelu; u8 and s8: binary_q8.c.
 * SPDX-License-Identifier: MIT
 */
#include "ops/binary.h"
#include "ops/broadcast.h"
#include "ops/ops.h"
#include "ops/q8.h"

static const char *const names[TSR_OP_COUNT] = {
    [TSR_OP_ADD] = "add", [TSR_OP_SUB] = "sub", [TSR_OP_MUL] = "mul", [TSR_OP_DIV] = "div",
    [TSR_OP_MINIMUM] = "minimum", [TSR_OP_MAXIMUM] = "maximum", [TSR_OP_POW] = "pow",
    [TSR_OP_FLOOR_DIV] = "floor_div", [TSR_OP_SQUARED_DIFFERENCE] = "squared_difference",
    [TSR_OP_PRELU] = "prelu",
};

static bool is_int(tsr_dtype d) { return d == TSR_S32 || d == TSR_S64; }

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    const char *op = names[n->kind];
    const tsr_tensor *a = in[0], *b = in[1];
    const bool known = a->dtype == TSR_F32 || (is_int(a->dtype) && n->kind != TSR_OP_PRELU);
    if (tsr_is_q8(a->dtype))
        TSR_TRY(tsr_binary_check_q8(op, n, in, out, err));
    else if (!known || b->dtype != a->dtype || out->dtype != a->dtype)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s and %s to %s", op, n->name,
                        tsr_dtype_name(a->dtype), tsr_dtype_name(b->dtype),
                        tsr_dtype_name(out->dtype));
    TSR_TRY(tsr_broadcast_infer(op, n->name, a, b, out, err));
    if (n->kind == TSR_OP_PRELU && tsr_elements(out) != tsr_elements(a))
        return tsr_fail(err, TSR_BAD_FILE, "prelu '%s': slopes of %zu elements for an input of %zu",
                        n->name, tsr_elements(b), tsr_elements(a));
    return TSR_OK;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    if (is_int(s->in[0]->dtype))
        return tsr_binary_prepare_int(s, ctx, err);
    if (tsr_is_q8(s->in[0]->dtype))
        return tsr_binary_prepare_q8(s, ctx, err);
    return tsr_binary_prepare_float(s, ctx, err);
}

/* By rows works where each row of the first input meets one of the second: its own, or the
 * same for all, as with a BatchNorm's constants. */
static bool needs(const tsr_step *s, tsr_row_range out, tsr_row_range *in)
{
    const tsr_tensor *x = s->in[0], *b = s->in[1], *y = s->out[0];
    *in = out;
    return y->dtype == TSR_F32 && y->rank == 4 && y->dim[0] == 1 && tsr_broadcast_same(x, y)
        && (tsr_broadcast_one_row(b) || tsr_broadcast_same(b, y));
}

enum { FLAGS = TSR_OP_HAS_CLAMP | TSR_OP_IN_PLACE | TSR_OP_F16_TOO };

const tsr_op tsr_op_add     = { "add", TSR_OP_ADD, FLAGS, 2, 2, infer, prepare, needs, NULL };
const tsr_op tsr_op_sub     = { "sub", TSR_OP_SUB, FLAGS, 2, 2, infer, prepare, needs, NULL };
const tsr_op tsr_op_mul     = { "mul", TSR_OP_MUL, FLAGS, 2, 2, infer, prepare, needs, NULL };
const tsr_op tsr_op_div     = { "div", TSR_OP_DIV, FLAGS, 2, 2, infer, prepare, needs, NULL };
const tsr_op tsr_op_minimum = { "minimum", TSR_OP_MINIMUM, FLAGS, 2, 2, infer, prepare, needs,
                                NULL };
const tsr_op tsr_op_maximum = { "maximum", TSR_OP_MAXIMUM, FLAGS, 2, 2, infer, prepare, needs,
                                NULL };
const tsr_op tsr_op_pow     = { "pow", TSR_OP_POW, FLAGS, 2, 2, infer, prepare, needs, NULL };
const tsr_op tsr_op_floor_div = { "floor_div", TSR_OP_FLOOR_DIV, FLAGS, 2, 2, infer, prepare,
                                  needs, NULL };
const tsr_op tsr_op_squared_difference = { "squared_difference", TSR_OP_SQUARED_DIFFERENCE,
                                           FLAGS, 2, 2, infer, prepare, needs, NULL };
const tsr_op tsr_op_prelu   = { "prelu", TSR_OP_PRELU, FLAGS, 2, 2, infer, prepare, needs, NULL };
