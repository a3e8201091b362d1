/*
 * check_dwconv_f32.c - every dwconv_f32 variant against a sum in float64.
 *
 * Spans are checked with random strides (they may make windows overlap or lie
 * apart) and with a random part of the filter in use, as at a border.
 * Tolerance: gamma(taps + 1) * (|bias| + sum |x||w|), Higham 2002, section 3.1.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "ops/kernels/dwconv_f32.h"
#include "tests/checkkern/checkkern.h"

typedef struct {
    const tsr_dwconv_f32 *v;
    int filter_h, filter_w, first_y, first_x;   /* the whole filter; where the part begins */
    float *x, *weights, *bias, *packed, *y;
    tsr_dwconv_f32_span s;
} span_case;

static span_case make(const tsr_dwconv_f32 *v, int channels, int count, int kh, int kw)
{
    span_case k = { .v = v, .first_y = ck_rand(0, 2), .first_x = ck_rand(0, 2) };
    k.filter_h = k.first_y + kh + ck_rand(0, 2);
    k.filter_w = k.first_x + kw + ck_rand(0, 2);
    const int taps = k.filter_h * k.filter_w;
    const ptrdiff_t pixel = channels + ck_rand(0, 3), row = pixel * ck_rand(1, 5);
    k.s = (tsr_dwconv_f32_span){
        .x_step = pixel * ck_rand(1, 3), .x_row = row, .x_col = pixel * ck_rand(1, 2),
        .y_step = channels + ck_rand(0, 3), .kh = kh, .kw = kw,
        .w_first = (1 + k.first_y * k.filter_w + k.first_x) * v->nr,
        .w_row = k.filter_w * v->nr, .w_block = (1 + taps) * v->nr,
        .count = count, .channels = channels, .lo = -INFINITY, .hi = INFINITY,
    };
    const ptrdiff_t last = (count - 1) * k.s.x_step + (kh ? (kh - 1) * k.s.x_row : 0)
                           + (kw ? (kw - 1) * k.s.x_col : 0);
    k.x = ck_alloc_f32((size_t)(last + channels));
    k.weights = ck_alloc_f32((size_t)(taps * channels));
    k.bias = ck_alloc_f32((size_t)channels);
    k.packed = ck_alloc(tsr_dwconv_f32_packed_size(v, taps, channels), sizeof(float));
    k.y = ck_alloc((size_t)((count - 1) * k.s.y_step + channels), sizeof(float));
    tsr_dwconv_f32_pack(v, taps, channels, k.weights, k.bias, k.packed);
    k.s.x = k.x, k.s.bias = k.packed, k.s.y = k.y;
    return k;
}

static void drop(span_case *k)
{
    ck_free(k->x), ck_free(k->weights), ck_free(k->bias), ck_free(k->packed), ck_free(k->y);
}

static void compare_one(const span_case *k, int i, int c)
{
    const double u = 0x1p-24, n = k->s.kh * k->s.kw + 1;
    double sum = (double)k->bias[c], size = fabs(sum);
    for (int ky = 0; ky < k->s.kh; ky++)
        for (int kx = 0; kx < k->s.kw; kx++) {
            const int tap = (k->first_y + ky) * k->filter_w + k->first_x + kx;
            const double p = (double)k->x[i * k->s.x_step + ky * k->s.x_row + kx * k->s.x_col + c]
                             * (double)k->weights[tap * k->s.channels + c];
            sum += p, size += fabs(p);
        }
    const double want = fmin(fmax(sum, (double)k->s.lo), (double)k->s.hi);
    const double got = (double)k->y[i * k->s.y_step + c];
    const double error = fabs(got - want), bound = n * u / (1 - n * u) * size;
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%d channels, %d outputs, %d x %d taps: y[%d][%d] is %.9g, want %.9g +- %.2g",
                k->s.channels, k->s.count, k->s.kh, k->s.kw, i, c, got, want, bound);
}

