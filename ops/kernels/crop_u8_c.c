/*
 * crop_u8_c.c - the reference: what every other variant must compute.
 *
 * `one` first copies the corners of all squares together, so that the arithmetic runs over
 * all channels of the run in 16 bits, which compilers turn into vectors.  In `two`, three
 * channels share a 64-bit number, 21 bits each, and one multiplication weighs a pixel:
 * 255 * 64 * 64 fits in 21 bits.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/crop_u8.h"

enum { MOST = TSR_CROP_U8_MOST, POINT = TSR_CROP_U8_POINT, UNITS = 64, WHOLE = 32, LANE = 21 };

static const uint8_t *pixel_at(const uint8_t *rgb, int stride, const tsr_crop_u8_walk *w)
{
    return rgb + (w->y >> POINT) * stride + 3 * (w->x >> POINT);
}

/* All four corners of each place, R,G,B after R,G,B; a byte more than each pixel has is
 * copied, which is why one more pixel is read. */
typedef struct {
    uint8_t corner[4][3 * MOST + 1];
    uint16_t fx[3 * MOST];      /* in 1 / 64      */
    int16_t fy[3 * MOST];       /* in 1 / 32768   */
} corners;

static void collect(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, corners *c)
{
    for (int i = 0; i < 3 * count; i += 3, w.x += w.dx, w.y += w.dy) {
        const uint8_t *p = pixel_at(rgb, stride, &w);
        memcpy(&c->corner[0][i], p, 4);
        memcpy(&c->corner[1][i], p + 3, 4);
        memcpy(&c->corner[2][i], p + stride, 4);
        memcpy(&c->corner[3][i], p + stride + 3, 4);
        const uint16_t fx = (uint16_t)((w.x & 0xFFFF) >> 10);
        const int16_t fy = (int16_t)((w.y & 0xFFFF) >> 1);
        c->fx[i] = c->fx[i + 1] = c->fx[i + 2] = fx;
        c->fy[i] = c->fy[i + 1] = c->fy[i + 2] = fy;
    }
}

/* Along x in 1/64 of a level, at most 255 * 64; then along y: a + (b - a) f, for which
 * the upper half of a 16-bit product is enough. */
static void one(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    corners c;
    uint8_t out[3 * MOST];
    if (count < MOST)                   /* lanes that nobody asked for */
        memset(&c, 0, sizeof c);
    collect(rgb, stride, w, count, &c);
    for (int i = 0; i < 3 * MOST; i++) {
        const uint16_t f = c.fx[i], g = (uint16_t)(UNITS - f);
        const int16_t a = (int16_t)(c.corner[0][i] * g + c.corner[1][i] * f);
        const int16_t b = (int16_t)(c.corner[2][i] * g + c.corner[3][i] * f);
        const int16_t twice = (int16_t)(2 * (b - a));
        const int16_t step = (int16_t)((twice * c.fy[i]) >> 16);
        out[i] = (uint8_t)((a + step + UNITS / 2) / UNITS);
    }
    memcpy(y, out, 3 * (size_t)count);
}

/* Three bytes, each in a lane of its own. */
static inline uint64_t spread(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << LANE | (uint64_t)p[2] << (2 * LANE);
}

static inline uint64_t three(const uint8_t *p, uint32_t f)
{
    return spread(p) * (WHOLE - f) + spread(p + 3) * WHOLE + spread(p + 6) * f;
}

static void two(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    const uint32_t mask = (1u << LANE) - 1, half = UNITS * UNITS / 2;
    for (int i = 0; i < count; i++, y += 3, w.x += w.dx, w.y += w.dy) {
        const uint8_t *p = pixel_at(rgb, stride, &w);
        const uint32_t fx = (uint32_t)(w.x & 0xFFFF) >> 11, fy = (uint32_t)(w.y & 0xFFFF) >> 11;
        const uint64_t sum = three(p, fx) * (WHOLE - fy) + three(p + stride, fx) * WHOLE
                             + three(p + 2 * (int64_t)stride, fx) * fy;
        for (int c = 0; c < 3; c++)
            y[c] = (uint8_t)(((uint32_t)(sum >> (c * LANE) & mask) + half) / (UNITS * UNITS));
    }
}

const tsr_crop_u8 tsr_crop_u8_c = { "c", 0, one, two };
