/*
 * tfjs_conv.c - TensorFlow operators with filters or windows.
 *
 * Filters H,W,I,O become O,H,W,I; a depthwise filter H,W,C,M is the same bytes
 * as our 1,H,W,C*M.                              SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/tfjs_pieces.h"
#include "loaders/turn.h"

/* Explicit paddings: [[0,0],[top,bottom],[left,right],[0,0]] in one list. */
static bool padding(tfjs_graph *t, const tfjs_node *n, tsr_conv2d_attr *a, int kh, int kw)
{
    const tsr_tensor *x = tfjs_tensor(t, tfjs_input(t, n, 0));
    int p[8];
    if (tfjs_attr_is(n, "padding", "SAME")) {
        tsr_same_padding(x->dim[1], kh, a->stride_y, a->dilation_y, &a->pad_top, &a->pad_bottom);
        tsr_same_padding(x->dim[2], kw, a->stride_x, a->dilation_x, &a->pad_left, &a->pad_right);
        return true;
    }
    if (tfjs_attr_is(n, "padding", "EXPLICIT")
        && tfjs_attr_ints(n, "explicit_paddings", p, 8) == 8) {
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
    return x >= 0 && tfjs_tensor(t, x)->rank == 4 && !tfjs_attr_is(n, "data_format", "NCHW")
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
        return tfjs_binary_on(t, n, TSR_OP_PRELU, y, f->prelu);
    return !a[0] ? y
         : !strcmp(a, "Relu") ? tfjs_clamp(t, n, y, 0, TSR_INFINITY)
         : !strcmp(a, "Relu6") ? tfjs_clamp(t, n, y, 0, 6)
         : !strcmp(a, "Elu") ? tfjs_unary_on(t, n, TSR_OP_ELU, y, 1)
         : !strcmp(a, "LeakyRelu") ? tfjs_unary_on(t, n, TSR_OP_LEAKY_RELU, y, f->alpha)
         : !strcmp(a, "Sigmoid") ? tfjs_unary_on(t, n, TSR_OP_LOGISTIC, y, 0)
         : tfjs_fail(t, n, "its fused activation is not supported");
}

static const tsr_tensor *sound(tfjs_graph *t, const tfjs_node *n, const tsr_tensor *w, int rank)
{
    if (w && w->dtype == TSR_F32 && w->rank == rank && tsr_elements(w) > 0)
        return w;
    tfjs_fail(t, n, "its filter is not a constant of the right shape");
    return NULL;
}

static const tsr_tensor *filter(tfjs_graph *t, const tfjs_node *n, int i, int rank)
{
    return sound(t, n, tfjs_constant(t, n, i), rank);
}

/* Input 1, with its last dimension before the others, as a value; *w is what it was. */
static int turned_filter(tfjs_graph *t, const tfjs_node *n, int rank, tsr_tensor *w)
{
    const tsr_tensor *x = sound(t, n, tfjs_glance(t, n, 1), rank);
    if (!x)
        return -1;
    *w = *x;
    tsr_tensor y = { .name = n->name, .dtype = TSR_F32, .rank = rank };
    y.dim[0] = x->dim[rank - 1];
    memcpy(y.dim + 1, x->dim, (size_t)(rank - 1) * sizeof *x->dim);
    y.data = tsr_pool_take(t->m->g->pool, tsr_bytes(x), 64);
    if (!y.data) {
        tsr_graph_fail(t->m->g, TSR_NO_MEMORY, "%.40s '%.80s': no memory", n->op, n->name);
        return -1;
    }
    const size_t columns = (size_t)y.dim[0];
    tsr_turn(x->data, tsr_elements(x) / columns, columns, sizeof(float), y.data);
    return tsr_graph_own_constant(t->m->g, &y);
}

int tfjs_read_conv2d(tfjs_graph *t, tfjs_node *n)
{
    tsr_tensor w;
    tsr_conv2d_attr a;
    fusion f;
    const int ohwi = turned_filter(t, n, 4, &w);
    if (ohwi < 0 || !read_fusion(t, n, &f))
        return -1;
    if (!geometry(t, n, &a, w.dim[0], w.dim[1]))
        return tfjs_fail(t, n, "its padding or layout is not supported");
    int in[] = { tfjs_input(t, n, 0), ohwi, f.bias };
    tsr_node node = tsr_node_make(TSR_OP_CONV2D, n->name, in, 3);
    node.attr.conv2d = a;
    return finish(t, n, &f, tfjs_add(t, n, &node));
}

int tfjs_read_depthwise(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *w = filter(t, n, 1, 4);
    tsr_conv2d_attr a;
    fusion f;
    if (!w || !read_fusion(t, n, &f))
        return -1;
    if (!geometry(t, n, &a, w->dim[0], w->dim[1]))
        return tfjs_fail(t, n, "its padding or layout is not supported");
    const int dim[] = { 1, w->dim[0], w->dim[1], w->dim[2] * w->dim[3] };
    int in[] = { tfjs_input(t, n, 0), tfjs_new_constant(t, n, w->data, 4, dim), f.bias };
    tsr_node node = tsr_node_make(TSR_OP_DEPTHWISE_CONV2D, n->name, in, 3);
    node.attr.conv2d = a;
    return finish(t, n, &f, tfjs_add(t, n, &node));
}

/* x[rows, in] times w[in, out], or w[out, in] with transpose_b. */
int tfjs_read_mat_mul(tfjs_graph *t, tfjs_node *n)
{
    const bool ready = tfjs_attr_bool(n, "transpose_b", false);
    tsr_tensor w;
    fusion f;
    if (!read_fusion(t, n, &f))
        return -1;
    if (tfjs_attr_bool(n, "transpose_a", false))
        return tfjs_fail(t, n, "transpose_a is not supported");
    if (ready && !filter(t, n, 1, 2))
        return -1;
    const int rows = ready ? tfjs_input(t, n, 1) : turned_filter(t, n, 2, &w);
    if (rows < 0)
        return -1;
    int in[] = { tfjs_input(t, n, 0), rows, f.bias };
    tsr_node node = tsr_node_make(TSR_OP_DENSE, n->name, in, 3);
    node.attr.dense.keep_dims = true;
    return finish(t, n, &f, tfjs_add(t, n, &node));
}

/* Conv2DBackpropInput(output shape, filter[kh,kw,oc,ic], x) */
int tfjs_read_conv2d_transpose(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *w = filter(t, n, 1, 4);
    int shape[4], s[4] = { 1, 1, 1, 1 };
    const int x = tfjs_input(t, n, 2);
    if (!w || x < 0 || tfjs_tensor(t, x)->rank != 4)
        return -1;
    tfjs_attr_ints(n, "strides", s, 4);
    if (tfjs_constant_ints(t, n, 0, shape, 4) != 4 || s[1] < 1 || s[2] < 1 || s[1] > 64
        || s[2] > 64)
        return tfjs_fail(t, n, "its output shape or strides are not supported");
    const size_t taps = (size_t)w->dim[0] * (size_t)w->dim[1];
    const size_t co = (size_t)w->dim[2], ci = (size_t)w->dim[3];
    float *f = tfjs_floats(t, taps * co * ci);
    if (f)
        tsr_turn(w->data, taps, co, ci * sizeof *f, f);
    const int dim[] = { w->dim[2], w->dim[0], w->dim[1], w->dim[3] };
    int in[] = { x, tfjs_new_constant(t, n, f, 4, dim) };
    tsr_node node = tsr_node_make(TSR_OP_TRANSPOSE_CONV2D, n->name, in, 2);
    tsr_transpose_conv2d_attr *a = &node.attr.transpose_conv2d;
    *a = (tsr_transpose_conv2d_attr){ .stride_y = s[1], .stride_x = s[2],
                                      .oh = shape[1], .ow = shape[2] };
    if (tfjs_attr_is(n, "padding", "SAME")) {
        tsr_same_padding(shape[1], w->dim[0], s[1], 1, &a->pad_top, &a->pad_bottom);
        tsr_same_padding(shape[2], w->dim[1], s[2], 1, &a->pad_left, &a->pad_right);
    }
    return tfjs_add(t, n, &node);
}

/* Inference form: x * scale/sqrt(var + eps) + (offset - mean * that) */
int tfjs_read_fused_batch_norm(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *p[4];
    for (int i = 0; i < 4; i++)
        if (!(p[i] = filter(t, n, i + 1, 1)) || p[i]->dim[0] != p[0]->dim[0])
            return tfjs_fail(t, n, "its parameters are not constants of one length");
    const int c = p[0]->dim[0];
    float *mul = tfjs_floats(t, (size_t)c), *shift = tfjs_floats(t, (size_t)c);
    const double epsilon = tfjs_attr_float(n, "epsilon", 1e-4);
    for (int i = 0; mul && shift && i < c; i++) {
        const float *scale = p[0]->data, *offset = p[1]->data, *mean = p[2]->data;
        const double f = (double)scale[i] / sqrt((double)((const float *)p[3]->data)[i] + epsilon);
        mul[i] = (float)f;
        shift[i] = (float)((double)offset[i] - f * (double)mean[i]);
    }
    const int y = tfjs_binary_on(t, n, TSR_OP_MUL, tfjs_input(t, n, 0),
                                 tfjs_new_constant(t, n, mul, 1, &c));
    return tfjs_binary_on(t, n, TSR_OP_ADD, y, tfjs_new_constant(t, n, shift, 1, &c));
}

/* ---- windows --------------------------------------------------------------------- */

int tfjs_read_pool(tfjs_graph *t, tfjs_node *n)
{
    int k[4] = { 1, 1, 1, 1 }, x = tfjs_input(t, n, 0);
    tsr_conv2d_attr a;
    tfjs_attr_ints(n, "ksize", k, 4);
    if (x < 0 || !geometry(t, n, &a, k[1], k[2]))
        return tfjs_fail(t, n, "its padding or layout is not supported");
    tsr_node node = tsr_node_make(tfjs_kind_of(n->op), n->name, &x, 1);
    node.attr.pool2d = (tsr_pool2d_attr){
        .kh = k[1], .kw = k[2], .stride_y = a.stride_y, .stride_x = a.stride_x,
        .dilation_y = 1, .dilation_x = 1, .pad_top = a.pad_top, .pad_left = a.pad_left,
        .pad_bottom = a.pad_bottom, .pad_right = a.pad_right,
    };
    return tfjs_add(t, n, &node);
}

int tfjs_read_resize(tfjs_graph *t, tfjs_node *n)
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
    return tfjs_add(t, n, &node);
}
