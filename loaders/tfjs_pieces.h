/*
 * tfjs_pieces.h - shared by the readers of TensorFlow operators.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFJS_PIECES_H
#define TSR_TFJS_PIECES_H

#include "loaders/tfjs_node.h"

/* tfjs_pieces.c: each that adds a node gives its value, or -1 with the error in
 * the graph. */
const tsr_tensor *tfjs_tensor(const tfjs_graph *t, int value);
int tfjs_add_as(tfjs_graph *t, const tfjs_node *n, tsr_node *node, tsr_dtype dtype);
int tfjs_add(tfjs_graph *t, const tfjs_node *n, tsr_node *node);
int tfjs_new_constant(tfjs_graph *t, const tfjs_node *n, float *data, int rank, const int *dim);
float *tfjs_floats(tfjs_graph *t, size_t count);
int tfjs_clamp(tfjs_graph *t, const tfjs_node *n, int x, float lo, float hi);
int tfjs_unary_on(tfjs_graph *t, const tfjs_node *n, tsr_op_kind kind, int x, float alpha);
int tfjs_binary_on(tfjs_graph *t, const tfjs_node *n, tsr_op_kind kind, int x, int y);

/* tfjs_ops.c: our kind for an operator that shares its reader with others. */
tsr_op_kind tfjs_kind_of(const char *op);

/* tfjs_conv.c and tfjs_shape.c */
tfjs_reader tfjs_read_conv2d, tfjs_read_depthwise, tfjs_read_mat_mul, tfjs_read_conv2d_transpose,
    tfjs_read_fused_batch_norm, tfjs_read_pool, tfjs_read_resize, tfjs_read_reshape,
    tfjs_read_squeeze, tfjs_read_expand_dims, tfjs_read_transpose, tfjs_read_concat,
    tfjs_read_pad, tfjs_read_reduce, tfjs_read_arg_max, tfjs_read_depth_to_space,
    tfjs_read_batch_space, tfjs_read_split, tfjs_read_slice;

#endif
