/*
 * unary.h - the preparations of the one-input element-wise operators, one per
 * arithmetic; node.kind says which operator.     SPDX-License-Identifier: MIT
 */
#ifndef TSR_UNARY_H
#define TSR_UNARY_H

#include "engine/op.h"

/* f32, f16 */
tsr_status tsr_unary_prepare_float(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_unary_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

/* unary_q8.c: may this operator run on these 8-bit tensors? */
tsr_status tsr_unary_check_q8(const char *op, const tsr_node *n, const tsr_tensor *in,
                              const tsr_tensor *out, tsr_error *err);

#endif
