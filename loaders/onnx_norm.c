/*
 * onnx_norm.c - normalisations.
 *
 *     batch      y = (x - mean[c]) * scale[c] / sqrt(var[c] + eps) + bias[c]
 *     instance   the same with mean and variance over the pixels of each image
 *     layer      over all axes from `axis` on
 *     mvn        over given axes, no scale
 *     lp         x / |x|_p along one axis
 *     lrn        x / (k + alpha/n * sum of x^2 over n neighbouring channels)^beta
 *
 * The batch kind is two constants per channel, MUL and ADD, which the optimiser
 * moves into the conv before it.  The sum of lrn is a 1x1 conv whose filter is a
 * band of alpha/n: a channel looks at its neighbours as at inputs.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "loaders/onnx_read.h"

/* Constant input `slot` of `c` numbers; NULL after a failure. */
static const float *per_channel(onx_op *o, int slot, int c)
{
    const tsr_tensor *t = onx_constant(o, slot);
    if (t && t->dtype == TSR_F32 && tsr_elements(t) == (size_t)c)
        return t->data;
    if (onx_ok(o))
        onx_fail(o, TSR_UNSUPPORTED, "input %d is not a constant of %d channels", slot, c);
    return NULL;
}

/* A constant of one number a channel that broadcasts against an image in this
 * order. */
static int channel_constant(onx_op *o, const float *x, int rank, int c, onx_order order)
{
    int dim[TSR_MAX_RANK] = { 1, 1, 1, 1, 1, 1 };
    dim[order == ONX_NHWC ? 3 : 1] = c;
    return onx_floats(o, x, rank, dim);
}

void onx_batch_norm(onx_op *o)
{
    const onx_shape s = onx_shape_of(o, 0);
    const onx_order order = onx_is_image(o, 0) ? ONX_NHWC : ONX_PLAIN;
    const int x = order == ONX_NHWC ? onx_nhwc(o, 0) : onx_plain(o, 0);
    const int c = s.rank > 1 ? s.dim[1] : 1;
    const float *p[4];
    for (int i = 0; i < 4; i++)
        p[i] = per_channel(o, 1 + i, c);
    if (onx_attr_int(o, "training_mode", 0) || (o->f->opset < 9 && !onx_attr_int(o, "spatial", 1)))
        onx_fail(o, TSR_UNSUPPORTED, "training mode or statistics for each pixel");
    float *scale = onx_room(o, (size_t)c * sizeof *scale);
    float *shift = onx_room(o, (size_t)c * sizeof *shift);
    if (!onx_ok(o) || !scale || !shift || s.rank < 2)
        return;
    const double eps = (double)onx_attr_float(o, "epsilon", 1e-5f);
    for (int i = 0; i < c; i++) {
        const double k = (double)p[0][i] / sqrt((double)p[3][i] + eps);
        scale[i] = (float)k;
        shift[i] = (float)((double)p[1][i] - (double)p[2][i] * k);
    }
    const int y = onx_binary(o, TSR_OP_MUL, x, channel_constant(o, scale, s.rank, c, order));
    const int shifts = channel_constant(o, shift, s.rank, c, order);
    onx_set(o, 0, onx_binary(o, TSR_OP_ADD, y, shifts), order);
}

typedef struct { int y, mean, inverse; } standard;

/* y = (x - mean) * inverse, inverse = 1 / sqrt(mean of (x - mean)^2 + eps), over the
 * masked axes. */
static standard standardise(onx_op *o, int x, unsigned mask, float eps)
{
    standard s;
    s.mean = onx_reduce(o, TSR_OP_MEAN, x, mask, true);
    const int d = onx_binary(o, TSR_OP_SUB, x, s.mean);
    const int var = onx_reduce(o, TSR_OP_MEAN, onx_binary(o, TSR_OP_MUL, d, d), mask, true);
    s.inverse = onx_unary(o, TSR_OP_RSQRT, onx_binary(o, TSR_OP_ADD, var, onx_scalar(o, eps)));
    s.y = onx_binary(o, TSR_OP_MUL, d, s.inverse);
    return s;
}

void onx_instance_norm(onx_op *o)
{
    const onx_shape s = onx_shape_of(o, 0);
    const onx_order order = onx_is_image(o, 0) ? ONX_NHWC : ONX_PLAIN;
    const int x = order == ONX_NHWC ? onx_nhwc(o, 0) : onx_plain(o, 0);
    const int c = s.rank > 2 ? s.dim[1] : 0;
    const float *scale = per_channel(o, 1, c), *bias = per_channel(o, 2, c);
    if (!onx_ok(o) || s.rank < 3)
        return;
    const unsigned mask = order == ONX_NHWC ? 6 : ((1u << s.rank) - 1) & ~3u;
    int y = standardise(o, x, mask, onx_attr_float(o, "epsilon", 1e-5f)).y;
    y = onx_binary(o, TSR_OP_MUL, y, channel_constant(o, scale, s.rank, c, order));
    onx_set(o, 0, onx_binary(o, TSR_OP_ADD, y, channel_constant(o, bias, s.rank, c, order)), order);
}

