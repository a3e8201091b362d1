/* winograd_f32.c - selection; see winograd_f32.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/winograd_f32.h"

const tsr_winograd_f32 *const tsr_winograd_f32_variants[] = {
#if defined(__x86_64__)
    &tsr_winograd_f32_avx512,
    &tsr_winograd_f32_avx2,
#elif defined(__aarch64__)
    &tsr_winograd_f32_neon,
#elif defined(TSR_CPU_ARMHF)
    &tsr_winograd_f32_neon32,
#endif
    &tsr_winograd_f32_c,
    NULL,
};

const tsr_winograd_f32 *tsr_winograd_f32_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_winograd_f32 *const *v = tsr_winograd_f32_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}
