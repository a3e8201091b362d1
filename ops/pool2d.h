/*
 * pool2d.h - the preparations of max_pool2d and average_pool2d, one per
 * arithmetic; node.kind says which of the two.  SPDX-License-Identifier: MIT
 */
#ifndef TSR_POOL2D_H
#define TSR_POOL2D_H

#include "engine/op.h"

tsr_status tsr_pool2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_pool2d_prepare_f16(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_pool2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

#endif