/* Scale and bias have the shape of the normalised axes, the last ones, so they
 * broadcast as they are. */
void onx_layer_norm(onx_op *o)
{
    const int rank = onx_shape_of(o, 0).rank, x = onx_plain(o, 0);
    const int axis = onx_axis(o, onx_attr_int(o, "axis", -1), rank);
    const unsigned mask = ((1u << rank) - 1) & ~((1u << axis) - 1);
    const standard s = standardise(o, x, mask, onx_attr_float(o, "epsilon", 1e-5f));
    int y = onx_binary(o, TSR_OP_MUL, s.y, onx_plain(o, 1));
    if (onx_has(o, 2))
        y = onx_binary(o, TSR_OP_ADD, y, onx_plain(o, 2));
    onx_set(o, 0, y, ONX_PLAIN);
    onx_set(o, 1, s.mean, ONX_PLAIN);
    onx_set(o, 2, s.inverse, ONX_PLAIN);
}

void onx_mvn(onx_op *o)
{
    int64_t axes[ONX_MAX_INTS] = { 0, 2, 3 };
    const int rank = onx_shape_of(o, 0).rank, given = onx_attr_ints(o, "axes", axes, ONX_MAX_INTS);
    unsigned mask = 0;
    for (int i = 0; i < (given < 0 ? 3 : given); i++)
        mask |= 1u << onx_axis(o, axes[i], rank);
    const int x = onx_plain(o, 0);
    const int d = onx_binary(o, TSR_OP_SUB, x, onx_reduce(o, TSR_OP_MEAN, x, mask, true));
    const int var = onx_reduce(o, TSR_OP_MEAN, onx_binary(o, TSR_OP_MUL, d, d), mask, true);
    const int deviation = onx_unary(o, TSR_OP_SQRT, var);
    const int below = onx_binary(o, TSR_OP_ADD, deviation, onx_scalar(o, 1e-9f));
    onx_set(o, 0, onx_binary(o, TSR_OP_DIV, d, below), ONX_PLAIN);
}

void onx_lp_norm(onx_op *o)
{
    const bool image = onx_is_image(o, 0);
    const int x = image ? onx_nhwc(o, 0) : onx_plain(o, 0);
    const int axis = onx_axis(o, onx_attr_int(o, "axis", -1), onx_shape_of(o, 0).rank);
    const unsigned mask = 1u << (image ? onx_image_axis(axis) : axis);
    const int64_t p = onx_attr_int(o, "p", 2);
    const int size = p == 1 ? onx_unary(o, TSR_OP_ABS, x) : onx_binary(o, TSR_OP_MUL, x, x);
    int norm = onx_reduce(o, TSR_OP_REDUCE_SUM, size, mask, true);
    norm = p == 1 ? norm : onx_unary(o, TSR_OP_SQRT, norm);
    onx_set(o, 0, onx_binary(o, TSR_OP_DIV, x, norm), image ? ONX_NHWC : ONX_PLAIN);
}

static int band_filter(onx_op *o, int c, int size, float value)
{
    if (c > 4096) {
        onx_fail(o, TSR_UNSUPPORTED, "%d channels", c);
        return ONX_NONE;
    }
    float *band = onx_room(o, (size_t)c * (size_t)c * sizeof *band);
    for (int co = 0; band && co < c; co++)
        for (int ci = 0; ci < c; ci++) {
            const bool near = ci >= co - (size - 1) / 2 && ci <= co + size / 2;
            band[(size_t)co * (size_t)c + (size_t)ci] = near ? value : 0;
        }
    return band ? onx_floats(o, band, 4, (int[]){ c, 1, 1, c }) : ONX_NONE;
}

void onx_lrn(onx_op *o)
{
    const int x = onx_nhwc(o, 0), c = onx_shape_of(o, 0).dim[1];
    const int64_t size = onx_attr_int(o, "size", 0);
    if (!onx_ok(o) || size < 1 || size > INT16_MAX) {
        onx_fail(o, TSR_BAD_FILE, "over %lld channels", (long long)size);
        return;
    }
    const float alpha = onx_attr_float(o, "alpha", 0.0001f), k = onx_attr_float(o, "bias", 1);
    int in[3] = { onx_binary(o, TSR_OP_MUL, x, x),
                  band_filter(o, c, (int)size, alpha / (float)size), ONX_NONE };
    float *bias = onx_room(o, (size_t)c * sizeof *bias);
    for (int i = 0; bias && i < c; i++)
        bias[i] = k;
    in[2] = bias ? onx_floats(o, bias, 1, &c) : ONX_NONE;
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, o->name, in, 3);
    n.attr.conv2d = (tsr_conv2d_attr){ .stride_y = 1, .stride_x = 1, .dilation_y = 1,
                                       .dilation_x = 1, .groups = 1 };
    const int sum = in[1] < 0 || in[2] < 0 ? ONX_NONE : onx_step(o, &n, TSR_F32);
    const int below = onx_binary(o, TSR_OP_POW, sum,
                                 onx_scalar(o, onx_attr_float(o, "beta", 0.75f)));
    onx_set(o, 0, onx_binary(o, TSR_OP_DIV, x, below), ONX_NHWC);
}
