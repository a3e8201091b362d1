/*
 * ops.h - one descriptor per operation, each defined in the file of its name.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_OPS_H
#define TSR_OPS_H

#include "engine/op.h"

extern const tsr_op tsr_op_cast;
extern const tsr_op tsr_op_reshape;
extern const tsr_op tsr_op_transpose;
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

#endif
