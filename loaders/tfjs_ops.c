/*
 * tfjs_ops.c - what each TensorFlow operator is in ours.
 *
 * Filters H,W,I,O become O,H,W,I; a depthwise filter H,W,C,M is the same bytes
 * as our 1,H,W,C*M.  Operators that differ only in a number share a function
 * and take the number from the table at the end.  SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/tfjs_node.h"

static const tsr_tensor *tensor(const tfjs_graph *t, int value)
{
    return tsr_graph_tensor(t->m->g, value);
}

/* Add `node` with one result of the given dtype. */
static int add_as(tfjs_graph *t, const tfjs_node *n, tsr_node *node, tsr_dtype dtype)
{
    tsr_tensor out = { .name = n->name, .dtype = dtype };
    node->name = n->name;
    return t->m->g->status == TSR_OK ? tsr_graph_node(t->m->g, node, &out) : -1;
}

/* ... of the dtype of its first input. */
static int add(tfjs_graph *t, const tfjs_node *n, tsr_node *node)
{
    return node->in[0] < 0 ? -1 : add_as(t, n, node, tensor(t, node->in[0])->dtype);
}

static int constant(tfjs_graph *t, const tfjs_node *n, float *data, int rank, const int *dim)
{
    tsr_tensor c = { .name = n->name, .dtype = TSR_F32, .rank = rank, .data = data };
    if (!data) {
        tsr_graph_fail(t->m->g, TSR_NO_MEMORY, "%.40s '%.80s': no memory", n->op, n->name);
        return -1;
    }
    memcpy(c.dim, dim, (size_t)rank * sizeof *dim);
    return tsr_graph_constant(t->m->g, &c);
}

static float *floats(tfjs_graph *t, size_t count)
{
    return tsr_pool_alloc(t->m->g->pool, count * sizeof(float), 64);
}

static int clamp(tfjs_graph *t, const tfjs_node *n, int x, float lo, float hi)
{
    tsr_node node = tsr_node_make(TSR_OP_CLAMP, n->name, &x, 1);
    node.lo = lo, node.hi = hi;
    return add(t, n, &node);
}

static int unary_on(tfjs_graph *t, const tfjs_node *n, tsr_op_kind kind, int x, float alpha)
{
    tsr_node node = tsr_node_make(kind, n->name, &x, 1);
    node.attr.unary.alpha = alpha;
    return add(t, n, &node);
}

static int binary_on(tfjs_graph *t, const tfjs_node *n, tsr_op_kind kind, int x, int y)
{
    int in[] = { x, y };
    tsr_node node = tsr_node_make(kind, n->name, in, 2);
    return y < 0 ? -1 : add(t, n, &node);
}

/* ---- inputs, outputs, names --------------------------------------------------- */

static int placeholder(tfjs_graph *t, tfjs_node *n)
{
    const cJSON *shape = json_get(json_get(json_get(n->attr, "shape"), "shape"), "dim"), *d;
    tsr_tensor x = { .name = n->name, .dtype = TSR_F32 };
    const char *type = json_string(json_get(n->attr, "dtype"), "type", "DT_FLOAT");
    if (!strcmp(type, "DT_INT32"))
        x.dtype = TSR_S32;
    else if (strcmp(type, "DT_FLOAT"))
        return tfjs_fail(t, n, "only float and int32 inputs are supported");
    cJSON_ArrayForEach(d, shape) {
        const char *s = json_string(d, "size", NULL);
        int size = s ? 0 : json_int(d, "size", -1);
        for (int i = 0; s && s[i] >= '0' && s[i] <= '9' && size < 1 << 24; i++)
            size = 10 * size + (s[i] - '0');
        if (x.rank == TSR_MAX_RANK)
            return tfjs_fail(t, n, "too many dimensions");
        if (size < 1 && x.rank > 0)
            return tfjs_fail(t, n, "a dimension of the input is not fixed");
        x.dim[x.rank++] = size < 1 ? 1 : size;          /* an open batch is 1 */
    }
    return tsr_graph_input(t->m->g, &x);
}

