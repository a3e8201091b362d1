/* dwconv_f32_avx2.c - 6 outputs x 16 channels: 12 accumulators + 2 filter
 * vectors of the 16 YMM registers.               SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_avx2.h"
#include "ops/kernels/dwconv_f32_simd.h"

enum { V = 1, V_ALIASED = 2 };

#include "ops/kernels/dwconv_f32_row.h"

const tsr_dwconv_f32 tsr_dwconv_f32_avx2 = { "avx2", TSR_CPU_AVX2, NR, VF, span, row };
