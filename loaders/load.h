/*
 * load.h - the file formats there are, and a question about a file that does
 * not load.  tsr_model_load itself is declared in tsr.h.
 *
 * To add a format: write its three functions and add a line to the table in
 * load.c.                                        SPDX-License-Identifier: MIT
 */
#ifndef TSR_LOAD_H
#define TSR_LOAD_H

#include "engine/tsr.h"

typedef struct {
    const char *name;           /* "TensorFlow Lite": for messages */
    bool (*recognise)(const void *file, size_t file_bytes);
    tsr_status (*load)(const void *file, size_t file_bytes, const tsr_options *options,
                       tsr_model **model, tsr_error *err);
    /* May be NULL: every file of the format is supported whole. */
    int (*unsupported)(const void *file, size_t file_bytes, char *text, size_t text_bytes);
} tsr_format;

/* "TensorFlow Lite"; NULL: none that this build reads. */
const char *tsr_model_format(const void *file, size_t file_bytes);

/* Which operators of the file does no loader know?  Writes their names and how
 * often each occurs, "FOO (2), BAR (1)", into text (cut when it is too short)
 * and returns how many operators that are in all; 0 with empty text when there
 * are none or the file cannot be read. */
int tsr_model_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes);

#endif
