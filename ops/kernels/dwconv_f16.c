/* dwconv_f16.c - selection, packing, and which filter rows are in use; see dwconv_f16.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "engine/half.h"
#include "ops/kernels/dwconv_f16.h"

const tsr_dwconv_f16 *const tsr_dwconv_f16_variants[] = {
#if defined(__aarch64__)
    &tsr_dwconv_f16_neonf16,
#endif
    &tsr_dwconv_f16_c,
    NULL,
};

const tsr_dwconv_f16 *tsr_dwconv_f16_best(int channels)
{
    const unsigned have = tsr_cpu_features();
    const tsr_dwconv_f16 *const *v = tsr_dwconv_f16_variants;
    while ((*v)->cpu & ~have || (*v)->vector > channels)
        v++;                    /* ends at the C reference: one channel at a time */
    return *v;
}

static size_t vectors(const tsr_dwconv_f16 *v, int channels)
{
    return (size_t)((channels - 1) / v->vector + 1);
}

size_t tsr_dwconv_f16_packed_size(const tsr_dwconv_f16 *v, int taps, int channels)
{
    return vectors(v, channels) * (size_t)v->vector * ((size_t)taps + 1);
}

/* One block: `width` channels from `first` on. */
static uint16_t *pack_block(const float *weights, const float *bias, int taps, int channels,
                            int first, int width, uint16_t *to)
{
    for (int c = first; c < first + width; c++)
        *to++ = bias ? tsr_float_to_half(bias[c]) : 0;
    for (int t = 0; t < taps; t++)
        for (int c = first; c < first + width; c++)
            *to++ = tsr_float_to_half(weights[(ptrdiff_t)t * channels + c]);
    return to;
}

void tsr_dwconv_f16_pack(const tsr_dwconv_f16 *v, int taps, int channels, const float *weights,
                         const float *bias, uint16_t *packed)
{
    int c = 0;
    for (int vecs = v->wide; vecs > 1; vecs /= 2)
        for (const int width = vecs * v->vector; c + width <= channels; c += width)
            packed = pack_block(weights, bias, taps, channels, c, width, packed);
    for (; c < channels; c += v->vector) {
        const int first = c + v->vector <= channels ? c : channels - v->vector;
        packed = pack_block(weights, bias, taps, channels, first, v->vector, packed);
    }
}

void tsr_dwconv_f16_row(const tsr_dwconv_f16 *v, const tsr_dwconv_f16_image *g,
                        const uint16_t *image, int oy, uint16_t *out)
{
    const tsr_taps ty = tsr_window_taps(&g->y, oy);
    const int y0 = oy * g->y.stride - g->y.before + ty.first * g->y.dilation;
    const ptrdiff_t row = (ptrdiff_t)g->x.in * g->channels;
    const int kh = ty.end - ty.first;
    v->row(&(tsr_dwconv_f16_line){
        .x = kh ? image + y0 * row : image, .x_row = g->y.dilation * row, .columns = g->x,
        .packed = g->packed, .taps = g->y.taps * g->x.taps, .tap = ty.first * g->x.taps,
        .kh = kh, .y = out, .channels = g->channels, .lo = g->lo, .hi = g->hi,
    });
}
