/* pool_f16.c - selection; see pool_f16.h.   SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/pool_f16.h"

const tsr_pool_f16 *const tsr_pool_f16_variants[] = {
#if defined(__aarch64__)
    &tsr_pool_f16_neonf16,
#endif
    &tsr_pool_f16_c,
    NULL,
};

const tsr_pool_f16 *tsr_pool_f16_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_pool_f16 *const *v = tsr_pool_f16_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}
