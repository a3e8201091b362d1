/* ops.c - the table of every operation there is.   SPDX-License-Identifier: MIT */
#include "ops/ops.h"

const tsr_op *const tsr_all_ops[TSR_OP_COUNT] = {
    [TSR_OP_CAST] = &tsr_op_cast,
    [TSR_OP_RESHAPE] = &tsr_op_reshape,
    [TSR_OP_TRANSPOSE] = &tsr_op_transpose,
    [TSR_OP_CONCAT] = &tsr_op_concat,
    [TSR_OP_PAD] = &tsr_op_pad,
    [TSR_OP_SLICE] = &tsr_op_slice,
    [TSR_OP_DEPTH_TO_SPACE] = &tsr_op_depth_to_space,
    [TSR_OP_SPACE_TO_DEPTH] = &tsr_op_space_to_depth,
    [TSR_OP_SPACE_TO_BATCH] = &tsr_op_space_to_batch,
    [TSR_OP_BATCH_TO_SPACE] = &tsr_op_batch_to_space,
    [TSR_OP_GATHER] = &tsr_op_gather,
    [TSR_OP_GATHER_ND] = &tsr_op_gather_nd,
    [TSR_OP_MEAN] = &tsr_op_mean,
    [TSR_OP_REDUCE_MAX] = &tsr_op_reduce_max,
    [TSR_OP_REDUCE_MIN] = &tsr_op_reduce_min,
    [TSR_OP_REDUCE_SUM] = &tsr_op_reduce_sum,
    [TSR_OP_ARG_MAX] = &tsr_op_arg_max,
    [TSR_OP_ARG_MIN] = &tsr_op_arg_min,
};
