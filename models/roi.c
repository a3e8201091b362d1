/*
 * roi.c - the turned square in which a landmark network looks.
 *
 *     angle   so that from -> to (hip -> head, wrist -> finger) points up in the crop
 *     body    centre = hips, side = 2 * 1.25 * distance to the circle's top
 *     palm    box moved half its height towards the fingers, 2.6 x its longer side
 *     face    box around its middle, level eyes, 1.5 x its longer side
 *
 * The factors are part of the published networks: they were trained on such crops.
 * (Bazarevsky et al., "BlazePose", 2020; Zhang et al., "MediaPipe Hands", 2020.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"

static const float quarter_turn = 1.57079633f, full_turn = 6.28318531f;

tsr_affine tsr_region_affine(const tsr_region *r, int side)
{
    const float scale = r->side / (float)side;
    const float c = scale * cosf(r->angle), s = scale * sinf(r->angle);
    const float half = (float)side / 2;
    return (tsr_affine){ { c, -s, r->x - half * (c - s), s, c, r->y - half * (s + c) } };
}

/* How far to turn so that from -> to points in direction `target` (0 right, a
 * quarter turn: up), in -pi..pi. */
static float turn(const tsr_point *from, const tsr_point *to, float target)
{
    const float a = target - atan2f(from->y - to->y, to->x - from->x);
    return a - full_turn * floorf(a / full_turn + 0.5f);
}

/* The box's middle, moved by `shift` box heights along the turned vertical axis,
 * and a square `scale` times its longer side. */
static tsr_region around(const tsr_box *b, float angle, float shift, float scale)
{
    const float w = b->x1 - b->x0, h = b->y1 - b->y0;
    return (tsr_region){
        .x = (b->x0 + b->x1) / 2 - shift * h * sinf(angle),
        .y = (b->y0 + b->y1) / 2 + shift * h * cosf(angle),
        .side = scale * (w > h ? w : h), .angle = angle,
    };
}

tsr_region tsr_region_of_body(const tsr_box *b)
{
    const tsr_point *hips = &b->point[0], *top = &b->point[1];
    return (tsr_region){
        .x = hips->x, .y = hips->y,
        .side = 2 * 1.25f * hypotf(top->x - hips->x, top->y - hips->y),
        .angle = turn(hips, top, quarter_turn),
    };
}

tsr_region tsr_region_of_palm(const tsr_box *b)
{
    return around(b, turn(&b->point[0], &b->point[2], quarter_turn), -0.5f, 2.6f);
}

tsr_region tsr_region_of_face(const tsr_box *b)
{
    return around(b, turn(&b->point[0], &b->point[1], 0), 0, 1.5f);
}
