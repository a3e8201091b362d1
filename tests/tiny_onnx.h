/*
 * tiny_onnx.h - a few hand-made ONNX networks that together use most operators,
 * as food for damage.                            SPDX-License-Identifier: MIT
 */
#ifndef TINY_ONNX_H
#define TINY_ONNX_H

#include "tests/onnx_maker.h"

enum { TINY_ONNX_COUNT = 4 };

/* Model k of TINY_ONNX_COUNT, with its name. */
const char *tiny_onnx(int k, om_model *m);

#endif
