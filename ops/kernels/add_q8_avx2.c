/* add_q8_avx2.c - the shared body, compiled for this level.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/add_q8_body.h"

const tsr_add_q8 tsr_add_q8_avx2 = { "avx2", TSR_CPU_AVX2, rows };
