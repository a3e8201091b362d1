/*
 * keras_layers.c - what each Keras layer is in our operators.
 *
 * Filters come as H,W,I,O and leave as O,H,W,I; a depthwise filter H,W,C,M is
 * the same bytes as our 1,H,W,C*M.  Batch normalisation is written as multiply
 * and add by constants, which the optimiser folds into the filter before.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/keras_model.h"

/* ---- pieces ---------------------------------------------------------------- */

static int fail(const keras_call *c, const char *what)
{
    tsr_graph_fail(c->b->g, TSR_UNSUPPORTED, "layer '%.80s': %s", c->name, what);
    return -1;
}

static const tsr_tensor *tensor(const keras_call *c, int value)
{
    return tsr_graph_tensor(c->b->g, value);
}

/* Add a node with one f32 result called after the layer. */
static int add(const keras_call *c, tsr_node *n)
{
    tsr_tensor out = { .name = c->name, .dtype = TSR_F32 };
    n->name = c->name;
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] < 0 && i == 0)
            return -1;                  /* an error is already recorded */
    return tsr_graph_node(c->b->g, n, &out);
}

static bool weight(const keras_call *c, const char *role, int index, tsr_tensor *t)
{
    return c->b->weights->find(c->b->weights->ctx, c->name, role, index, t)
        && t->dtype == TSR_F32;
}

/* A weight that must be there, with this many dimensions. */
static bool need(const keras_call *c, const char *role, int rank, tsr_tensor *t)
{
    if (!weight(c, role, 0, t) || t->rank != rank) {
        tsr_graph_fail(c->b->g, TSR_BAD_FILE, "layer '%.80s': weight '%s' of %d dimensions "
                       "is missing", c->name, role, rank);
        return false;
    }
    return true;
}

static float *floats(const keras_call *c, size_t n)
{
    float *x = tsr_pool_alloc(c->b->g->pool, n * sizeof *x, 64);
    if (!x)
        tsr_graph_fail(c->b->g, TSR_NO_MEMORY, "layer '%.80s': no memory for weights", c->name);
    return x;
}

static int constant(const keras_call *c, float *data, int rank, const int *dim)
{
    tsr_tensor t = { .name = c->name, .dtype = TSR_F32, .rank = rank, .data = data };
    if (!data)
        return -1;
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    return tsr_graph_constant(c->b->g, &t);
}

/* Rows and columns change places: x[rows][cols] -> y[cols][rows]. */
static float *turned(const keras_call *c, const float *x, size_t rows, size_t cols)
{
    float *y = floats(c, rows * cols);
    for (size_t r = 0; y && r < rows; r++)
        for (size_t k = 0; k < cols; k++)
            y[k * rows + r] = x[r * cols + k];
    return y;
}

static int bias(const keras_call *c)
{
    tsr_tensor t;
    if (!json_bool(c->config, "use_bias", true) || !need(c, "bias", 1, &t))
        return -1;
    t.name = c->name;
    return tsr_graph_constant(c->b->g, &t);
}

static int unary(const keras_call *c, tsr_op_kind kind, int x)
{
    tsr_node n = tsr_node_make(kind, c->name, &x, 1);
    return add(c, &n);
}

static int clamp(const keras_call *c, int x, float lo, float hi)
{
    tsr_node n = tsr_node_make(TSR_OP_CLAMP, c->name, &x, 1);
    n.lo = lo, n.hi = hi;
    return add(c, &n);
}

static int softmax(const keras_call *c, int x, int axis)
{
    if (x < 0)
        return -1;
    tsr_node n = tsr_node_make(TSR_OP_SOFTMAX, c->name, &x, 1);
    n.attr.softmax = (tsr_softmax_attr){ axis < 0 ? axis + tensor(c, x)->rank : axis, 1.0f };
    return add(c, &n);
}

static int binary(const keras_call *c, tsr_op_kind kind, int x, int y)
{
    int in[] = { x, y };
    tsr_node n = tsr_node_make(kind, c->name, in, 2);
    return add(c, &n);
}

static int with_alpha(const keras_call *c, tsr_op_kind kind, int x, float alpha, float beta)
{
    tsr_node n = tsr_node_make(kind, c->name, &x, 1);
    n.attr.unary.alpha = alpha, n.attr.unary.beta = beta;
    return add(c, &n);
}