/* The gaps between output pixels must keep the pattern that ck_alloc left. */
static void check_gaps(const span_case *k, float untouched)
{
    for (int i = 0; i < k->s.count - 1; i++)
        for (ptrdiff_t c = k->s.channels; c < k->s.y_step; c++)
            if (k->y[i * k->s.y_step + c] != untouched)
                ck_fail("%d channels: wrote behind pixel %d", k->s.channels, i);
    if (!ck_intact(k->y))
        ck_fail("%d channels, %d outputs: wrote outside y", k->s.channels, k->s.count);
}

static void check_span(const tsr_dwconv_f32 *v, int channels, int count, int kh, int kw)
{
    span_case k = make(v, channels, count, kh, kw);
    if (ck_rand(0, 1))
        k.s.lo = 0, k.s.hi = 0.5f;
    for (ptrdiff_t i = 0; i < (count - 1) * k.s.y_step + channels; i++)
        k.y[i] = 77.0f;
    v->span(&k.s);
    for (int i = 0; i < count; i++)
        for (int c = 0; c < channels; c++)
            compare_one(&k, i, c);
    check_gaps(&k, 77.0f);
    drop(&k);
}

/* Whole images, for the walk along a row and for the rows of common filters. */
typedef struct {
    const tsr_dwconv_f32 *v;
    tsr_dwconv_f32_image g;
    float *image, *weights, *bias, *packed, *y;
} image_case;

static tsr_window random_window(int in, int taps)
{
    tsr_window w = { .in = in, .taps = taps, .stride = ck_rand(1, 3), .dilation = ck_rand(1, 4) };
    const int reach = (taps - 1) * w.dilation, like = ck_rand(0, 2);
    w.before = like == 0 ? 0 : like == 1 ? reach / 2 : ck_rand(0, reach + 1);
    const int padded = in + w.before + (like ? reach - reach / 2 + ck_rand(0, 1) : 0);
    w.out = padded > reach ? (padded - reach - 1) / w.stride + 1 : 1;
    return w;
}

static image_case make_image(const tsr_dwconv_f32 *v, int c, ptrdiff_t pixel)
{
    image_case k = { .v = v };
    const int h = ck_rand(1, 14), w = ck_rand(1, 37);
    const int kh = ck_rand(1, 5), kw = ck_rand(0, 1) ? 3 : ck_rand(1, 8);
    k.g = (tsr_dwconv_f32_image){
        .y = random_window(h, kh), .x = random_window(w, kw),
        .in_row = w * pixel + ck_rand(0, 5), .in_pixel = pixel, .out_pixel = c + ck_rand(0, 3),
        .channels = c, .lo = -INFINITY, .hi = INFINITY,
    };
    k.g.out_row = k.g.x.out * k.g.out_pixel + ck_rand(0, 3);
    k.image = ck_alloc_f32((size_t)((h - 1) * k.g.in_row + (w - 1) * pixel + c));
    k.weights = ck_alloc_f32((size_t)(kh * kw * c));
    k.bias = ck_alloc_f32((size_t)c);
    k.packed = ck_alloc(tsr_dwconv_f32_packed_size(v, kh * kw, c), sizeof(float));
    k.y = ck_alloc((size_t)((k.g.y.out - 1) * k.g.out_row + (k.g.x.out - 1) * k.g.out_pixel + c),
                   sizeof(float));
    tsr_dwconv_f32_pack(v, kh * kw, c, k.weights, k.bias, k.packed);
    k.g.packed = k.packed;
    return k;
}

