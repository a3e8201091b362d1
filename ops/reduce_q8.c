/*
 * reduce_q8.c - means of 8-bit tensors.        SPDX-License-Identifier: MIT
 */
#include "ops/reduce.h"

tsr_status tsr_reduce_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)ctx;
    return tsr_fail(err, TSR_UNSUPPORTED, "mean '%s': 8-bit input", s->node->name);
}
