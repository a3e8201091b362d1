/*
 * softmax.c - numbers into probabilities along one axis: the meaning.
 *
 *     x[outer, n, inner]  ->  y = exp(beta * x) / sum over n of exp(beta * x)
 *                                                SPDX-License-Identifier: MIT
 */
#include "ops/ops.h"
#include "ops/q8.h"
#include "ops/softmax.h"

static tsr_status check_types(const tsr_node *n, const tsr_tensor *x, const tsr_tensor *y,
                              tsr_error *err)
{
    if (tsr_is_q8(x->dtype)) {
        TSR_TRY(tsr_q8_check("softmax", n, "input", x, err));
        TSR_TRY(tsr_q8_check("softmax", n, "output", y, err));
    }
    if ((x->dtype != TSR_F32 && !tsr_is_q8(x->dtype)) || y->dtype != x->dtype)
        return tsr_fail(err, TSR_UNSUPPORTED, "softmax '%s': %s to %s", n->name,
                        tsr_dtype_name(x->dtype), tsr_dtype_name(y->dtype));
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    const tsr_tensor *x = in[0];
    tsr_softmax_attr *a = &n->attr.softmax;
    TSR_TRY(check_types(n, x, out, err));
    if (a->axis < -x->rank || a->axis >= x->rank)
        return tsr_fail(err, TSR_BAD_FILE, "softmax '%s': axis %d of %d dimensions", n->name,
                        a->axis, x->rank);
    if (!(a->beta > 0.0f && a->beta <= 1e30f))
        return tsr_fail(err, TSR_BAD_FILE, "softmax '%s': beta %g", n->name, (double)a->beta);
    if (a->axis < 0)
        a->axis += x->rank;
    out->rank = x->rank;
    for (int i = 0; i < x->rank; i++)
        out->dim[i] = x->dim[i];
    return TSR_OK;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    if (tsr_is_q8(s->in[0]->dtype))
        return tsr_softmax_prepare_q8(s, ctx, err);
    return tsr_softmax_prepare_f32(s, ctx, err);
}

const tsr_op tsr_op_softmax = {
    .name = "softmax", .kind = TSR_OP_SOFTMAX, .flags = TSR_OP_IN_PLACE,
    .min_in = 1, .max_in = 1, .infer = infer, .prepare = prepare,
};
