/*
 * onnx_make.c - tensors out of little: Constant, ConstantOfShape, Range, Expand,
 * Tile.
 *
 * An expanded constant is kept as it was and written out only if somebody needs
 * all of it: an operator that broadcasts does not.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/onnx_read.h"

static void from_tensor(onx_op *o, tsr_reader message)
{
    tsr_tensor t = { .name = o->name };
    bool empty = false;
    if (!onx_tensor(o->f, message, &t, &empty))
        return;
    onx_shape s = { t.rank, { 0 } };
    memcpy(s.dim, t.dim, sizeof s.dim);
    if (empty)
        onx_set_empty(o, 0, s);
    else
        onx_set(o, 0, tsr_graph_constant(o->f->g, &t), ONX_PLAIN);
}

void onx_constant_op(onx_op *o)
{
    tsr_reader message;
    int64_t ints[ONX_MAX_INTS];
    float floats[ONX_MAX_INTS];
    int n;
    if (onx_attr_tensor(o, "value", &message)) {
        from_tensor(o, message);
    } else if (onx_has_attr(o, "value_float")) {
        onx_set(o, 0, onx_scalar(o, onx_attr_float(o, "value_float", 0)), ONX_PLAIN);
    } else if (onx_has_attr(o, "value_int")) {
        ints[0] = onx_attr_int(o, "value_int", 0);
        onx_set(o, 0, onx_one(o, TSR_S64, ints), ONX_PLAIN);
    } else if ((n = onx_attr_ints(o, "value_ints", ints, ONX_MAX_INTS)) > 0) {
        onx_set(o, 0, onx_int64s(o, ints, n), ONX_PLAIN);
    } else if ((n = onx_attr_floats(o, "value_floats", floats, ONX_MAX_INTS)) > 0) {
        onx_set(o, 0, onx_floats(o, floats, 1, &n), ONX_PLAIN);
    } else if (onx_ok(o)) {
        onx_fail(o, TSR_UNSUPPORTED, "holds neither a tensor nor numbers");
    }
}

/* Sizes from a constant input; false after a failure. */
static bool sizes(onx_op *o, int slot, onx_shape *s, bool *empty)
{
    int64_t x[ONX_MAX_INTS], total = 1;
    const int n = onx_input_ints(o, slot, x, ONX_MAX_INTS);
    if (n < 0 || n > TSR_MAX_RANK) {
        if (onx_ok(o))
            onx_fail(o, TSR_UNSUPPORTED, "a shape of %d dimensions", n);
        return false;
    }
    s->rank = n;
    *empty = false;
    for (int k = 0; k < n; k++) {
        if (x[k] < 0 || x[k] > INT32_MAX || (total *= x[k] ? x[k] : 1) > INT32_MAX / 8) {
            onx_fail(o, TSR_UNSUPPORTED, "dimension %d is %lld", k, (long long)x[k]);
            return false;
        }
        s->dim[k] = (int)x[k];
        *empty |= x[k] == 0;
    }
    return true;
}

void onx_constant_of_shape(onx_op *o)
{
    onx_shape s;
    bool empty, none = false;
    tsr_reader message;
    const float zero = 0;
    tsr_tensor t = { .name = o->name, .dtype = TSR_F32 };
    if (!sizes(o, 0, &s, &empty))
        return;
    const bool given = onx_attr_tensor(o, "value", &message);
    if (given && (!onx_tensor(o->f, message, &t, &none) || none || tsr_elements(&t) != 1)) {
        if (onx_ok(o))
            onx_fail(o, TSR_BAD_FILE, "its value is not one number");
        return;
    }
    if (empty)
        onx_set_empty(o, 0, s);
    else
        onx_set_expanded(o, 0, given ? onx_one(o, t.dtype, t.data) : onx_scalar(o, zero), s);
}

/* ---- Range -------------------------------------------------------------------------- */

static double number(const tsr_tensor *t)
{
    switch (t->dtype) {
    case TSR_F32: return (double)*(const float *)t->data;
    case TSR_S32: return *(const int32_t *)t->data;
    case TSR_S16: return *(const int16_t *)t->data;
    default: return (double)*(const int64_t *)t->data;
    }
}

