/*
 * onnx_export.h - write a loaded float model as ONNX (opset 14).
 *
 * ONNX convolutions want N,C,H,W: values that convolutions produce are kept in
 * that order ("name:nchw"), everything else in ours, and a Transpose stands
 * only where one turns into the other.  The model's inputs and outputs keep
 * the shapes that tsr.h shows.
 * Source: the ONNX IR and operator specifications (onnx.ai).
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_ONNX_EXPORT_H
#define TSR_ONNX_EXPORT_H

#include "engine/session.h"

typedef struct {
    /* Takes the file's bytes in order; false ends the writing. */
    bool (*write)(void *ctx, const void *bytes, size_t n);
    void *ctx;
} tsr_onnx_sink;

/* TSR_UNSUPPORTED names the first operator that has no float ONNX form here;
 * TSR_BAD_ARGUMENT: the sink said no (its owner knows why). */
TSR_MUST_USE tsr_status tsr_onnx_export(const tsr_model *model, const tsr_onnx_sink *sink,
                                        tsr_error *err);

#endif
