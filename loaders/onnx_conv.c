/*
 * onnx_conv.c - Conv and ConvTranspose.
 *
 * ONNX filters are [oc, c/groups, kh, kw], for ConvTranspose [c, oc/groups, kh,
 * kw]; ours [oc, kh, kw, c/groups], for depthwise [1, kh, kw, oc].  They are
 * copied in the new order straight from the file.
 *
 * Two things a transposed convolution of ours cannot do are put into its filter:
 * dilation as zeros between the taps, groups as zeros between the blocks of a
 * filter that sees all channels.                 SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_read.h"
#include "loaders/turn.h"

/* The filter as the file has it, rank 4; a filter of rank 3 is one high.  8-bit
 * numbers if the operator works on such, else f32. */
typedef struct { int dim[4]; const uint8_t *data; size_t e; tsr_dtype dtype; tsr_quant quant; }
    filter;

static bool read_filter(onx_op *o, int slot, filter *w)
{
    const tsr_tensor *t = onx_constant(o, slot);
    const bool fits = t && (t->dtype == TSR_F32
                            || (o->q.on && (t->dtype == TSR_U8 || t->dtype == TSR_S8)));
    if (!fits || t->rank < 3 || t->rank > 4) {
        if (onx_ok(o))
            onx_fail(o, TSR_UNSUPPORTED, t ? "a filter of %s with %d dimensions"
                     : "the filter is not a constant", t ? tsr_dtype_name(t->dtype) : "",
                     t ? t->rank : 0);
        return false;
    }
    w->data = t->data;
    w->e = tsr_dtype_bytes(t->dtype);
    w->dtype = t->dtype;
    w->quant = t->quant;
    w->dim[0] = t->dim[0], w->dim[1] = t->dim[1];
    w->dim[2] = t->rank == 4 ? t->dim[2] : 1;
    w->dim[3] = t->dim[t->rank - 1];
    return true;
}

/* Copy element [a, b, y, x]; gives the place for the next one. */
static uint8_t *take(const filter *w, const int at[4], uint8_t *to)
{
    size_t i = 0;
    for (int k = 0; k < 4; k++)
        i = i * (size_t)w->dim[k] + (size_t)at[k];
    memcpy(to, w->data + i * w->e, w->e);
    return to + w->e;
}

/* [oc, kh, kw, c] for a convolution, [1, kh, kw, oc] for a depthwise one.  Without taps
 * or without channels to turn the file has them so already. */
static int conv_filter(onx_op *o, const filter *w, bool depthwise)
{
    const int oc = w->dim[0], c = w->dim[1], kh = w->dim[2], kw = w->dim[3];
    tsr_tensor t = { .name = o->name, .dtype = w->dtype, .rank = 4, .dim = { oc, kh, kw, c },
                     .quant = w->quant };
    const size_t taps = (size_t)kh * (size_t)kw, slices = depthwise ? 1 : (size_t)oc;
    const size_t rows = (size_t)(depthwise ? oc : c);
    t.data = (void *)(uintptr_t)w->data;        /* only ever read */
    if (taps > 1 && rows > 1) {
        uint8_t *to = t.data = onx_room(o, slices * rows * taps * w->e);
        for (size_t i = 0; i < slices && to; i++)
            tsr_turn(w->data + i * rows * taps * w->e, rows, taps, w->e,
                     to + i * rows * taps * w->e);
        if (!to)
            return ONX_NONE;
    }
    if (depthwise) {                    /* c is 1 */
        t.dim[0] = 1, t.dim[3] = oc;
        t.quant.axis = 3;
    }
    return tsr_graph_constant(o->f->g, &t);
}

/* One number for each of oc channels, rank 1. */
static int bias_of(onx_op *o, int slot, int x, int w, int oc)
{
    if (!onx_has(o, slot) || w < 0)
        return ONX_NONE;
    return o->q.on ? onx_q_bias(o, slot, x, &onx_t(o, w)->quant, oc) : onx_plain(o, slot);
}

