/*
 * onnx_pad.c - Pad in all its modes.
 *
 * Negative padding cuts off.  A border of repeated, mirrored or wrapped elements
 * is a GATHER along each padded axis: the list of numbers says, for every output
 * position, which input position stands there.   SPDX-License-Identifier: MIT
 */
#include "loaders/onnx_read.h"

typedef struct { int rank, before[TSR_MAX_RANK], after[TSR_MAX_RANK]; } border;

/* Which axes the numbers in `pads` are for: all, or those of input 3. */
static int axes_of(onx_op *o, int rank, int *axis)
{
    int64_t given[ONX_MAX_INTS];
    const int n = o->f->opset >= 18 ? onx_input_ints(o, 3, given, ONX_MAX_INTS) : ONX_NONE;
    for (int k = 0; k < (n < 0 ? rank : n); k++)
        axis[k] = n < 0 ? k : onx_axis(o, given[k], rank);
    return n < 0 ? rank : n;
}

/* In the order in which the input lies. */
static bool read_border(onx_op *o, bool image, border *b)
{
    int64_t pads[ONX_MAX_INTS];
    int axis[ONX_MAX_INTS];
    const int n = onx_ints(o, 11, 1, onx_has_attr(o, "paddings") ? "paddings" : "pads", pads);
    *b = (border){ .rank = onx_shape_of(o, 0).rank };
    const int axes = axes_of(o, b->rank, axis);
    if (onx_ok(o) && n != 2 * axes)
        onx_fail(o, TSR_BAD_FILE, "%d numbers for %d axes", n, axes);
    for (int k = 0; k < axes && onx_ok(o); k++) {
        const int at = image ? onx_image_axis(axis[k]) : axis[k];
        b->before[at] = onx_int(pads[k]);
        b->after[at] = onx_int(pads[axes + k]);
    }
    return onx_ok(o);
}

/* Cut off what negative padding says; those numbers are 0 afterwards. */
static int cut(onx_op *o, int x, border *b)
{
    tsr_slice_attr a;
    bool any = false;
    for (int k = 0; k < b->rank && x >= 0; k++) {
        const int64_t n = onx_t(o, x)->dim[k];
        const int64_t front = b->before[k] < 0 ? -(int64_t)b->before[k] : 0;
        const int64_t back = b->after[k] < 0 ? -(int64_t)b->after[k] : 0;
        a.begin[k] = onx_int(front);
        a.stride[k] = 1;
        a.size[k] = onx_int(n - front - back);
        any |= front || back;
        b->before[k] = front ? 0 : b->before[k];
        b->after[k] = back ? 0 : b->after[k];
    }
    return any ? onx_slice(o, x, &a) : x;
}

static int64_t source(char mode, int64_t i, int64_t n)
{
    if (mode == 'e')
        return i < 0 ? 0 : i >= n ? n - 1 : i;
    const int64_t period = mode == 'w' ? n : n > 1 ? 2 * (n - 1) : 1;
    i = ((i % period) + period) % period;
    return i < n ? i : period - i;
}

static int gathered(onx_op *o, int x, int axis, const border *b, char mode)
{
    if (x < 0 || (b->before[axis] == 0 && b->after[axis] == 0))
        return x;
    const int64_t n = onx_t(o, x)->dim[axis], total = n + b->before[axis] + b->after[axis];
    int64_t *index = onx_room(o, (size_t)total * sizeof *index);
    for (int64_t i = 0; index && i < total; i++)
        index[i] = source(mode, i - b->before[axis], n);
    return index ? onx_gather(o, x, axis, index, onx_int(total)) : ONX_NONE;
}

static float fill_value(onx_op *o)
{
    return o->f->opset >= 11 ? onx_input_float(o, 2, 0) : onx_attr_float(o, "value", 0);
}

void onx_pad(onx_op *o)
{
    border b;
    const bool image = onx_is_image(o, 0);
    int x = image ? onx_nhwc(o, 0) : onx_plain(o, 0);
    if (!read_border(o, image, &b))
        return;
    const onx_str mode = onx_attr_string(o, "mode", "constant");
    x = cut(o, x, &b);
    if (onx_str_is(mode, "constant")) {
        tsr_node n = tsr_node_make(TSR_OP_PAD, o->name, &x, 1);
        n.attr.pad.value = fill_value(o);
        for (int k = 0; k < b.rank; k++)
            n.attr.pad.before[k] = b.before[k], n.attr.pad.after[k] = b.after[k];
        x = x < 0 ? x : onx_step(o, &n, onx_t(o, x)->dtype);
    } else if (onx_str_is(mode, "edge") || onx_str_is(mode, "reflect")
               || onx_str_is(mode, "wrap")) {
        for (int k = 0; k < b.rank; k++)
            x = gathered(o, x, k, &b, mode.s[0]);
    } else {
        onx_fail(o, TSR_UNSUPPORTED, "mode %.*s", (int)(mode.n < 20 ? mode.n : 20), mode.s);
    }
    onx_set(o, 0, x, image ? ONX_NHWC : ONX_PLAIN);
}
