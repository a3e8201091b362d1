/* dwconv_f32_avx512.c - 6 outputs x 32 channels in ZMM registers; rows of 3x3 filters two by
 * two, 8 outputs x 16 channels of each.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_avx512.h"
#include "ops/kernels/dwconv_f32_simd.h"

enum { V = 1, V_ALIASED = 1 };

#include "ops/kernels/dwconv_f32_row.h"

const tsr_dwconv_f32 tsr_dwconv_f32_avx512 = { "avx512", TSR_CPU_AVX512, NR, VF, span, row,
                                              two_rows };
