/*
 * onnx_maker.h - small ONNX files for tests, written field by field.
 *
 *     om_model m;
 *     om_begin(&m, 13);
 *     om_input(&m, "x", OM_FLOAT, 2, (int[]){ 1, 4 });
 *     om_node(&m, "LeakyRelu", "x", "y");
 *     om_float(&m, "alpha", 0.5f);
 *     om_output(&m, "y");
 *     golden_file f = om_write(&m);       free(f.bytes)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ONNX_MAKER_H
#define ONNX_MAKER_H

#include "loaders/pb_writer.h"
#include "tests/golden_io.h"

enum { OM_FLOAT = 1, OM_UINT8 = 2, OM_INT8 = 3, OM_INT32 = 6, OM_INT64 = 7, OM_STRING = 8,
       OM_FLOAT16 = 10 };

typedef struct {
    tsr_pool pool;
    tsr_pb graph, node;
    bool in_node;
    int opset;
} om_model;

void om_begin(om_model *m, int opset);

/* A dimension of -1 is left open and named "dK". */
void om_input(om_model *m, const char *name, int elem, int rank, const int *dim);
void om_output(om_model *m, const char *name);

/* Initialisers; raw_data of `bytes` bytes, whatever the dimensions say. */
void om_tensor(om_model *m, const char *name, int elem, int rank, const int *dim,
               const void *data, size_t bytes);
void om_floats(om_model *m, const char *name, int rank, const int *dim, const float *data);
void om_int64s(om_model *m, const char *name, int count, const int64_t *data);

/* A node; names separated by commas, "a,,c" leaves the second out.  Attributes
 * belong to the node begun last. */
void om_node(om_model *m, const char *type, const char *inputs, const char *outputs);
void om_int(om_model *m, const char *name, int64_t x);
void om_ints(om_model *m, const char *name, int count, const int64_t *x);
void om_float(om_model *m, const char *name, float x);
void om_string(om_model *m, const char *name, const char *s);

golden_file om_write(om_model *m);

#endif