/* An activation by its name in the configuration. */
static int activate(const keras_call *c, const char *how, int x)
{
    if (x < 0 || !strcmp(how, "linear"))
        return x;
    if (!strcmp(how, "relu"))
        return clamp(c, x, 0, TSR_INFINITY);
    if (!strcmp(how, "relu6"))
        return clamp(c, x, 0, 6);
    if (!strcmp(how, "sigmoid"))
        return unary(c, TSR_OP_LOGISTIC, x);
    if (!strcmp(how, "tanh"))
        return unary(c, TSR_OP_TANH, x);
    if (!strcmp(how, "softmax"))
        return softmax(c, x, -1);
    if (!strcmp(how, "elu"))
        return with_alpha(c, TSR_OP_ELU, x, 1, 0);
    if (!strcmp(how, "exponential"))
        return unary(c, TSR_OP_EXP, x);
    if (!strcmp(how, "hard_sigmoid"))
        return with_alpha(c, TSR_OP_HARD_SIGMOID, x, 0.2f, 0.5f);
    if (!strcmp(how, "leaky_relu"))
        return with_alpha(c, TSR_OP_LEAKY_RELU, x, 0.2f, 0);
    if (!strcmp(how, "swish") || !strcmp(how, "silu"))
        return binary(c, TSR_OP_MUL, x, unary(c, TSR_OP_LOGISTIC, x));
    tsr_graph_fail(c->b->g, TSR_UNSUPPORTED, "layer '%.80s': activation '%.40s'", c->name, how);
    return -1;
}

static int activated(const keras_call *c, int x)
{
    return activate(c, json_string(c->config, "activation", "linear"), x);
}

/* A pair like "strides": a number or two. */
static void pair(const keras_call *c, const char *key, int otherwise, int out[2])
{
    const cJSON *p = json_get(c->config, key);
    out[0] = out[1] = json_int(c->config, key, otherwise);
    if (cJSON_IsArray(p))
        out[0] = json_int_at(p, 0, otherwise), out[1] = json_int_at(p, 1, out[0]);
}

static bool is_picture(const keras_call *c)
{
    if (c->in_count && c->in[0] >= 0 && tensor(c, c->in[0])->rank == 4
        && strcmp(json_string(c->config, "data_format", "channels_last"), "channels_first"))
        return true;
    fail(c, "only N,H,W,C pictures are supported");
    return false;
}

static bool is_same(const keras_call *c)
{
    return !strcmp(json_string(c->config, "padding", "valid"), "same");
}

/* ---- filters ---------------------------------------------------------------- */

static tsr_conv2d_attr conv_geometry(const keras_call *c, int kh, int kw)
{
    const tsr_tensor *x = tensor(c, c->in[0]);
    int s[2], d[2];
    pair(c, "strides", 1, s);
    pair(c, "dilation_rate", 1, d);
    tsr_conv2d_attr a = { .stride_y = s[0], .stride_x = s[1], .dilation_y = d[0],
                          .dilation_x = d[1], .groups = 1 };
    if (is_same(c)) {
        tsr_same_padding(x->dim[1], kh, s[0], d[0], &a.pad_top, &a.pad_bottom);
        tsr_same_padding(x->dim[2], kw, s[1], d[1], &a.pad_left, &a.pad_right);
    }
    return a;
}

static int conv2d(const keras_call *c, const char *role, int x)
{
    tsr_tensor w;
    if (!is_picture(c) || !need(c, role, 4, &w))
        return -1;
    const size_t oc = (size_t)w.dim[3], rest = tsr_elements(&w) / oc;
    const int dim[] = { w.dim[3], w.dim[0], w.dim[1], w.dim[2] };
    int in[] = { x, constant(c, turned(c, w.data, rest, oc), 4, dim), bias(c) };
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, c->name, in, 3);
    n.attr.conv2d = conv_geometry(c, w.dim[0], w.dim[1]);
    n.attr.conv2d.groups = json_int(c->config, "groups", 1);
    return activated(c, add(c, &n));
}

static int layer_conv2d(const keras_call *c) { return conv2d(c, "kernel", c->in[0]); }

