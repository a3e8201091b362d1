/*
 * concat_q8.c - concatenate 8-bit tensors of different scales.
 * SPDX-License-Identifier: MIT
 */
#include "ops/concat.h"

tsr_status tsr_concat_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)ctx;
    return tsr_fail(err, TSR_UNSUPPORTED, "concat '%s': inputs of different scales", s->node->name);
}
