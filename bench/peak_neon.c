/* peak_neon.c - the loop of peak_simd.h on the vectors of vec_neon.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_neon.h"
#include "bench/peak_simd.h"

const bench_peak bench_peak_neon = { "neon", TSR_CPU_NEON, PEAK_FLOPS, run };
