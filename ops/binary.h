/*
 * binary.h - the preparations of the two-input operators, one per arithmetic;
 * node.kind says which operator.                 SPDX-License-Identifier: MIT
 */
#ifndef TSR_BINARY_H
#define TSR_BINARY_H

#include "engine/op.h"

tsr_status tsr_binary_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_binary_prepare_int(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_binary_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

#endif
