/* reduce.h - between reduce.c and its quantised half.   SPDX-License-Identifier: MIT */
#ifndef TSR_REDUCE_H
#define TSR_REDUCE_H

#include "engine/op.h"

/* Mean or sum of u8 or s8, per tensor on both sides, the same type; any axes. */
tsr_status tsr_reduce_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

#endif
