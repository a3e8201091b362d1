/*
 * onnx_emit.h - the pieces that an exported ONNX graph is put together from.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_ONNX_EMIT_H
#define TSR_ONNX_EMIT_H

#include "engine/graph.h"
#include "loaders/pb_writer.h"

/* Numbers of ONNX's TensorProto.DataType. */
enum { TSR_ONNX_FLOAT = 1, TSR_ONNX_INT32 = 6, TSR_ONNX_INT64 = 7 };

typedef struct {
    const tsr_graph *g;
    tsr_pool *pool;
    tsr_pb nodes, initializers; /* fields of GraphProto, already keyed */
    const char **nhwc, **nchw;  /* per value: its name in each order; NULL: not there yet */
    int names;                  /* made up so far */
    tsr_error *err;
} tsr_emitter;

/* A node being written: inputs and outputs first, then attributes, then done. */
typedef struct {
    tsr_emitter *e;
    tsr_pb pb;
} tsr_onnx_node;

/* "stem_17": a name nothing else has. */
const char *tsr_onnx_name(tsr_emitter *e, const char *stem);

tsr_onnx_node tsr_onnx_begin(tsr_emitter *e, const char *op_type);
void tsr_onnx_in(tsr_onnx_node *n, const char *name);       /* "" = absent */
void tsr_onnx_out(tsr_onnx_node *n, const char *name);
void tsr_onnx_attr_int(tsr_onnx_node *n, const char *name, int64_t x);
void tsr_onnx_attr_float(tsr_onnx_node *n, const char *name, float x);
void tsr_onnx_attr_string(tsr_onnx_node *n, const char *name, const char *s);
void tsr_onnx_attr_ints(tsr_onnx_node *n, const char *name, const int *x, int count);
void tsr_onnx_end(tsr_onnx_node *n);

/* Constants; each returns its name. */
const char *tsr_onnx_floats(tsr_emitter *e, const float *x, int rank, const int *dim);
const char *tsr_onnx_int64s(tsr_emitter *e, const int *x, int count);

/* A value's name in our order, or, for 4-D values, in N,C,H,W; a Transpose or a
 * permuted constant is made when it is first asked for. */
const char *tsr_onnx_nhwc(tsr_emitter *e, int value);
const char *tsr_onnx_nchw(tsr_emitter *e, int value);

/* The name under which a node shall produce the value in N,C,H,W. */
const char *tsr_onnx_new_nchw(tsr_emitter *e, int value);
const char *tsr_onnx_new_nhwc(tsr_emitter *e, int value);
const char *tsr_onnx_new(tsr_emitter *e, int value, bool nchw);

/* Write one of our nodes as ONNX nodes; onnx_export_ops.c. */
TSR_MUST_USE tsr_status tsr_onnx_emit(tsr_emitter *e, const tsr_node *n);

#endif