static void compare_image(const image_case *k, int oy, int ox, int c)
{
    const tsr_window *wy = &k->g.y, *wx = &k->g.x;
    const double u = 0x1p-24, n = wy->taps * wx->taps + 1;
    double sum = (double)k->bias[c], size = fabs(sum);
    for (int ky = 0; ky < wy->taps; ky++)
        for (int kx = 0; kx < wx->taps; kx++) {
            const int y = oy * wy->stride - wy->before + ky * wy->dilation;
            const int x = ox * wx->stride - wx->before + kx * wx->dilation;
            if (y < 0 || y >= wy->in || x < 0 || x >= wx->in)
                continue;
            const double p = (double)k->image[y * k->g.in_row + x * k->g.in_pixel + c]
                             * (double)k->weights[(ky * wx->taps + kx) * k->g.channels + c];
            sum += p, size += fabs(p);
        }
    const double got = (double)k->y[oy * k->g.out_row + ox * k->g.out_pixel + c];
    const double error = fabs(got - sum), bound = n * u / (1 - n * u) * size;
    ck_error(error, bound);
    if (!(error <= bound))
        ck_fail("%d x %d x %d, filter %d x %d, stride %d, dilation %d, padding %d: "
                "y[%d][%d][%d] is %.9g, want %.9g", wy->in, wx->in, k->g.channels, wy->taps,
                wx->taps, wx->stride, wx->dilation, wx->before, oy, ox, c, got, sum);
}

/* The same rows from a ring that holds no more than one window sees. */
static void check_ring(const image_case *k)
{
    tsr_dwconv_f32_image g = k->g;
    const ptrdiff_t row = (g.x.in - 1) * g.in_pixel + g.channels;
    g.ring = (g.y.taps - 1) * g.y.dilation + 1 + ck_rand(0, 2);
    float *ring = ck_alloc_f32((size_t)((g.ring - 1) * g.in_row + row));
    float *y = ck_alloc((size_t)((g.x.out - 1) * g.out_pixel + g.channels), sizeof(float));
    for (int oy = 0; oy < g.y.out; oy++) {
        for (int t = 0; t < g.y.taps; t++) {
            const int iy = oy * g.y.stride - g.y.before + t * g.y.dilation;
            if (iy >= 0 && iy < g.y.in)
                memcpy(ring + iy % g.ring * g.in_row, k->image + iy * g.in_row,
                       (size_t)row * sizeof *ring);
        }
        tsr_dwconv_f32_rows(k->v, &g, ring, oy, oy + 1, y);
        for (int ox = 0; ox < g.x.out; ox++)
            if (memcmp(y + ox * g.out_pixel, k->y + oy * g.out_row + ox * g.out_pixel,
                       (size_t)g.channels * sizeof *y))
                ck_fail("ring of %d rows: y[%d][%d] differs from the whole image's", g.ring, oy,
                        ox);
    }
    if (!ck_intact(y))
        ck_fail("ring of %d rows: wrote outside y", g.ring);
    ck_free(ring), ck_free(y);
}

/* Some rows in the middle at a time, as a worker does: with dilation it begins with any phase. */
static void check_some_rows(const image_case *k)
{
    const tsr_dwconv_f32_image *g = &k->g;
    const int first = ck_rand(0, g->y.out - 1), rows = ck_rand(1, g->y.out - first);
    float *y = ck_alloc((size_t)((rows - 1) * g->out_row + (g->x.out - 1) * g->out_pixel
                                 + g->channels), sizeof(float));
    tsr_dwconv_f32_rows(k->v, g, k->image, first, first + rows, y);
    for (int i = 0; i < rows * g->x.out; i++) {
        const ptrdiff_t at = i / g->x.out * g->out_row + i % g->x.out * g->out_pixel;
        if (memcmp(y + at, k->y + first * g->out_row + at, (size_t)g->channels * sizeof *y))
            ck_fail("%d rows from %d on, dilation %d: pixel %d differs from the whole image's",
                    rows, first, g->y.dilation, i);
    }
    if (!ck_intact(y))
        ck_fail("%d rows from %d on: wrote outside y", rows, first);
    ck_free(y);
}

