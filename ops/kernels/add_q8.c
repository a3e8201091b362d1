/* add_q8.c - selection; see add_q8.h.   SPDX-License-Identifier: MIT */
#include <stddef.h>
#include "engine/cpu.h"
#include "ops/kernels/add_q8.h"

const tsr_add_q8 *const tsr_add_q8_variants[] = {
#if defined(__x86_64__)
    &tsr_add_q8_avx512,
    &tsr_add_q8_avx2,
#elif defined(TSR_CPU_ARMHF)
    &tsr_add_q8_neon32,
#endif
    &tsr_add_q8_c,
    NULL,
};

const tsr_add_q8 *tsr_add_q8_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_add_q8 *const *v = tsr_add_q8_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}
