/*
 * onnx_read.h - the functions that turn ONNX operators into nodes, and what
 * several of them use.                          SPDX-License-Identifier: MIT
 */
#ifndef TSR_ONNX_READ_H
#define TSR_ONNX_READ_H

#include "loaders/onnx_file.h"

/* ---- onnx_binary.c ---------------------------------------------------------- */

/* The order in which an operator on several inputs shall work: ONX_NHWC when
 * one of them is an image in that order already and all fit. */
onx_order onx_common_order(onx_op *o);

/* Input `slot` so that it broadcasts in that order as it would in the file's. */
int onx_operand(onx_op *o, int slot, onx_order order);

void onx_binary_op(onx_op *o);          /* Add Sub Mul Div */
void onx_variadic(onx_op *o);           /* Sum Max Min */
void onx_mean(onx_op *o);
void onx_pow(onx_op *o);
void onx_prelu(onx_op *o);
void onx_clip(onx_op *o);

/* a op b for small integers, too: through s32. */
int onx_arithmetic(onx_op *o, tsr_op_kind kind, int a, int b);

/* ---- onnx_unary.c -------------------------------------------------------------- */
void onx_unary_op(onx_op *o);           /* Sigmoid Tanh Exp Log Sqrt Abs Neg Floor ... */
void onx_relu(onx_op *o);
void onx_leaky_relu(onx_op *o);
void onx_elu(onx_op *o);
void onx_selu(onx_op *o);
void onx_celu(onx_op *o);
void onx_hard_sigmoid(onx_op *o);
void onx_softplus(onx_op *o);
void onx_softsign(onx_op *o);
void onx_mish(onx_op *o);
void onx_reciprocal(onx_op *o);
void onx_cast(onx_op *o);
void onx_cast_like(onx_op *o);
void onx_erf(onx_op *o);
void onx_identity(onx_op *o);
void onx_dropout(onx_op *o);

/* ---- onnx_reduce.c ---------------------------------------------------------------- */
void onx_reduce_op(onx_op *o);          /* ReduceMean Sum Max Min */
void onx_reduce_norm(onx_op *o);        /* ReduceL1 L2 SumSquare LogSum LogSumExp */
void onx_global_pool(onx_op *o);
void onx_arg(onx_op *o);
void onx_softmax(onx_op *o);
void onx_log_softmax(onx_op *o);
void onx_hardmax(onx_op *o);

/* ---- onnx_norm.c -------------------------------------------------------------------- */
void onx_batch_norm(onx_op *o);
void onx_instance_norm(onx_op *o);
void onx_layer_norm(onx_op *o);
void onx_lp_norm(onx_op *o);
void onx_mvn(onx_op *o);
void onx_lrn(onx_op *o);

/* ---- onnx_conv.c, onnx_matmul.c, onnx_pool.c, onnx_resize.c ----------------------------- */
void onx_conv(onx_op *o);
void onx_conv_transpose(onx_op *o);
void onx_gemm(onx_op *o);
void onx_matmul(onx_op *o);
void onx_pool(onx_op *o);
void onx_resize(onx_op *o);

/* Strides, pads and so on of a window along two axes, y then x. */
typedef struct {
    int k[2], stride[2], dilation[2], before[2], after[2];
    bool same_upper, same_lower;
} onx_window;

/* Attributes an operator does not have give their defaults.  `spatial` is how
 * many axes the file's image has: with one, y is a row of height 1.  `taps`: of
 * the filter; NULL: kernel_shape must be there.  SAME is resolved for an input
 * of `size` (NULL: not). */
bool onx_read_window(onx_op *o, int spatial, const int *taps, const int *size, onx_window *w);

/* Input `slot`, an image of rank 4, or of rank 3 with a row of height 1 put in,
 * in N,H,W,C; and a result like it under the rank of that input. */
int onx_picture(onx_op *o, int slot);
void onx_set_picture(onx_op *o, int value, int rank);

/* ---- onnx_shape.c, onnx_slice.c, onnx_pad.c, onnx_make.c ---------------------------------- */
void onx_reshape_op(onx_op *o);
void onx_flatten(onx_op *o);
void onx_squeeze(onx_op *o);
void onx_unsqueeze(onx_op *o);
void onx_transpose_op(onx_op *o);
void onx_concat_op(onx_op *o);
void onx_shape_op(onx_op *o);
void onx_size(onx_op *o);
void onx_depth_space(onx_op *o);
void onx_slice_op(onx_op *o);
void onx_split(onx_op *o);
void onx_gather_op(onx_op *o);
void onx_gather_nd(onx_op *o);
void onx_pad(onx_op *o);
void onx_constant_op(onx_op *o);
void onx_constant_of_shape(onx_op *o);
void onx_range(onx_op *o);
void onx_expand(onx_op *o);
void onx_tile(onx_op *o);

/* ---- onnx_logic.c: on constants only --------------------------------------------------------- */
void onx_logic(onx_op *o);              /* Equal Less Greater And Or Not ... */
void onx_where(onx_op *o);
void onx_mod(onx_op *o);
void onx_reduce_prod(onx_op *o);
void onx_non_zero(onx_op *o);

/* ---- onnx_quant.c ----------------------------------------------------------------- */
void onx_quantize(onx_op *o);
void onx_dequantize(onx_op *o);

/* ---- onnx_qlinear.c --------------------------------------------------------------- */
void onx_qlinear_conv(onx_op *o);
void onx_qlinear_matmul(onx_op *o);
void onx_q_gemm(onx_op *o);
void onx_qlinear_binary(onx_op *o);     /* QLinearAdd QLinearMul */
void onx_qlinear_global_pool(onx_op *o);
void onx_qlinear_pool(onx_op *o);
void onx_qlinear_unary(onx_op *o);
void onx_qlinear_leaky_relu(onx_op *o);
void onx_qlinear_softmax(onx_op *o);
void onx_qlinear_concat(onx_op *o);

#endif