/* An output must carry its own name; elsewhere the optimiser drops this. */
static int identity(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    if (x < 0)
        return -1;
    const tsr_tensor *v = tensor(t, x);
    tsr_node node = tsr_node_make(TSR_OP_RESHAPE, n->name, &x, 1);
    node.attr.reshape.rank = v->rank;
    memcpy(node.attr.reshape.dim, v->dim, sizeof v->dim);
    return add(t, n, &node);
}

/* ---- filters ------------------------------------------------------------------- */

/* Explicit paddings: [[0,0],[top,bottom],[left,right],[0,0]] in one list. */
static bool padding(tfjs_graph *t, const tfjs_node *n, tsr_conv2d_attr *a, int kh, int kw)
{
    const tsr_tensor *x = tensor(t, tfjs_input(t, n, 0));
    int p[8];
    if (tfjs_attr_is(n, "padding", "SAME")) {
        tsr_same_padding(x->dim[1], kh, a->stride_y, a->dilation_y, &a->pad_top, &a->pad_bottom);
        tsr_same_padding(x->dim[2], kw, a->stride_x, a->dilation_x, &a->pad_left, &a->pad_right);
        return true;
    }
    if (tfjs_attr_is(n, "padding", "EXPLICIT") &&
        tfjs_attr_ints(n, "explicit_paddings", p, 8) == 8) {
        a->pad_top = p[2], a->pad_bottom = p[3], a->pad_left = p[4], a->pad_right = p[5];
        return true;
    }
    return tfjs_attr_is(n, "padding", "VALID");
}

static bool geometry(tfjs_graph *t, const tfjs_node *n, tsr_conv2d_attr *a, int kh, int kw)
{
    int s[4] = { 1, 1, 1, 1 }, d[4] = { 1, 1, 1, 1 };
    const int x = tfjs_input(t, n, 0);
    tfjs_attr_ints(n, "strides", s, 4);
    tfjs_attr_ints(n, "dilations", d, 4);
    *a = (tsr_conv2d_attr){ .stride_y = s[1], .stride_x = s[2], .dilation_y = d[1],
                            .dilation_x = d[2], .groups = 1 };
    return x >= 0 && tensor(t, x)->rank == 4 && !tfjs_attr_is(n, "data_format", "NCHW")
        && padding(t, n, a, kh, kw);
}

/* What a fused operator does besides: bias, then an activation. */
typedef struct {
    int bias, prelu;            /* values; -1: none */
    char activation[24];
    float alpha;
} fusion;

static bool read_fusion(tfjs_graph *t, const tfjs_node *n, fusion *f)
{
    char ops[4][24];
    const int count = tfjs_attr_strings(n, "fused_ops", ops, 4);
    int next = 2;
    *f = (fusion){ .bias = -1, .prelu = -1, .alpha = 0.2f };
    for (int i = 0; i < count; i++)
        if (!strcmp(ops[i], "BiasAdd"))
            f->bias = tfjs_input(t, n, next++);
        else if (!strcmp(ops[i], "Prelu"))
            f->prelu = tfjs_input(t, n, next++);
        else
            memcpy(f->activation, ops[i], sizeof f->activation);
    f->alpha = (float)tfjs_attr_float(n, "leakyrelu_alpha", 0.2);
    return t->m->g->status == TSR_OK;
}

static int finish(tfjs_graph *t, const tfjs_node *n, const fusion *f, int y)
{
    const char *a = f->activation;
    if (y < 0)
        return -1;
    if (f->prelu >= 0)
        return binary_on(t, n, TSR_OP_PRELU, y, f->prelu);
    return !a[0] ? y
         : !strcmp(a, "Relu") ? clamp(t, n, y, 0, TSR_INFINITY)
         : !strcmp(a, "Relu6") ? clamp(t, n, y, 0, 6)
         : !strcmp(a, "Elu") ? unary_on(t, n, TSR_OP_ELU, y, 1)
         : !strcmp(a, "LeakyRelu") ? unary_on(t, n, TSR_OP_LEAKY_RELU, y, f->alpha)
         : !strcmp(a, "Sigmoid") ? unary_on(t, n, TSR_OP_LOGISTIC, y, 0)
         : tfjs_fail(t, n, "its fused activation is not supported");
}

