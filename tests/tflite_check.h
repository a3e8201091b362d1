/*
 * tflite_check.h - load a model described with tflite_maker.h and look at it.
 * SPDX-License-Identifier: MIT
 */
#ifndef TFLITE_CHECK_H
#define TFLITE_CHECK_H

#include "engine/session.h"
#include "tests/tflite_maker.h"

typedef struct {
    uint8_t *file;
    size_t file_bytes;
    tsr_status status;          /* of load and open */
    tsr_error err;
    tsr_model *model;           /* NULL unless TSR_OK, likewise the next two */
    void *memory;
    tsr_session *session;
} made;

/* Write, load without optimisation, open.  Free with made_free. */
made made_load(const mk_model *m);
void made_free(made *d);

/* The model loads; run it on floats (x1 NULL: one input) and compare output k
 * with n expected numbers, within `tolerance` times the greatest. */
void expect_output(const mk_model *m, const float *x0, const float *x1, int k, const double *want,
                   int n, double tolerance);

/* The model is refused with this status and a sentence that holds all of the
 * words, which are separated by '|'. */
void expect_refusal(const mk_model *m, tsr_status status, const char *words);

#endif
