/*
 * crop_row.c - see crop_row.h.
 *
 * A sample is the average of a square of `taps` pixels a side around the place that the
 * map leads to.  The square lies between the pixels, so its rim counts only in part: it
 * touches taps + 1 pixels, about what one pixel of the crop covers, and with one tap this
 * is bilinear interpolation.
 *
 *     weights along an axis, of taps + 1 pixels:   F - f, F, ..., F, f     f in 0..F
 *
 * Weights are small whole numbers, and three channels share one 64-bit number, 21 bits
 * each, so one multiplication weighs a pixel: 255 (F taps)^2 fits in 21 bits as long as
 * F taps <= 64.  Places are fixed-point, too, with 16 bits behind the point.
 * Most squares lie wholly inside the picture and need no test for its edges.  Runs of such
 * with one tap or two, the usual ones, are a kernel family, ops/kernels/crop_u8.h.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/crop_row.h"

enum { MOST_TAPS = 8, UNITS = 64, POINT = TSR_CROP_U8_POINT, LANE = 21, SHIFT = 22 };

tsr_cropper tsr_cropper_make(const tsr_image *from, const tsr_affine *to_picture)
{
    const float *m = to_picture->m;
    const float wide = sqrtf(fabsf(m[0] * m[4] - m[1] * m[3])) - 0.5f;
    const int taps = wide >= 2 ? wide < MOST_TAPS ? (int)wide : MOST_TAPS : 1;
    const float limit = 1e6f, one = 1 << POINT;
    const bool sane = fabsf(m[0]) < limit && fabsf(m[3]) < limit;
    return (tsr_cropper){ from, *to_picture, tsr_crop_u8_best(), taps,
                          sane ? (int64_t)rintf(m[0] * one) : 0,
                          sane ? (int64_t)rintf(m[3] * one) : 0 };
}

/* Three bytes, each in a lane of its own. */
static inline uint64_t spread(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << LANE | (uint64_t)p[2] << (2 * LANE);
}

/* Weighted sum of a square that is wholly inside: p is its top left pixel. */
static inline uint64_t sum_inside(const uint8_t *p, int stride, int taps, uint32_t fx, uint32_t fy)
{
    const uint32_t whole = (uint32_t)(UNITS / taps);
    uint64_t sum = 0;
    for (int j = 0; j <= taps; j++, p += stride) {
        uint64_t middle = 0;
        for (int i = 1; i < taps; i++)
            middle += spread(p + 3 * i);
        const uint64_t row = spread(p) * (whole - fx) + middle * whole + spread(p + 3 * taps) * fx;
        sum += row * (j == 0 ? whole - fy : j == taps ? fy : whole);
    }
    return sum;
}

/* The same with every pixel asked for; black outside. */
static uint64_t sum_anywhere(const tsr_image *im, int64_t left, int64_t top, int taps,
                             uint32_t fx, uint32_t fy)
{
    const uint32_t whole = (uint32_t)(UNITS / taps);
    uint64_t sum = 0;
    for (int k = 0; k < (taps + 1) * (taps + 1); k++) {
        const int i = k % (taps + 1), j = k / (taps + 1);
        const int64_t x = left + i, y = top + j;
        if (x < 0 || y < 0 || x >= im->width || y >= im->height)
            continue;
        const uint32_t wx = i == 0 ? whole - fx : i == taps ? fx : whole;
        const uint32_t wy = j == 0 ? whole - fy : j == taps ? fy : whole;
        sum += spread(im->rgb + (size_t)y * (size_t)im->stride + 3 * (size_t)x) * (wx * wy);
    }
    return sum;
}

/* Fixed-point places of the squares' top left corners, and the step to the next. */
typedef tsr_crop_u8_walk walk;

static void store(uint64_t sum, uint32_t inverse, uint8_t *rgb)
{
    const uint32_t mask = (1u << LANE) - 1;
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(((uint32_t)(sum >> (c * LANE) & mask) * inverse
                            + (1u << (SHIFT - 1))) >> SHIFT);
}

