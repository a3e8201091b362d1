/* onnx_emit.c - see onnx_emit.h.   SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <string.h>
#include "engine/format.h"
#include "loaders/onnx_emit.h"

/* Field numbers of onnx.proto. */
enum {
    GRAPH_NODE = 1, GRAPH_INITIALIZER = 5,
    NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5,
    ATTR_NAME = 1, ATTR_F = 2, ATTR_I = 3, ATTR_S = 4, ATTR_INTS = 8, ATTR_TYPE = 20,
    TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_STRING = 3, TYPE_INTS = 7,
    TENSOR_DIMS = 1, TENSOR_DATA_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW_DATA = 9,
};

static const char *print(tsr_emitter *e, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    tsr_format(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *copy = tsr_pool_string(e->pool, text, strlen(text));
    e->nodes.failed |= !copy;
    return copy ? copy : "";
}

const char *tsr_onnx_name(tsr_emitter *e, const char *stem)
{
    return print(e, "%.300s_%d", stem, e->names++);
}

tsr_onnx_node tsr_onnx_begin(tsr_emitter *e, const char *op_type)
{
    tsr_onnx_node n = { .e = e, .pb = tsr_pb_make(e->pool) };
    tsr_pb_string(&n.pb, NODE_NAME, tsr_onnx_name(e, op_type));
    tsr_pb_string(&n.pb, NODE_OP_TYPE, op_type);
    return n;
}

void tsr_onnx_in(tsr_onnx_node *n, const char *name) { tsr_pb_string(&n->pb, NODE_INPUT, name); }

void tsr_onnx_out(tsr_onnx_node *n, const char *name) { tsr_pb_string(&n->pb, NODE_OUTPUT, name); }

static tsr_pb attribute(tsr_onnx_node *n, const char *name, int type)
{
    tsr_pb a = tsr_pb_make(n->e->pool);
    tsr_pb_string(&a, ATTR_NAME, name);
    tsr_pb_int(&a, ATTR_TYPE, type);
    return a;
}

void tsr_onnx_attr_int(tsr_onnx_node *n, const char *name, int64_t x)
{
    tsr_pb a = attribute(n, name, TYPE_INT);
    tsr_pb_int(&a, ATTR_I, x);
    tsr_pb_message(&n->pb, NODE_ATTRIBUTE, &a);
}

void tsr_onnx_attr_float(tsr_onnx_node *n, const char *name, float x)
{
    tsr_pb a = attribute(n, name, TYPE_FLOAT);
    tsr_pb_float(&a, ATTR_F, x);
    tsr_pb_message(&n->pb, NODE_ATTRIBUTE, &a);
}

void tsr_onnx_attr_string(tsr_onnx_node *n, const char *name, const char *s)
{
    tsr_pb a = attribute(n, name, TYPE_STRING);
    tsr_pb_string(&a, ATTR_S, s);
    tsr_pb_message(&n->pb, NODE_ATTRIBUTE, &a);
}

void tsr_onnx_attr_ints(tsr_onnx_node *n, const char *name, const int *x, int count)
{
    tsr_pb a = attribute(n, name, TYPE_INTS);
    for (int i = 0; i < count; i++)
        tsr_pb_int(&a, ATTR_INTS, x[i]);
    tsr_pb_message(&n->pb, NODE_ATTRIBUTE, &a);
}

void tsr_onnx_end(tsr_onnx_node *n) { tsr_pb_message(&n->e->nodes, GRAPH_NODE, &n->pb); }

static const char *constant(tsr_emitter *e, int type, const void *bytes, size_t n, int rank,
                            const int *dim)
{
    const char *name = tsr_onnx_name(e, "const");
    tsr_pb t = tsr_pb_make(e->pool);
    for (int i = 0; i < rank; i++)
        tsr_pb_int(&t, TENSOR_DIMS, dim[i]);
    tsr_pb_int(&t, TENSOR_DATA_TYPE, type);
    tsr_pb_string(&t, TENSOR_NAME, name);
    tsr_pb_bytes(&t, TENSOR_RAW_DATA, bytes, n);
    tsr_pb_message(&e->initializers, GRAPH_INITIALIZER, &t);
    return name;
}

const char *tsr_onnx_floats(tsr_emitter *e, const float *x, int rank, const int *dim)
{
    size_t n = sizeof *x;
    for (int i = 0; i < rank; i++)
        n *= (size_t)dim[i];
    return constant(e, TSR_ONNX_FLOAT, x, n, rank, dim);
}

const char *tsr_onnx_int64s(tsr_emitter *e, const int *x, int count)
{
    unsigned char bytes[8 * 2 * TSR_MAX_RANK] = { 0 };
    for (int i = 0; i < count; i++)
        for (int b = 0; b < 8; b++)
            bytes[8 * i + b] = (unsigned char)((uint64_t)(int64_t)x[i] >> 8 * b);
    return constant(e, TSR_ONNX_INT64, bytes, 8 * (size_t)count, 1, &count);
}

/* A model's constant in our own order. */
static const char *whole_constant(tsr_emitter *e, const tsr_tensor *t)
{
    const int type = t->dtype == TSR_F32 ? TSR_ONNX_FLOAT
                   : t->dtype == TSR_S32 ? TSR_ONNX_INT32 : TSR_ONNX_INT64;
    return constant(e, type, t->data, tsr_bytes(t), t->rank, t->dim);
}

static const char *transposed(tsr_emitter *e, const char *from, const char *to, bool to_nchw)
{
    static const int nchw[] = { 0, 3, 1, 2 }, nhwc[] = { 0, 2, 3, 1 };
    tsr_onnx_node n = tsr_onnx_begin(e, "Transpose");
    tsr_onnx_in(&n, from);
    tsr_onnx_out(&n, to);
    tsr_onnx_attr_ints(&n, "perm", to_nchw ? nchw : nhwc, 4);
    tsr_onnx_end(&n);
    return to;
}

const char *tsr_onnx_new_nhwc(tsr_emitter *e, int value)
{
    if (!e->nhwc[value])
        e->nhwc[value] = tsr_onnx_name(e, e->g->values[value].t.name);
    return e->nhwc[value];
}

const char *tsr_onnx_new_nchw(tsr_emitter *e, int value)
{
    if (!e->nchw[value])
        e->nchw[value] = tsr_onnx_name(e, e->g->values[value].t.name);
    return e->nchw[value];
}

const char *tsr_onnx_new(tsr_emitter *e, int value, bool nchw)
{
    return nchw ? tsr_onnx_new_nchw(e, value) : tsr_onnx_new_nhwc(e, value);
}

const char *tsr_onnx_nhwc(tsr_emitter *e, int value)
{
    const tsr_tensor *t = &e->g->values[value].t;
    if (!e->nhwc[value] && t->data)
        e->nhwc[value] = whole_constant(e, t);
    else if (!e->nhwc[value])
        transposed(e, e->nchw[value], tsr_onnx_new_nhwc(e, value), false);
    return e->nhwc[value];
}

const char *tsr_onnx_nchw(tsr_emitter *e, int value)
{
    if (!e->nchw[value]) {
        const char *from = tsr_onnx_nhwc(e, value);
        transposed(e, from, tsr_onnx_new_nchw(e, value), true);
    }
    return e->nchw[value];
}
