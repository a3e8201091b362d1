/* crop_u8.c - selection; see crop_u8.h.   SPDX-License-Identifier: MIT */
#include <stddef.h>
#include "engine/cpu.h"
#include "ops/kernels/crop_u8.h"

const tsr_crop_u8 *const tsr_crop_u8_variants[] = {
#if defined(__x86_64__)
    &tsr_crop_u8_avx512,
    &tsr_crop_u8_avx2,
#elif defined(__aarch64__)
    &tsr_crop_u8_neon,
#endif
    &tsr_crop_u8_c,
    NULL,
};

const tsr_crop_u8 *tsr_crop_u8_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_crop_u8 *const *v = tsr_crop_u8_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}
