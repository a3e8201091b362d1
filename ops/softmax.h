/* softmax.h - the preparations of softmax, one per arithmetic.
 * SPDX-License-Identifier: MIT */
#ifndef TSR_SOFTMAX_H
#define TSR_SOFTMAX_H

#include "engine/op.h"

tsr_status tsr_softmax_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_softmax_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

#endif