static tsr_conv2d_attr conv_attr(const onx_window *w, int groups)
{
    return (tsr_conv2d_attr){
        .stride_y = w->stride[0], .stride_x = w->stride[1],
        .dilation_y = w->dilation[0], .dilation_x = w->dilation[1],
        .pad_top = w->before[0], .pad_left = w->before[1],
        .pad_bottom = w->after[0], .pad_right = w->after[1], .groups = groups,
    };
}

void onx_conv(onx_op *o)
{
    filter w;
    onx_window win;
    const int rank = onx_shape_of(o, 0).rank, x = onx_picture(o, 0);
    if (x < 0 || !read_filter(o, 1, &w))
        return;
    const int *d = onx_t(o, x)->dim;
    if (!onx_read_window(o, rank - 2, w.dim + 2, d + 1, &win))
        return;
    const int64_t groups = onx_attr_int(o, "group", 1);
    if (groups < 1 || groups > w.dim[0] || (int64_t)w.dim[1] * groups != d[3]) {
        onx_fail(o, TSR_BAD_FILE, "%lld groups of %d channels, the input has %d",
                 (long long)groups, w.dim[1], d[3]);
        return;
    }
    if (w.quant.scales && w.quant.axis != 0) {
        o->q.failed = true;
        return;
    }
    const bool depthwise = groups > 1 && w.dim[1] == 1 && w.dim[0] % d[3] == 0;
    int in[3] = { x, conv_filter(o, &w, depthwise), ONX_NONE };
    in[2] = bias_of(o, 2, x, in[1], w.dim[0]);
    tsr_node n = tsr_node_make(depthwise ? TSR_OP_DEPTHWISE_CONV2D : TSR_OP_CONV2D, o->name, in, 3);
    n.attr.conv2d = conv_attr(&win, depthwise ? 1 : (int)groups);
    if (in[1] >= 0)
        onx_set_picture(o, onx_step(o, &n, TSR_F32), rank);
}

/* ---- ConvTranspose ---------------------------------------------------------------- */

/* [oc, kh', kw', c] with zeros between the taps and outside the groups. */
static int transposed_filter(onx_op *o, const filter *w, const onx_window *win, int groups)
{
    const int c = w->dim[0], per_group = w->dim[1], oc = per_group * groups;
    const int64_t kh = (int64_t)(w->dim[2] - 1) * win->dilation[0] + 1;
    const int64_t kw = (int64_t)(w->dim[3] - 1) * win->dilation[1] + 1;
    const int64_t most = INT32_MAX / 4;
    if (kh > INT16_MAX || kw > INT16_MAX || kh * kw > most / oc || kh * kw * oc > most / c
        || (int64_t)kh * kw * oc * c > ((int64_t)o->f->size + 65536) * 16) {
        onx_fail(o, TSR_UNSUPPORTED, "its filter would have %d x %lld x %lld x %d numbers", oc,
                 (long long)kh, (long long)kw, c);
        return ONX_NONE;
    }
    tsr_tensor t = { .name = o->name, .dtype = w->dtype, .rank = 4,
                     .dim = { oc, (int)kh, (int)kw, c }, .quant = w->quant };
    uint8_t *to = t.data = onx_room(o, tsr_bytes(&t));      /* zeros */
    if (to && w->e == 1)
        memset(to, w->quant.zero_point & 255, tsr_bytes(&t));
    for (int ci = 0; to && ci < c; ci++)
        for (int k = 0; k < per_group; k++)
            for (int y = 0; y < w->dim[2]; y++)
                for (int x = 0; x < w->dim[3]; x++) {
                    const size_t co = (size_t)(ci / (c / groups) * per_group + k);
                    const size_t row = co * (size_t)kh + (size_t)(y * win->dilation[0]);
                    const size_t pixel = row * (size_t)kw + (size_t)(x * win->dilation[1]);
                    take(w, (int[]){ ci, k, y, x }, to + (pixel * (size_t)c + (size_t)ci) * w->e);
                }
    return to ? tsr_graph_constant(o->f->g, &t) : ONX_NONE;
}

