/* gemm_f16.c - selection, packing and the loop over panels; see gemm_f16.h.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "engine/cpu.h"
#include "engine/half.h"
#include "ops/kernels/gemm_f16.h"

const tsr_gemm_f16 *const tsr_gemm_f16_variants[] = {
#if defined(__aarch64__)
    &tsr_gemm_f16_neonf16,
#endif
    &tsr_gemm_f16_c,
    NULL,
};

const tsr_gemm_f16 *tsr_gemm_f16_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_gemm_f16 *const *v = tsr_gemm_f16_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}

static int vectors(const tsr_gemm_f16 *v, int n) { return (n - 1) / v->lanes + 1; }

int tsr_gemm_f16_panels(const tsr_gemm_f16 *v, int n)
{
    return (vectors(v, n) - 1) / v->wide + 1;
}

static int panel_vectors(const tsr_gemm_f16 *v, int n, int p)
{
    const int left = vectors(v, n) - p * v->wide;
    return left < v->wide ? left : v->wide;
}

size_t tsr_gemm_f16_packed_size(const tsr_gemm_f16 *v, int n, size_t k)
{
    return (size_t)vectors(v, n) * (size_t)v->lanes * (k + 1);
}

void tsr_gemm_f16_pack(const tsr_gemm_f16 *v, int n, size_t k, const float *weights,
                       const float *bias, uint16_t *packed)
{
    memset(packed, 0, tsr_gemm_f16_packed_size(v, n, k) * sizeof *packed);
    for (int j = 0; j < n; j++) {
        const int p = j / v->lanes / v->wide, from = p * v->wide * v->lanes;
        const size_t width = (size_t)panel_vectors(v, n, p) * (size_t)v->lanes;
        uint16_t *to = packed + (size_t)from * (k + 1) + (size_t)(j - from);
        *to = bias ? tsr_float_to_half(bias[j]) : 0;
        for (size_t i = 0; i < k; i++)
            to[(i + 1) * width] = tsr_float_to_half(weights[(size_t)j * k + i]);
    }
}

void tsr_gemm_f16_run(const tsr_gemm_f16 *v, const tsr_gemm_f16_block *block, int first,
                      int last)
{
    const size_t rows = (size_t)block->taps * (size_t)block->kc + 1;
    for (int p = first; p < last; p++) {
        const int j = p * v->wide * v->lanes, vecs = panel_vectors(v, block->n, p);
        const int width = vecs * v->lanes;
        tsr_gemm_f16_block panel = *block;
        panel.b = block->b + (size_t)j * rows;
        panel.c = block->c + j;
        panel.residual = block->residual ? block->residual + j : NULL;
        panel.n = block->n - j < width ? block->n - j : width;
        v->panel[vecs - 1](&panel);
    }
}
