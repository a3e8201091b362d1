/*
 * tflite_slice.c - operators that cut tensors into parts.
 *
 * One node does all of it: SLICE, out[i] = in[begin + i * stride] along each
 * dimension.  Where the operator also drops or adds dimensions of size 1 a
 * RESHAPE follows, which costs nothing.         SPDX-License-Identifier: MIT
 */
#include "loaders/tflite_file.h"

enum { STRIDED_BEGIN_MASK, STRIDED_END_MASK, STRIDED_ELLIPSIS_MASK, STRIDED_NEW_AXIS_MASK,
       STRIDED_SHRINK_MASK, STRIDED_OFFSET };
enum { UNPACK_AXIS = 1 };

/* A slice of all of x, to be narrowed. */
static tsr_node whole(tfl_op *o, int *in, const tsr_tensor *x)
{
    tsr_node n = tsr_node_make(TSR_OP_SLICE, o->name, in, 1);
    for (int i = 0; i < x->rank; i++) {
        n.attr.slice.stride[i] = 1;
        n.attr.slice.size[i] = x->dim[i];
    }
    return n;
}

/* x, begin, size; a size of -1 reaches to the end */
void tfl_slice(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int64_t begin[TSR_MAX_RANK], size[TSR_MAX_RANK];
    const int count = tfl_ints(o, 1, begin, TSR_MAX_RANK);
    int in[] = { tfl_input(o, 0) };
    if (!x || tfl_ints(o, 2, size, TSR_MAX_RANK) != count || count != x->rank) {
        tfl_fail(o, TSR_BAD_FILE, "wants a begin and a size for each dimension");
        return;
    }
    tsr_node n = whole(o, in, x);
    for (int i = 0; i < count; i++) {
        const int64_t room = x->dim[i] - begin[i];
        const int64_t want = size[i] == -1 ? room : size[i];
        if (begin[i] < 0 || want < 1 || want > room) {
            tfl_fail(o, TSR_BAD_FILE, "%lld from %lld of the %d in dimension %d",
                     (long long)size[i], (long long)begin[i], x->dim[i], i);
            return;
        }
        n.attr.slice.begin[i] = (int)begin[i];
        n.attr.slice.size[i] = (int)want;
    }
    tfl_emit(o, &n, 0);
}

/* ---- STRIDED_SLICE ----------------------------------------------------- */

/* Python's x[b:e:s, ..., newaxis, 3]: one entry for each item between commas.
 * Bit i of a mask speaks of entry i: begin or end left out, entry is "...", is
 * newaxis, is a single index (whose dimension goes away). */
typedef struct {
    int64_t begin[TSR_MAX_RANK], end[TSR_MAX_RANK], stride[TSR_MAX_RANK];
    int count;
    unsigned no_begin, no_end, ellipsis, new_axis, shrink;
    bool end_is_offset;         /* end counts from begin */
} spec;

typedef struct {
    tsr_slice_attr slice;
    int in_dim;                 /* dimensions of x dealt with */
    int dim[TSR_MAX_RANK], rank;/* of the result */
} cutter;

static bool read_spec(tfl_op *o, spec *s)
{
    tsr_fb *fb = &o->f->fb;
    s->count = tfl_ints(o, 1, s->begin, TSR_MAX_RANK);
    if (tfl_ints(o, 2, s->end, TSR_MAX_RANK) != s->count ||
        tfl_ints(o, 3, s->stride, TSR_MAX_RANK) != s->count || s->count < 0) {
        tfl_fail(o, TSR_BAD_FILE, "begin, end and strides differ in length");
        return false;
    }
    s->no_begin = tsr_fb_u32(fb, o->options, STRIDED_BEGIN_MASK);
    s->no_end = tsr_fb_u32(fb, o->options, STRIDED_END_MASK);
    s->ellipsis = tsr_fb_u32(fb, o->options, STRIDED_ELLIPSIS_MASK);
    s->new_axis = tsr_fb_u32(fb, o->options, STRIDED_NEW_AXIS_MASK) & ~s->ellipsis;
    s->shrink = tsr_fb_u32(fb, o->options, STRIDED_SHRINK_MASK) & ~s->ellipsis & ~s->new_axis;
    s->end_is_offset = tsr_fb_bool(fb, o->options, STRIDED_OFFSET);
    return true;
}

