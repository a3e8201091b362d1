/*
 * keras_pieces.h - what the layers of Keras are put together from, and the layers
 * with filters; see keras_layers.h.              SPDX-License-Identifier: MIT
 */
#ifndef TSR_KERAS_PIECES_H
#define TSR_KERAS_PIECES_H

#include "loaders/keras_model.h"

/* keras_pieces.c: each that adds a node gives its value, or -1 with the error in
 * the graph. */
int keras_fail(const keras_call *c, const char *what);
const tsr_tensor *keras_tensor(const keras_call *c, int value);
int keras_add(const keras_call *c, tsr_node *n);
/* The weight called `role`; `index` is its place among the layer's variables,
 * which is all that .keras files know.  keras_need: it must be there, with
 * this many dimensions.  keras_turned: it is needed with its last dimension, `t`'s
 * dim[rank - 1], before the others, as a new constant's value. */
bool keras_weight(const keras_call *c, const char *role, int index, tsr_tensor *t);
bool keras_need(const keras_call *c, const char *role, int index, int rank, tsr_tensor *t);
float *keras_floats(const keras_call *c, size_t n);
int keras_constant(const keras_call *c, float *data, int rank, const int *dim);
int keras_turned(const keras_call *c, const char *role, int index, int rank, tsr_tensor *t);
int keras_bias(const keras_call *c, int index);
int keras_unary(const keras_call *c, tsr_op_kind kind, int x);
int keras_clamp(const keras_call *c, int x, float lo, float hi);
int keras_softmax(const keras_call *c, int x, int axis);
int keras_binary(const keras_call *c, tsr_op_kind kind, int x, int y);
int keras_with_alpha(const keras_call *c, tsr_op_kind kind, int x, float alpha, float beta);
int keras_activate(const keras_call *c, const char *how, int x);
int keras_activated(const keras_call *c, int x);
void keras_pair(const keras_call *c, const char *key, int otherwise, int out[2]);
bool keras_is_picture(const keras_call *c);
bool keras_is_same(const keras_call *c);

/* keras_conv.c */
int keras_layer_conv2d(const keras_call *c);
int keras_layer_depthwise(const keras_call *c);
int keras_layer_separable(const keras_call *c);
int keras_layer_conv2d_transpose(const keras_call *c);
int keras_layer_dense(const keras_call *c);
int keras_layer_batch_normalization(const keras_call *c);

#endif
