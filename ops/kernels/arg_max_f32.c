/* arg_max_f32.c - selection; see arg_max_f32.h.   SPDX-License-Identifier: MIT */
#include <stddef.h>
#include "engine/cpu.h"
#include "ops/kernels/arg_max_f32.h"

const tsr_arg_max_f32 *const tsr_arg_max_f32_variants[] = {
#if defined(__x86_64__)
    &tsr_arg_max_f32_avx512,
    &tsr_arg_max_f32_avx2,
#elif defined(__aarch64__)
    &tsr_arg_max_f32_neon,
#elif defined(TSR_CPU_ARMHF)
    &tsr_arg_max_f32_neon32,
#endif
    &tsr_arg_max_f32_c,
    NULL,
};

const tsr_arg_max_f32 *tsr_arg_max_f32_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_arg_max_f32 *const *v = tsr_arg_max_f32_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}