static const tsr_tensor *filter(tfjs_graph *t, const tfjs_node *n, int i, int rank)
{
    const tsr_tensor *w = tfjs_constant(t, n, i);
    if (w && w->dtype == TSR_F32 && w->rank == rank && tsr_elements(w) > 0)
        return w;
    tfjs_fail(t, n, "its filter is not a constant of the right shape");
    return NULL;
}

/* x[rows][cols] -> y[cols][rows] */
static float *turned(tfjs_graph *t, const float *x, size_t rows, size_t cols)
{
    float *y = floats(t, rows * cols);
    for (size_t r = 0; y && r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            y[c * rows + r] = x[r * cols + c];
    return y;
}

static int conv2d(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *w = filter(t, n, 1, 4);
    tsr_conv2d_attr a;
    fusion f;
    if (!w || !read_fusion(t, n, &f))
        return -1;
    if (!geometry(t, n, &a, w->dim[0], w->dim[1]))
        return tfjs_fail(t, n, "its padding or layout is not supported");
    const size_t oc = (size_t)w->dim[3];
    const int dim[] = { w->dim[3], w->dim[0], w->dim[1], w->dim[2] };
    int in[] = { tfjs_input(t, n, 0),
                 constant(t, n, turned(t, w->data, tsr_elements(w) / oc, oc), 4, dim), f.bias };
    tsr_node node = tsr_node_make(TSR_OP_CONV2D, n->name, in, 3);
    node.attr.conv2d = a;
    return finish(t, n, &f, add(t, n, &node));
}

static int depthwise(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *w = filter(t, n, 1, 4);
    tsr_conv2d_attr a;
    fusion f;
    if (!w || !read_fusion(t, n, &f))
        return -1;
    if (!geometry(t, n, &a, w->dim[0], w->dim[1]))
        return tfjs_fail(t, n, "its padding or layout is not supported");
    const int dim[] = { 1, w->dim[0], w->dim[1], w->dim[2] * w->dim[3] };
    int in[] = { tfjs_input(t, n, 0), constant(t, n, w->data, 4, dim), f.bias };
    tsr_node node = tsr_node_make(TSR_OP_DEPTHWISE_CONV2D, n->name, in, 3);
    node.attr.conv2d = a;
    return finish(t, n, &f, add(t, n, &node));
}

/* x[rows, in] times w[in, out], or w[out, in] with transpose_b. */
static int mat_mul(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *w = filter(t, n, 1, 2);
    fusion f;
    if (!w || !read_fusion(t, n, &f))
        return -1;
    if (tfjs_attr_bool(n, "transpose_a", false))
        return tfjs_fail(t, n, "transpose_a is not supported");
    const bool ready = tfjs_attr_bool(n, "transpose_b", false);
    const int dim[] = { ready ? w->dim[0] : w->dim[1], ready ? w->dim[1] : w->dim[0] };
    float *rows = ready ? w->data : turned(t, w->data, (size_t)w->dim[0], (size_t)w->dim[1]);
    int in[] = { tfjs_input(t, n, 0), constant(t, n, rows, 2, dim), f.bias };
    tsr_node node = tsr_node_make(TSR_OP_DENSE, n->name, in, 3);
    node.attr.dense.keep_dims = true;
    return finish(t, n, &f, add(t, n, &node));
}

/* Conv2DBackpropInput(output shape, filter[kh,kw,oc,ic], x) */
static int conv2d_transpose(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *w = filter(t, n, 1, 4);
    int shape[4], s[4] = { 1, 1, 1, 1 };
    const int x = tfjs_input(t, n, 2);
    if (!w || x < 0 || tensor(t, x)->rank != 4)
        return -1;
    tfjs_attr_ints(n, "strides", s, 4);
    if (tfjs_constant_ints(t, n, 0, shape, 4) != 4 || s[1] < 1 || s[2] < 1 || s[1] > 64 ||
        s[2] > 64)
        return tfjs_fail(t, n, "its output shape or strides are not supported");
    const size_t taps = (size_t)w->dim[0] * (size_t)w->dim[1];
    const size_t co = (size_t)w->dim[2], ci = (size_t)w->dim[3];
    float *f = floats(t, taps * co * ci);
    for (size_t k = 0; f && k < taps; k++)
        for (size_t o = 0; o < co; o++)
            memcpy(f + (o * taps + k) * ci, (const float *)w->data + (k * co + o) * ci,
                   ci * sizeof *f);
    const int dim[] = { w->dim[2], w->dim[0], w->dim[1], w->dim[3] };
    int in[] = { x, constant(t, n, f, 4, dim) };
    tsr_node node = tsr_node_make(TSR_OP_TRANSPOSE_CONV2D, n->name, in, 2);
    tsr_transpose_conv2d_attr *a = &node.attr.transpose_conv2d;
    *a = (tsr_transpose_conv2d_attr){ .stride_y = s[1], .stride_x = s[2],
                                      .oh = shape[1], .ow = shape[2] };
    if (tfjs_attr_is(n, "padding", "SAME")) {
        tsr_same_padding(shape[1], w->dim[0], s[1], 1, &a->pad_top, &a->pad_bottom);
        tsr_same_padding(shape[2], w->dim[1], s[2], 1, &a->pad_left, &a->pad_right);
    }
    return add(t, n, &node);
}

/* Inference form: x * scale/sqrt(var + eps) + (offset - mean * that) */
static int fused_batch_norm(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *p[4];
    for (int i = 0; i < 4; i++)
        if (!(p[i] = filter(t, n, i + 1, 1)) || p[i]->dim[0] != p[0]->dim[0])
            return tfjs_fail(t, n, "its parameters are not constants of one length");
    const int c = p[0]->dim[0];
    float *mul = floats(t, (size_t)c), *shift = floats(t, (size_t)c);
    const double epsilon = tfjs_attr_float(n, "epsilon", 1e-4);
    for (int i = 0; mul && shift && i < c; i++) {
        const float *scale = p[0]->data, *offset = p[1]->data, *mean = p[2]->data;
        const double f = (double)scale[i] / sqrt((double)((const float *)p[3]->data)[i] + epsilon);
        mul[i] = (float)f;
        shift[i] = (float)((double)offset[i] - f * (double)mean[i]);
    }
    const int y = binary_on(t, n, TSR_OP_MUL, tfjs_input(t, n, 0), constant(t, n, mul, 1, &c));
    return binary_on(t, n, TSR_OP_ADD, y, constant(t, n, shift, 1, &c));
}

/* ---- element by element ---------------------------------------------------------- */

static int clamp_op(tfjs_graph *t, tfjs_node *n)
{
    return clamp(t, n, tfjs_input(t, n, 0), 0, !strcmp(n->op, "Relu6") ? 6 : TSR_INFINITY);
}

static int clip_by_value(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *lo = tfjs_constant(t, n, 1), *hi = tfjs_constant(t, n, 2);
    if (!lo || !hi || lo->dtype != TSR_F32 || hi->dtype != TSR_F32)
        return tfjs_fail(t, n, "its bounds are not constants");
    return clamp(t, n, tfjs_input(t, n, 0), *(const float *)lo->data, *(const float *)hi->data);
}

static tsr_op_kind kind_of(const char *op);

static int unary(tfjs_graph *t, tfjs_node *n)
{
    const bool leaky = !strcmp(n->op, "LeakyRelu");
    return unary_on(t, n, kind_of(n->op), tfjs_input(t, n, 0),
                    leaky ? (float)tfjs_attr_float(n, "alpha", 0.2) : 1);
}

static int binary(tfjs_graph *t, tfjs_node *n)
{
    const int x = tfjs_input(t, n, 0), y = tfjs_input(t, n, 1);
    return x < 0 ? -1 : binary_on(t, n, kind_of(n->op), x, y);
}

static int square(tfjs_graph *t, tfjs_node *n)
{
    const int x = tfjs_input(t, n, 0);
    return binary_on(t, n, TSR_OP_MUL, x, x);
}

static int add_n(tfjs_graph *t, tfjs_node *n)
{
    int sum = tfjs_input(t, n, 0);
    for (int i = 1; i < tfjs_input_count(n) && sum >= 0; i++)
        sum = binary_on(t, n, TSR_OP_ADD, sum, tfjs_input(t, n, i));
    return sum;
}

static int softmax(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    if (x < 0)
        return -1;
    tsr_node node = tsr_node_make(TSR_OP_SOFTMAX, n->name, &x, 1);
    node.attr.softmax = (tsr_softmax_attr){ tensor(t, x)->rank - 1, 1.0f };
    return add(t, n, &node);
}

static int cast(tfjs_graph *t, tfjs_node *n)
{
    const char *to = json_string(json_get(n->attr, "DstT"), "type", "");
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_CAST, n->name, &x, 1);
    const bool is_int = !strcmp(to, "DT_INT32");
    if (!is_int && strcmp(to, "DT_FLOAT"))
        return tfjs_fail(t, n, "only casts to float and int32 are supported");
    return x < 0 ? -1 : add_as(t, n, &node, is_int ? TSR_S32 : TSR_F32);
}

