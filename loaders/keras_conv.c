/*
 * keras_conv.c - the Keras layers that have filters.
 *
 * Filters come as H,W,I,O and leave as O,H,W,I; a depthwise filter H,W,C,M is
 * the same bytes as our 1,H,W,C*M.  Batch normalisation is written as multiply
 * and add by constants, which the optimiser folds into the filter before.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/keras_pieces.h"
#include "loaders/turn.h"

static tsr_conv2d_attr conv_geometry(const keras_call *c, int kh, int kw)
{
    const tsr_tensor *x = keras_tensor(c, c->in[0]);
    int s[2], d[2];
    keras_pair(c, "strides", 1, s);
    keras_pair(c, "dilation_rate", 1, d);
    tsr_conv2d_attr a = { .stride_y = s[0], .stride_x = s[1], .dilation_y = d[0],
                          .dilation_x = d[1], .groups = 1 };
    if (keras_is_same(c)) {
        tsr_same_padding(x->dim[1], kh, s[0], d[0], &a.pad_top, &a.pad_bottom);
        tsr_same_padding(x->dim[2], kw, s[1], d[1], &a.pad_left, &a.pad_right);
    }
    return a;
}

static int conv2d(const keras_call *c, const char *role, int x)
{
    tsr_tensor w;
    if (!keras_is_picture(c))
        return -1;
    const int filter = keras_turned(c, role, 0, 4, &w);
    if (filter < 0)
        return -1;
    int in[] = { x, filter, keras_bias(c, 1) };
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, c->name, in, 3);
    n.attr.conv2d = conv_geometry(c, w.dim[0], w.dim[1]);
    n.attr.conv2d.groups = json_int(c->config, "groups", 1);
    return keras_activated(c, keras_add(c, &n));
}

int keras_layer_conv2d(const keras_call *c) { return conv2d(c, "kernel", c->in[0]); }

static int depthwise(const keras_call *c, bool last)
{
    tsr_tensor w;
    if (!keras_is_picture(c) || !keras_need(c, "depthwise_kernel", 0, 4, &w))
        return -1;
    const int dim[] = { 1, w.dim[0], w.dim[1], w.dim[2] * w.dim[3] };
    int in[] = { c->in[0], keras_constant(c, w.data, 4, dim), last ? keras_bias(c, 1) : -1 };
    tsr_node n = tsr_node_make(TSR_OP_DEPTHWISE_CONV2D, c->name, in, 3);
    n.attr.conv2d = conv_geometry(c, w.dim[0], w.dim[1]);
    return last ? keras_activated(c, keras_add(c, &n)) : keras_add(c, &n);
}

int keras_layer_depthwise(const keras_call *c) { return depthwise(c, true); }

/* Depthwise, then a 1x1 conv with its own geometry: stride 1. */
int keras_layer_separable(const keras_call *c)
{
    tsr_tensor w;
    const int middle = depthwise(c, false);
    const int filter = middle < 0 ? -1 : keras_turned(c, "pointwise_kernel", 1, 4, &w);
    if (filter < 0)
        return -1;
    int in[] = { middle, filter, keras_bias(c, 2) };
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, c->name, in, 3);
    n.attr.conv2d = (tsr_conv2d_attr){ 1, 1, 1, 1, 0, 0, 0, 0, 1 };
    return keras_activated(c, keras_add(c, &n));
}