static int depthwise(const keras_call *c, bool last)
{
    tsr_tensor w;
    if (!is_picture(c) || !need(c, "depthwise_kernel", 4, &w))
        return -1;
    const int dim[] = { 1, w.dim[0], w.dim[1], w.dim[2] * w.dim[3] };
    int in[] = { c->in[0], constant(c, w.data, 4, dim), last ? bias(c) : -1 };
    tsr_node n = tsr_node_make(TSR_OP_DEPTHWISE_CONV2D, c->name, in, 3);
    n.attr.conv2d = conv_geometry(c, w.dim[0], w.dim[1]);
    return last ? activated(c, add(c, &n)) : add(c, &n);
}

static int layer_depthwise(const keras_call *c) { return depthwise(c, true); }

/* Depthwise, then a 1x1 conv with its own geometry: stride 1. */
static int layer_separable(const keras_call *c)
{
    tsr_tensor w;
    const int middle = depthwise(c, false);
    if (middle < 0 || !need(c, "pointwise_kernel", 4, &w))
        return -1;
    const size_t oc = (size_t)w.dim[3], rest = tsr_elements(&w) / oc;
    const int dim[] = { w.dim[3], w.dim[0], w.dim[1], w.dim[2] };
    int in[] = { middle, constant(c, turned(c, w.data, rest, oc), 4, dim), bias(c) };
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, c->name, in, 3);
    n.attr.conv2d = (tsr_conv2d_attr){ 1, 1, 1, 1, 0, 0, 0, 0, 1 };
    return activated(c, add(c, &n));
}

/* Kernel H,W,O,I; SAME gives input * stride, VALID the full result. */
static int layer_conv2d_transpose(const keras_call *c)
{
    tsr_tensor w;
    if (!is_picture(c) || !need(c, "kernel", 4, &w))
        return -1;
    const tsr_tensor *x = tensor(c, c->in[0]);
    const size_t taps = (size_t)w.dim[0] * (size_t)w.dim[1], ci = (size_t)w.dim[3];
    const size_t co = (size_t)w.dim[2];
    float *f = floats(c, taps * ci * co);
    for (size_t t = 0; f && t < taps; t++)
        for (size_t o = 0; o < co; o++)
            memcpy(f + (o * taps + t) * ci, (float *)w.data + (t * co + o) * ci, ci * sizeof *f);
    const int dim[] = { w.dim[2], w.dim[0], w.dim[1], w.dim[3] };
    int in[] = { c->in[0], constant(c, f, 4, dim), bias(c) }, s[2];
    pair(c, "strides", 1, s);
    if (s[0] < 1 || s[1] < 1 || s[0] > 64 || s[1] > 64)
        return fail(c, "strides out of range");
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE_CONV2D, c->name, in, 3);
    tsr_transpose_conv2d_attr *a = &n.attr.transpose_conv2d;
    const bool same = is_same(c);
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
    return activated(c, add(c, &n));
}

static int layer_dense(const keras_call *c)
{
    tsr_tensor w;
    if (!need(c, "kernel", 2, &w))
        return -1;
    const int dim[] = { w.dim[1], w.dim[0] };
    float *f = turned(c, w.data, (size_t)w.dim[0], (size_t)w.dim[1]);
    int in[] = { c->in[0], constant(c, f, 2, dim), bias(c) };
    tsr_node n = tsr_node_make(TSR_OP_DENSE, c->name, in, 3);
    n.attr.dense.keep_dims = true;
    return activated(c, add(c, &n));
}

/* y = gamma (x - mean) / sqrt(variance + epsilon) + beta */
static int layer_batch_normalization(const keras_call *c)
{
    tsr_tensor mean, variance, gamma, beta;
    if (c->in[0] < 0 || !need(c, "moving_mean", 1, &mean)
        || !need(c, "moving_variance", 1, &variance))
        return -1;
    const tsr_tensor *x = tensor(c, c->in[0]);
    const cJSON *axes = json_get(c->config, "axis");
    const int axis = cJSON_IsArray(axes) ? json_int_at(axes, 0, -1)
                                         : json_int(c->config, "axis", -1);
    const int n = mean.dim[0];
    if ((axis != -1 && axis != x->rank - 1) || variance.dim[0] != n)
        return fail(c, "normalises another axis than the last");
    const bool scale = json_bool(c->config, "scale", true);
    const bool center = json_bool(c->config, "center", true);
    if ((scale && (!need(c, "gamma", 1, &gamma) || gamma.dim[0] != n))
        || (center && (!need(c, "beta", 1, &beta) || beta.dim[0] != n)))
        return -1;
    const double epsilon = json_number(c->config, "epsilon", 1e-3);
    float *mul = floats(c, (size_t)n), *shift = floats(c, (size_t)n);
    if (!mul || !shift)
        return -1;
    for (int i = 0; i < n; i++) {
        const double g = scale ? (double)((float *)gamma.data)[i] : 1.0;
        const double b = center ? (double)((float *)beta.data)[i] : 0.0;
        const double f = g / sqrt((double)((float *)variance.data)[i] + epsilon);
        mul[i] = (float)f;
        shift[i] = (float)(b - f * (double)((float *)mean.data)[i]);
    }
    const int scaled = binary(c, TSR_OP_MUL, c->in[0], constant(c, mul, 1, &n));
    return scaled < 0 ? -1 : binary(c, TSR_OP_ADD, scaled, constant(c, shift, 1, &n));
}