/* ---- windows --------------------------------------------------------------------- */

static int pool(tfjs_graph *t, tfjs_node *n)
{
    int k[4] = { 1, 1, 1, 1 }, x = tfjs_input(t, n, 0);
    tsr_conv2d_attr a;
    tfjs_attr_ints(n, "ksize", k, 4);
    if (x < 0 || !geometry(t, n, &a, k[1], k[2]))
        return tfjs_fail(t, n, "its padding or layout is not supported");
    tsr_node node = tsr_node_make(kind_of(n->op), n->name, &x, 1);
    node.attr.pool2d = (tsr_pool2d_attr){
        .kh = k[1], .kw = k[2], .stride_y = a.stride_y, .stride_x = a.stride_x,
        .dilation_y = 1, .dilation_x = 1, .pad_top = a.pad_top, .pad_left = a.pad_left,
        .pad_bottom = a.pad_bottom, .pad_right = a.pad_right,
    };
    return add(t, n, &node);
}

static int resize(tfjs_graph *t, tfjs_node *n)
{
    int size[2], x = tfjs_input(t, n, 0);
    const bool nearest = !strcmp(n->op, "ResizeNearestNeighbor");
    if (x < 0 || tfjs_constant_ints(t, n, 1, size, 2) != 2)
        return tfjs_fail(t, n, "its size is not a constant");
    tsr_node node = tsr_node_make(TSR_OP_RESIZE, n->name, &x, 1);
    const bool corners = tfjs_attr_bool(n, "align_corners", false);
    node.attr.resize = (tsr_resize_attr){
        .oh = size[0], .ow = size[1], .method = nearest ? TSR_NEAREST : TSR_BILINEAR,
        .coord = corners ? TSR_COORD_ALIGN_CORNERS
               : tfjs_attr_bool(n, "half_pixel_centers", false) ? TSR_COORD_HALF_PIXEL
               : TSR_COORD_ASYMMETRIC,
        /* TensorFlow rounds half up with align_corners and cuts otherwise. */
        .nearest = corners ? TSR_ROUND_HALF_UP : TSR_ROUND_FLOOR,
    };
    return add(t, n, &node);
}

