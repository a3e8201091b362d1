/*
 * onnx_numbers.h - tensors of ONNX's test data as numbers.  SPDX-License-Identifier: MIT
 */
#ifndef ONNX_NUMBERS_H
#define ONNX_NUMBERS_H

#include "tests/golden_io.h"

/* Types as TensorProto numbers them. */
enum { ONNX_FLOAT = 1, ONNX_UINT8, ONNX_INT8, ONNX_UINT16, ONNX_INT16, ONNX_INT32, ONNX_INT64,
       ONNX_STRING, ONNX_BOOL, ONNX_FLOAT16, ONNX_DOUBLE, ONNX_UINT32, ONNX_UINT64,
       ONNX_BFLOAT16 = 16 };

/* A tensor as numbers: long double holds every 64-bit integer and every double. */
typedef struct {
    bool ok;
    int64_t elem, dim[8];
    int rank;
    size_t count;
    long double *x;
    golden_file file;
} onnx_numbers;

/* A file with one TensorProto; `ok` tells whether it was understood. */
onnx_numbers onnx_numbers_read(const char *path);
bool onnx_numbers_ok(const onnx_numbers *n, int count);
void onnx_numbers_free(onnx_numbers *n, int count);

#endif
