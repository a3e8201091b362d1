/*
 * onnx_window.c - the attributes that convolutions and pools share, and images
 * with one spatial axis, which are images one pixel high here.
 * SPDX-License-Identifier: MIT
 */
#include "loaders/onnx_read.h"

/* A list attribute of `spatial` numbers into the last ones of to[2]. */
static void read_list(onx_op *o, const char *name, int spatial, int least, int *to)
{
    int64_t x[ONX_MAX_INTS];
    const int n = onx_attr_ints(o, name, x, ONX_MAX_INTS);
    if (n < 0)
        return;
    if (n != spatial)
        onx_fail(o, TSR_BAD_FILE, "%s has %d numbers for %d axes", name, n, spatial);
    for (int i = 0; i < n && onx_ok(o); i++) {
        if (x[i] < least || x[i] > INT16_MAX)
            onx_fail(o, TSR_BAD_FILE, "%s is %lld", name, (long long)x[i]);
        to[2 - spatial + i] = onx_int(x[i]);
    }
}

static void read_pads(onx_op *o, int spatial, onx_window *w)
{
    int64_t x[ONX_MAX_INTS];
    const int n = onx_attr_ints(o, "pads", x, ONX_MAX_INTS);
    if (n >= 0 && n != 2 * spatial)
        onx_fail(o, TSR_BAD_FILE, "pads has %d numbers for %d axes", n, spatial);
    for (int i = 0; i < n && onx_ok(o); i++) {
        if (x[i] < 0 || x[i] > INT16_MAX)
            onx_fail(o, TSR_UNSUPPORTED, "padding of %lld", (long long)x[i]);
        int *side = i < spatial ? w->before : w->after;
        side[2 - spatial + i % spatial] = onx_int(x[i]);
    }
}

static void resolve_same(onx_window *w, const int *size)
{
    for (int i = 0; i < 2; i++) {
        int small, large;
        tsr_same_padding(size[i], w->k[i], w->stride[i], w->dilation[i], &small, &large);
        w->before[i] = w->same_upper ? small : large;
        w->after[i] = w->same_upper ? large : small;
    }
}

bool onx_read_window(onx_op *o, int spatial, const int *taps, const int *size, onx_window *w)
{
    *w = (onx_window){ .k = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 } };
    const onx_str pad = onx_attr_string(o, "auto_pad", "NOTSET");
    w->same_upper = onx_str_is(pad, "SAME_UPPER");
    w->same_lower = onx_str_is(pad, "SAME_LOWER");
    const bool valid = onx_str_is(pad, "VALID");
    if (!taps && !onx_has_attr(o, "kernel_shape"))
        onx_fail(o, TSR_BAD_FILE, "has no kernel_shape");
    read_list(o, "kernel_shape", spatial, 1, w->k);
    for (int i = 0; i < 2 && taps && onx_ok(o); i++) {
        if (onx_has_attr(o, "kernel_shape") && w->k[i] != taps[i])
            onx_fail(o, TSR_BAD_FILE, "kernel_shape is %d, the filter has %d", w->k[i], taps[i]);
        w->k[i] = taps[i];
    }
    read_list(o, "strides", spatial, 1, w->stride);
    read_list(o, "dilations", spatial, 1, w->dilation);
    if (!valid && !w->same_upper && !w->same_lower)
        read_pads(o, spatial, w);
    if (onx_ok(o) && size && (w->same_upper || w->same_lower))
        resolve_same(w, size);
    return onx_ok(o);
}

int onx_picture(onx_op *o, int slot)
{
    const onx_shape s = onx_shape_of(o, slot);
    if (s.rank == 4)
        return onx_nhwc(o, slot);
    if (s.rank != 3) {
        onx_fail(o, TSR_UNSUPPORTED, "the input has %d dimensions, 3 or 4 are supported", s.rank);
        return ONX_NONE;
    }
    const int high[4] = { s.dim[0], s.dim[1], 1, s.dim[2] };
    return onx_transpose(o, onx_reshape(o, onx_plain(o, slot), 4, high), onx_to_nhwc);
}

void onx_set_picture(onx_op *o, int value, int rank)
{
    if (rank == 4 || value < 0) {
        onx_set(o, 0, value, ONX_NHWC);
        return;
    }
    const int x = onx_transpose(o, value, onx_from_nhwc);
    if (x < 0)
        return;
    const int *d = onx_t(o, x)->dim, flat[3] = { d[0], d[1], d[3] };
    onx_set(o, 0, onx_reshape(o, x, 3, flat), ONX_PLAIN);
}