/* ---- shapes ---------------------------------------------------------------------- */

static int reshape_to(tfjs_graph *t, const tfjs_node *n, int x, const tsr_reshape_attr *shape)
{
    tsr_node node = tsr_node_make(TSR_OP_RESHAPE, n->name, &x, 1);
    node.attr.reshape = *shape;
    return add(t, n, &node);
}

static int reshape(tfjs_graph *t, tfjs_node *n)
{
    tsr_reshape_attr shape;
    shape.rank = tfjs_constant_ints(t, n, 1, shape.dim, TSR_MAX_RANK);
    if (shape.rank < 0)
        return tfjs_fail(t, n, "its shape is not a constant");
    return reshape_to(t, n, tfjs_input(t, n, 0), &shape);
}

static int squeeze(tfjs_graph *t, tfjs_node *n)
{
    int dims[TSR_MAX_RANK], x = tfjs_input(t, n, 0);
    const int count = tfjs_attr_ints(n, "squeeze_dims", dims, TSR_MAX_RANK);
    tsr_reshape_attr shape = { 0 };
    if (x < 0)
        return -1;
    const tsr_tensor *v = tensor(t, x);
    for (int i = 0; i < v->rank; i++) {
        bool drop = count == 0 && v->dim[i] == 1;
        for (int k = 0; k < count; k++)
            drop |= dims[k] == i || dims[k] + v->rank == i;
        if (!drop)
            shape.dim[shape.rank++] = v->dim[i];
    }
    return reshape_to(t, n, x, &shape);
}

