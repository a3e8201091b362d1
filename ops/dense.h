/*
 * dense.h - what dense.c shares with the files per data type; see conv2d.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_DENSE_H
#define TSR_DENSE_H

#include "engine/op.h"

tsr_status tsr_dense_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx);
tsr_status tsr_dense_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx);

#endif
