/* resize_q8_neon32.c - the shared body, compiled for this level.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/resize_q8_body.h"

const tsr_resize_q8 tsr_resize_q8_neon32 = { "neon32", TSR_CPU_NEON32, across, down };
