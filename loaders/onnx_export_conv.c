/*
 * onnx_export_conv.c - filters and windows as ONNX nodes.
 *
 * Filters turn from O,H,W,I to O,I,H,W; a fused residual becomes an Add.
 * SPDX-License-Identifier: MIT
 */
#include "loaders/onnx_export_ops.h"

/* Permute a filter of four dimensions: out dim i = in dim perm[i]. */
const char *tsr_onnx_filter(tsr_emitter *e, const tsr_tensor *w, const int *perm)
{
    int dim[4];
    size_t stride[4] = { 0, 0, 0, 1 }, step[4];
    for (int i = 2; i >= 0; i--)
        stride[i] = stride[i + 1] * (size_t)w->dim[i + 1];
    for (int i = 0; i < 4; i++)
        dim[i] = w->dim[perm[i]], step[i] = stride[perm[i]];
    float *out = tsr_pool_alloc(e->pool, tsr_bytes(w), 64), *p = out;
    if (!out) {
        e->nodes.failed = true;
        return "";
    }
    const float *x = w->data;
    for (int a = 0; a < dim[0]; a++)
        for (int b = 0; b < dim[1]; b++)
            for (int c = 0; c < dim[2]; c++)
                for (int d = 0; d < dim[3]; d++)
                    *p++ = x[(size_t)a * step[0] + (size_t)b * step[1] + (size_t)c * step[2]
                             + (size_t)d * step[3]];
    return tsr_onnx_floats(e, out, 4, dim);
}

/* tsr_onnx_finish with the residual in between. */
static void finish_with_residual(tsr_onnx_node *o, const tsr_node *n, const char *to)
{
    if (n->in_count < 4 || n->in[3] < 0) {
        tsr_onnx_finish(o, n, to);
        return;
    }
    tsr_emitter *e = o->e;
    const char *sum = tsr_onnx_name(e, to);
    tsr_onnx_out(o, sum);
    tsr_onnx_end(o);
    const char *residual = tsr_onnx_nchw(e, n->in[3]);
    tsr_onnx_node add = tsr_onnx_begin(e, "Add");
    tsr_onnx_in(&add, sum);
    tsr_onnx_in(&add, residual);
    tsr_onnx_finish(&add, n, to);
}

