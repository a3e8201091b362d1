/*
 * depthwise_conv2d.h - the preparations of depthwise_conv2d, one per arithmetic.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_DEPTHWISE_CONV2D_H
#define TSR_DEPTHWISE_CONV2D_H

#include "engine/op.h"

tsr_status tsr_depthwise_conv2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx,
                                            tsr_error *err);
tsr_status tsr_depthwise_conv2d_prepare_f16(tsr_step *s, const tsr_prepare_context *ctx,
                                            tsr_error *err);
tsr_status tsr_depthwise_conv2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx,
                                           tsr_error *err);

#endif
