/* dwconv_f32.c - selection, packing and the walk along a row; see dwconv_f32.h.
 * SPDX-License-Identifier: MIT */
#include "engine/cpu.h"
#include "ops/kernels/dwconv_f32.h"
#include "ops/kernels/layout_id.h"

const tsr_dwconv_f32 *const tsr_dwconv_f32_variants[] = {
#if defined(__x86_64__)
    &tsr_dwconv_f32_avx512,
    &tsr_dwconv_f32_avx2,
#elif defined(__aarch64__)
    &tsr_dwconv_f32_neon,
#elif defined(TSR_CPU_ARMHF)
    &tsr_dwconv_f32_neon32,
#endif
    &tsr_dwconv_f32_c,
    NULL,
};

const tsr_dwconv_f32 *tsr_dwconv_f32_best(void)
{
    const unsigned have = tsr_cpu_features();
    const tsr_dwconv_f32 *const *v = tsr_dwconv_f32_variants;
    while ((*v)->cpu & ~have)
        v++;                    /* ends at the C reference: it needs nothing */
    return *v;
}

const tsr_dwconv_f32 *tsr_dwconv_f32_for(int channels)
{
    const tsr_dwconv_f32 *const best = tsr_dwconv_f32_best();
    const unsigned have = tsr_cpu_features();
    for (const tsr_dwconv_f32 *const *v = tsr_dwconv_f32_variants; *v; v++)
        if (!((*v)->cpu & ~have) && (*v)->row && (*v)->vector <= channels)
            return *v;
    return best;
}

static int blocks(const tsr_dwconv_f32 *v, int channels)
{
    return (channels + v->nr - 1) / v->nr;
}

size_t tsr_dwconv_f32_packed_size(const tsr_dwconv_f32 *v, int taps, int channels)
{
    return (size_t)blocks(v, channels) * (size_t)v->nr * ((size_t)taps + 1);
}

/* The channel in place i: vectors that reach past the end are moved back. */
static int channel_at(const tsr_dwconv_f32 *v, int i, int channels)
{
    const int first = i / v->vector * v->vector;
    if (first + v->vector > channels && first < channels && channels >= v->vector)
        return channels - v->vector + i % v->vector;
    return i;
}

void tsr_dwconv_f32_pack(const tsr_dwconv_f32 *v, int taps, int channels,
                         const float *weights, const float *bias, float *packed)
{
    for (int b = 0; b < blocks(v, channels); b++)
        for (int t = -1; t < taps; t++)                 /* tap -1 is the bias */
            for (int i = b * v->nr; i < (b + 1) * v->nr; i++) {
                const int c = channel_at(v, i, channels);
                float x = 0.0f;
                if (c < channels && t >= 0)
                    x = weights[(ptrdiff_t)t * channels + c];
                else if (c < channels && bias)
                    x = bias[c];
                *packed++ = x;
            }
}

/* A whole block and one that ends in a moved vector. */
uint64_t tsr_dwconv_f32_layout(const tsr_dwconv_f32 *v)
{
    enum { BLOCK = 64, TAPS = 2 };
    float weights[2 * BLOCK * TAPS], packed[2 * BLOCK * (TAPS + 1)];
    const int channels = v->nr > 1 ? v->nr + v->nr / 2 + 1 : 1;
    tsr_layout_count(weights, 2 * BLOCK * TAPS);
    if (v->nr > BLOCK)
        return 0;
    tsr_dwconv_f32_pack(v, TAPS, channels, weights, weights, packed);
    return tsr_layout_id(1000, packed, tsr_dwconv_f32_packed_size(v, TAPS, channels));
}

static void spans(const tsr_dwconv_f32 *v, const tsr_dwconv_f32_image *g, const float *image,
                  int oy, float *out)
{
    const tsr_taps ty = tsr_window_taps(&g->y, oy);
    const int y0 = oy * g->y.stride - g->y.before + ty.first * g->y.dilation;
    const float *row = ty.first < ty.end ? tsr_dwconv_f32_row(g, image, y0) : image;

    for (int ox = 0, end; ox < g->x.out; ox = end) {
        const tsr_taps tx = tsr_window_taps(&g->x, ox);
        end = tsr_window_run_end(&g->x, ox, tx);
        const int x0 = ox * g->x.stride - g->x.before + tx.first * g->x.dilation;
        const int seen = ty.first < ty.end && tx.first < tx.end;
        v->span(&(tsr_dwconv_f32_span){
            .x = seen ? row + x0 * g->in_pixel : image,
            .x_step = g->x.stride * g->in_pixel,
            .wrap = ty.first < ty.end ? tsr_dwconv_f32_wrap(g, y0) : 0,
            .x_wrap = tsr_dwconv_f32_wrap_step(g),
            .x_row = g->y.dilation * g->in_row, .x_col = g->x.dilation * g->in_pixel,
            .bias = g->packed,
            .w_first = (1 + ty.first * g->x.taps + tx.first) * (ptrdiff_t)v->nr,
            .w_row = g->x.taps * (ptrdiff_t)v->nr,
            .w_block = (1 + g->y.taps * g->x.taps) * (ptrdiff_t)v->nr,
            .y = out + ox * g->out_pixel, .y_step = g->out_pixel,
            .kh = seen ? ty.end - ty.first : 0, .kw = seen ? tx.end - tx.first : 0,
            .count = end - ox, .channels = g->channels,
            .lo = g->lo, .hi = g->hi,
        });
    }
}

