/* dwconv_f32_neon.c - 6 outputs x 8 channels: the two vectors of a pixel, and
 * of a filter tap, arrive by one load-pair.       SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_neon.h"
#include "ops/kernels/dwconv_f32_simd.h"

enum { V = 2, V_ALIASED = 2 };

#include "ops/kernels/dwconv_f32_row.h"

const tsr_dwconv_f32 tsr_dwconv_f32_neon = { "neon", TSR_CPU_NEON, NR, VF, span, row };
