/*
 * draw.c - see draw.h.
 *
 *     stroke:  d = |p - nearest point of the segment| - radius there
 *     rect:    d = |max(q, 0)| + min(max(qx, qy), 0) - corner,  q = |p| - half + corner
 *     share of the pixel = clamp(0.5 - d, 0, 1)
 *
 * Only pixels in the shape's bounding box are looked at.  Every comparison is written
 * so that NaN draws nothing.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "cli/drawing/draw.h"

float cli_shorter_side(const tsr_image *p)
{
    return (float)(p->width < p->height ? p->width : p->height);
}

static float clamp01(float v)
{
    return v > 0 ? v < 1 ? v : 1 : 0;
}

static uint8_t mix(uint8_t under, uint8_t over, float share)
{
    return (uint8_t)((float)under + ((float)over - (float)under) * share + 0.5f);
}

void cli_draw_pixel(const tsr_image *to, int x, int y, cli_paint paint, float share)
{
    uint8_t *p = to->rgb + (size_t)y * (size_t)to->stride + 3 * (size_t)x;
    const float a = clamp01(paint.alpha * share);
    p[0] = mix(p[0], paint.r, a);
    p[1] = mix(p[1], paint.g, a);
    p[2] = mix(p[2], paint.b, a);
}

cli_mix cli_mix_of(cli_paint paint, float share)
{
    const uint32_t one = 1 << 16, half = one / 2;
    const uint32_t a = (uint32_t)(clamp01(paint.alpha * share) * (float)one + 0.5f);
    return (cli_mix){ one - a, { paint.r * a + half, paint.g * a + half, paint.b * a + half } };
}

/* Most of a mask is nothing: eight bytes of that are one comparison. */
void cli_draw_plane(const tsr_image *to, const tsr_plane *plane, const cli_mix mix[256])
{
    const uint32_t nothing = 1 << 16;
    for (int y = 0; y < to->height; y++) {
        const uint8_t *in = plane->pixel + (size_t)y * (size_t)plane->width;
        uint8_t *out = to->rgb + (size_t)y * (size_t)to->stride;
        for (int x = 0; x < to->width; x++) {
            uint64_t eight = 1;
            if (x + 8 <= to->width)
                memcpy(&eight, in + x, sizeof eight);
            if (eight == 0 && mix[0].keep == nothing) {
                x += 7;
                continue;
            }
            const cli_mix *m = &mix[in[x]];
            for (int c = 0; c < 3 && m->keep != nothing; c++)
                out[3 * x + c] = (uint8_t)((out[3 * x + c] * m->keep + m->add[c]) >> 16);
        }
    }
}

/* Pixels that a shape in this rectangle can touch; nothing for NaN. */
typedef struct { int x0, y0, x1, y1; } pixels;

static pixels pixels_of(const tsr_image *to, cli_rect r, float margin)
{
    const float w = (float)to->width, h = (float)to->height;
    pixels p = { 0, 0, 0, 0 };
    if (r.x0 - margin < w && r.y0 - margin < h && r.x1 + margin > 0 && r.y1 + margin > 0) {
        p.x0 = (int)fmaxf(floorf(r.x0 - margin), 0);
        p.y0 = (int)fmaxf(floorf(r.y0 - margin), 0);
        p.x1 = (int)fminf(ceilf(r.x1 + margin), w);
        p.y1 = (int)fminf(ceilf(r.y1 + margin), h);
    }
    return p;
}

static cli_paint blend(cli_paint a, cli_paint b, float t)
{
    return (cli_paint){ mix(a.r, b.r, t), mix(a.g, b.g, t), mix(a.b, b.b, t),
                        a.alpha + (b.alpha - a.alpha) * t };
}

void cli_draw_stroke(const tsr_image *to, const cli_stroke *s)
{
    const cli_rect box = { fminf(s->a.x, s->b.x), fminf(s->a.y, s->b.y),
                           fmaxf(s->a.x, s->b.x), fmaxf(s->a.y, s->b.y) };
    const pixels p = pixels_of(to, box, fmaxf(s->radius_a, s->radius_b) + 1);
    const float dx = s->b.x - s->a.x, dy = s->b.y - s->a.y, length2 = dx * dx + dy * dy;
    for (int y = p.y0; y < p.y1; y++)
        for (int x = p.x0; x < p.x1; x++) {
            /* t: how far along the line the nearest point is. */
            const float px = (float)x + 0.5f - s->a.x, py = (float)y + 0.5f - s->a.y;
            const float t = length2 > 0 ? clamp01((px * dx + py * dy) / length2) : 0;
            const float d = hypotf(px - t * dx, py - t * dy) -
                            (s->radius_a + (s->radius_b - s->radius_a) * t);
            if (d < 0.5f)
                cli_draw_pixel(to, x, y, blend(s->paint_a, s->paint_b, t), clamp01(0.5f - d));
        }
}

void cli_draw_dot(const tsr_image *to, cli_spot centre, float radius, cli_paint paint)
{
    cli_draw_stroke(to, &(cli_stroke){ centre, centre, radius, radius, paint, paint });
}

/* Distance from a rectangle with round corners around the origin. */
static float rect_distance(float x, float y, float half_w, float half_h, float corner)
{
    const float qx = fabsf(x) - half_w + corner, qy = fabsf(y) - half_h + corner;
    return hypotf(fmaxf(qx, 0), fmaxf(qy, 0)) + fminf(fmaxf(qx, qy), 0) - corner;
}

void cli_draw_rect(const tsr_image *to, const cli_rect *r, float corner, float line,
                   cli_paint paint)
{
    const pixels p = pixels_of(to, *r, line / 2 + 1);
    const float half_w = (r->x1 - r->x0) / 2, half_h = (r->y1 - r->y0) / 2;
    const float cx = r->x0 + half_w, cy = r->y0 + half_h;
    const float round = fminf(corner, fminf(half_w, half_h));
    for (int y = p.y0; y < p.y1; y++)
        for (int x = p.x0; x < p.x1; x++) {
            float d = rect_distance((float)x + 0.5f - cx, (float)y + 0.5f - cy,
                                    half_w, half_h, round);
            if (line > 0)
                d = fabsf(d) - line / 2;
            if (d < 0.5f)
                cli_draw_pixel(to, x, y, paint, clamp01(0.5f - d));
        }
}
