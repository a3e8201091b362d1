/*
 * yuv.c - see yuv.h.
 *
 * With kr, kg, kb the brightness of red, green and blue (their sum is 1; ITU-R BT.601
 * and BT.709):
 *
 *     Y = kr R + kg G + kb B     U = (B - Y) / (2 (1 - kb))     V = (R - Y) / (2 (1 - kr))
 *
 * Limited range then squeezes Y into 16..235 and U, V into 16..240 around 128.  All is
 * done in integers with 16 bits behind the point, rounded once, at the end.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "cli/video/yuv.h"

enum { BITS = 16, HALF = 1 << (BITS - 1) };

cli_yuv_color cli_yuv_usual(int width, int height)
{
    return (cli_yuv_color){ width >= 1280 || height >= 720 ? CLI_BT709 : CLI_BT601, false };
}

static double red_share(cli_yuv_matrix m) { return m == CLI_BT709 ? 0.2126 : 0.299; }
static double blue_share(cli_yuv_matrix m) { return m == CLI_BT709 ? 0.0722 : 0.114; }
static int fixed(double v) { return (int)lround(v * (1 << BITS)); }
static uint8_t clamp(int v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

/* ---- to R,G,B ------------------------------------------------------------------- */

typedef struct { int black, y, rv, gu, gv, bu; } decoder;

static decoder decoder_of(cli_yuv_color c)
{
    const double kr = red_share(c.matrix), kb = blue_share(c.matrix), kg = 1 - kr - kb;
    const double ys = c.full ? 1 : 255.0 / 219, cs = c.full ? 1 : 255.0 / 224;
    return (decoder){
        .black = c.full ? 0 : 16, .y = fixed(ys),
        .rv = fixed(2 * (1 - kr) * cs), .bu = fixed(2 * (1 - kb) * cs),
        .gu = fixed(-2 * kb * (1 - kb) / kg * cs), .gv = fixed(-2 * kr * (1 - kr) / kg * cs),
    };
}

static void decode_pixel(const decoder *d, int y, int u, int v, uint8_t rgb[3])
{
    const int base = (y - d->black) * d->y + HALF;
    rgb[0] = clamp((base + d->rv * v) >> BITS);
    rgb[1] = clamp((base + d->gu * u + d->gv * v) >> BITS);
    rgb[2] = clamp((base + d->bu * u) >> BITS);
}

void cli_yuv_to_rgb(const cli_yuv *from, cli_yuv_color color, const tsr_image *to)
{
    const decoder d = decoder_of(color);
    for (int row = 0; row < to->height; row++) {
        const uint8_t *y = from->y + (size_t)row * (size_t)from->y_stride;
        const size_t c_row = (size_t)(row >> from->shift_y) * (size_t)from->c_stride;
        uint8_t *rgb = to->rgb + (size_t)row * (size_t)to->stride;
        for (int x = 0; x < to->width; x++, rgb += 3) {
            int u = 0, v = 0;
            if (from->u) {
                const size_t at = c_row + (size_t)(x >> from->shift_x) * (size_t)from->c_step;
                u = from->u[at] - 128;
                v = from->v[at] - 128;
            }
            decode_pixel(&d, y[(size_t)x * (size_t)from->y_step], u, v, rgb);
        }
    }
}

/* ---- from R,G,B ------------------------------------------------------------------- */

typedef struct { int black, y[3], u[3], v[3]; } encoder;

static encoder encoder_of(cli_yuv_color c)
{
    const double k[3] = { red_share(c.matrix), 1 - red_share(c.matrix) - blue_share(c.matrix),
                          blue_share(c.matrix) };
    const double ys = c.full ? 1 : 219.0 / 255, cs = c.full ? 1 : 224.0 / 255;
    encoder e = { .black = c.full ? 0 : 16 };
    for (int i = 0; i < 3; i++) {
        e.y[i] = fixed(k[i] * ys);
        e.u[i] = fixed(((i == 2) - k[i]) / (2 * (1 - k[2])) * cs);
        e.v[i] = fixed(((i == 0) - k[i]) / (2 * (1 - k[0])) * cs);
    }
    return e;
}

static void encode_brightness(const encoder *e, const tsr_image *from, uint8_t *y)
{
    for (int row = 0; row < from->height; row++) {
        const uint8_t *p = from->rgb + (size_t)row * (size_t)from->stride;
        for (int x = 0; x < from->width; x++, p += 3)
            *y++ = clamp(((e->y[0] * p[0] + e->y[1] * p[1] + e->y[2] * p[2] + HALF) >> BITS)
                         + e->black);
    }
}

/* The sum of one colour over the 2 x 2 pixels at (x, y); at an odd end, pixels count
 * twice. */
static int sum4(const tsr_image *p, int x, int y, int c)
{
    const int right = x + 1 < p->width ? 3 : 0;
    const uint8_t *up = p->rgb + (size_t)y * (size_t)p->stride + 3 * (size_t)x + c;
    const uint8_t *low = y + 1 < p->height ? up + p->stride : up;
    return up[0] + up[right] + low[0] + low[right];
}

size_t cli_yuv420_bytes(int width, int height)
{
    const size_t w = (size_t)width, h = (size_t)height;
    return w * h + 2 * ((w + 1) / 2) * ((h + 1) / 2);
}

void cli_rgb_to_yuv420(const tsr_image *from, cli_yuv_color color, uint8_t *to)
{
    const encoder e = encoder_of(color);
    const size_t w = (size_t)from->width, h = (size_t)from->height;
    uint8_t *u = to + w * h, *v = u + (w + 1) / 2 * ((h + 1) / 2);
    encode_brightness(&e, from, to);
    for (int y = 0; y < from->height; y += 2)
        for (int x = 0; x < from->width; x += 2) {
            const int r = sum4(from, x, y, 0), g = sum4(from, x, y, 1), b = sum4(from, x, y, 2);
            /* 4 pixels: two more bits behind the point */
            *u++ = clamp(((e.u[0] * r + e.u[1] * g + e.u[2] * b + 4 * HALF) >> (BITS + 2)) + 128);
            *v++ = clamp(((e.v[0] * r + e.v[1] * g + e.v[2] * b + 4 * HALF) >> (BITS + 2)) + 128);
        }
}