static int list_at(onx_op *o, const char *name, int spatial, int i, int otherwise)
{
    int64_t x[ONX_MAX_INTS];
    int n = onx_attr_ints(o, name, x, ONX_MAX_INTS);
    const int skip = n == spatial + 2 ? 2 : 0;      /* output_shape may name n and c, too */
    n -= skip;
    return n == spatial && i >= 2 - spatial ? onx_int(x[skip + i - (2 - spatial)]) : otherwise;
}

/* Full result: (size-1)*stride + taps; pads are cut off it, output_padding is
 * added at the end.  Given the output's size, the pads follow from it, an odd
 * one in front unless SAME_UPPER says behind. */
static bool transposed_size(onx_op *o, int spatial, const int *size, onx_window *w, int *out)
{
    const bool same = w->same_upper || w->same_lower;
    for (int i = 0; i < 2; i++) {
        const int64_t taps = (int64_t)(w->k[i] - 1) * w->dilation[i] + 1;
        const int extra = list_at(o, "output_padding", spatial, i, 0);
        const int64_t full = (int64_t)(size[i] - 1) * w->stride[i] + taps + extra;
        int64_t y = full - w->before[i] - w->after[i];
        if (onx_has_attr(o, "output_shape") && i >= 2 - spatial)
            y = list_at(o, "output_shape", spatial, i, 0);
        else if (same)
            y = (int64_t)size[i] * w->stride[i];
        if (y < 1 || y > INT16_MAX || extra < 0 || extra > INT16_MAX || full > INT32_MAX) {
            onx_fail(o, TSR_BAD_FILE, "output of %lld pixels", (long long)y);
            return false;
        }
        if (onx_has_attr(o, "output_shape") || same) {
            const int64_t cut = full > y ? full - y : 0;
            w->before[i] = (int)(w->same_upper ? cut / 2 : cut - cut / 2);
        }
        out[i] = (int)y;
    }
    return true;
}

void onx_conv_transpose(onx_op *o)
{
    filter w;
    onx_window win;
    int size[2];
    const int rank = onx_shape_of(o, 0).rank, x = onx_picture(o, 0);
    if (x < 0 || !read_filter(o, 1, &w) || !onx_read_window(o, rank - 2, w.dim + 2, NULL, &win))
        return;
    const int64_t groups = onx_attr_int(o, "group", 1);
    const int *d = onx_t(o, x)->dim;
    if (w.dim[0] != d[3] || groups < 1 || d[3] % groups || w.dim[1] > INT16_MAX * 4 / groups) {
        onx_fail(o, TSR_BAD_FILE, "filter for %d channels in %lld groups, the input has %d",
                 w.dim[0], (long long)groups, d[3]);
        return;
    }
    if (!transposed_size(o, rank - 2, d + 1, &win, size))
        return;
    if (w.quant.scales) {               /* along an axis that groups would cut up */
        o->q.failed = true;
        return;
    }
    int in[3] = { x, transposed_filter(o, &w, &win, (int)groups), ONX_NONE };
    in[2] = bias_of(o, 2, x, in[1], w.dim[1] * (int)groups);
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE_CONV2D, o->name, in, 3);
    n.attr.transpose_conv2d = (tsr_transpose_conv2d_attr){
        .stride_y = win.stride[0], .stride_x = win.stride[1], .pad_top = win.before[0],
        .pad_left = win.before[1], .pad_bottom = win.after[0], .pad_right = win.after[1],
        .oh = size[0], .ow = size[1],
    };
    if (in[1] >= 0)
        onx_set_picture(o, onx_step(o, &n, TSR_F32), rank);
}
