/*
 * onnx_values.c - a value in the order of elements that an operator asks for.
 *
 * Whatever is missing is made: an initialiser is decoded, a plain image gets a
 * TRANSPOSE to N,H,W,C, an N,H,W,C image one back.  Both stay with the value,
 * so the next one who asks gets the same.  Constants are transposed at once, by
 * the builder.                                   SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_file.h"

const int onx_to_nhwc[4] = { 0, 2, 3, 1 }, onx_from_nhwc[4] = { 0, 3, 1, 2 };

int onx_image_axis(int axis) { return onx_from_nhwc[axis & 3]; }

int onx_axis(onx_op *o, int64_t axis, int rank)
{
    if (axis >= -rank && axis < rank)
        return (int)(axis < 0 ? axis + rank : axis);
    onx_fail(o, TSR_BAD_FILE, "axis %lld of %d dimensions", (long long)axis, rank);
    return 0;
}

/* Decode the initialiser behind v, once. */
static void decode(onx_op *o, onx_value *v)
{
    onx_file *f = o->f;
    if (!v->stored.at)
        return;
    tsr_tensor t = { .name = onx_text(f, v->name) };
    const tsr_reader message = v->stored;
    v->stored = (tsr_reader){ NULL, NULL, false };
    if (!onx_tensor(f, message, &t, &v->empty))
        return;
    v->shape.rank = t.rank;
    memcpy(v->shape.dim, t.dim, sizeof t.dim);
    if (!v->empty)
        v->plain = tsr_graph_constant(f->g, &t);
}

bool onx_has(const onx_op *o, int slot) { return slot < o->in_count && o->in[slot].n > 0; }

onx_value *onx_input(onx_op *o, int slot)
{
    if (!onx_has(o, slot) || !onx_ok(o))
        return NULL;
    onx_value *v = onx_find(o->f, o->in[slot]);
    if (!v) {
        onx_fail(o, TSR_BAD_FILE, "reads '%.60s', which nothing before it makes",
                 onx_text(o->f, o->in[slot]));
        return NULL;
    }
    decode(o, v);
    return onx_ok(o) ? v : NULL;
}

static int convert(onx_op *o, const onx_value *v, int from, const int *perm)
{
    const tsr_tensor *t = onx_t(o, from);
    if (t && t->quant.scales) {
        if (!o->q.on)
            onx_fail(o, TSR_UNSUPPORTED, "'%.60s' has a scale for each channel",
                     onx_text(o->f, v->name));
        o->q.failed = true;
        return ONX_NONE;
    }
    if (!t)
        return ONX_NONE;
    const char *name = onx_text(o->f, v->name);
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE, name, &from, 1);
    memcpy(n.attr.transpose.perm, perm, 4 * sizeof *perm);
    tsr_tensor out = { .name = name, .dtype = t->dtype, .quant = t->quant };
    return tsr_graph_node(o->f->g, &n, &out);
}

/* Written out where somebody wants the expanded constant itself. */
static int widen(onx_op *o, const onx_value *v)
{
    int x = v->narrow;
    const onx_shape shape = v->shape;
    int dim[TSR_MAX_RANK];
    const onx_shape have = { onx_t(o, x)->rank, { 0 } };
    const int lead = shape.rank - have.rank;
    for (int k = 0; k < shape.rank; k++)
        dim[k] = k < lead ? 1 : onx_t(o, x)->dim[k - lead];
    x = onx_reshape(o, x, shape.rank, dim);
    for (int k = 0; k < shape.rank && x >= 0; k++) {
        if (dim[k] == shape.dim[k])
            continue;
        int64_t *zero = onx_room(o, (size_t)shape.dim[k] * sizeof *zero);
        x = zero ? onx_gather(o, x, k, zero, shape.dim[k]) : ONX_NONE;
    }
    return x;
}

/* Floats from 8-bit numbers, in the order these have. */
static int real(onx_op *o, const onx_value *v, int from)
{
    const char *name = onx_text(o->f, v->name);
    const tsr_node n = tsr_node_make(TSR_OP_DEQUANTIZE, name, &from, 1);
    tsr_tensor out = { .name = name, .dtype = TSR_F32 };
    return tsr_graph_node(o->f->g, &n, &out);
}

/* What an operator on 8-bit numbers gets. */
static int stored_plain(onx_op *o, onx_value *v)
{
    if (v->q_plain < 0 && v->q_nhwc >= 0)
        v->q_plain = convert(o, v, v->q_nhwc, onx_from_nhwc);
    return onx_ok(o) ? v->q_plain : ONX_NONE;
}