/* ---- activations ------------------------------------------------------------ */

static int layer_activation(const keras_call *c) { return activated(c, c->in[0]); }

static int layer_relu(const keras_call *c)
{
    const double slope = json_number(c->config, "negative_slope", 0);
    const cJSON *max = json_get(c->config, "max_value");
    if (json_number(c->config, "threshold", 0) != 0)
        return fail(c, "a ReLU with a threshold");
    if (slope == 0)
        return clamp(c, c->in[0], 0, cJSON_IsNumber(max) ? (float)max->valuedouble : TSR_INFINITY);
    if (cJSON_IsNumber(max))
        return fail(c, "a ReLU with a slope and a maximum");
    return with_alpha(c, TSR_OP_LEAKY_RELU, c->in[0], (float)slope, 0);
}

static int layer_leaky_relu(const keras_call *c)
{
    const double alpha = json_number(c->config, "negative_slope",
                                     json_number(c->config, "alpha", 0.3));
    return with_alpha(c, TSR_OP_LEAKY_RELU, c->in[0], (float)alpha, 0);
}

static int layer_elu(const keras_call *c)
{
    return with_alpha(c, TSR_OP_ELU, c->in[0], (float)json_number(c->config, "alpha", 1), 0);
}

static int layer_prelu(const keras_call *c)
{
    tsr_tensor t;
    if (!weight(c, "alpha", 0, &t))
        return fail(c, "weight 'alpha' is missing");
    t.name = c->name;
    return binary(c, TSR_OP_PRELU, c->in[0], tsr_graph_constant(c->b->g, &t));
}

static int layer_softmax(const keras_call *c)
{
    return softmax(c, c->in[0], json_int(c->config, "axis", -1));
}

/* x * scale + offset */
static int layer_rescaling(const keras_call *c)
{
    float *x = floats(c, 2);
    if (!x)
        return -1;
    x[0] = (float)json_number(c->config, "scale", 1);
    x[1] = (float)json_number(c->config, "offset", 0);
    const int one = 1;
    const int scaled = binary(c, TSR_OP_MUL, c->in[0], constant(c, x, 1, &one));
    return scaled < 0 ? -1 : binary(c, TSR_OP_ADD, scaled, constant(c, x + 1, 1, &one));
}

/* ---- windows ---------------------------------------------------------------- */

static int pool(const keras_call *c, tsr_op_kind kind)
{
    if (!is_picture(c))
        return -1;
    const tsr_tensor *x = tensor(c, c->in[0]);
    int k[2], s[2];
    pair(c, "pool_size", 2, k);
    pair(c, "strides", k[0], s);
    if (!json_get(c->config, "strides") || cJSON_IsNull(json_get(c->config, "strides")))
        s[0] = k[0], s[1] = k[1];
    tsr_node n = tsr_node_make(kind, c->name, (int *)(uintptr_t)c->in, 1);
    tsr_pool2d_attr *a = &n.attr.pool2d;
    *a = (tsr_pool2d_attr){ .kh = k[0], .kw = k[1], .stride_y = s[0], .stride_x = s[1],
                            .dilation_y = 1, .dilation_x = 1 };
    if (is_same(c)) {
        tsr_same_padding(x->dim[1], k[0], s[0], 1, &a->pad_top, &a->pad_bottom);
        tsr_same_padding(x->dim[2], k[1], s[1], 1, &a->pad_left, &a->pad_right);
    }
    return add(c, &n);
}

static int layer_max_pooling(const keras_call *c) { return pool(c, TSR_OP_MAX_POOL2D); }