static void check_image(const tsr_dwconv_f32 *v, int c, ptrdiff_t pixel)
{
    image_case k = make_image(v, c, pixel);
    tsr_dwconv_f32_rows(v, &k.g, k.image, 0, k.g.y.out, k.y);
    for (int oy = 0; oy < k.g.y.out; oy++)
        for (int ox = 0; ox < k.g.x.out; ox++)
            for (int i = 0; i < c; i++)
                compare_image(&k, oy, ox, i);
    check_ring(&k);
    check_some_rows(&k);
    if (!ck_intact(k.y))
        ck_fail("image of %d channels: wrote outside y", c);
    ck_free(k.image), ck_free(k.weights), ck_free(k.bias), ck_free(k.packed), ck_free(k.y);
}

typedef struct {
    const tsr_dwconv_f32 *v;
    tsr_dwconv_f32_image g;
    float *image, *y;
} bench_case;

static void run_image(void *arg)
{
    const bench_case *b = arg;
    tsr_dwconv_f32_rows(b->v, &b->g, b->image, 0, b->g.y.out, b->y);
}

/* A square image, padding so that n shrinks by the stride only. */
static void bench(const tsr_dwconv_f32 *v, const char *what, int n, int c, const int shape[3])
{
    if (!ck_benching())
        return;
    const int k = shape[0], stride = shape[1], dilation = shape[2], out = (n - 1) / stride + 1;
    const tsr_window w = { n, out, k, stride, dilation, (k - 1) * dilation / 2 };
    float *weights = ck_alloc_f32((size_t)(k * k * c));
    float *packed = ck_alloc(tsr_dwconv_f32_packed_size(v, k * k, c), sizeof(float));
    tsr_dwconv_f32_pack(v, k * k, c, weights, NULL, packed);
    bench_case b = { v, { w, w, n * (ptrdiff_t)c, c, out * (ptrdiff_t)c, c, c, 0, packed, 0.0f,
                            6.0f },
                     ck_alloc_f32((size_t)(n * n * c)),
                     ck_alloc((size_t)(out * out * c), sizeof(float)) };
    ck_bench(what, run_image, &b, 2.0 * out * out * c * k * k);
    ck_free(b.image), ck_free(b.y), ck_free(weights), ck_free(packed);
}

static void check_variant(const tsr_dwconv_f32 *v)
{
    if (!ck_begin("dwconv_f32", v->level, v->cpu))
        return;
    for (int c = 1; c <= 2 * v->nr + 1; c++)            /* every tail of channels */
        for (int count = 1; count <= 13; count++)       /* and of pixels          */
            check_span(v, c, count, ck_rand(1, 4), ck_rand(1, 4));
    for (int k = 0; k <= 7; k++)
        check_span(v, 24, 9, k, k);                     /* k = 0: only padding in sight */

    for (int i = 0; i < 400; i++) {
        const int c = ck_rand(1, 2 * v->nr + 1);
        check_image(v, c, c + ck_rand(0, 3));
    }
    for (int i = 0; i < 20; i++)                        /* pixels 2 KiB apart */
        check_image(v, ck_rand(1, 2 * v->nr + 1), 512);

    bench(v, "k3 112x112x32", 112, 32, (const int[]){ 3, 1, 1 });
    bench(v, "k3 s2 112x112x96", 112, 96, (const int[]){ 3, 2, 1 });
    bench(v, "k3 28x28x192", 28, 192, (const int[]){ 3, 1, 1 });
    bench(v, "k3 14x14x576", 14, 576, (const int[]){ 3, 1, 1 });
    bench(v, "k3 7x7x960", 7, 960, (const int[]){ 3, 1, 1 });
    bench(v, "k3 d4 33x33x960", 33, 960, (const int[]){ 3, 1, 4 });
    bench(v, "k5 24x24x128", 24, 128, (const int[]){ 5, 1, 1 });
    bench(v, "k7 48x48x96", 48, 96, (const int[]){ 7, 1, 1 });
    bench(v, "k3 112x112x8", 112, 8, (const int[]){ 3, 1, 1 });
    bench(v, "k3 32x32x28", 32, 28, (const int[]){ 3, 1, 1 });
}

void check_dwconv_f32(void)
{
    int count = 0;
    while (tsr_dwconv_f32_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_dwconv_f32_variants[count]);
}
