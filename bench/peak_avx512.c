/* peak_avx512.c - the loop of peak_simd.h on the vectors of vec_avx512.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/vec_avx512.h"
#include "bench/peak_simd.h"

const bench_peak bench_peak_avx512 = { "avx512", TSR_CPU_AVX512, PEAK_FLOPS, run };
