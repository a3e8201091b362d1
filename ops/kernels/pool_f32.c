/* pool_f32.c - selection and the walk along a row; see pool_f32.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/pool_f32.h"

const tsr_pool_f32 *const tsr_pool_f32_variants[] = {
#if defined(__x86_64__)
    &tsr_pool_f32_avx512,
    &tsr_pool_f32_avx2,
#elif defined(__aarch64__)
    &tsr_pool_f32_neon,
#elif defined(TSR_CPU_ARMHF)
    &tsr_pool_f32_neon32,
#endif
    &tsr_pool_f32_c,
    NULL,
};

const tsr_pool_f32 *tsr_pool_f32_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_pool_f32 *const *v = tsr_pool_f32_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}

static float scale(const tsr_pool_f32_image *g, int kh, int kw)
{
    if (g->count_padding)
        return 1.0f / ((float)g->y.taps * (float)g->x.taps);
    return kh && kw ? 1.0f / ((float)kh * (float)kw) : 0.0f;
}

typedef struct { int at, wrap; } rows;

/* Where row y is, and how many rows of taps from there lie before the ring's end. */
static rows find_rows(const tsr_pool_f32_image *g, int y, int kh)
{
    rows r = { y - g->first_row, kh };
    if (g->ring) {
        r.at %= g->ring;
        r.wrap = (g->ring - r.at - 1) / g->y.dilation + 1;
    }
    return r;
}

void tsr_pool_f32_row(const tsr_pool_f32_image *g, const float *image, int oy, float *out)
{
    const tsr_taps ty = tsr_window_taps(&g->y, oy);
    const int y0 = oy * g->y.stride - g->y.before + ty.first * g->y.dilation;

    for (int ox = 0, end; ox < g->x.out; ox = end) {
        const tsr_taps tx = tsr_window_taps(&g->x, ox);
        end = tsr_window_run_end(&g->x, ox, tx);
        const int x0 = ox * g->x.stride - g->x.before + tx.first * g->x.dilation;
        const int seen = ty.first < ty.end && tx.first < tx.end;
        const int kh = seen ? ty.end - ty.first : 0, kw = seen ? tx.end - tx.first : 0;
        const rows r = find_rows(g, y0, kh);
        g->span(&(tsr_pool_f32_span){
            .x = seen ? image + r.at * g->in_row + x0 * g->in_pixel : image,
            .wrap = r.wrap, .back = g->ring * g->in_row,
            .x_step = g->x.stride * g->in_pixel,
            .x_row = g->y.dilation * g->in_row, .x_col = g->x.dilation * g->in_pixel,
            .y = out + ox * g->out_pixel, .y_step = g->out_pixel,
            .kh = kh, .kw = kw, .count = end - ox, .channels = g->channels,
            .scale = scale(g, kh, kw), .lo = g->lo, .hi = g->hi,
        });
    }
}
