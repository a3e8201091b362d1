/*
 * ops.h - one descriptor per operation, each defined in the file of its name.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_OPS_H
#define TSR_OPS_H

#include "engine/op.h"

extern const tsr_op tsr_op_depthwise_conv2d;
extern const tsr_op tsr_op_max_pool2d, tsr_op_average_pool2d, tsr_op_resize;
extern const tsr_op tsr_op_add, tsr_op_sub, tsr_op_mul, tsr_op_div, tsr_op_minimum,
                    tsr_op_maximum, tsr_op_pow, tsr_op_floor_div, tsr_op_squared_difference,
                    tsr_op_prelu;
extern const tsr_op tsr_op_clamp, tsr_op_logistic, tsr_op_tanh, tsr_op_hard_swish,
                    tsr_op_hard_sigmoid, tsr_op_leaky_relu, tsr_op_elu, tsr_op_exp,
                    tsr_op_log, tsr_op_sqrt, tsr_op_rsqrt, tsr_op_abs, tsr_op_neg,
                    tsr_op_floor, tsr_op_ceil, tsr_op_round, tsr_op_softmax;
extern const tsr_op tsr_op_quantize;
extern const tsr_op tsr_op_dequantize;
extern const tsr_op tsr_op_cast;
extern const tsr_op tsr_op_conv2d;
extern const tsr_op tsr_op_dense;
extern const tsr_op tsr_op_reshape;
extern const tsr_op tsr_op_transpose;
extern const tsr_op tsr_op_transpose_conv2d;
extern const tsr_op tsr_op_concat;
extern const tsr_op tsr_op_pad;
extern const tsr_op tsr_op_slice;
extern const tsr_op tsr_op_depth_to_space;
extern const tsr_op tsr_op_space_to_depth;
extern const tsr_op tsr_op_space_to_batch;
extern const tsr_op tsr_op_batch_to_space;
extern const tsr_op tsr_op_gather;
extern const tsr_op tsr_op_gather_nd;
extern const tsr_op tsr_op_mean;
extern const tsr_op tsr_op_reduce_max;
extern const tsr_op tsr_op_reduce_min;
extern const tsr_op tsr_op_reduce_sum;
extern const tsr_op tsr_op_arg_max;
extern const tsr_op tsr_op_arg_min;
extern const tsr_op tsr_op_detect_boxes;
extern const tsr_op tsr_op_chain;

#endif
