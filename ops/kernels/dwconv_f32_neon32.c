/*
 * dwconv_f32_neon32.c - a filter row is 8 outputs x 4 channels: 8 sums, 3 taps and a
 * column of the 16 Q registers.                  SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "ops/kernels/vec_neon32.h"
#include "ops/kernels/dwconv_f32_simd.h"

enum { V = 1, V_ALIASED = 2 };

#include "ops/kernels/dwconv_f32_row.h"

const tsr_dwconv_f32 tsr_dwconv_f32_neon32 = { "neon32", TSR_CPU_NEON32, NR, VF, span, row };
