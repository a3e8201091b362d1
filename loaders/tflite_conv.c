/*
 * tflite_conv.c - operators with filters and windows.
 *
 * SAME and VALID become explicit pads here, resize flags an explicit rule for
 * source coordinates; behind the loader there are no implicit modes.
 *
 * A float network may store its filters as bytes ("dynamic range quantisation")
 * or halves.  TensorFlow rounds each input to bytes for the former and computes
 * with integers; here the filters become floats at load, which is closer to the
 * network that was trained.
 * SPDX-License-Identifier: MIT
 */
#include "loaders/reader.h"
#include "loaders/tflite_file.h"

enum { PADDING_SAME, PADDING_VALID };
enum { CONV_PADDING, CONV_STRIDE_W, CONV_STRIDE_H, CONV_ACTIVATION, CONV_DILATION_W,
       CONV_DILATION_H };
enum { DW_PADDING, DW_STRIDE_W, DW_STRIDE_H, DW_MULTIPLIER, DW_ACTIVATION, DW_DILATION_W,
       DW_DILATION_H };
enum { FC_ACTIVATION, FC_WEIGHTS_FORMAT, FC_KEEP_NUM_DIMS };
enum { POOL_PADDING, POOL_STRIDE_W, POOL_STRIDE_H, POOL_FILTER_W, POOL_FILTER_H, POOL_ACTIVATION };
enum { TC_PADDING, TC_STRIDE_W, TC_STRIDE_H, TC_ACTIVATION };

static const int x_filter_bias[] = { 0, 1, 2 };

/* Input `slot` as a tensor of four dimensions; NULL after a failure. */
static const tsr_tensor *image(tfl_op *o, int slot)
{
    const tsr_tensor *t = tfl_input_tensor(o, slot);
    if (!t || t->rank != 4) {
        tfl_fail(o, TSR_UNSUPPORTED, "input %d has %d dimensions, not 4", slot, t ? t->rank : 0);
        return NULL;
    }
    return t;
}

/* The values behind inputs x, filter and bias, which stand in these slots of the
 * operator; the filter of a float network as floats. */
static void weighted(tfl_op *o, const int slot[3], int in[3])
{
    tsr_graph *g = o->f->g;
    for (int i = 0; i < 3; i++)
        in[i] = tfl_input(o, slot[i]);
    const tsr_tensor *x = tsr_graph_tensor(g, in[0]), *filter = tsr_graph_tensor(g, in[1]);
    if (!x || !filter || !filter->data || x->dtype != TSR_F32 || filter->dtype == TSR_F32)
        return;
    const tsr_node n = tsr_node_make(TSR_OP_DEQUANTIZE, filter->name, &in[1], 1);
    in[1] = tfl_step(o, &n, &(tsr_tensor){ .name = filter->name, .dtype = TSR_F32 });
}

static int option(tfl_op *o, unsigned field, int32_t absent)
{
    return tsr_fb_i32(&o->f->fb, o->options, field, absent);
}

/* Pads of one axis by the schema's rule; false after a failure. */
static bool padding(tfl_op *o, int rule, const int window[4], int *before, int *after)
{
    *before = *after = 0;
    if (rule != PADDING_SAME && rule != PADDING_VALID) {
        tfl_fail(o, TSR_BAD_FILE, "padding rule %d", rule);
        return false;
    }
    if (rule == PADDING_SAME)
        tsr_same_padding(window[0], window[1], window[2], window[3], before, after);
    return true;
}

/* Stride, dilation and pads of a convolution over x with a kh x kw filter. */
static bool read_conv(tfl_op *o, const tsr_tensor *x, const tsr_tensor *filter, bool depthwise,
                      tsr_conv2d_attr *a)
{
    const int rule = tsr_fb_i8(&o->f->fb, o->options, CONV_PADDING);
    a->stride_x = option(o, CONV_STRIDE_W, 0);
    a->stride_y = option(o, CONV_STRIDE_H, 0);
    a->dilation_x = option(o, depthwise ? DW_DILATION_W : CONV_DILATION_W, 1);
    a->dilation_y = option(o, depthwise ? DW_DILATION_H : CONV_DILATION_H, 1);
    a->groups = 1;
    const int rows[] = { x->dim[1], filter->dim[1], a->stride_y, a->dilation_y };
    const int columns[] = { x->dim[2], filter->dim[2], a->stride_x, a->dilation_x };
    return padding(o, rule, rows, &a->pad_top, &a->pad_bottom) &&
           padding(o, rule, columns, &a->pad_left, &a->pad_right);
}

void tfl_conv2d(tfl_op *o)
{
    const tsr_tensor *x = image(o, 0), *filter = image(o, 1);
    int in[3];
    weighted(o, x_filter_bias, in);
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, o->name, in, 3);
    if (!x || !filter || !read_conv(o, x, filter, false, &n.attr.conv2d))
        return;
    /* Grouped convolution shows only in the filter's depth. */
    if (x->dim[3] % filter->dim[3] == 0)
        n.attr.conv2d.groups = x->dim[3] / filter->dim[3];
    tfl_emit_activated(o, &n, tsr_fb_i8(&o->f->fb, o->options, CONV_ACTIVATION));
}

