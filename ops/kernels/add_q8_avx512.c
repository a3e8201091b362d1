/* add_q8_avx512.c - the shared body, compiled for this level.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/add_q8_body.h"

const tsr_add_q8 tsr_add_q8_avx512 = { "avx512", TSR_CPU_AVX512, rows };
