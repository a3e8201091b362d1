/*
 * onnx_slice.c - parts of a tensor: Slice, Split, Gather, GatherND.
 *
 * Bounds follow NumPy: negative ones count from the end, those outside are pulled
 * in, and a part may be empty.                   SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_read.h"

/* Input 0 as it lies; *image says how. */
static int input(onx_op *o, bool *image)
{
    *image = onx_is_image(o, 0);
    return *image ? onx_nhwc(o, 0) : onx_plain(o, 0);
}

/* All of a tensor that lies in this order and whose file shape is s. */
static tsr_slice_attr whole(const onx_shape *s, bool image)
{
    tsr_slice_attr a = { { 0 }, { 0 }, { 0 } };
    for (int k = 0; k < s->rank; k++) {
        const int at = image ? onx_image_axis(k) : k;
        a.stride[at] = 1;
        a.size[at] = s->dim[k];
    }
    return a;
}

static int64_t pull_in(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

/* start:end:step of an axis of n elements -> begin and how many. */
static int count_of(int64_t start, int64_t end, int64_t step, int n, int *begin)
{
    start += start < 0 ? n : 0;
    end += end < 0 ? n : 0;
    if (step > 0) {
        start = pull_in(start, 0, n);
        end = pull_in(end, 0, n);
    } else {
        start = pull_in(start, 0, n - 1);
        end = pull_in(end, -1, n - 1);
    }
    *begin = (int)start;
    const int64_t span = step > 0 ? end - start : start - end, size = step > 0 ? step : -step;
    return span <= 0 ? 0 : (int)((span + size - 1) / size);
}

typedef struct { int64_t start[ONX_MAX_INTS], end[ONX_MAX_INTS], axis[ONX_MAX_INTS],
                         step[ONX_MAX_INTS]; int n; } cuts;

static bool read_cuts(onx_op *o, cuts *c)
{
    c->n = onx_ints(o, 10, 1, "starts", c->start);
    const int ends = onx_ints(o, 10, 2, "ends", c->end), axes = onx_ints(o, 10, 3, "axes", c->axis);
    const int steps = o->f->opset >= 10 ? onx_input_ints(o, 4, c->step, ONX_MAX_INTS) : ONX_NONE;
    if (c->n < 0 || ends != c->n || (axes >= 0 && axes != c->n) || (steps >= 0 && steps != c->n)) {
        if (onx_ok(o))
            onx_fail(o, TSR_BAD_FILE, "%d starts, %d ends, %d axes, %d steps", c->n, ends, axes,
                     steps);
        return false;
    }
    for (int i = 0; i < c->n; i++) {
        c->axis[i] = axes < 0 ? i : c->axis[i];
        c->step[i] = steps < 0 ? 1 : pull_in(c->step[i], -INT32_MAX, INT32_MAX);
        c->start[i] = pull_in(c->start[i], -INT64_MAX / 2, INT64_MAX / 2);
        c->end[i] = pull_in(c->end[i], -INT64_MAX / 2, INT64_MAX / 2);
        if (c->step[i] == 0)
            onx_fail(o, TSR_BAD_FILE, "a step of 0");
    }
    return onx_ok(o);
}

void onx_slice_op(onx_op *o)
{
    cuts c;
    bool image;
    onx_shape s = onx_shape_of(o, 0);
    if (!read_cuts(o, &c))
        return;
    const int x = input(o, &image);
    tsr_slice_attr a = whole(&s, image);
    bool empty = false;
    for (int i = 0; i < c.n && onx_ok(o); i++) {
        const int axis = onx_axis(o, c.axis[i], s.rank), at = image ? onx_image_axis(axis) : axis;
        if (!onx_ok(o))
            return;
        a.size[at] = count_of(c.start[i], c.end[i], c.step[i], s.dim[axis], &a.begin[at]);
        a.stride[at] = (int)c.step[i];
        s.dim[axis] = a.size[at];
        empty |= a.size[at] == 0;
    }
    if (empty)
        onx_set_empty(o, 0, s);
    else
        onx_set(o, 0, onx_slice(o, x, &a), image ? ONX_NHWC : ONX_PLAIN);
}

/* Sizes of the parts: given, or as equal as they can be with the last smaller. */
static int part_sizes(onx_op *o, int n, int64_t *size)
{
    const int given = onx_ints(o, 13, 1, "split", size);
    if (given >= 0 || o->out_count > ONX_MAX_INTS)
        return given;
    const int64_t parts = onx_attr_int(o, "num_outputs", o->out_count);
    if (parts != o->out_count)
        return ONX_NONE;
    const int each = (n + o->out_count - 1) / o->out_count;
    for (int i = 0; i < o->out_count; i++)
        size[i] = i + 1 < o->out_count ? each : n - (int64_t)each * i;
    return o->out_count;
}

void onx_split(onx_op *o)
{
    int64_t size[ONX_MAX_INTS];
    bool image;
    const onx_shape s = onx_shape_of(o, 0);
    const int axis = onx_axis(o, onx_attr_int(o, "axis", 0), s.rank);
    const int x = input(o, &image), at = image ? onx_image_axis(axis) : axis;
    if (x < 0 || s.rank == 0)
        return;
    if (part_sizes(o, s.dim[axis], size) != o->out_count) {
        if (onx_ok(o))
            onx_fail(o, TSR_BAD_FILE, "sizes do not match its %d outputs", o->out_count);
        return;
    }
    tsr_slice_attr a = whole(&s, image);
    for (int i = 0, begin = 0; i < o->out_count && onx_ok(o); i++) {
        if (size[i] < 1 || size[i] > s.dim[axis] - begin) {
            onx_fail(o, TSR_UNSUPPORTED, "part %d has %lld of %d", i, (long long)size[i],
                     s.dim[axis]);
            return;
        }
        a.begin[at] = begin;
        a.size[at] = (int)size[i];
        begin += (int)size[i];
        const char *first = o->name;
        o->name = onx_text(o->f, o->out[i]);
        onx_set(o, i, onx_slice(o, x, &a), image ? ONX_NHWC : ONX_PLAIN);
        o->name = first;
    }
}

/* ---- by number ---------------------------------------------------------------------- */

void onx_gather_op(onx_op *o)
{
    const onx_shape s = onx_shape_of(o, 0), index = onx_shape_of(o, 1);
    const int axis = onx_axis(o, onx_attr_int(o, "axis", 0), s.rank);
    const bool image = onx_is_image(o, 0) && index.rank == 1;
    int in[2] = { image ? onx_nhwc(o, 0) : onx_plain(o, 0), onx_plain(o, 1) };
    tsr_node n = tsr_node_make(TSR_OP_GATHER, o->name, in, 2);
    n.attr.gather.axis = image ? onx_image_axis(axis) : axis;
    if (in[0] >= 0)
        onx_emit(o, &n, onx_t(o, in[0])->dtype, image ? ONX_NHWC : ONX_PLAIN);
}

void onx_gather_nd(onx_op *o)
{
    int in[2] = { onx_plain(o, 0), onx_plain(o, 1) };
    const tsr_node n = tsr_node_make(TSR_OP_GATHER_ND, o->name, in, 2);
    if (onx_attr_int(o, "batch_dims", 0) != 0)
        onx_fail(o, TSR_UNSUPPORTED, "batch_dims %d", onx_int(onx_attr_int(o, "batch_dims", 0)));
    if (in[0] >= 0 && onx_ok(o))
        onx_emit(o, &n, onx_t(o, in[0])->dtype, ONX_PLAIN);
}
