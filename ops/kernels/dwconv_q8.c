/* dwconv_q8.c - selection and packing; see dwconv_q8.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/dwconv_q8.h"

const tsr_dwconv_q8 *const tsr_dwconv_q8_variants[] = {
#if defined(__x86_64__)
    &tsr_dwconv_q8_avx512,
    &tsr_dwconv_q8_avx2,
#elif defined(__aarch64__)
    &tsr_dwconv_q8_neon,
#endif
    &tsr_dwconv_q8_c,
    NULL,
};

const tsr_dwconv_q8 *tsr_dwconv_q8_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_dwconv_q8 *const *v = tsr_dwconv_q8_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}

/* One block: bias and scale, 4 bytes each, and an even number of 2-byte taps. */
static size_t block_bytes(int nr, int taps)
{
    return (size_t)nr * (8 + 2 * (size_t)(taps + (taps & 1)));
}

size_t tsr_dwconv_q8_packed_bytes(const tsr_dwconv_q8 *v, int taps, int c)
{
    return (size_t)((c + v->nr - 1) / v->nr) * block_bytes(v->nr, taps);
}

void tsr_dwconv_q8_pack(const tsr_dwconv_q8 *v, int taps, int c,
                        const tsr_dwconv_q8_weights *w, void *packed)
{
    const size_t nr = (size_t)v->nr;
    memset(packed, 0, tsr_dwconv_q8_packed_bytes(v, taps, c));
    for (int j = 0; j < c; j++) {
        uint8_t *block = (uint8_t *)packed + (size_t)(j / v->nr) * block_bytes(v->nr, taps);
        const size_t column = (size_t)(j % v->nr);
        int64_t sum = 0;
        for (int t = 0; t < taps; t++) {
            const int value = (w->w[(size_t)t * (size_t)c + (size_t)j] ^ w->flip) - w->w_zero;
            const int16_t stored = (int16_t)value;
            const size_t at = (size_t)(t / 2) * 2 * nr + 2 * column + (size_t)(t & 1);
            memcpy(block + 8 * nr + 2 * at, &stored, 2);
            sum += value;
        }
        /* sum (x - zero) * w  =  sum x * w  -  zero * sum w, modulo 2^32. */
        const int64_t bias = (w->bias ? w->bias[j] : 0) - sum * w->x_zero;
        const uint32_t low = (uint32_t)(uint64_t)bias;
        memcpy(block + 4 * column, &low, 4);
        memcpy(block + 4 * (nr + column), &w->scale[j], 4);
    }
}