void tfl_depthwise_conv2d(tfl_op *o)
{
    const tsr_tensor *x = image(o, 0), *filter = image(o, 1);
    int in[3];
    weighted(o, x_filter_bias, in);
    tsr_node n = tsr_node_make(TSR_OP_DEPTHWISE_CONV2D, o->name, in, 3);
    if (!x || !filter || !read_conv(o, x, filter, true, &n.attr.conv2d))
        return;
    /* The multiplier follows from the shapes; when stated it must agree. */
    const int multiplier = option(o, DW_MULTIPLIER, 0);
    if (multiplier > 0 && (int64_t)multiplier * x->dim[3] != filter->dim[3]) {
        tfl_fail(o, TSR_BAD_FILE, "%d channels times %d is not the filter's %d", x->dim[3],
                 multiplier, filter->dim[3]);
        return;
    }
    tfl_emit_activated(o, &n, tsr_fb_i8(&o->f->fb, o->options, DW_ACTIVATION));
}

/* The first dimensions of x are one long batch; rows are as long as the
 * filter's.  Without keep_num_dims the result has two dimensions. */
void tfl_fully_connected(tfl_op *o)
{
    tsr_fb *fb = &o->f->fb;
    const tsr_tensor *x = tfl_input_tensor(o, 0), *filter = tfl_input_tensor(o, 1);
    int in[3];
    weighted(o, x_filter_bias, in);
    const bool keep = tsr_fb_bool(fb, o->options, FC_KEEP_NUM_DIMS);
    if (!x || !filter || filter->rank != 2) {
        tfl_fail(o, TSR_BAD_FILE, "wants a filter of 2 dimensions");
        return;
    }
    if (tsr_fb_i8(fb, o->options, FC_WEIGHTS_FORMAT) != 0) {
        tfl_fail(o, TSR_UNSUPPORTED, "shuffled weights");
        return;
    }
    if (!keep && x->rank != 2)
        in[0] = tfl_reshape_step(o, in[0], 2, (const int[]){ -1, filter->dim[1] });
    tsr_node n = tsr_node_make(TSR_OP_DENSE, o->name, in, 3);
    n.attr.dense.keep_dims = keep;
    tfl_emit_activated(o, &n, tsr_fb_i8(fb, o->options, FC_ACTIVATION));
}

/* ---- transposed convolution -------------------------------------------- */

/* One axis: how much of the full result (n-1)*s + k the pads cut off so that
 * `out` is left.  TensorFlow cuts as the forward convolution from `out` back to
 * n would pad, the smaller half first. */
static void cut(int rule, const int window[3], int out, int *before, int *after)
{
    const int n = window[0], k = window[1], s = window[2];
    const int64_t full = (int64_t)(n - 1) * s + k;
    *before = *after = 0;
    if (rule == PADDING_SAME)
        tsr_same_padding(out, k, s, 1, before, after);
    const int64_t rest = full - out - *before;
    *after = rest > INT32_MAX ? INT32_MAX : rest < INT32_MIN ? INT32_MIN : (int)rest;
}

/* x, filter, bias: which inputs; size: of the output, rows and columns. */
static void transpose_conv(tfl_op *o, int in[3], int rule, int activation,
                           tsr_transpose_conv2d_attr a)
{
    const tsr_tensor *x = tsr_graph_tensor(o->f->g, in[0]);
    const tsr_tensor *filter = tsr_graph_tensor(o->f->g, in[1]);
    if (!x || !filter || x->rank != 4 || filter->rank != 4 || a.stride_y < 1 || a.stride_x < 1) {
        tfl_fail(o, TSR_BAD_FILE, "wants an image, a filter of 4 dimensions and strides");
        return;
    }
    const int rows[] = { x->dim[1], filter->dim[1], a.stride_y };
    const int columns[] = { x->dim[2], filter->dim[2], a.stride_x };
    cut(rule, rows, a.oh, &a.pad_top, &a.pad_bottom);
    cut(rule, columns, a.ow, &a.pad_left, &a.pad_right);
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE_CONV2D, o->name, in, 3);
    n.attr.transpose_conv2d = a;
    tfl_emit_activated(o, &n, activation);
}

/* output_shape, filter, x, [bias] */
void tfl_transpose_conv(tfl_op *o)
{
    tsr_fb *fb = &o->f->fb;
    int64_t shape[4] = { 0 };
    int in[3];
    weighted(o, (const int[]){ 2, 1, 3 }, in);
    if (tfl_ints(o, 0, shape, 4) != 4 || shape[1] < 1 || shape[2] < 1 ||
        shape[1] > INT32_MAX || shape[2] > INT32_MAX) {
        tfl_fail(o, TSR_BAD_FILE, "wants an output shape of 4 dimensions");
        return;
    }
    transpose_conv(o, in, tsr_fb_i8(fb, o->options, TC_PADDING),
                   tsr_fb_i8(fb, o->options, TC_ACTIVATION),
                   (tsr_transpose_conv2d_attr){ .stride_y = option(o, TC_STRIDE_H, 0),
                                                .stride_x = option(o, TC_STRIDE_W, 0),
                                                .oh = (int)shape[1], .ow = (int)shape[2] });
}

