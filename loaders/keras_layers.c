/*
 * keras_layers.c - the Keras layers without filters, and the table of all.
 *
 * To support one more: a function that adds its nodes, and a line in the table.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/keras_pieces.h"

/* ---- activations ------------------------------------------------------------ */

static int layer_activation(const keras_call *c) { return keras_activated(c, c->in[0]); }

static int layer_relu(const keras_call *c)
{
    const double slope = json_number(c->config, "negative_slope", 0);
    const cJSON *max = json_get(c->config, "max_value");
    if (json_number(c->config, "threshold", 0) != 0)
        return keras_fail(c, "a ReLU with a threshold");
    if (slope == 0)
        return keras_clamp(c, c->in[0], 0,
                           cJSON_IsNumber(max) ? (float)max->valuedouble : TSR_INFINITY);
    if (cJSON_IsNumber(max))
        return keras_fail(c, "a ReLU with a slope and a maximum");
    return keras_with_alpha(c, TSR_OP_LEAKY_RELU, c->in[0], (float)slope, 0);
}

static int layer_leaky_relu(const keras_call *c)
{
    const double alpha = json_number(c->config, "negative_slope",
                                     json_number(c->config, "alpha", 0.3));
    return keras_with_alpha(c, TSR_OP_LEAKY_RELU, c->in[0], (float)alpha, 0);
}

static int layer_elu(const keras_call *c)
{
    return keras_with_alpha(c, TSR_OP_ELU, c->in[0], (float)json_number(c->config, "alpha", 1), 0);
}

static int layer_prelu(const keras_call *c)
{
    tsr_tensor t;
    if (!keras_weight(c, "alpha", 0, &t))
        return keras_fail(c, "weight 'alpha' is missing");
    t.name = c->name;
    return keras_binary(c, TSR_OP_PRELU, c->in[0], tsr_graph_constant(c->b->g, &t));
}

static int layer_softmax(const keras_call *c)
{
    return keras_softmax(c, c->in[0], json_int(c->config, "axis", -1));
}

/* x * scale + offset */
static int layer_rescaling(const keras_call *c)
{
    float *x = keras_floats(c, 2);
    if (!x)
        return -1;
    x[0] = (float)json_number(c->config, "scale", 1);
    x[1] = (float)json_number(c->config, "offset", 0);
    const int one = 1;
    const int scaled = keras_binary(c, TSR_OP_MUL, c->in[0], keras_constant(c, x, 1, &one));
    return scaled < 0 ? -1 : keras_binary(c, TSR_OP_ADD, scaled, keras_constant(c, x + 1, 1, &one));
}

/* ---- windows ---------------------------------------------------------------- */

static int pool(const keras_call *c, tsr_op_kind kind)
{
    if (!keras_is_picture(c))
        return -1;
    const tsr_tensor *x = keras_tensor(c, c->in[0]);
    int k[2], s[2];
    keras_pair(c, "pool_size", 2, k);
    keras_pair(c, "strides", k[0], s);
    if (!json_get(c->config, "strides") || cJSON_IsNull(json_get(c->config, "strides")))
        s[0] = k[0], s[1] = k[1];
    tsr_node n = tsr_node_make(kind, c->name, (int *)(uintptr_t)c->in, 1);
    tsr_pool2d_attr *a = &n.attr.pool2d;
    *a = (tsr_pool2d_attr){ .kh = k[0], .kw = k[1], .stride_y = s[0], .stride_x = s[1],
                            .dilation_y = 1, .dilation_x = 1 };
    if (keras_is_same(c)) {
        tsr_same_padding(x->dim[1], k[0], s[0], 1, &a->pad_top, &a->pad_bottom);
        tsr_same_padding(x->dim[2], k[1], s[1], 1, &a->pad_left, &a->pad_right);
    }
    return keras_add(c, &n);
}

static int layer_max_pooling(const keras_call *c) { return pool(c, TSR_OP_MAX_POOL2D); }

static int layer_average_pooling(const keras_call *c) { return pool(c, TSR_OP_AVERAGE_POOL2D); }

