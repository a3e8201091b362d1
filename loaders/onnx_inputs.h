/*
 * onnx_inputs.h - initialisers, inputs and outputs of an ONNX graph.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_ONNX_INPUTS_H
#define TSR_ONNX_INPUTS_H

#include "loaders/onnx_file.h"

void onx_add_initializer(onx_file *f, tsr_reader tensor);       /* TensorProto */
void onx_add_input(onx_file *f, tsr_reader value_info);         /* ValueInfoProto */
void onx_add_output(onx_file *f, tsr_reader value_info);

/* Every shape the caller gave must be for an input that exists. */
void onx_check_bindings(onx_file *f);

#endif
