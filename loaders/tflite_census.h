/*
 * tflite_census.h - operator codes, and which of them nobody here knows.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFLITE_CENSUS_H
#define TSR_TFLITE_CENSUS_H

#include "loaders/tflite_file.h"

typedef struct {
    const tfl_reader *reader;   /* NULL: not supported */
    const char *name;           /* "CONV_2D"; a custom operator's own name */
} tfl_code;

/* Entry `index` of the file's table of operator codes. */
tfl_code tfl_read_code(tfl_file *f, uint32_t index);

/* One message that names every operator without a reader, before any work. */
tsr_status tfl_refuse_unknown(tfl_file *f, tsr_error *err);

#endif
