/* onnx_quant.h - scales of 8-bit ONNX tensors.   SPDX-License-Identifier: MIT */
#ifndef TSR_ONNX_QUANT_H
#define TSR_ONNX_QUANT_H

#include "loaders/onnx_read.h"

/* Constant scale and zero point inputs; both views of constants. */
typedef struct {
    const float *scale;
    const tsr_tensor *zero;     /* NULL: 0 */
    int count, axis;            /* count 1: for the whole tensor */
    tsr_dtype dtype;            /* of the zero point: what QuantizeLinear makes */
} onx_scales;

/* From the inputs slot[0] and slot[1]; `rank` of the tensor they are for. */
bool onx_q_read(onx_op *o, const int slot[2], int rank, onx_scales *s);

int onx_q_zero(const onx_scales *s, int i);

/* Enter `name`: input `slot` dequantised. */
bool onx_q_define(onx_op *o, int slot, const onx_scales *s, onx_str name);

#endif
