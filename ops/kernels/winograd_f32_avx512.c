/* winograd_f32_avx512.c - the shared body on the vectors of vec_avx512.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_avx512.h"
#include "ops/kernels/winograd_f32_simd.h"

const tsr_winograd_f32 tsr_winograd_f32_avx512 = { "avx512", TSR_CPU_AVX512, filter,
                                                   input, output };
