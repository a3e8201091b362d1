/*
 * unary.c - operators of one input, element by element: the meaning.
 *
 *     x  ->  y = clamp(f(x))      same shape; attr.unary holds alpha and beta
 *                                                SPDX-License-Identifier: MIT
 */
#include "ops/ops.h"
#include "ops/q8.h"
#include "ops/unary.h"

static const char *const names[TSR_OP_COUNT] = {
    [TSR_OP_CLAMP] = "clamp", [TSR_OP_LOGISTIC] = "logistic", [TSR_OP_TANH] = "tanh",
    [TSR_OP_HARD_SWISH] = "hard_swish", [TSR_OP_HARD_SIGMOID] = "hard_sigmoid",
    [TSR_OP_LEAKY_RELU] = "leaky_relu", [TSR_OP_ELU] = "elu", [TSR_OP_EXP] = "exp",
    [TSR_OP_LOG] = "log", [TSR_OP_SQRT] = "sqrt", [TSR_OP_RSQRT] = "rsqrt",
    [TSR_OP_ABS] = "abs", [TSR_OP_NEG] = "neg", [TSR_OP_FLOOR] = "floor",
    [TSR_OP_CEIL] = "ceil", [TSR_OP_ROUND] = "round",
};

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    if (tsr_is_q8(in[0]->dtype))
        TSR_TRY(tsr_unary_check_q8(names[n->kind], n, in[0], out, err));
    else if (in[0]->dtype != TSR_F32 || out->dtype != TSR_F32)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s to %s", names[n->kind], n->name,
                        tsr_dtype_name(in[0]->dtype), tsr_dtype_name(out->dtype));
    out->rank = in[0]->rank;
    for (int i = 0; i < out->rank; i++)
        out->dim[i] = in[0]->dim[i];
    return TSR_OK;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    if (tsr_is_q8(s->in[0]->dtype))
        return tsr_unary_prepare_q8(s, ctx, err);
    return tsr_unary_prepare_float(s, ctx, err);
}

enum { FLAGS = TSR_OP_HAS_CLAMP | TSR_OP_IN_PLACE | TSR_OP_F16_TOO };

const tsr_op tsr_op_clamp      = { "clamp", TSR_OP_CLAMP, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_logistic   = { "logistic", TSR_OP_LOGISTIC, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_tanh       = { "tanh", TSR_OP_TANH, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_hard_swish = { "hard_swish", TSR_OP_HARD_SWISH, FLAGS, 1, 1, infer, prepare,
                                   NULL };
const tsr_op tsr_op_hard_sigmoid = { "hard_sigmoid", TSR_OP_HARD_SIGMOID, FLAGS, 1, 1, infer,
                                     prepare, NULL };
const tsr_op tsr_op_leaky_relu = { "leaky_relu", TSR_OP_LEAKY_RELU, FLAGS, 1, 1, infer, prepare,
                                   NULL };
const tsr_op tsr_op_elu   = { "elu", TSR_OP_ELU, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_exp   = { "exp", TSR_OP_EXP, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_log   = { "log", TSR_OP_LOG, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_sqrt  = { "sqrt", TSR_OP_SQRT, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_rsqrt = { "rsqrt", TSR_OP_RSQRT, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_abs   = { "abs", TSR_OP_ABS, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_neg   = { "neg", TSR_OP_NEG, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_floor = { "floor", TSR_OP_FLOOR, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_ceil  = { "ceil", TSR_OP_CEIL, FLAGS, 1, 1, infer, prepare, NULL };
const tsr_op tsr_op_round = { "round", TSR_OP_ROUND, FLAGS, 1, 1, infer, prepare, NULL };
