/*
 * binary.h - the preparations of the two-input operators, one per arithmetic;
 * node.kind says which operator.                 SPDX-License-Identifier: MIT
 */
#ifndef TSR_BINARY_H
#define TSR_BINARY_H

#include "engine/op.h"

/* f32, f16 */
tsr_status tsr_binary_prepare_float(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_binary_prepare_int(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
tsr_status tsr_binary_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);

/* binary_q8.c: may this operator run on these 8-bit tensors?  `op` begins the
 * sentence that says why not. */
tsr_status tsr_binary_check_q8(const char *op, const tsr_node *n, const tsr_tensor *const *in,
                               const tsr_tensor *out, tsr_error *err);

#endif
