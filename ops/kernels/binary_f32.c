/* binary_f32.c - selection; see binary_f32.h.   SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/binary_f32.h"

const tsr_binary_f32 *const tsr_binary_f32_variants[] = {
#if defined(__x86_64__)
    &tsr_binary_f32_avx512,
    &tsr_binary_f32_avx2,
#elif defined(__aarch64__)
    &tsr_binary_f32_neon,
#elif defined(TSR_CPU_ARMHF)
    &tsr_binary_f32_neon32,
#endif
    &tsr_binary_f32_c,
    NULL,
};

tsr_binary_f32_run *tsr_binary_f32_best(tsr_binary_fn f)
{
    const unsigned have = tsr_cpu_features();
    const tsr_binary_f32 *const *v = tsr_binary_f32_variants;
    while ((*v)->cpu & ~have || !(*v)->fn[f])
        v++;                    /* ends at the C reference: it has everything */
    return (*v)->fn[f];
}
