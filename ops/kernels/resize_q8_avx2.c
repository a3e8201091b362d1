/* resize_q8_avx2.c - the shared body, compiled for this level.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/resize_q8_body.h"

const tsr_resize_q8 tsr_resize_q8_avx2 = { "avx2", TSR_CPU_AVX2, across, down };
