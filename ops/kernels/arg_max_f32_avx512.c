/* arg_max_f32_avx512.c - the shared body on the vectors of vec_avx512.h.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include "engine/cpu.h"
#include "ops/kernels/vec_avx512.h"

/* Bit i: lane i of a and b are equal. */
VF_INLINE uint64_t vf_equal_bits(vf a, vf b)
{
    return (uint64_t)_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}

#include "ops/kernels/arg_max_f32_bits.h"

const tsr_arg_max_f32 tsr_arg_max_f32_avx512 = { "avx512", TSR_CPU_AVX512, rows };