static int global_pool(const keras_call *c, tsr_op_kind kind)
{
    if (!keras_is_picture(c))
        return -1;
    tsr_node n = tsr_node_make(kind, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.reduce = (tsr_reduce_attr){ 1u << 1 | 1u << 2, json_bool(c->config, "keepdims", false) };
    return keras_add(c, &n);
}

static int layer_global_average(const keras_call *c) { return global_pool(c, TSR_OP_MEAN); }

static int layer_global_max(const keras_call *c) { return global_pool(c, TSR_OP_REDUCE_MAX); }

static int layer_up_sampling(const keras_call *c)
{
    if (!keras_is_picture(c))
        return -1;
    const tsr_tensor *x = keras_tensor(c, c->in[0]);
    const char *how = json_string(c->config, "interpolation", "nearest");
    int size[2];
    keras_pair(c, "size", 2, size);
    if (size[0] < 1 || size[1] < 1 || size[0] > 64 || size[1] > 64
        || (strcmp(how, "nearest") && strcmp(how, "bilinear")))
        return keras_fail(c, "only nearest and bilinear up-sampling by 1 to 64 are supported");
    tsr_node n = tsr_node_make(TSR_OP_RESIZE, c->name, (int *)(uintptr_t)c->in, 1);
    const bool nearest = !strcmp(how, "nearest");
    n.attr.resize = (tsr_resize_attr){
        .oh = x->dim[1] * size[0], .ow = x->dim[2] * size[1],
        .method = nearest ? TSR_NEAREST : TSR_BILINEAR,
        .coord = nearest ? TSR_COORD_ASYMMETRIC : TSR_COORD_HALF_PIXEL,
        .nearest = TSR_ROUND_FLOOR,
    };
    return keras_add(c, &n);
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
    if (!keras_is_picture(c))
        return -1;
    four_sides(c, "padding", sides);
    tsr_node n = tsr_node_make(TSR_OP_PAD, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.pad = (tsr_pad_attr){ .before = { 0, sides[0], sides[2], 0 },
                                 .after = { 0, sides[1], sides[3], 0 } };
    return keras_add(c, &n);
}

static int layer_cropping(const keras_call *c)
{
    int sides[4];
    if (!keras_is_picture(c))
        return -1;
    four_sides(c, "cropping", sides);
    const tsr_tensor *x = keras_tensor(c, c->in[0]);
    for (int i = 0; i < 4; i++)
        if (sides[i] < 0 || sides[i] >= x->dim[1 + i / 2])
            return keras_fail(c, "crops more than there is");
    tsr_node n = tsr_node_make(TSR_OP_SLICE, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.slice = (tsr_slice_attr){
        .begin = { 0, sides[0], sides[2], 0 }, .stride = { 1, 1, 1, 1 },
        .size = { x->dim[0], x->dim[1] - sides[0] - sides[1], x->dim[2] - sides[2] - sides[3],
                  x->dim[3] },
    };
    return keras_add(c, &n);
}

static int reshaped(const keras_call *c, const tsr_reshape_attr *shape)
{
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, c->name, (int *)(uintptr_t)c->in, 1);
    n.attr.reshape = *shape;
    return keras_add(c, &n);
}

static int layer_flatten(const keras_call *c)
{
    if (c->in[0] < 0)
        return -1;
    return reshaped(c, &(tsr_reshape_attr){ 2, { keras_tensor(c, c->in[0])->dim[0], -1 } });
}

static int layer_reshape(const keras_call *c)
{
    const cJSON *target = json_get(c->config, "target_shape");
    const int rank = cJSON_GetArraySize(target) + 1;
    if (c->in[0] < 0 || rank < 2 || rank > TSR_MAX_RANK)
        return keras_fail(c, "target_shape has too few or too many dimensions");
    tsr_reshape_attr shape = { rank, { keras_tensor(c, c->in[0])->dim[0] } };
    for (int i = 1; i < rank; i++)
        shape.dim[i] = json_int_at(target, i - 1, 0);
    return reshaped(c, &shape);
}

/* dims count from 1: the batch is not among them. */
static int layer_permute(const keras_call *c)
{
    const cJSON *dims = json_get(c->config, "dims");
    const int rank = cJSON_GetArraySize(dims) + 1;
    if (c->in[0] < 0 || rank != keras_tensor(c, c->in[0])->rank)
        return keras_fail(c, "permutes another number of dimensions than it gets");
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE, c->name, (int *)(uintptr_t)c->in, 1);
    for (int i = 1; i < rank; i++)
        n.attr.transpose.perm[i] = json_int_at(dims, i - 1, 0);
    return keras_add(c, &n);
}

static int layer_identity(const keras_call *c) { return c->in[0]; }

/* ---- several inputs --------------------------------------------------------- */

static int merge(const keras_call *c, tsr_op_kind kind)
{
    int sum = c->in[0];
    for (int i = 1; i < c->in_count && sum >= 0; i++)
        sum = keras_binary(c, kind, sum, c->in[i]);
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
    float *share = keras_floats(c, 1);
    if (sum < 0 || !share)
        return -1;
    *share = 1.0f / (float)c->in_count;
    return keras_binary(c, TSR_OP_MUL, sum, keras_constant(c, share, 1, &one));
}

static int layer_concatenate(const keras_call *c)
{
    if (c->in[0] < 0)
        return -1;
    const int axis = json_int(c->config, "axis", -1);
    tsr_node n = tsr_node_make(TSR_OP_CONCAT, c->name, (int *)(uintptr_t)c->in, c->in_count);
    n.attr.concat.axis = axis < 0 ? axis + keras_tensor(c, c->in[0])->rank : axis;
    return keras_add(c, &n);
}

static const struct {
    const char *class_name;
    keras_layer *build;
} layers[] = {
    { "Conv2D", keras_layer_conv2d }, { "DepthwiseConv2D", keras_layer_depthwise },
    { "SeparableConv2D", keras_layer_separable },
    { "Conv2DTranspose", keras_layer_conv2d_transpose },
    { "Dense", keras_layer_dense }, { "BatchNormalization", keras_layer_batch_normalization },
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