bool tsr_dwconv_f32_fits_row(const tsr_dwconv_f32_image *g)
{
    const tsr_window *x = &g->x;
    const int d = x->dilation, border = x->taps / 2;
    const bool has = x->taps == 3 || x->taps == 5 || (x->taps == 7 && x->stride == 1);
    if (!has || x->stride > 2 || (x->stride > 1 && d > 1) || x->before % d
        || x->before / d > border)
        return false;
    for (int p = 0; p < d && p < x->out; p++) {
        const int outputs = (x->out - p + d - 1) / d, columns = (x->in - p + d - 1) / d;
        if ((outputs - 1) * x->stride + x->taps - x->before / d - columns > border)
            return false;
    }
    return true;
}

/* Rows above each other see the same input rows.  With so many channels at a time these are
 * still in the first cache for the next row; all channels of three rows seldom fit.  Runs of
 * too few channels cost more than that saves. */
static int channels_at_a_time(const tsr_dwconv_f32 *v, const tsr_dwconv_f32_image *g, int rows)
{
    enum { FLOATS = 8192, LEAST = 32 };     /* 32 KB */
    const int channels = FLOATS / g->y.taps / g->x.in / v->nr * v->nr;
    return rows > 1 && g->y.dilation == 1 && channels >= LEAST ? channels : g->channels;
}

static bool by_twos(const tsr_dwconv_f32 *v, const tsr_dwconv_f32_image *g)
{
    return v->two_rows && g->x.taps == 3 && g->x.stride == 1
        && g->y.taps == 3 && g->y.stride == 1 && g->y.dilation == 1;
}

static void whole_rows(const tsr_dwconv_f32 *v, const tsr_dwconv_f32_image *g,
                       const float *image, int oy, int end, float *out)
{
    const int some = channels_at_a_time(v, g, end - oy);
    const bool twos = by_twos(v, g);
    tsr_dwconv_f32_image part = *g;
    for (int c = 0; c < g->channels; c += part.channels) {
        const int left = g->channels - c;
        part.channels = left < some + v->nr ? left : some;      /* whole blocks, no small rest */
        part.packed = g->packed + (ptrdiff_t)c * (1 + g->y.taps * g->x.taps);
        float *to = out + c;
        int y = oy;
        for (; twos && y + 2 <= end; y += 2, to += 2 * g->out_row)
            v->two_rows(&part, image + c, y, to);
        for (; y < end; y++, to += g->out_row)
            v->row(&part, image + c, y, to);
    }
}

/* With dilation d the rows p, p + d, p + 2d ... are a picture of their own, for each phase
 * p < d: only there do neighbours share input rows. */
static void phases(const tsr_dwconv_f32 *v, const tsr_dwconv_f32_image *g, const float *image,
                   int oy, int end, float *out)
{
    const int d = g->y.dilation;
    tsr_dwconv_f32_image phase = *g;
    phase.y.dilation = 1, phase.y.before /= d, phase.in_row *= d, phase.out_row *= d;
    for (int first = oy; first < oy + d; first++) {
        const int p = first % d;
        phase.y.in = (g->y.in - p + d - 1) / d;
        whole_rows(v, &phase, image + p * g->in_row, first / d, (end - p + d - 1) / d,
                   out + (first - oy) * g->out_row);
    }
}

static bool has_phases(const tsr_dwconv_f32_image *g, int rows)
{
    const int d = g->y.dilation;
    return d > 1 && rows > d && g->y.stride == 1 && g->y.before % d == 0 && !g->ring;
}

void tsr_dwconv_f32_rows(const tsr_dwconv_f32 *v, const tsr_dwconv_f32_image *g,
                         const float *image, int oy, int end, float *out)
{
    if (!v->row || g->channels < v->vector || !tsr_dwconv_f32_fits_row(g))
        for (; oy < end; oy++, out += g->out_row)
            spans(v, g, image, oy, out);
    else if (has_phases(g, end - oy))
        phases(v, g, image, oy, end, out);
    else
        whole_rows(v, g, image, oy, end, out);
}
