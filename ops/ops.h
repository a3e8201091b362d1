/*
 * ops.h - one descriptor per operation, each defined in the file of its name.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_OPS_H
#define TSR_OPS_H

#include "engine/op.h"

extern const tsr_op tsr_op_reshape;

#endif