tsr_status tsr_onnx_emit_conv2d(tsr_emitter *e, const tsr_node *n)
{
    static const int ohwi_to_oihw[] = { 0, 3, 1, 2 }, depthwise_to_oihw[] = { 3, 0, 1, 2 };
    const bool depthwise = n->kind == TSR_OP_DEPTHWISE_CONV2D;
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    const tsr_tensor *w = tsr_onnx_in_tensor(e, n, 1), *bias = tsr_onnx_in_tensor(e, n, 2);
    const char *x = tsr_onnx_nchw(e, n->in[0]);
    const char *f = tsr_onnx_filter(e, w, depthwise ? depthwise_to_oihw : ohwi_to_oihw);
    const char *b = bias ? tsr_onnx_nhwc(e, n->in[2]) : NULL;
    tsr_onnx_node o = tsr_onnx_begin(e, "Conv");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, f);
    if (b)
        tsr_onnx_in(&o, b);
    tsr_onnx_attr_ints(&o, "kernel_shape", (int[]){ w->dim[1], w->dim[2] }, 2);
    tsr_onnx_attr_ints(&o, "strides", (int[]){ a->stride_y, a->stride_x }, 2);
    tsr_onnx_attr_ints(&o, "dilations", (int[]){ a->dilation_y, a->dilation_x }, 2);
    tsr_onnx_attr_ints(&o, "pads",
                       (int[]){ a->pad_top, a->pad_left, a->pad_bottom, a->pad_right }, 4);
    tsr_onnx_attr_int(&o, "group", depthwise ? tsr_onnx_in_tensor(e, n, 0)->dim[3] : a->groups);
    finish_with_residual(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_transpose_conv2d(tsr_emitter *e, const tsr_node *n)
{
    static const int ohwi_to_iohw[] = { 3, 0, 1, 2 };
    const tsr_transpose_conv2d_attr *a = &n->attr.transpose_conv2d;
    const tsr_tensor *x = tsr_onnx_in_tensor(e, n, 0), *w = tsr_onnx_in_tensor(e, n, 1);
    /* What the cut result lacks to oh x ow is added at the end, or cut there. */
    const int full_h = (x->dim[1] - 1) * a->stride_y + w->dim[1] - a->pad_top - a->pad_bottom;
    const int full_w = (x->dim[2] - 1) * a->stride_x + w->dim[2] - a->pad_left - a->pad_right;
    int more_h = a->oh - full_h, more_w = a->ow - full_w;
    int bottom = a->pad_bottom, right = a->pad_right;
    if (more_h < 0)
        bottom -= more_h, more_h = 0;
    if (more_w < 0)
        right -= more_w, more_w = 0;
    const char *xn = tsr_onnx_nchw(e, n->in[0]), *f = tsr_onnx_filter(e, w, ohwi_to_iohw);
    const char *b = tsr_onnx_in_tensor(e, n, 2) ? tsr_onnx_nhwc(e, n->in[2]) : NULL;
    tsr_onnx_node o = tsr_onnx_begin(e, "ConvTranspose");
    tsr_onnx_in(&o, xn);
    tsr_onnx_in(&o, f);
    if (b)
        tsr_onnx_in(&o, b);
    tsr_onnx_attr_ints(&o, "kernel_shape", (int[]){ w->dim[1], w->dim[2] }, 2);
    tsr_onnx_attr_ints(&o, "strides", (int[]){ a->stride_y, a->stride_x }, 2);
    tsr_onnx_attr_ints(&o, "pads", (int[]){ a->pad_top, a->pad_left, bottom, right }, 4);
    tsr_onnx_attr_ints(&o, "output_padding", (int[]){ more_h, more_w }, 2);
    tsr_onnx_finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

/* ---- windows --------------------------------------------------------------- */

tsr_status tsr_onnx_emit_pool2d(tsr_emitter *e, const tsr_node *n)
{
    const tsr_pool2d_attr *a = &n->attr.pool2d;
    const bool max = n->kind == TSR_OP_MAX_POOL2D;
    const char *x = tsr_onnx_nchw(e, n->in[0]);
    if (!max && (a->dilation_y > 1 || a->dilation_x > 1))
        return tsr_onnx_cannot_export(e, n, "a dilated average");
    tsr_onnx_node o = tsr_onnx_begin(e, max ? "MaxPool" : "AveragePool");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_ints(&o, "kernel_shape", (int[]){ a->kh, a->kw }, 2);
    tsr_onnx_attr_ints(&o, "strides", (int[]){ a->stride_y, a->stride_x }, 2);
    tsr_onnx_attr_ints(&o, "pads",
                       (int[]){ a->pad_top, a->pad_left, a->pad_bottom, a->pad_right }, 4);
    if (max && (a->dilation_y > 1 || a->dilation_x > 1))
        tsr_onnx_attr_ints(&o, "dilations", (int[]){ a->dilation_y, a->dilation_x }, 2);
    if (!max)
        tsr_onnx_attr_int(&o, "count_include_pad", a->count_include_pad);
    tsr_onnx_finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_resize(tsr_emitter *e, const tsr_node *n)
{
    static const char *const coord[] = {
        [TSR_COORD_ASYMMETRIC] = "asymmetric", [TSR_COORD_ALIGN_CORNERS] = "align_corners",
        [TSR_COORD_HALF_PIXEL] = "half_pixel",
        [TSR_COORD_PYTORCH_HALF_PIXEL] = "pytorch_half_pixel",
    };
    static const char *const nearest[] = {
        [TSR_ROUND_FLOOR] = "floor", [TSR_ROUND_CEIL] = "ceil",
        [TSR_ROUND_HALF_DOWN] = "round_prefer_floor", [TSR_ROUND_HALF_UP] = "round_prefer_ceil",
    };
    const tsr_resize_attr *a = &n->attr.resize;
    const tsr_tensor *x = tsr_onnx_in_tensor(e, n, 0);
    const int size[] = { x->dim[0], x->dim[3], a->oh, a->ow };
    const float scale[] = { 1.0f, 1.0f, a->scale_y, a->scale_x };
    const bool by_scale = a->scale_y > 0.0f && a->scale_x > 0.0f;
    const char *xn = tsr_onnx_nchw(e, n->in[0]);
    const char *how = by_scale ? tsr_onnx_floats(e, scale, 1, (int[]){ 4 })
                               : tsr_onnx_int64s(e, size, 4);
    tsr_onnx_node o = tsr_onnx_begin(e, "Resize");
    tsr_onnx_in(&o, xn);
    tsr_onnx_in(&o, "");
    tsr_onnx_in(&o, by_scale ? how : "");
    if (!by_scale)
        tsr_onnx_in(&o, how);
    tsr_onnx_attr_string(&o, "mode", a->method == TSR_BILINEAR ? "linear" : "nearest");
    tsr_onnx_attr_string(&o, "coordinate_transformation_mode", coord[a->coord]);
    if (a->method == TSR_NEAREST)
        tsr_onnx_attr_string(&o, "nearest_mode", nearest[a->nearest]);
    tsr_onnx_finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_depth_space(tsr_emitter *e, const tsr_node *n)
{
    const bool to_space = n->kind == TSR_OP_DEPTH_TO_SPACE;
    const char *x = tsr_onnx_nchw(e, n->in[0]);
    tsr_onnx_node o = tsr_onnx_begin(e, to_space ? "DepthToSpace" : "SpaceToDepth");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_int(&o, "blocksize", n->attr.depth_space.block);
    if (to_space)
        tsr_onnx_attr_string(&o, "mode", n->attr.depth_space.crd ? "CRD" : "DCR");
    tsr_onnx_finish(&o, n, tsr_onnx_new_nchw(e, n->out[0]));
    return TSR_OK;
}