static int stored_nhwc(onx_op *o, onx_value *v)
{
    if (v->q_nhwc < 0 && v->q_plain >= 0)
        v->q_nhwc = convert(o, v, v->q_plain, onx_to_nhwc);
    return onx_ok(o) ? v->q_nhwc : ONX_NONE;
}

static bool is_quantised(const onx_value *v) { return v->q_plain >= 0 || v->q_nhwc >= 0; }

int onx_value_plain(onx_op *o, onx_value *v)
{
    if (!v || !onx_ok(o))
        return ONX_NONE;
    decode(o, v);
    if (o->q.on && is_quantised(v))
        return stored_plain(o, v);
    if (v->empty) {
        onx_fail(o, TSR_UNSUPPORTED, "'%.60s' has no elements", onx_text(o->f, v->name));
        return ONX_NONE;
    }
    if (v->plain < 0 && v->narrow >= 0)
        v->plain = widen(o, v);
    if (v->plain < 0 && v->nhwc < 0 && v->q_plain >= 0)
        v->plain = real(o, v, v->q_plain);
    else if (v->plain < 0 && v->nhwc < 0 && v->q_nhwc >= 0)
        v->nhwc = real(o, v, v->q_nhwc);
    if (v->plain < 0 && v->nhwc >= 0)
        v->plain = convert(o, v, v->nhwc, onx_from_nhwc);
    return onx_ok(o) ? v->plain : ONX_NONE;
}

int onx_value_nhwc(onx_op *o, onx_value *v)
{
    if (!v || !onx_ok(o))
        return ONX_NONE;
    decode(o, v);
    if (v->shape.rank != 4) {
        onx_fail(o, TSR_UNSUPPORTED, "'%.60s' has %d dimensions, 4 are needed",
                 onx_text(o->f, v->name), v->shape.rank);
        return ONX_NONE;
    }
    if (o->q.on && is_quantised(v))
        return stored_nhwc(o, v);
    if (v->nhwc < 0 && v->plain < 0 && v->q_nhwc >= 0)
        v->nhwc = real(o, v, v->q_nhwc);
    if (v->nhwc < 0)
        v->nhwc = convert(o, v, onx_value_plain(o, v), onx_to_nhwc);
    return onx_ok(o) ? v->nhwc : ONX_NONE;
}

static onx_value *wanted(onx_op *o, int slot)
{
    onx_value *v = onx_input(o, slot);
    if (!v && onx_ok(o))
        onx_fail(o, TSR_BAD_FILE, "input %d is missing", slot);
    return v;
}

int onx_plain(onx_op *o, int slot) { return onx_value_plain(o, wanted(o, slot)); }

int onx_nhwc(onx_op *o, int slot) { return onx_value_nhwc(o, wanted(o, slot)); }

bool onx_is_image(onx_op *o, int slot)
{
    const onx_value *v = onx_input(o, slot);
    const int image = !v ? ONX_NONE : v->q_nhwc >= 0 ? v->q_nhwc : v->nhwc;
    return image >= 0 && !onx_t(o, image)->data;
}

onx_shape onx_shape_of(onx_op *o, int slot)
{
    const onx_value *v = wanted(o, slot);
    return v ? v->shape : (onx_shape){ 0 };
}

tsr_dtype onx_dtype_of(onx_op *o, int slot)
{
    const onx_value *v = wanted(o, slot);
    if (!v || (is_quantised(v) && !o->q.on))
        return TSR_F32;
    const int any = v->q_plain >= 0 ? v->q_plain : v->q_nhwc >= 0 ? v->q_nhwc
                  : v->plain >= 0 ? v->plain : v->nhwc >= 0 ? v->nhwc : v->narrow;
    return any >= 0 ? onx_t(o, any)->dtype : TSR_F32;
}

const tsr_tensor *onx_constant(onx_op *o, int slot)
{
    onx_value *v = onx_input(o, slot);
    if (!v || v->empty)
        return NULL;
    /* Computed: do not transpose or dequantise it for nothing. */
    const int there = v->plain >= 0 ? v->plain : v->narrow >= 0 ? v->narrow
                    : v->nhwc >= 0 ? v->nhwc : v->q_plain >= 0 ? v->q_plain : v->q_nhwc;
    if (there < 0 || !onx_t(o, there)->data)
        return NULL;
    const tsr_tensor *t = onx_t(o, onx_value_plain(o, v));
    return t && t->data ? t : NULL;
}
