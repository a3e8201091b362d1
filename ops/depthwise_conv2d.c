/*
 * depthwise_conv2d.c - one small filter per channel: the meaning.
 *
 *     x[n,h,w,c], filter[1,kh,kw,c*m], bias[c*m]  ->  y[n,oh,ow,c*m]
 *     y[..][co] = clamp(bias[co] + sum over taps of x[..][co / m] * filter[tap][co])
 *
 * m is the channel multiplier, 1 almost always.  SPDX-License-Identifier: MIT
 */
#include "ops/depthwise_conv2d.h"
#include "ops/ops.h"
#include "ops/q8.h"
#include "ops/window_infer.h"

static tsr_status check_types(const tsr_node *n, const tsr_tensor *const *in,
                              const tsr_tensor *out, tsr_error *err)
{
    const tsr_dtype d = in[0]->dtype;
    if (tsr_is_q8(d))
        return TSR_OK;          /* check_weights looks closer */
    const bool bias_fits = n->in_count < 3 || !in[2] || in[2]->dtype == TSR_F32;
    if (d != TSR_F32 || in[1]->dtype != TSR_F32 || out->dtype != TSR_F32 || !bias_fits)
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "depthwise_conv2d '%s': %s input, %s filter, %s output", n->name,
                        tsr_dtype_name(d), tsr_dtype_name(in[1]->dtype),
                        tsr_dtype_name(out->dtype));
    return TSR_OK;
}

static tsr_status check_weights(const tsr_node *n, const tsr_tensor *const *in,
                                const tsr_tensor *out, tsr_error *err)
{
    const tsr_tensor *x = in[0], *f = in[1], *bias = n->in_count > 2 ? in[2] : NULL;
    if (x->rank != 4 || f->rank != 4 || f->dim[0] != 1)
        return tsr_fail(err, TSR_BAD_FILE,
                        "depthwise_conv2d '%s': input of rank %d, filter of rank %d, "
                        "its first dimension %d",
                        n->name, x->rank, f->rank, f->rank ? f->dim[0] : 0);
    if (!f->data || (bias && !bias->data))
        return tsr_fail(err, TSR_UNSUPPORTED, "depthwise_conv2d '%s': %s is not a constant",
                        n->name, f->data ? "bias" : "filter");
    if (x->dim[3] < 1 || f->dim[3] < 1 || f->dim[3] % x->dim[3])
        return tsr_fail(err, TSR_BAD_FILE,
                        "depthwise_conv2d '%s': filter has %d channels, input has %d",
                        n->name, f->dim[3], x->dim[3]);
    if (bias && tsr_elements(bias) != (size_t)f->dim[3])
        return tsr_fail(err, TSR_BAD_FILE,
                        "depthwise_conv2d '%s': bias has %zu elements, filter has %d channels",
                        n->name, tsr_elements(bias), f->dim[3]);
    if (tsr_is_q8(x->dtype))
        return tsr_q8_check_weights("depthwise_conv2d", n, in, out, 3, err);
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    TSR_TRY(check_types(n, in, out, err));
    TSR_TRY(check_weights(n, in, out, err));
    const tsr_tensor *x = in[0], *f = in[1];
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    out->rank = 4;
    out->dim[0] = x->dim[0];
    out->dim[3] = f->dim[3];
    TSR_TRY(tsr_window_infer(&(tsr_window_axis){ x->dim[1], f->dim[1], a->stride_y, a->dilation_y,
                                                 a->pad_top, a->pad_bottom },
                             "depthwise_conv2d", n->name, "height", &out->dim[1], err));
    return tsr_window_infer(&(tsr_window_axis){ x->dim[2], f->dim[2], a->stride_x, a->dilation_x,
                                                a->pad_left, a->pad_right },
                            "depthwise_conv2d", n->name, "width", &out->dim[2], err);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    if (tsr_is_q8(s->in[0]->dtype))
        return tsr_depthwise_conv2d_prepare_q8(s, ctx, err);
    if (s->in[0]->dtype == TSR_F16)
        return tsr_depthwise_conv2d_prepare_f16(s, ctx, err);
    return tsr_depthwise_conv2d_prepare_f32(s, ctx, err);
}

static bool needs(const tsr_step *s, tsr_row_range out, tsr_row_range *in)
{
    *in = tsr_window_needs(s, out);
    return s->in[0]->dim[0] == 1 && (s->in[0]->dtype == TSR_F32 || tsr_is_q8(s->in[0]->dtype));
}

static uint64_t macs(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out)
{
    (void)n;
    return (uint64_t)tsr_elements(out) * (uint64_t)in[1]->dim[1] * (uint64_t)in[1]->dim[2];
}

const tsr_op tsr_op_depthwise_conv2d = {
    .name = "depthwise_conv2d", .kind = TSR_OP_DEPTHWISE_CONV2D,
    .flags = TSR_OP_HAS_CLAMP | TSR_OP_F16,
    .min_in = 2, .max_in = 3, .infer = infer, .prepare = prepare, .needs = needs,
    .macs = macs,
};
