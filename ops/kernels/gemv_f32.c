/* gemv_f32.c - selection and the loop over rows; see gemv_f32.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/gemv_f32.h"

const tsr_gemv_f32 *const tsr_gemv_f32_variants[] = {
#if defined(__x86_64__)
    &tsr_gemv_f32_avx512,
    &tsr_gemv_f32_avx2,
#elif defined(__aarch64__)
    &tsr_gemv_f32_neon,
#elif defined(TSR_CPU_ARMHF)
    &tsr_gemv_f32_neon32,
#endif
    &tsr_gemv_f32_c,
    NULL,
};

const tsr_gemv_f32 *tsr_gemv_f32_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_gemv_f32 *const *v = tsr_gemv_f32_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}

/* The last rows, fewer than four, are done as four times the same row: the sums must
 * come from the same code whatever first and last are. */
void tsr_gemv_f32_run(const tsr_gemv_f32 *v, const tsr_gemv_f32_args *g, int first, int last)
{
    for (int j = first; j < last;) {
        const int rows = last - j >= 4 ? 4 : 1;
        float sum[4];
        v->dot4(g->w + j * g->ldw, rows == 4 ? g->ldw : 0, g->x, g->k, sum);
        for (int i = 0; i < rows; i++, j++) {
            float y = sum[i];
            if (g->bias)
                y += g->bias[j];
            if (g->residual)
                y += g->residual[j];
            if (y < g->lo) y = g->lo;       /* NaN stays NaN */
            if (y > g->hi) y = g->hi;
            g->y[j] = y;
        }
    }
}
