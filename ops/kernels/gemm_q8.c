/* gemm_q8.c - selection, packing and tile loops; see gemm_q8.h.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/gemm_q8.h"

const tsr_gemm_q8 *const tsr_gemm_q8_variants[] = {
#if defined(__x86_64__)
    &tsr_gemm_q8_avx512,
    &tsr_gemm_q8_avx2,
#elif defined(__aarch64__)
    &tsr_gemm_q8_neon,
#endif
    &tsr_gemm_q8_c,
    NULL,
};

const tsr_gemm_q8 *tsr_gemm_q8_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_gemm_q8 *const *v = tsr_gemm_q8_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}

size_t tsr_gemm_q8_panel_bytes(const tsr_gemm_q8 *v, int k)
{
    return (size_t)v->nr * (sizeof(int32_t) + sizeof(float) + (size_t)tsr_gemm_q8_even(k));
}

size_t tsr_gemm_q8_packed_bytes(const tsr_gemm_q8 *v, int n, int k)
{
    return (size_t)((n + v->nr - 1) / v->nr) * tsr_gemm_q8_panel_bytes(v, k);
}

/* Weights keep their order along k: y, x, c, as the rows are gathered.
 * Column `column`, which is number `j` of its panel; `b` is the panel's weights. */
static void pack_column(const tsr_gemm_q8 *v, const tsr_gemm_q8_weights *w, int column, int j,
                        int8_t *b)
{
    const size_t nr = (size_t)v->nr;
    const size_t kr = (size_t)(v->kr ? v->kr : tsr_gemm_q8_even(w->ty * w->tx * w->c));
    /* kr numbers of this column lie together, then come the other columns'. */
    int8_t *group = b + (size_t)j * kr;
    size_t r = 0;
    for (int y = 0; y < w->ty; y++)
        for (int x = 0; x < w->tx; x++) {
            const uint8_t *tap = w->w + column * w->row + y * w->y + x * w->x;
            for (int c = 0; c < w->c; c++) {
                group[r++] = (int8_t)(tap[c] ^ w->flip);
                if (r == kr)
                    r = 0, group += nr * kr;
            }
        }
}

void tsr_gemm_q8_pack(const tsr_gemm_q8 *v, int n, const tsr_gemm_q8_weights *w,
                      const int32_t *bias, const float *scale, void *packed)
{
    /* Zeros: missing columns, the odd last k, and the bias of a layer without. */
    const size_t bytes = tsr_gemm_q8_panel_bytes(v, w->ty * w->tx * w->c);
    memset(packed, 0, tsr_gemm_q8_packed_bytes(v, n, w->ty * w->tx * w->c));
    for (int j = 0; j < n; j++) {
        uint8_t *panel = (uint8_t *)packed + (size_t)(j / v->nr) * bytes;
        const size_t column = (size_t)(j % v->nr), nr = (size_t)v->nr;
        if (bias)
            memcpy(panel + 4 * column, &bias[j], 4);
        memcpy(panel + 4 * (nr + column), &scale[j], 4);
        pack_column(v, w, j, j % v->nr, (int8_t *)panel + 8 * nr);
    }
}

static int min(int a, int b) { return a < b ? a : b; }

void tsr_gemm_q8_run(const tsr_gemm_q8 *v, const tsr_gemm_q8_tile *t)
{
    const size_t panel = tsr_gemm_q8_panel_bytes(v, t->k);
    tsr_gemm_q8_tile part = *t;
    /* A panel stays in the first-level cache while all rows pass by it. */
    for (int j = 0; j < t->n; j += v->nr) {
        part.b = (const uint8_t *)t->b + (size_t)(j / v->nr) * panel;
        part.n = min(v->nr, t->n - j);
        for (int i = 0; i < t->m; i += v->mr) {
            part.a = t->a + i * t->lda;
            part.row_sum = t->row_sum + i;
            part.c = t->c + i * t->ldc + j;
            part.m = min(v->mr, t->m - i);
            v->tile(&part);
        }
    }
}