/* MediaPipe's Convolution2DTransposeBias: x, filter, bias.  Its options are the
 * bytes of a C struct: int32 padding (1 SAME, 2 VALID), stride_w, stride_h. */
void tfl_transpose_conv_bias(tfl_op *o)
{
    const tsr_tensor *x = image(o, 0), *filter = image(o, 1);
    int in[3];
    weighted(o, x_filter_bias, in);
    tsr_reader r = rd_make(o->custom.at, o->custom.count);
    const uint32_t padding_kind = rd_u32le(&r);
    const int32_t sx = (int32_t)rd_u32le(&r), sy = (int32_t)rd_u32le(&r);
    if (!x || !filter)
        return;
    if (r.bad || padding_kind < 1 || padding_kind > 2 || sx < 1 || sy < 1) {
        tfl_fail(o, TSR_BAD_FILE, "options of %zu bytes make no sense", o->custom.count);
        return;
    }
    const int rule = padding_kind == 1 ? PADDING_SAME : PADDING_VALID;
    const int64_t oh = (int64_t)(x->dim[1] - (rule == PADDING_VALID)) * sy +
                       (rule == PADDING_VALID ? filter->dim[1] : 0);
    const int64_t ow = (int64_t)(x->dim[2] - (rule == PADDING_VALID)) * sx +
                       (rule == PADDING_VALID ? filter->dim[2] : 0);
    if (oh > INT32_MAX || ow > INT32_MAX) {
        tfl_fail(o, TSR_BAD_FILE, "the output is too large");
        return;
    }
    transpose_conv(o, in, rule, 0,
                   (tsr_transpose_conv2d_attr){ .stride_y = sy, .stride_x = sx, .oh = (int)oh,
                                                .ow = (int)ow });
}

/* ---- pooling and resizing ---------------------------------------------- */

void tfl_pool2d(tfl_op *o)
{
    tsr_fb *fb = &o->f->fb;
    const tsr_tensor *x = image(o, 0);
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 1);
    if (!x)
        return;
    tsr_pool2d_attr *a = &n.attr.pool2d;
    *a = (tsr_pool2d_attr){ .kh = option(o, POOL_FILTER_H, 0), .kw = option(o, POOL_FILTER_W, 0),
                            .stride_y = option(o, POOL_STRIDE_H, 0),
                            .stride_x = option(o, POOL_STRIDE_W, 0),
                            .dilation_y = 1, .dilation_x = 1 };
    const int rule = tsr_fb_i8(fb, o->options, POOL_PADDING);
    const int rows[] = { x->dim[1], a->kh, a->stride_y, 1 };
    const int columns[] = { x->dim[2], a->kw, a->stride_x, 1 };
    if (padding(o, rule, rows, &a->pad_top, &a->pad_bottom) &&
        padding(o, rule, columns, &a->pad_left, &a->pad_right))
        tfl_emit_activated(o, &n, tsr_fb_i8(fb, o->options, POOL_ACTIVATION));
}

/* x, size[2].  The two flags of the schema choose the coordinate rule. */
static void resize(tfl_op *o, tsr_resize_method method, unsigned align_field,
                   unsigned half_field)
{
    tsr_fb *fb = &o->f->fb;
    const bool align = tsr_fb_bool(fb, o->options, align_field);
    const bool half = tsr_fb_bool(fb, o->options, half_field);
    int64_t size[2] = { 0 };
    int in[] = { tfl_input(o, 0) };
    if (tfl_ints(o, 1, size, 2) != 2 || size[0] < 1 || size[1] < 1 || size[0] > INT32_MAX ||
        size[1] > INT32_MAX) {
        tfl_fail(o, TSR_BAD_FILE, "wants a size of two positive numbers");
        return;
    }
    if (align && half) {
        tfl_fail(o, TSR_BAD_FILE, "align_corners and half_pixel_centers exclude each other");
        return;
    }
    tsr_node n = tsr_node_make(TSR_OP_RESIZE, o->name, in, 1);
    n.attr.resize = (tsr_resize_attr){
        .oh = (int)size[0], .ow = (int)size[1], .method = method,
        .coord = align ? TSR_COORD_ALIGN_CORNERS
                       : half ? TSR_COORD_HALF_PIXEL : TSR_COORD_ASYMMETRIC,
        /* floor((d + 0.5) * I/O) is the half-pixel coordinate rounded half up */
        .nearest = align || half ? TSR_ROUND_HALF_UP : TSR_ROUND_FLOOR,
    };
    tfl_emit(o, &n, 0);
}

/* Fields 0 and 1 held the size in files of long ago. */
void tfl_resize_bilinear(tfl_op *o) { resize(o, TSR_BILINEAR, 2, 3); }
void tfl_resize_nearest(tfl_op *o) { resize(o, TSR_NEAREST, 0, 1); }
