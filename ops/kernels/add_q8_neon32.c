/* add_q8_neon32.c - the shared body, compiled for this level.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/add_q8_body.h"

const tsr_add_q8 tsr_add_q8_neon32 = { "neon32", TSR_CPU_NEON32, rows };
