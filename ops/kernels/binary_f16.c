/* binary_f16.c - selection; see binary_f16.h.   SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/binary_f16.h"

const tsr_binary_f16 *const tsr_binary_f16_variants[] = {
#if defined(__aarch64__)
    &tsr_binary_f16_neonf16,
#endif
    &tsr_binary_f16_c,
    NULL,
};

tsr_binary_f16_run *tsr_binary_f16_best(tsr_binary_fn f)
{
    const unsigned have = tsr_cpu_features();
    const tsr_binary_f16 *const *v = tsr_binary_f16_variants;
    while ((*v)->cpu & ~have || !(*v)->fn[f])
        v++;                    /* ends at the C reference: it has everything */
    return (*v)->fn[f];
}
