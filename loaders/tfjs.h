/*
 * tfjs.h - the loader of TensorFlow.js models: model.json and its weight files.
 *
 * Graph models (a TensorFlow graph as JSON) and layers models (a Keras
 * configuration).  The weight files named in the manifest come through
 * tsr_options.sibling.                           SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFJS_H
#define TSR_TFJS_H

#include "engine/tsr.h"

/* Do these bytes begin like a JSON object that names a model's topology? */
bool tsr_tfjs_recognise(const void *file, size_t file_bytes);

/* The contract of tsr_model_load; options->ops must be set. */
TSR_MUST_USE tsr_status tsr_tfjs_load(const void *file, size_t file_bytes,
                                      const tsr_options *options, tsr_model **model,
                                      tsr_error *err);

/* The contract of tsr_model_unsupported. */
int tsr_tfjs_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes);

#endif
