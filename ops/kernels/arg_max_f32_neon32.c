/* arg_max_f32_neon32.c - the shared body on the vectors of vec_neon32.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_neon32.h"
#include "ops/kernels/arg_max_f32_simd.h"

const tsr_arg_max_f32 tsr_arg_max_f32_neon32 = { "neon32", TSR_CPU_NEON32, any_rows };
