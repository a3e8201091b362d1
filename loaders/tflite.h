/*
 * tflite.h - the loader of TensorFlow Lite files (.tflite).
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFLITE_H
#define TSR_TFLITE_H

#include "engine/tsr.h"

/* Do these bytes begin like a TFLite file? */
bool tsr_tflite_recognise(const void *file, size_t file_bytes);

/* The contract of tsr_model_load; options->ops must be set. */
TSR_MUST_USE tsr_status tsr_tflite_load(const void *file, size_t file_bytes,
                                        const tsr_options *options, tsr_model **model,
                                        tsr_error *err);

/* The contract of tsr_model_unsupported. */
int tsr_tflite_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes);

#endif
