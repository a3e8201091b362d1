/*
 * resize.c - images made larger or smaller: the meaning.
 *
 *     x[n,h,w,c]  ->  y[n,oh,ow,c]
 *
 * Coordinates are computed in float32 and in TensorFlow Lite's order of
 * operations, because a nearest neighbour hangs on the last bit of them.
 * Where the file states the scale (ONNX does), it is divided by instead.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/ops.h"
#include "ops/q8.h"
#include "ops/resize.h"

static float source(const tsr_resize_axis *a, int d)
{
    const float per_output = a->scale > 0.0f ? 1.0f / a->scale : (float)a->in / (float)a->out;
    switch (a->coord) {
    case TSR_COORD_ALIGN_CORNERS:
        return a->out == 1 ? 0.0f : (float)d * ((float)(a->in - 1) / (float)(a->out - 1));
    case TSR_COORD_PYTORCH_HALF_PIXEL:
        if (a->out == 1)
            return 0.0f;
        return ((float)d + 0.5f) * per_output - 0.5f;
    case TSR_COORD_HALF_PIXEL:
        return ((float)d + 0.5f) * per_output - 0.5f;
    default:
        return a->scale > 0.0f ? (float)d / a->scale : (float)d * per_output;
    }
}

tsr_resize_pair tsr_resize_linear(const tsr_resize_axis *a, int d)
{
    const float last = (float)(a->in - 1);
    const float at = fminf(fmaxf(source(a, d), 0.0f), last);
    const int first = (int)at;
    const int second = first + 1 < a->in ? first + 1 : a->in - 1;
    return (tsr_resize_pair){ first, second, at - (float)first };
}

int tsr_resize_nearest(const tsr_resize_axis *a, tsr_nearest_mode mode, int d)
{
    float at = source(a, d);
    switch (mode) {
    case TSR_ROUND_CEIL: at = ceilf(at); break;
    case TSR_ROUND_HALF_DOWN: at = ceilf(at - 0.5f); break;
    case TSR_ROUND_HALF_UP: at = floorf(at + 0.5f); break;
    default: at = floorf(at); break;
    }
    return (int)fminf(fmaxf(at, 0.0f), (float)(a->in - 1));
}

tsr_resize_axis tsr_resize_vertical(const tsr_step *s)
{
    const tsr_resize_attr *a = &s->node->attr.resize;
    return (tsr_resize_axis){ s->in[0]->dim[1], s->out[0]->dim[1], a->coord, a->scale_y };
}

tsr_resize_axis tsr_resize_horizontal(const tsr_step *s)
{
    const tsr_resize_attr *a = &s->node->attr.resize;
    return (tsr_resize_axis){ s->in[0]->dim[2], s->out[0]->dim[2], a->coord, a->scale_x };
}

static bool scale_ok(float s) { return s >= 0.0f && s <= 1e6f && (s == 0.0f || s >= 1e-6f); }

static tsr_status check(const tsr_node *n, const tsr_tensor *x, const tsr_tensor *y,
                        tsr_error *err)
{
    const tsr_resize_attr *a = &n->attr.resize;
    const bool linear = x->dtype == TSR_F32 || tsr_is_q8(x->dtype);
    if (x->dtype != y->dtype || (a->method == TSR_BILINEAR && !linear))
        return tsr_fail(err, TSR_UNSUPPORTED, "resize '%s': %s %s to %s", n->name,
                        a->method == TSR_BILINEAR ? "bilinear" : "nearest",
                        tsr_dtype_name(x->dtype), tsr_dtype_name(y->dtype));
    if (x->quant.scale != y->quant.scale || x->quant.zero_point != y->quant.zero_point)
        return tsr_fail(err, TSR_UNSUPPORTED, "resize '%s': input and output scales differ",
                        n->name);
    if (x->rank != 4)
        return tsr_fail(err, TSR_BAD_FILE, "resize '%s': input has %d dimensions, wants 4",
                        n->name, x->rank);
    if (a->oh < 1 || a->ow < 1)
        return tsr_fail(err, TSR_BAD_FILE, "resize '%s': to %d x %d pixels", n->name, a->oh, a->ow);
    if (!scale_ok(a->scale_y) || !scale_ok(a->scale_x))
        return tsr_fail(err, TSR_BAD_FILE, "resize '%s': scales %g and %g", n->name,
                        (double)a->scale_y, (double)a->scale_x);
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    TSR_TRY(check(n, in[0], out, err));
    out->rank = 4;
    out->dim[0] = in[0]->dim[0];
    out->dim[1] = n->attr.resize.oh;
    out->dim[2] = n->attr.resize.ow;
    out->dim[3] = in[0]->dim[3];
    return TSR_OK;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    if (s->node->attr.resize.method == TSR_NEAREST)
        return tsr_resize_prepare_nearest(s, ctx, err);
    return tsr_resize_prepare_bilinear(s, ctx, err);
}

static bool needs(const tsr_step *s, tsr_row_range out, tsr_row_range *in)
{
    const tsr_resize_axis y = tsr_resize_vertical(s);
    *in = (tsr_row_range){ tsr_resize_linear(&y, out.first).first,
                           tsr_resize_linear(&y, out.end - 1).second + 1 };
    return s->in[0]->dim[0] == 1 && s->node->attr.resize.method == TSR_BILINEAR;
}

const tsr_op tsr_op_resize = {
    .name = "resize", .kind = TSR_OP_RESIZE, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1, .infer = infer, .prepare = prepare, .needs = needs,
};
