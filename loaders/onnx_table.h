/* onnx_table.h - operators that the ONNX loader knows.   SPDX-License-Identifier: MIT */
#ifndef TSR_ONNX_TABLE_H
#define TSR_ONNX_TABLE_H

#include "loaders/onnx_file.h"

/* NULL: not supported. */
const onx_reader *onx_find_reader(const char *type);

#endif