void onx_range(onx_op *o)
{
    double x[3];
    tsr_dtype d = TSR_F32;
    for (int i = 0; i < 3; i++) {
        const tsr_tensor *t = onx_constant(o, i);
        if (!t || tsr_elements(t) != 1 || tsr_dtype_bytes(t->dtype) < 2 || t->dtype == TSR_F16) {
            if (onx_ok(o))
                onx_fail(o, TSR_UNSUPPORTED, "input %d is not one constant number", i);
            return;
        }
        x[i] = number(t);
        d = t->dtype;
    }
    const double count = ceil((x[1] - x[0]) / x[2]);
    if (!(count >= 1)) {
        onx_set_empty(o, 0, (onx_shape){ 1, { 0 } });
        return;
    }
    if (count > 1 << 24) {
        onx_fail(o, TSR_UNSUPPORTED, "%g numbers", count);
        return;
    }
    const int n = (int)count;
    tsr_tensor t = { .name = o->name, .dtype = d, .rank = 1, .dim = { n } };
    t.data = onx_room(o, tsr_bytes(&t));
    for (int i = 0; t.data && i < n; i++) {
        const double v = x[0] + i * x[2];
        switch (d) {
        case TSR_F32: ((float *)t.data)[i] = (float)v; break;
        case TSR_S32: ((int32_t *)t.data)[i] = (int32_t)v; break;
        case TSR_S16: ((int16_t *)t.data)[i] = (int16_t)v; break;
        default: ((int64_t *)t.data)[i] = v < 0x1p63 && v >= -0x1p63 ? (int64_t)v : 0; break;
        }
    }
    onx_set(o, 0, t.data ? tsr_graph_constant(o->f->g, &t) : ONX_NONE, ONX_PLAIN);
}

/* ---- Expand, Tile --------------------------------------------------------------------- */

/* The shape that `a` and `b` broadcast to; false when they do not. */
static bool broadcast(const onx_shape *a, const onx_shape *b, onx_shape *s)
{
    s->rank = a->rank > b->rank ? a->rank : b->rank;
    for (int k = 1; k <= s->rank; k++) {
        const int x = k <= a->rank ? a->dim[a->rank - k] : 1;
        const int y = k <= b->rank ? b->dim[b->rank - k] : 1;
        if (x != y && x != 1 && y != 1)
            return false;
        s->dim[s->rank - k] = x == 1 ? y : x;
    }
    return true;
}

/* Element 0 of the axis `count` times. */
static int repeat_first(onx_op *o, int x, int axis, int count)
{
    int64_t *zero = onx_room(o, (size_t)count * sizeof *zero);
    return zero ? onx_gather(o, x, axis, zero, count) : ONX_NONE;
}

void onx_expand(onx_op *o)
{
    onx_shape want, s;
    bool empty;
    const onx_shape have = onx_shape_of(o, 0);
    if (!sizes(o, 1, &want, &empty))
        return;
    if (empty || !broadcast(&have, &want, &s)) {
        onx_fail(o, empty ? TSR_UNSUPPORTED : TSR_BAD_FILE, empty ? "to a shape without elements"
                 : "to a shape that does not fit");
        return;
    }
    const onx_value *v = onx_input(o, 0);
    const int narrow = v ? v->narrow : ONX_NONE;
    if (narrow >= 0 || onx_constant(o, 0)) {
        onx_set_expanded(o, 0, narrow >= 0 ? narrow : onx_plain(o, 0), s);
        return;
    }
    int dim[TSR_MAX_RANK];
    for (int k = 0; k < s.rank; k++)
        dim[k] = k < s.rank - have.rank ? 1 : have.dim[k - (s.rank - have.rank)];
    int x = onx_reshape(o, onx_plain(o, 0), s.rank, dim);
    for (int k = 0; k < s.rank; k++)
        if (dim[k] != s.dim[k])
            x = repeat_first(o, x, k, s.dim[k]);
    onx_set(o, 0, x, ONX_PLAIN);
}

void onx_tile(onx_op *o)
{
    int64_t times[ONX_MAX_INTS];
    const onx_shape s = onx_shape_of(o, 0);
    const int n = onx_input_ints(o, 1, times, ONX_MAX_INTS);
    int x = onx_plain(o, 0);
    if (onx_ok(o) && n != s.rank)
        onx_fail(o, TSR_UNSUPPORTED, "%d repeats for %d axes", n, s.rank);
    for (int k = 0; k < s.rank && onx_ok(o); k++) {
        if (times[k] == 1)
            continue;
        if (times[k] < 1 || times[k] > INT32_MAX / 8 / s.dim[k]) {
            onx_fail(o, TSR_UNSUPPORTED, "axis %d is repeated %lld times", k, (long long)times[k]);
            return;
        }
        const int total = (int)times[k] * s.dim[k];
        int64_t *index = onx_room(o, (size_t)total * sizeof *index);
        for (int i = 0; index && i < total; i++)
            index[i] = i % s.dim[k];
        x = index ? onx_gather(o, x, k, index, total) : ONX_NONE;
    }
    onx_set(o, 0, x, ONX_PLAIN);
}
