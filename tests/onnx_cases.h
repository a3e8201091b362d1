/*
 * onnx_cases.h - run one case of ONNX's backend test data: a model, input
 * tensors, and the outputs that must come out.
 *
 *     CASE/model.onnx, CASE/test_data_set_0/input_0.pb ... output_0.pb ...
 *
 * Debian packages the data as libonnx-testdata.  $TARSIER_ONNX_DATA names
 * another place.                                 SPDX-License-Identifier: MIT
 */
#ifndef ONNX_CASES_H
#define ONNX_CASES_H

#include "engine/tsr.h"

enum { CASE_TENSORS = 16 };

typedef enum {
    CASE_PASSED,
    CASE_REFUSED,               /* did not load; `text` says why           */
    CASE_UNKNOWN,               /* has operators that the loader lacks     */
    CASE_WRONG,                 /* other shapes, types or numbers came out */
    CASE_UNREADABLE,            /* a sequence, a string, no data at all    */
} case_outcome;

typedef struct {
    case_outcome outcome;
    bool constants;             /* some inputs were made constants, see below */
    char text[320];
    char operators[200];        /* distinct ones but Constant, "Conv" or "Exp+Log" */
    double worst;               /* greatest error, of what is allowed */
} case_result;

/* What decides a shape, and every weight, must be known when our graph is
 * built, but the data passes everything as inputs.  So a model that is refused
 * is tried again with inputs turned into initialisers: all but the first, all
 * but the second, all. */
case_result onnx_case_run(const char *dir);

/* Where the data is; NULL: nowhere. */
const char *onnx_case_data(void);

#endif