static void row_inside(const tsr_image *im, walk w, int taps, int count, uint8_t *rgb)
{
    const uint32_t whole = (uint32_t)(UNITS / taps), full = whole * (uint32_t)taps;
    const uint32_t inverse = ((1u << SHIFT) + full * full / 2) / (full * full);
    for (int i = 0; i < count; i++, rgb += 3, w.x += w.dx, w.y += w.dy) {
        const uint8_t *p = im->rgb + (w.y >> POINT) * im->stride + 3 * (w.x >> POINT);
        const uint32_t fx = (uint32_t)(w.x & 0xFFFF) * whole >> POINT;
        const uint32_t fy = (uint32_t)(w.y & 0xFFFF) * whole >> POINT;
        store(sum_inside(p, im->stride, taps, fx, fy), inverse, rgb);
    }
}

static void row_anywhere(const tsr_image *im, walk w, int taps, int count, uint8_t *rgb)
{
    const uint32_t whole = (uint32_t)(UNITS / taps), full = whole * (uint32_t)taps;
    const uint32_t inverse = ((1u << SHIFT) + full * full / 2) / (full * full);
    for (int i = 0; i < count; i++, rgb += 3, w.x += w.dx, w.y += w.dy) {
        const uint32_t fx = (uint32_t)(w.x & 0xFFFF) * whole >> POINT;
        const uint32_t fy = (uint32_t)(w.y & 0xFFFF) * whole >> POINT;
        store(sum_anywhere(im, w.x >> POINT, w.y >> POINT, taps, fx, fy), inverse, rgb);
    }
}

/* Does the square lie inside, with all that the kernels read of its rows? */
static bool inside(const tsr_image *im, int64_t x, int64_t y, int taps)
{
    const int reads = taps == 1 ? TSR_CROP_U8_ONE_READS
                    : taps == 2 ? TSR_CROP_U8_TWO_READS : taps + 1;
    return x >= 0 && y >= 0 && x >> POINT <= im->width - reads && y >> POINT < im->height - taps;
}

static bool outside(const tsr_image *im, int64_t x, int64_t y, int taps)
{
    return x >> POINT < -taps || y >> POINT < -taps || x >> POINT >= im->width ||
           y >> POINT >= im->height;
}

static walk ahead(walk w, int steps)
{
    return (walk){ w.x + steps * w.dx, w.y + steps * w.dy, w.dx, w.dy };
}

/* A row that crosses the picture's edge falls into runs that are inside, black, or on the
 * edge.  Only the last, a few pixels, need the slow way. */
static void row_across_edge(const tsr_cropper *c, walk w, int count, uint8_t *rgb)
{
    const tsr_image *im = c->from;
    const int taps = c->taps;
    while (count) {
        const bool in = inside(im, w.x, w.y, taps), out = outside(im, w.x, w.y, taps);
        walk next = ahead(w, 1);
        int n = 1;
        while (n < count && in == inside(im, next.x, next.y, taps)
                         && out == outside(im, next.x, next.y, taps))
            next = ahead(next, 1), n++;
        if (in && taps == 2)
            c->kernel->two(im->rgb, im->stride, w, n, rgb);
        else if (in)
            row_inside(im, w, taps, n, rgb);
        else if (out)
            memset(rgb, 0, 3 * (size_t)n);
        else
            row_anywhere(im, w, taps, n, rgb);
        w = next;
        count -= n;
        rgb += 3 * n;
    }
}

void tsr_crop_row(const tsr_cropper *c, int x, int y, int count, uint8_t *rgb)
{
    const float limit = 1e6f, one = 1 << POINT, half = (float)c->taps / 2;
    float left = (float)x + 0.5f, top = (float)y + 0.5f;
    tsr_affine_apply(&c->to_picture, &left, &top);
    if (!(fabsf(left) < limit && fabsf(top) < limit)) {         /* NaN, too */
        for (int i = 0; i < 3 * count; i++)
            rgb[i] = 0;
        return;
    }
    /* Half a unit more, because the fractions are cut off. */
    const float unit = 0.5f * (float)c->taps / UNITS;
    const walk w = {
        (int64_t)((left - half + unit) * one), (int64_t)((top - half + unit) * one), c->dx, c->dy,
    };
    const walk end = ahead(w, count - 1);
    if (!inside(c->from, w.x, w.y, c->taps) || !inside(c->from, end.x, end.y, c->taps))
        row_across_edge(c, w, count, rgb);
    else if (c->taps == 1)
        c->kernel->one(c->from->rgb, c->from->stride, w, count, rgb);
    else if (c->taps == 2)
        c->kernel->two(c->from->rgb, c->from->stride, w, count, rgb);
    else
        row_inside(c->from, w, c->taps, count, rgb);
}
