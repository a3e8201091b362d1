/* convert_f16.c - selection; see convert_f16.h.   SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/convert_f16.h"

const tsr_convert_f16 *const tsr_convert_f16_variants[] = {
#if defined(__x86_64__)
    &tsr_convert_f16_avx512,
#elif defined(__aarch64__)
    &tsr_convert_f16_neon,
#endif
    &tsr_convert_f16_c,
    NULL,
};

const tsr_convert_f16 *tsr_convert_f16_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_convert_f16 *const *v = tsr_convert_f16_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}
