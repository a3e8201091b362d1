/*
 * pool2d.c - max_pool2d and average_pool2d: the meaning.
 *
 *     x[n,h,w,c]  ->  y[n,oh,ow,c]     window kh x kw, any stride and dilation
 *
 * Padding never wins a maximum; it counts in an average only where the
 * attribute count_include_pad says so.          SPDX-License-Identifier: MIT
 */
#include "ops/ops.h"
#include "ops/pool2d.h"
#include "ops/q8.h"
#include "ops/window_infer.h"

static const char *op_name(const tsr_node *n)
{
    return n->kind == TSR_OP_MAX_POOL2D ? "max_pool2d" : "average_pool2d";
}

/* A sum of 8-bit numbers over a window must fit 32 bits. */
static tsr_status check_q8(const tsr_node *n, const tsr_tensor *x, const tsr_tensor *y,
                           tsr_error *err)
{
    TSR_TRY(tsr_q8_check(op_name(n), n, "input", x, err));
    TSR_TRY(tsr_q8_check_same(op_name(n), n, x, y, err));
    const int64_t most = INT32_MAX / 256, pixels = (int64_t)n->attr.pool2d.kh * n->attr.pool2d.kw;
    if (n->attr.pool2d.kh < 1 || n->attr.pool2d.kw < 1 || pixels > most)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': a window of %d x %d on %s", op_name(n),
                        n->name, n->attr.pool2d.kh, n->attr.pool2d.kw, tsr_dtype_name(x->dtype));
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    const tsr_tensor *x = in[0];
    const tsr_pool2d_attr *a = &n->attr.pool2d;
    if (tsr_is_q8(x->dtype))
        TSR_TRY(check_q8(n, x, out, err));
    else if (x->dtype != TSR_F32 || out->dtype != x->dtype)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s to %s", op_name(n), n->name,
                        tsr_dtype_name(x->dtype), tsr_dtype_name(out->dtype));
    if (x->rank != 4)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': input has %d dimensions, wants 4",
                        op_name(n), n->name, x->rank);
    out->rank = 4;
    out->dim[0] = x->dim[0];
    out->dim[3] = x->dim[3];
    TSR_TRY(tsr_window_infer(&(tsr_window_axis){ x->dim[1], a->kh, a->stride_y, a->dilation_y,
                                                 a->pad_top, a->pad_bottom },
                             op_name(n), n->name, "height", &out->dim[1], err));
    return tsr_window_infer(&(tsr_window_axis){ x->dim[2], a->kw, a->stride_x, a->dilation_x,
                                                a->pad_left, a->pad_right },
                            op_name(n), n->name, "width", &out->dim[2], err);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    if (tsr_is_q8(s->in[0]->dtype))
        return tsr_pool2d_prepare_q8(s, ctx, err);
    if (s->in[0]->dtype == TSR_F16)
        return tsr_pool2d_prepare_f16(s, ctx, err);
    return tsr_pool2d_prepare_f32(s, ctx, err);
}

static bool needs(const tsr_step *s, tsr_row_range out, tsr_row_range *in)
{
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    const tsr_tensor *x = s->in[0];
    *in = tsr_window_rows(&(tsr_window_axis){ x->dim[1], a->kh, a->stride_y, a->dilation_y,
                                              a->pad_top, a->pad_bottom }, out);
    return x->dtype == TSR_F32 && x->dim[0] == 1;
}

const tsr_op tsr_op_max_pool2d = {
    .name = "max_pool2d", .kind = TSR_OP_MAX_POOL2D,
    .flags = TSR_OP_HAS_CLAMP | TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1, .infer = infer, .prepare = prepare, .needs = needs,
};

const tsr_op tsr_op_average_pool2d = {
    .name = "average_pool2d", .kind = TSR_OP_AVERAGE_POOL2D,
    .flags = TSR_OP_HAS_CLAMP | TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1, .infer = infer, .prepare = prepare, .needs = needs,
};
