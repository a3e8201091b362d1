/*
 * unary.h - the preparations of the one-input element-wise operators, one per
 * arithmetic; node.kind says which operator.     SPDX-License-Identifier: MIT
 */
#ifndef TSR_UNARY_H
#define TSR_UNARY_H

#include "engine/op.h"

tsr_status tsr_unary_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_unary_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

#endif
