/* arg_max_f32_avx2.c - the shared body on the vectors of vec_avx2.h.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include "engine/cpu.h"
#include "ops/kernels/vec_avx2.h"

/* Bit i: lane i of a and b are equal. */
VF_INLINE uint64_t vf_equal_bits(vf a, vf b)
{
    return (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}

#include "ops/kernels/arg_max_f32_bits.h"

const tsr_arg_max_f32 tsr_arg_max_f32_avx2 = { "avx2", TSR_CPU_AVX2, rows };
