/*
 * onnx_emit_node.c - adding nodes, constants and results to the graph.
 *
 * Every node that one operator needs bears the name of the operator's first
 * output; a message can then always be traced to the file.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_file.h"

/* What a small file can make the loader create is bounded by the same budget
 * that bounds folding. */
bool onx_charge(onx_op *o, size_t bytes)
{
    if (!onx_ok(o))
        return false;
    if (bytes > o->f->g->fold_budget_bytes) {
        onx_fail(o, TSR_UNSUPPORTED, "needs %zu bytes of constants, more than a file of %zu bytes "
                 "may ask for", bytes, o->f->size);
        return false;
    }
    o->f->g->fold_budget_bytes -= bytes;
    return true;
}

void *onx_room(onx_op *o, size_t bytes)
{
    if (!onx_charge(o, bytes))
        return NULL;
    void *p = tsr_pool_alloc(o->f->g->pool, bytes ? bytes : 1, 64);
    if (!p)
        onx_fail(o, TSR_NO_MEMORY, "no memory for %zu bytes", bytes);
    return p;
}

static bool inputs_there(const tsr_node *n)
{
    return n->in_count == 0 || n->in[0] >= 0;
}

int onx_step(onx_op *o, const tsr_node *n, tsr_dtype dtype)
{
    if (!onx_ok(o) || !inputs_there(n))
        return ONX_NONE;
    tsr_tensor out = { .name = o->name, .dtype = dtype };
    const tsr_tensor *x = n->in_count ? onx_t(o, n->in[0]) : NULL;
    if (x && x->dtype == dtype && !x->quant.scales)
        out.quant = x->quant;
    tsr_node node = *n;
    if (o->q.on && !onx_q_step(o, &node, &out))
        return ONX_NONE;
    return tsr_graph_node(o->f->g, &node, &out);
}

bool onx_is_used(const onx_op *o, int slot)
{
    return slot < o->out_count && o->out[slot].n > 0;
}

void onx_set(onx_op *o, int slot, int value, onx_order order)
{
    if (value < 0 || !onx_ok(o) || !onx_is_used(o, slot))
        return;
    const tsr_tensor *t = onx_t(o, value);
    onx_value *v = onx_add(o->f, o->out[slot]);
    if (!v)
        return;
    v->shape.rank = t->rank;
    for (int k = 0; k < t->rank; k++)
        v->shape.dim[k] = t->dim[order == ONX_NHWC ? onx_from_nhwc[k] : k];
    *(order == ONX_NHWC ? &v->nhwc : &v->plain) = value;
}

void onx_set_expanded(onx_op *o, int slot, int value, onx_shape shape)
{
    if (value < 0 || !onx_ok(o) || !onx_is_used(o, slot))
        return;
    onx_value *v = onx_add(o->f, o->out[slot]);
    if (!v)
        return;
    v->shape = shape;
    v->narrow = value;
}

void onx_set_empty(onx_op *o, int slot, onx_shape shape)
{
    onx_value *v = onx_ok(o) && onx_is_used(o, slot) ? onx_add(o->f, o->out[slot]) : NULL;
    if (!v)
        return;
    v->shape = shape;
    v->empty = true;
}

void onx_emit(onx_op *o, const tsr_node *n, tsr_dtype dtype, onx_order order)
{
    onx_set(o, 0, onx_step(o, n, dtype), order);
}

static tsr_dtype type_of(const onx_op *o, int value)
{
    return value < 0 ? TSR_F32 : onx_t(o, value)->dtype;
}

int onx_unary(onx_op *o, tsr_op_kind kind, int x)
{
    const tsr_node n = tsr_node_make(kind, o->name, &x, 1);
    return onx_step(o, &n, type_of(o, x));
}

int onx_binary(onx_op *o, tsr_op_kind kind, int a, int b)
{
    int in[2] = { a, b };
    const tsr_node n = tsr_node_make(kind, o->name, in, 2);
    return b < 0 ? ONX_NONE : onx_step(o, &n, type_of(o, a));
}

int onx_reshape(onx_op *o, int x, int rank, const int *dim)
{
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, o->name, &x, 1);
    if (rank > TSR_MAX_RANK) {
        onx_fail(o, TSR_UNSUPPORTED, "a shape of %d dimensions", rank);
        return ONX_NONE;
    }
    n.attr.reshape.rank = rank;
    memcpy(n.attr.reshape.dim, dim, (size_t)rank * sizeof *dim);
    return onx_step(o, &n, type_of(o, x));
}

int onx_transpose(onx_op *o, int x, const int *perm)
{
    if (x < 0)
        return ONX_NONE;
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE, o->name, &x, 1);
    memcpy(n.attr.transpose.perm, perm, (size_t)onx_t(o, x)->rank * sizeof *perm);
    return onx_step(o, &n, type_of(o, x));
}

int onx_gather(onx_op *o, int x, int axis, const int64_t *index, int count)
{
    int in[2] = { x, onx_int64s(o, index, count) };
    tsr_node n = tsr_node_make(TSR_OP_GATHER, o->name, in, 2);
    n.attr.gather.axis = axis;
    return in[1] < 0 ? ONX_NONE : onx_step(o, &n, type_of(o, x));
}

int onx_slice(onx_op *o, int x, const tsr_slice_attr *a)
{
    tsr_node n = tsr_node_make(TSR_OP_SLICE, o->name, &x, 1);
    n.attr.slice = *a;
    return onx_step(o, &n, type_of(o, x));
}

int onx_concat(onx_op *o, int *x, int count, int axis)
{
    tsr_node n = tsr_node_make(TSR_OP_CONCAT, o->name, x, count);
    n.attr.concat.axis = axis;
    return onx_step(o, &n, type_of(o, count ? x[0] : ONX_NONE));
}

int onx_reduce(onx_op *o, tsr_op_kind kind, int x, unsigned axes, bool keep_dims)
{
    tsr_node n = tsr_node_make(kind, o->name, &x, 1);
    n.attr.reduce = (tsr_reduce_attr){ axes, keep_dims };
    return onx_step(o, &n, type_of(o, x));
}

/* ---- constants ------------------------------------------------------------------ */

static int constant(onx_op *o, tsr_dtype dtype, const void *x, int rank, const int *dim)
{
    tsr_tensor t = { .name = o->name, .dtype = dtype, .rank = rank };
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    t.data = onx_room(o, tsr_bytes(&t));
    if (!t.data)
        return ONX_NONE;
    memcpy(t.data, x, tsr_bytes(&t));
    return tsr_graph_constant(o->f->g, &t);
}

int onx_floats(onx_op *o, const float *x, int rank, const int *dim)
{
    return constant(o, TSR_F32, x, rank, dim);
}

int onx_one(onx_op *o, tsr_dtype dtype, const void *x)
{
    return constant(o, dtype, x, 0, &(int){ 0 });
}

int onx_scalar(onx_op *o, float x) { return onx_one(o, TSR_F32, &x); }

int onx_int64s(onx_op *o, const int64_t *x, int count)
{
    return constant(o, TSR_S64, x, 1, &count);
}
