/* concat.h - between concat.c and its quantised half.   SPDX-License-Identifier: MIT */
#ifndef TSR_CONCAT_H
#define TSR_CONCAT_H

#include "engine/op.h"

/* u8 or s8, per tensor; at least one input has another scale or zero point
 * than the output. */
tsr_status tsr_concat_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

#endif