static int expand_dims(tfjs_graph *t, tfjs_node *n)
{
    int axis, x = tfjs_input(t, n, 0);
    if (x < 0 || tfjs_constant_ints(t, n, 1, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant");
    const tsr_tensor *v = tensor(t, x);
    axis += axis < 0 ? v->rank + 1 : 0;
    if (axis < 0 || axis > v->rank || v->rank == TSR_MAX_RANK)
        return tfjs_fail(t, n, "its axis is out of range");
    tsr_reshape_attr shape = { .rank = v->rank + 1 };
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = i == axis ? 1 : v->dim[i - (i > axis)];
    return reshape_to(t, n, x, &shape);
}

static int transpose(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_TRANSPOSE, n->name, &x, 1);
    if (x < 0 || tfjs_constant_ints(t, n, 1, node.attr.transpose.perm, TSR_MAX_RANK)
                 != tensor(t, x)->rank)
        return tfjs_fail(t, n, "its permutation is not a constant of the right length");
    return add(t, n, &node);
}

static int concat(tfjs_graph *t, tfjs_node *n)
{
    enum { MOST = 64 };
    int in[MOST], axis;
    const int count = tfjs_input_count(n) - 1;
    if (count < 1 || count > MOST || tfjs_constant_ints(t, n, count, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant, or it has too many inputs");
    for (int i = 0; i < count; i++)
        if ((in[i] = tfjs_input(t, n, i)) < 0)
            return -1;
    tsr_node node = tsr_node_make(TSR_OP_CONCAT, n->name, in, count);
    node.attr.concat.axis = axis < 0 ? axis + tensor(t, in[0])->rank : axis;
    return add(t, n, &node);
}

static int pad(tfjs_graph *t, tfjs_node *n)
{
    int p[2 * TSR_MAX_RANK], x = tfjs_input(t, n, 0);
    const tsr_tensor *value = strcmp(n->op, "PadV2") ? NULL : tfjs_constant(t, n, 2);
    if (x < 0 || tfjs_constant_ints(t, n, 1, p, 2 * TSR_MAX_RANK) != 2 * tensor(t, x)->rank)
        return tfjs_fail(t, n, "its paddings are not a constant of the right length");
    tsr_node node = tsr_node_make(TSR_OP_PAD, n->name, &x, 1);
    for (int i = 0; i < tensor(t, x)->rank; i++)
        node.attr.pad.before[i] = p[2 * i], node.attr.pad.after[i] = p[2 * i + 1];
    if (value && value->dtype == TSR_F32 && tsr_elements(value) == 1)
        node.attr.pad.value = *(const float *)value->data;
    return add(t, n, &node);
}

static int reduce(tfjs_graph *t, tfjs_node *n)
{
    int axes[TSR_MAX_RANK], x = tfjs_input(t, n, 0);
    const int count = tfjs_constant_ints(t, n, 1, axes, TSR_MAX_RANK);
    if (x < 0 || count < 0)
        return tfjs_fail(t, n, "its axes are not a constant");
    const int rank = tensor(t, x)->rank;
    tsr_node node = tsr_node_make(kind_of(n->op), n->name, &x, 1);
    for (int i = 0; i < count; i++) {
        const int a = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (a < 0 || a >= rank)
            return tfjs_fail(t, n, "an axis is out of range");
        node.attr.reduce.axes |= 1u << a;
    }
    node.attr.reduce.keep_dims = tfjs_attr_bool(n, "keep_dims", false);
    return add(t, n, &node);
}

static int arg_max(tfjs_graph *t, tfjs_node *n)
{
    int axis, x = tfjs_input(t, n, 0);
    if (x < 0 || tfjs_constant_ints(t, n, 1, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant");
    tsr_node node = tsr_node_make(kind_of(n->op), n->name, &x, 1);
    node.attr.arg.axis = axis < 0 ? axis + tensor(t, x)->rank : axis;
    return add_as(t, n, &node, TSR_S32);
}

static int depth_to_space(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_DEPTH_TO_SPACE, n->name, &x, 1);
    node.attr.depth_space.block = tfjs_attr_int(n, "block_size", 0);
    return add(t, n, &node);
}

/* SpaceToBatchND(x, block, pads), BatchToSpaceND(x, block, crops) of pictures. */
static int batch_space(tfjs_graph *t, tfjs_node *n)
{
    int block[2], p[4], x = tfjs_input(t, n, 0);
    if (x < 0 || tfjs_constant_ints(t, n, 1, block, 2) != 2
        || tfjs_constant_ints(t, n, 2, p, 4) != 4)
        return tfjs_fail(t, n, "only pictures with constant blocks are supported");
    tsr_node node = tsr_node_make(kind_of(n->op), n->name, &x, 1);
    node.attr.batch_space = (tsr_batch_space_attr){ block[0], block[1], p[0], p[2], p[1], p[3] };
    return add(t, n, &node);
}

/* One piece of x along an axis. */
static int piece(tfjs_graph *t, const tfjs_node *n, int x, int axis, const int from_to[2])
{
    const tsr_tensor *v = tensor(t, x);
    tsr_node node = tsr_node_make(TSR_OP_SLICE, n->name, &x, 1);
    for (int i = 0; i < v->rank; i++) {
        node.attr.slice.stride[i] = 1;
        node.attr.slice.begin[i] = i == axis ? from_to[0] : 0;
        node.attr.slice.size[i] = i == axis ? from_to[1] - from_to[0] : v->dim[i];
    }
    return add(t, n, &node);
}

/* Split(axis, x) into num_split equal pieces. */
static int split(tfjs_graph *t, tfjs_node *n)
{
    int axis, first = -1, x = tfjs_input(t, n, 1);
    const int pieces = tfjs_attr_int(n, "num_split", 0);
    if (x < 0 || tfjs_constant_ints(t, n, 0, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant");
    axis += axis < 0 ? tensor(t, x)->rank : 0;
    if (axis < 0 || axis >= tensor(t, x)->rank || pieces < 1 || tensor(t, x)->dim[axis] % pieces)
        return tfjs_fail(t, n, "cannot be cut like that");
    const int size = tensor(t, x)->dim[axis] / pieces;
    for (int i = 0; i < pieces; i++) {
        const int y = piece(t, n, x, axis, (int[]){ i * size, (i + 1) * size });
        if (y < 0)
            return -1;
        first = i ? first : y;
    }
    n->count = pieces;
    return first;
}

/* Slice(x, begin, size); size -1: to the end. */
static int slice(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_SLICE, n->name, &x, 1);
    tsr_slice_attr *a = &node.attr.slice;
    if (x < 0 || tfjs_constant_ints(t, n, 1, a->begin, TSR_MAX_RANK) != tensor(t, x)->rank
        || tfjs_constant_ints(t, n, 2, a->size, TSR_MAX_RANK) != tensor(t, x)->rank)
        return tfjs_fail(t, n, "its bounds are not constants of the right length");
    for (int i = 0; i < tensor(t, x)->rank; i++) {
        a->stride[i] = 1;
        if (a->begin[i] < 0 || a->begin[i] > tensor(t, x)->dim[i])
            return tfjs_fail(t, n, "begins outside its input");
        if (a->size[i] == -1)
            a->size[i] = tensor(t, x)->dim[i] - a->begin[i];
    }
    return add(t, n, &node);
}

/* ---- the table ------------------------------------------------------------------- */

static const struct {
    const char *op;
    tfjs_reader *read;
    tsr_op_kind kind;           /* for readers that several operators share */
} table[] = {
    { "Placeholder", placeholder, 0 }, { "Identity", identity, 0 }, { "StopGradient", identity, 0 },
    { "Conv2D", conv2d, 0 }, { "_FusedConv2D", conv2d, 0 },
    { "DepthwiseConv2dNative", depthwise, 0 }, { "FusedDepthwiseConv2dNative", depthwise, 0 },
    { "MatMul", mat_mul, 0 }, { "_FusedMatMul", mat_mul, 0 },
    { "Conv2DBackpropInput", conv2d_transpose, 0 },
    { "FusedBatchNorm", fused_batch_norm, 0 }, { "FusedBatchNormV2", fused_batch_norm, 0 },
    { "FusedBatchNormV3", fused_batch_norm, 0 },
    { "MaxPool", pool, TSR_OP_MAX_POOL2D }, { "AvgPool", pool, TSR_OP_AVERAGE_POOL2D },
    { "ResizeBilinear", resize, 0 }, { "ResizeNearestNeighbor", resize, 0 },
    { "Relu", clamp_op, 0 }, { "Relu6", clamp_op, 0 }, { "ClipByValue", clip_by_value, 0 },
    { "BiasAdd", binary, TSR_OP_ADD }, { "Add", binary, TSR_OP_ADD },
    { "AddV2", binary, TSR_OP_ADD }, { "Sub", binary, TSR_OP_SUB },
    { "Mul", binary, TSR_OP_MUL }, { "RealDiv", binary, TSR_OP_DIV },
    { "Maximum", binary, TSR_OP_MAXIMUM }, { "Minimum", binary, TSR_OP_MINIMUM },
    { "Pow", binary, TSR_OP_POW }, { "FloorDiv", binary, TSR_OP_FLOOR_DIV },
    { "SquaredDifference", binary, TSR_OP_SQUARED_DIFFERENCE },
    { "Prelu", binary, TSR_OP_PRELU }, { "AddN", add_n, 0 }, { "Square", square, 0 },
    { "Sigmoid", unary, TSR_OP_LOGISTIC }, { "Tanh", unary, TSR_OP_TANH },
    { "Elu", unary, TSR_OP_ELU }, { "LeakyRelu", unary, TSR_OP_LEAKY_RELU },
    { "Exp", unary, TSR_OP_EXP }, { "Log", unary, TSR_OP_LOG }, { "Sqrt", unary, TSR_OP_SQRT },
    { "Rsqrt", unary, TSR_OP_RSQRT }, { "Abs", unary, TSR_OP_ABS }, { "Neg", unary, TSR_OP_NEG },
    { "Floor", unary, TSR_OP_FLOOR }, { "Ceil", unary, TSR_OP_CEIL },
    { "Round", unary, TSR_OP_ROUND }, { "Softmax", softmax, 0 }, { "Cast", cast, 0 },
    { "Reshape", reshape, 0 }, { "Squeeze", squeeze, 0 }, { "ExpandDims", expand_dims, 0 },
    { "Transpose", transpose, 0 }, { "ConcatV2", concat, 0 },
    { "Pad", pad, 0 }, { "PadV2", pad, 0 },
    { "Mean", reduce, TSR_OP_MEAN }, { "Max", reduce, TSR_OP_REDUCE_MAX },
    { "Min", reduce, TSR_OP_REDUCE_MIN }, { "Sum", reduce, TSR_OP_REDUCE_SUM },
    { "ArgMax", arg_max, TSR_OP_ARG_MAX }, { "ArgMin", arg_max, TSR_OP_ARG_MIN },
    { "DepthToSpace", depth_to_space, 0 },
    { "SpaceToBatchND", batch_space, TSR_OP_SPACE_TO_BATCH },
    { "BatchToSpaceND", batch_space, TSR_OP_BATCH_TO_SPACE },
    { "Split", split, 0 }, { "Slice", slice, 0 },
};
enum { TABLE_SIZE = sizeof table / sizeof *table };

static int find(const char *op)
{
    for (int i = 0; i < TABLE_SIZE; i++)
        if (!strcmp(table[i].op, op))
            return i;
    return -1;
}

tfjs_reader *tfjs_find_reader(const char *op)
{
    const int i = find(op);
    return i < 0 ? NULL : table[i].read;
}

static tsr_op_kind kind_of(const char *op) { return table[find(op)].kind; }

bool tfjs_knows(const char *op)
{
    return find(op) >= 0 || !strcmp(op, "Const") || !strcmp(op, "NoOp");
}
