/* winograd_f32.c - selection and the transform of filters; see winograd_f32.h.
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

/* G times three numbers. */
static void transform(double x, double y, double z, double out[TSR_WINOGRAD_IN])
{
    const double a = (double)TSR_WINOGRAD_A, b = (double)TSR_WINOGRAD_B;
    const double p = 1 / (2 * a * a * (a * a - b * b)), q = 1 / (2 * b * b * (b * b - a * a));
    out[0] = x / (a * a * b * b);
    out[1] = p * (x + a * y + a * a * z);
    out[2] = p * (x - a * y + a * a * z);
    out[3] = q * (x + b * y + b * b * z);
    out[4] = q * (x - b * y + b * b * z);
    out[5] = z;
}

void tsr_winograd_f32_filter(const float *g, ptrdiff_t step, float *u, ptrdiff_t u_step)
{
    double half[3][TSR_WINOGRAD_IN];            /* columns of G g */
    for (int x = 0; x < 3; x++)
        transform((double)g[x * step], (double)g[(3 + x) * step], (double)g[(6 + x) * step],
                  half[x]);
    for (int i = 0; i < TSR_WINOGRAD_IN; i++) {
        double row[TSR_WINOGRAD_IN];
        transform(half[0][i], half[1][i], half[2][i], row);
        for (int j = 0; j < TSR_WINOGRAD_IN; j++, u += u_step)
            *u = (float)row[j];
    }
}
