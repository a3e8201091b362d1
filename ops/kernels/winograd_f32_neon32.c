/* winograd_f32_neon32.c - the shared body on the vectors of vec_neon32.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_neon32.h"
#include "ops/kernels/winograd_f32_simd.h"

const tsr_winograd_f32 tsr_winograd_f32_neon32 = { "neon32", TSR_CPU_NEON32, filter,
                                                   input, output };
