/* winograd_f32_avx2.c - the shared body on the vectors of vec_avx2.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_avx2.h"
#include "ops/kernels/winograd_f32_simd.h"

const tsr_winograd_f32 tsr_winograd_f32_avx2 = { "avx2", TSR_CPU_AVX2, filter,
                                                 input, output };