static int layer_average_pooling(const keras_call *c) { return pool(c, TSR_OP_AVERAGE_POOL2D); }

static int global_pool(const keras_call *c, tsr_op_kind kind)
{
    if (!is_picture(c))
        return -1;
    tsr_node n = tsr_node_make(kind, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.reduce = (tsr_reduce_attr){ 1u << 1 | 1u << 2, json_bool(c->config, "keepdims", false) };
    return add(c, &n);
}

static int layer_global_average(const keras_call *c) { return global_pool(c, TSR_OP_MEAN); }

static int layer_global_max(const keras_call *c) { return global_pool(c, TSR_OP_REDUCE_MAX); }

static int layer_up_sampling(const keras_call *c)
{
    if (!is_picture(c))
        return -1;
    const tsr_tensor *x = tensor(c, c->in[0]);
    const char *how = json_string(c->config, "interpolation", "nearest");
    int size[2];
    pair(c, "size", 2, size);
    if (size[0] < 1 || size[1] < 1 || size[0] > 64 || size[1] > 64
        || (strcmp(how, "nearest") && strcmp(how, "bilinear")))
        return fail(c, "only nearest and bilinear up-sampling by 1 to 64 are supported");
    tsr_node n = tsr_node_make(TSR_OP_RESIZE, c->name, (int *)(uintptr_t)c->in, 1);
    const bool nearest = !strcmp(how, "nearest");
    n.attr.resize = (tsr_resize_attr){
        .oh = x->dim[1] * size[0], .ow = x->dim[2] * size[1],
        .method = nearest ? TSR_NEAREST : TSR_BILINEAR,
        .coord = nearest ? TSR_COORD_ASYMMETRIC : TSR_COORD_HALF_PIXEL,
        .nearest = TSR_ROUND_FLOOR,
    };
    return add(c, &n);
}

/* ---- shapes ----------------------------------------------------------------- */

/* [[top, bottom], [left, right]], [y, x] or one number. */
static void four_sides(const keras_call *c, const char *key, int sides[4])
{
    const cJSON *p = json_get(c->config, key);
    const int all = json_int(c->config, key, 0);
    for (int i = 0; i < 2; i++) {
        const cJSON *axis = cJSON_GetArrayItem(p, i);
        const int both = json_int_at(p, i, all);
        sides[2 * i] = cJSON_IsArray(axis) ? json_int_at(axis, 0, 0) : both;
        sides[2 * i + 1] = cJSON_IsArray(axis) ? json_int_at(axis, 1, 0) : both;
    }
}

static int layer_zero_padding(const keras_call *c)
{
    int sides[4];
    if (!is_picture(c))
        return -1;
    four_sides(c, "padding", sides);
    tsr_node n = tsr_node_make(TSR_OP_PAD, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.pad = (tsr_pad_attr){ .before = { 0, sides[0], sides[2], 0 },
                                 .after = { 0, sides[1], sides[3], 0 } };
    return add(c, &n);
}

static int layer_cropping(const keras_call *c)
{
    int sides[4];
    if (!is_picture(c))
        return -1;
    four_sides(c, "cropping", sides);
    const tsr_tensor *x = tensor(c, c->in[0]);
    for (int i = 0; i < 4; i++)
        if (sides[i] < 0 || sides[i] >= x->dim[1 + i / 2])
            return fail(c, "crops more than there is");
    tsr_node n = tsr_node_make(TSR_OP_SLICE, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.slice = (tsr_slice_attr){
        .begin = { 0, sides[0], sides[2], 0 }, .stride = { 1, 1, 1, 1 },
        .size = { x->dim[0], x->dim[1] - sides[0] - sides[1], x->dim[2] - sides[2] - sides[3],
                  x->dim[3] },
    };
    return add(c, &n);
}

static int reshaped(const keras_call *c, const tsr_reshape_attr *shape)
{
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.reshape = *shape;
    return add(c, &n);
}

static int layer_flatten(const keras_call *c)
{
    if (c->in[0] < 0)
        return -1;
    return reshaped(c, &(tsr_reshape_attr){ 2, { tensor(c, c->in[0])->dim[0], -1 } });
}

static int layer_reshape(const keras_call *c)
{
    const cJSON *target = json_get(c->config, "target_shape");
    const int rank = cJSON_GetArraySize(target) + 1;
    if (c->in[0] < 0 || rank < 2 || rank > TSR_MAX_RANK)
        return fail(c, "target_shape has too few or too many dimensions");
    tsr_reshape_attr shape = { rank, { tensor(c, c->in[0])->dim[0] } };
    for (int i = 1; i < rank; i++)
        shape.dim[i] = json_int_at(target, i - 1, 0);
    return reshaped(c, &shape);
}

/* dims count from 1: the batch is not among them. */
static int layer_permute(const keras_call *c)
{
    const cJSON *dims = json_get(c->config, "dims");
    const int rank = cJSON_GetArraySize(dims) + 1;
    if (c->in[0] < 0 || rank != tensor(c, c->in[0])->rank)
        return fail(c, "permutes another number of dimensions than it gets");
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE, c->name, (int *)(uintptr_t)c->in, 1);
    for (int i = 1; i < rank; i++)
        n.attr.transpose.perm[i] = json_int_at(dims, i - 1, 0);
    return add(c, &n);
}

static int layer_identity(const keras_call *c) { return c->in[0]; }

/* ---- several inputs --------------------------------------------------------- */

static int merge(const keras_call *c, tsr_op_kind kind)
{
    int sum = c->in[0];
    for (int i = 1; i < c->in_count && sum >= 0; i++)
        sum = binary(c, kind, sum, c->in[i]);
    return sum;
}

static int layer_add(const keras_call *c) { return merge(c, TSR_OP_ADD); }
static int layer_subtract(const keras_call *c) { return merge(c, TSR_OP_SUB); }
static int layer_multiply(const keras_call *c) { return merge(c, TSR_OP_MUL); }
static int layer_maximum(const keras_call *c) { return merge(c, TSR_OP_MAXIMUM); }
static int layer_minimum(const keras_call *c) { return merge(c, TSR_OP_MINIMUM); }

static int layer_average(const keras_call *c)
{
    const int sum = merge(c, TSR_OP_ADD), one = 1;
    float *share = floats(c, 1);
    if (sum < 0 || !share)
        return -1;
    *share = 1.0f / (float)c->in_count;
    return binary(c, TSR_OP_MUL, sum, constant(c, share, 1, &one));
}

static int layer_concatenate(const keras_call *c)
{
    if (c->in[0] < 0)
        return -1;
    const int axis = json_int(c->config, "axis", -1);
    tsr_node n = tsr_node_make(TSR_OP_CONCAT, c->name, (int *)(uintptr_t)c->in, c->in_count);
    n.attr.concat.axis = axis < 0 ? axis + tensor(c, c->in[0])->rank : axis;
    return add(c, &n);
}

static const struct {
    const char *class_name;
    keras_layer *build;
} layers[] = {
    { "Conv2D", layer_conv2d }, { "DepthwiseConv2D", layer_depthwise },
    { "SeparableConv2D", layer_separable }, { "Conv2DTranspose", layer_conv2d_transpose },
    { "Dense", layer_dense }, { "BatchNormalization", layer_batch_normalization },
    { "Activation", layer_activation }, { "ReLU", layer_relu },
    { "LeakyReLU", layer_leaky_relu }, { "ELU", layer_elu }, { "PReLU", layer_prelu },
    { "Softmax", layer_softmax }, { "Rescaling", layer_rescaling },
    { "MaxPooling2D", layer_max_pooling }, { "AveragePooling2D", layer_average_pooling },
    { "GlobalAveragePooling2D", layer_global_average },
    { "GlobalMaxPooling2D", layer_global_max }, { "UpSampling2D", layer_up_sampling },
    { "ZeroPadding2D", layer_zero_padding }, { "Cropping2D", layer_cropping },
    { "Flatten", layer_flatten }, { "Reshape", layer_reshape }, { "Permute", layer_permute },
    { "Dropout", layer_identity }, { "SpatialDropout2D", layer_identity },
    { "GaussianNoise", layer_identity }, { "ActivityRegularization", layer_identity },
    { "Add", layer_add }, { "Subtract", layer_subtract }, { "Multiply", layer_multiply },
    { "Maximum", layer_maximum }, { "Minimum", layer_minimum }, { "Average", layer_average },
    { "Concatenate", layer_concatenate },
};

keras_layer *tsr_keras_find_layer(const char *class_name)
{
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (!strcmp(layers[i].class_name, class_name))
            return layers[i].build;
    return NULL;
}
