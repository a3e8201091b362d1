/*
 * keras_file.h - the loaders of Keras files: .h5 (HDF5) and .keras (a zip archive
 * of config.json and model.weights.h5).  libhdf5 and libzip read the containers.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_KERAS_FILE_H
#define TSR_KERAS_FILE_H

#include "engine/tsr.h"

/* Do these bytes begin like an HDF5 file, or like a zip archive? */
bool tsr_keras_recognise(const void *file, size_t file_bytes);

/* The contract of tsr_model_load; options->ops must be set. */
TSR_MUST_USE tsr_status tsr_keras_load(const void *file, size_t file_bytes,
                                       const tsr_options *options, tsr_model **model,
                                       tsr_error *err);

/* The contract of tsr_model_unsupported. */
int tsr_keras_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes);

#endif