/* Kernel H,W,O,I; SAME gives input * stride, VALID the full result. */
int keras_layer_conv2d_transpose(const keras_call *c)
{
    tsr_tensor w;
    if (!keras_is_picture(c) || !keras_need(c, "kernel", 0, 4, &w))
        return -1;
    const tsr_tensor *x = keras_tensor(c, c->in[0]);
    const size_t taps = (size_t)w.dim[0] * (size_t)w.dim[1], ci = (size_t)w.dim[3];
    const size_t co = (size_t)w.dim[2];
    float *f = keras_floats(c, taps * ci * co);
    if (f)
        tsr_turn(w.data, taps, co, ci * sizeof *f, f);
    const int dim[] = { w.dim[2], w.dim[0], w.dim[1], w.dim[3] };
    int in[] = { c->in[0], keras_constant(c, f, 4, dim), keras_bias(c, 1) }, s[2];
    keras_pair(c, "strides", 1, s);
    if (s[0] < 1 || s[1] < 1 || s[0] > 64 || s[1] > 64)
        return keras_fail(c, "strides out of range");
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE_CONV2D, c->name, in, 3);
    tsr_transpose_conv2d_attr *a = &n.attr.transpose_conv2d;
    const bool same = keras_is_same(c);
    const int full_h = (x->dim[1] - 1) * s[0] + w.dim[0];
    const int full_w = (x->dim[2] - 1) * s[1] + w.dim[1];
    *a = (tsr_transpose_conv2d_attr){ .stride_y = s[0], .stride_x = s[1],
                                      .oh = same ? x->dim[1] * s[0] : full_h,
                                      .ow = same ? x->dim[2] * s[1] : full_w };
    if (same) {
        const int cut_h = full_h > a->oh ? full_h - a->oh : 0;
        const int cut_w = full_w > a->ow ? full_w - a->ow : 0;
        a->pad_top = cut_h / 2, a->pad_bottom = cut_h - cut_h / 2;
        a->pad_left = cut_w / 2, a->pad_right = cut_w - cut_w / 2;
    }
    return keras_activated(c, keras_add(c, &n));
}

int keras_layer_dense(const keras_call *c)
{
    tsr_tensor w;
    const int matrix = keras_turned(c, "kernel", 0, 2, &w);
    if (matrix < 0)
        return -1;
    int in[] = { c->in[0], matrix, keras_bias(c, 1) };
    tsr_node n = tsr_node_make(TSR_OP_DENSE, c->name, in, 3);
    n.attr.dense.keep_dims = true;
    return keras_activated(c, keras_add(c, &n));
}

/* y = gamma (x - mean) / sqrt(variance + epsilon) + beta */
int keras_layer_batch_normalization(const keras_call *c)
{
    tsr_tensor mean, variance, gamma, beta;
    const bool scale = json_bool(c->config, "scale", true);
    const bool center = json_bool(c->config, "center", true);
    if (c->in[0] < 0 || !keras_need(c, "moving_mean", scale + center, 1, &mean)
        || !keras_need(c, "moving_variance", scale + center + 1, 1, &variance))
        return -1;
    const tsr_tensor *x = keras_tensor(c, c->in[0]);
    const cJSON *axes = json_get(c->config, "axis");
    const int axis = cJSON_IsArray(axes) ? json_int_at(axes, 0, -1)
                                         : json_int(c->config, "axis", -1);
    const int n = mean.dim[0];
    if ((axis != -1 && axis != x->rank - 1) || variance.dim[0] != n)
        return keras_fail(c, "normalises another axis than the last");
    if ((scale && (!keras_need(c, "gamma", 0, 1, &gamma) || gamma.dim[0] != n))
        || (center && (!keras_need(c, "beta", scale, 1, &beta) || beta.dim[0] != n)))
        return -1;
    const double epsilon = json_number(c->config, "epsilon", 1e-3);
    float *mul = keras_floats(c, (size_t)n), *shift = keras_floats(c, (size_t)n);
    if (!mul || !shift)
        return -1;
    for (int i = 0; i < n; i++) {
        const double g = scale ? (double)((float *)gamma.data)[i] : 1.0;
        const double b = center ? (double)((float *)beta.data)[i] : 0.0;
        const double f = g / sqrt((double)((float *)variance.data)[i] + epsilon);
        mul[i] = (float)f;
        shift[i] = (float)(b - f * (double)((float *)mean.data)[i]);
    }
    const int scaled = keras_binary(c, TSR_OP_MUL, c->in[0], keras_constant(c, mul, 1, &n));
    return scaled < 0 ? -1 : keras_binary(c, TSR_OP_ADD, scaled, keras_constant(c, shift, 1, &n));
}