static int64_t limit(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

/* Where the slice starts and how many it takes of a dimension of size n. */
static bool cut_range(const spec *s, int i, int n, int *begin, int *size)
{
    const int64_t stride = s->stride[i];
    const int64_t lo = stride < 0 ? -1 : 0, hi = stride < 0 ? n - 1 : n;
    if (stride == 0 || stride > INT32_MAX || stride < -INT32_MAX)
        return false;
    int64_t from = limit(s->begin[i], -INT32_MAX, INT32_MAX);
    int64_t to = limit(s->end[i], -INT32_MAX, INT32_MAX);
    if (s->end_is_offset)
        to += from;
    from += from < 0 ? n : 0;
    to += to < 0 && !s->end_is_offset ? n : 0;
    if (s->shrink & 1u << i) {
        *begin = (int)from;
        *size = 1;
        return from >= 0 && from < n;
    }
    from = s->no_begin & 1u << i ? (stride < 0 ? hi : lo) : limit(from, lo, hi);
    to = s->no_end & 1u << i ? (stride < 0 ? lo : hi) : limit(to, lo, hi);
    const int64_t count = stride > 0 ? (to - from + stride - 1) / stride
                                     : (from - to - stride - 1) / -stride;
    *begin = (int)from;
    *size = (int)(count > 0 ? count : 0);
    return count > 0;
}

static bool add_dim(cutter *c, int size)
{
    if (c->rank == TSR_MAX_RANK)
        return false;
    c->dim[c->rank++] = size;
    return true;
}

/* Take the next `count` dimensions of x whole. */
static bool keep_dims(cutter *c, const tsr_tensor *x, int count)
{
    for (int k = 0; k < count; k++, c->in_dim++)
        if (!add_dim(c, x->dim[c->in_dim]))
            return false;
    return true;
}

static bool apply(const spec *s, const tsr_tensor *x, cutter *c)
{
    int consumed = 0, ellipses = 0;
    for (int i = 0; i < s->count; i++) {
        ellipses += s->ellipsis >> i & 1;
        consumed += !((s->ellipsis | s->new_axis) >> i & 1);
    }
    if (ellipses > 1 || consumed > x->rank)
        return false;
    for (int i = 0; i < s->count; i++) {
        if (s->ellipsis >> i & 1) {
            if (!keep_dims(c, x, x->rank - consumed))
                return false;
        } else if (s->new_axis >> i & 1) {
            if (!add_dim(c, 1))
                return false;
        } else {
            const int d = c->in_dim++;
            if (!cut_range(s, i, x->dim[d], &c->slice.begin[d], &c->slice.size[d]))
                return false;
            c->slice.stride[d] = s->shrink >> i & 1 ? 1 : (int)s->stride[i];
            if (!(s->shrink >> i & 1) && !add_dim(c, c->slice.size[d]))
                return false;
        }
    }
    return keep_dims(c, x, x->rank - c->in_dim);
}

/* x, begin, end, strides */
void tfl_strided_slice(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int in[] = { tfl_input(o, 0) };
    spec s;
    if (!x || !read_spec(o, &s))
        return;
    tsr_node n = whole(o, in, x);
    cutter c = { .slice = n.attr.slice };
    if (!apply(&s, x, &c)) {
        tfl_fail(o, TSR_BAD_FILE, "takes nothing, or more than there is");
        return;
    }
    n.attr.slice = c.slice;
    if (!((s.new_axis | s.shrink) & ((1u << s.count) - 1))) {
        tfl_emit(o, &n, 0);
        return;
    }
    int mid = tfl_step(o, &n, x);
    tsr_node reshape = tsr_node_make(TSR_OP_RESHAPE, o->name, &mid, 1);
    reshape.attr.reshape.rank = c.rank;
    for (int i = 0; i < c.rank; i++)
        reshape.attr.reshape.dim[i] = c.dim[i];
    tfl_emit(o, &reshape, 0);
}

/* ---- several outputs --------------------------------------------------- */

/* Output k takes size[k] of x along axis, one after the other; all of it must
 * be taken.  NULL sizes: equal parts. */
static void split(tfl_op *o, int slot, int64_t axis_wanted, const int64_t *size)
{
    const tsr_tensor *x = tfl_input_tensor(o, slot);
    if (!x)
        return;
    const int axis = tfl_axis(o, axis_wanted, x->rank);
    const int parts = o->out.count < TSR_MAX_NODES ? (int)o->out.count : TSR_MAX_NODES;
    if (x->rank == 0 || (!size && x->dim[axis] % parts)) {
        tfl_fail(o, TSR_BAD_FILE, "%d equal parts of %d", parts, x->rank ? x->dim[axis] : 0);
        return;
    }
    int64_t at = 0;
    for (int k = 0; k < parts; k++) {
        const int64_t part = size ? size[k] : x->dim[axis] / parts;
        int in[] = { tfl_input(o, slot) };
        tsr_node n = whole(o, in, x);
        if (part < 1 || part > x->dim[axis] - at) {
            tfl_fail(o, TSR_BAD_FILE, "part %d does not fit dimension %d of %d", k, axis,
                     x->dim[axis]);
            return;
        }
        n.attr.slice.begin[axis] = (int)at;
        n.attr.slice.size[axis] = (int)part;
        tfl_emit(o, &n, k);
        at += part;
    }
    if (at != x->dim[axis])
        tfl_fail(o, TSR_BAD_FILE, "the parts leave out the end of dimension %d", axis);
}

/* axis, x */
void tfl_split(tfl_op *o)
{
    int64_t axis;
    if (tfl_ints(o, 0, &axis, 1) == 1)
        split(o, 1, axis, NULL);
}

/* x, sizes, axis; one size may be -1: what is left */
void tfl_split_v(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int64_t size[TFL_MAX_INTS], axis, known = 0;
    const int count = tfl_ints(o, 1, size, TFL_MAX_INTS);
    int open = -1;
    if (!x || tfl_ints(o, 2, &axis, 1) != 1)
        return;
    if (count < 0 || (size_t)count != o->out.count) {
        tfl_fail(o, TSR_BAD_FILE, "%d sizes for %zu outputs", count, o->out.count);
        return;
    }
    for (int k = 0; k < count; k++) {
        if (size[k] == -1)
            open = k;
        else
            known += limit(size[k], 0, INT32_MAX);
    }
    if (open >= 0 && x->rank > 0)
        size[open] = x->dim[tfl_axis(o, axis, x->rank)] - known;
    split(o, 0, axis, size);
}

/* Parts of size 1 that lose the dimension. */
void tfl_unpack(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    if (!x)
        return;
    const int axis = tfl_axis(o, tsr_fb_i32(&o->f->fb, o->options, UNPACK_AXIS, 0), x->rank);
    if (x->rank == 0 || o->out.count != (size_t)x->dim[axis]) {
        tfl_fail(o, TSR_BAD_FILE, "%zu outputs for %d parts", o->out.count,
                 x->rank ? x->dim[axis] : 0);
        return;
    }
    for (int k = 0; k < x->dim[axis]; k++) {
        int in[] = { tfl_input(o, 0) };
        tsr_node n = whole(o, in, x);
        n.attr.slice.begin[axis] = k;
        n.attr.slice.size[axis] = 1;
        int mid = tfl_step(o, &n, x);
        tsr_node reshape = tsr_node_make(TSR_OP_RESHAPE, o->name, &mid, 1);
        reshape.attr.reshape.rank = x->rank - 1;
        for (int i = 0; i + 1 < x->rank; i++)
            reshape.attr.reshape.dim[i] = x->dim[i < axis ? i : i + 1];
        tfl_emit(o, &reshape, k);
    }
}
