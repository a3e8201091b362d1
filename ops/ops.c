/* ops.c - the table of every operation there is.   SPDX-License-Identifier: MIT */
#include "ops/ops.h"

const tsr_op *const tsr_all_ops[TSR_OP_COUNT] = {
    [TSR_OP_RESHAPE] = &tsr_op_reshape,
};
