/*
 * plane_blur.c - a plane of bytes through a box, twice, which is nearly a bell.
 *
 *     out[i] = floor(sum of in[i - radius .. i + radius] / (2 radius + 1))
 *
 * rows, columns, rows, columns; the ends repeat.  A sum moves on by one byte that comes and one
 * that goes, whatever the radius.  Along a row that is one sum after the other.  Down the
 * columns it is a row of sums, which the compiler turns into vectors: a plane is
 * never walked column by column, because each byte would cost a line of the cache.
 *
 * Sums fit in 16 bits up to a radius of 128.  Division is by multiplication: with
 * 2^shift < d = 2 radius + 1 < 2^(shift + 1) and m = ceil(2^(16 + shift) / d),
 *
 *     floor(s / d) = s m >> (16 + shift)      for all s <= 255 d, d <= 201
 *
 * m is too large by e / d, e < d, so the quotient by s e / (d 2^(16 + shift)): for d < 128 less
 * than 1 / d, the distance of the next whole number; larger ones, up to 201, were tried one by
 * one, which is where the limit of the radius comes from.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "cli/drawing/plane_blur.h"

typedef struct { int radius, shift; uint16_t factor; } box;

static box box_of(int radius)
{
    const uint32_t d = 2 * (uint32_t)radius + 1;
    box b = { radius, 0, 0 };
    while (d >> (b.shift + 1))
        b.shift++;
    b.factor = (uint16_t)(((1u << (16 + b.shift)) + d - 1) / d);
    return b;
}

static inline uint8_t divide(uint16_t sum, const box *b)
{
    return (uint8_t)((uint16_t)((uint32_t)sum * b->factor >> 16) >> b->shift);
}

static int clamp(int i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

/* Where eight bytes that come are those that go, the sum stays: nearly all of a mask. */
static bool alike(const uint8_t *comes, const uint8_t *goes)
{
    return memcmp(comes, goes, 8) == 0;
}

static void blur_row(const uint8_t *in, uint8_t *out, int n, const box *b)
{
    const int r = b->radius, inside = n - r - 1;
    uint16_t sum = 0;
    int i = 0;
    for (int k = -r; k <= r; k++)
        sum = (uint16_t)(sum + in[clamp(k, n)]);
    for (; i < n && i < r; i++) {
        out[i] = divide(sum, b);
        sum = (uint16_t)(sum + in[clamp(i + r + 1, n)] - in[0]);
    }
    while (i < inside) {
        if (i + 8 <= inside && alike(in + i + r + 1, in + i - r)) {
            memset(out + i, divide(sum, b), 8);
            i += 8;
            continue;
        }
        out[i] = divide(sum, b);
        sum = (uint16_t)(sum + in[i + r + 1] - in[i - r]);
        i++;
    }
    for (; i < n; i++) {
        out[i] = divide(sum, b);
        sum = (uint16_t)(sum + in[n - 1] - in[clamp(i - r, n)]);
    }
}

static const uint8_t *row_of(const uint8_t *plane, const tsr_plane *p, int y)
{
    return plane + (size_t)clamp(y, p->height) * (size_t)p->width;
}

/* One sum for each column. */
static void blur_columns(const uint8_t *in, const tsr_plane *to, uint16_t *sum, const box *b)
{
    const int w = to->width, r = b->radius;
    for (int x = 0; x < w; x++)
        sum[x] = 0;
    for (int k = -r; k <= r; k++) {
        const uint8_t *row = row_of(in, to, k);
        for (int x = 0; x < w; x++)
            sum[x] = (uint16_t)(sum[x] + row[x]);
    }
    for (int y = 0; y < to->height; y++) {
        const uint8_t *comes = row_of(in, to, y + r + 1), *goes = row_of(in, to, y - r);
        uint8_t *restrict out = to->pixel + (size_t)y * (size_t)w;
        for (int x = 0; x < w; x++) {
            out[x] = divide(sum[x], b);
            sum[x] = (uint16_t)(sum[x] + comes[x] - goes[x]);
        }
    }
}

size_t cli_plane_blur_bytes(const tsr_plane *p)
{
    const size_t w = (size_t)p->width;
    return w * sizeof(uint16_t) + w * (size_t)p->height;
}

void cli_plane_blur(const tsr_plane *p, int radius, void *work)
{
    const size_t w = (size_t)p->width;
    const box b = box_of(radius < CLI_BLUR_MOST ? radius : CLI_BLUR_MOST);
    uint16_t *sum = work;
    uint8_t *rows = (uint8_t *)(sum + w);
    for (int round = 0; round < 2 && radius > 0; round++) {
        for (int y = 0; y < p->height; y++)
            blur_row(p->pixel + (size_t)y * w, rows + (size_t)y * w, p->width, &b);
        blur_columns(rows, p, sum, &b);
    }
}
