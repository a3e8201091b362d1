/* winograd_f32_neon.c - the shared body on the vectors of vec_neon.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_neon.h"
#include "ops/kernels/winograd_f32_simd.h"

const tsr_winograd_f32 tsr_winograd_f32_neon = { "neon", TSR_CPU_NEON, filter,
                                                 input, output };
