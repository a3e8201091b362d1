/*
 * transpose_conv2d.c - every input pixel paints a kh x kw patch, sy x sx apart:
 *
 *     y[oy,ox,co] = clamp(bias[co] + sum of x[iy,ix,ci] * filter[co,ky,kx,ci]
 *                   over all iy*sy + ky = oy + top,  ix*sx + kx = ox + left)
 *
 * This file settles geometry for every data type; transpose_conv2d.h says who computes.
 * SPDX-License-Identifier: MIT
 */
#include "ops/ops.h"
#include "ops/q8.h"
#include "ops/transpose_conv2d.h"

static tsr_status check_shapes(const tsr_node *n, const tsr_tensor *const *in, tsr_error *err)
{
    const tsr_transpose_conv2d_attr *a = &n->attr.transpose_conv2d;
    if (in[0]->rank != 4 || in[1]->rank != 4)
        return tsr_fail(err, TSR_BAD_FILE,
                        "transpose_conv2d '%s': input has %d dimensions, filter %d, not 4", n->name,
                        in[0]->rank, in[1]->rank);
    if (in[1]->dim[3] != in[0]->dim[3])
        return tsr_fail(err, TSR_BAD_FILE,
                        "transpose_conv2d '%s': filter wants %d channels, input has %d", n->name,
                        in[1]->dim[3], in[0]->dim[3]);
    const int most = 1 << 24;   /* keeps all coordinates far from overflow */
    if (a->stride_y < 1 || a->stride_x < 1 || a->oh < 1 || a->ow < 1 || a->stride_y > most
        || a->stride_x > most || a->oh > most || a->ow > most)
        return tsr_fail(err, TSR_BAD_FILE, "transpose_conv2d '%s': stride %dx%d, output %dx%d",
                        n->name, a->stride_y, a->stride_x, a->oh, a->ow);
    if (a->pad_top < 0 || a->pad_left < 0 || a->pad_top > most || a->pad_left > most)
        return tsr_fail(err, TSR_BAD_FILE, "transpose_conv2d '%s': padding %d, %d", n->name,
                        a->pad_top, a->pad_left);
    if (n->in_count > 2 && in[2]
        && (in[2]->rank > 1 || tsr_elements(in[2]) != (size_t)in[1]->dim[0]))
        return tsr_fail(err, TSR_BAD_FILE, "transpose_conv2d '%s': %zu biases for %d channels",
                        n->name, tsr_elements(in[2]), in[1]->dim[0]);
    return TSR_OK;
}

static tsr_status check_types(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out,
                              tsr_error *err)
{
    if (tsr_is_q8(in[0]->dtype))
        return tsr_q8_check_weights("transpose_conv2d", n, in, out, 0, err);
    for (int i = 0; i < n->in_count; i++)
        if (in[i] && in[i]->dtype != TSR_F32)
            return tsr_fail(err, TSR_UNSUPPORTED, "transpose_conv2d '%s': %s '%s', only f32 is "
                           "supported",
                            n->name, tsr_dtype_name(in[i]->dtype), in[i]->name);
        else if (in[i] && i > 0 && !in[i]->data)
            return tsr_fail(err, TSR_UNSUPPORTED, "transpose_conv2d '%s': '%s' must be a constant",
                            n->name, in[i]->name);
    if (out->dtype != TSR_F32)
        return tsr_fail(err, TSR_UNSUPPORTED, "transpose_conv2d '%s': f32 input, %s output",
                        n->name, tsr_dtype_name(out->dtype));
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    TSR_TRY(check_shapes(n, in, err));
    TSR_TRY(check_types(n, in, out, err));
    const tsr_transpose_conv2d_attr *a = &n->attr.transpose_conv2d;
    out->rank = 4;
    out->dim[0] = in[0]->dim[0], out->dim[1] = a->oh, out->dim[2] = a->ow;
    out->dim[3] = in[1]->dim[0];
    return TSR_OK;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    return tsr_is_q8(s->in[0]->dtype) ? tsr_transpose_conv2d_prepare_q8(s, ctx)
                                      : tsr_transpose_conv2d_prepare_f32(s, ctx);
}

/* Every input pixel times every weight; what the padding cuts off is counted, too. */
static uint64_t macs(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out)
{
    (void)n, (void)out;
    return (uint64_t)(tsr_elements(in[0]) / (size_t)in[0]->dim[3]) * (uint64_t)tsr_elements(in[1]);
}

const tsr_op tsr_op_transpose_conv2d = {
    .name = "transpose_conv2d", .kind = TSR_OP_TRANSPOSE_CONV2D, .flags = TSR_OP_HAS_CLAMP,
    .min_in = 2, .max_in = 3, .infer = infer, .prepare = prepare, .macs = macs,
};
