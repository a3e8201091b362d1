/*
 * transpose_conv2d.h - what the files per data type of transpose_conv2d share.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TRANSPOSE_CONV2D_H
#define TSR_TRANSPOSE_CONV2D_H

#include "engine/op.h"

/* Filter positions phase, phase + stride, ... below k: the taps that outputs of
 * this phase see along one axis. */
static inline int tsr_phase_taps(int k, int stride, int phase)
{
    return phase < k ? (k - phase - 1) / stride + 1 : 0;
}

/* transpose_conv2d_f32.c, and transpose_conv2d_q8.c: u8 and s8. */
tsr_status tsr_transpose_conv2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx);
tsr_status tsr_transpose_conv2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx);

#endif
