/*
 * onnx.h - the loader of ONNX files (.onnx).   SPDX-License-Identifier: MIT
 */
#ifndef TSR_ONNX_H
#define TSR_ONNX_H

#include "engine/tsr.h"

/* ONNX has no magic number: do these bytes begin like a ModelProto? */
bool tsr_onnx_recognise(const void *file, size_t file_bytes);

/* The contract of tsr_model_load; options->ops must be set. */
TSR_MUST_USE tsr_status tsr_onnx_load(const void *file, size_t file_bytes,
                                      const tsr_options *options, tsr_model **model,
                                      tsr_error *err);

/* The contract of tsr_model_unsupported. */
int tsr_onnx_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes);

#endif
