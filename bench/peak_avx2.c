/* peak_avx2.c - the loop of peak_simd.h on the vectors of vec_avx2.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_avx2.h"
#include "bench/peak_simd.h"

const bench_peak bench_peak_avx2 = { "avx2", TSR_CPU_AVX2, PEAK_FLOPS, run };
