/*
 * overlay_parts.c - see overlay_parts.h.
 *
 * As everywhere: first all lines wider and dark, then all in colour, so that they
 * stand out from any background and do not cut each other.  A face gets lines, not
 * 468 dots: they show expression, and whether the network understood it.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "cli/drawing/overlay_parts.h"
#include "models/follow.h"

static const cli_paint shadow = { 8, 12, 20, 0.55f };

static cli_spot spot(const tsr_point *p) { return (cli_spot){ p->x, p->y }; }

typedef struct { cli_paint paint; float radius, rim; } pen;     /* rim 0: in colour */

static void line(const tsr_image *to, const tsr_point *a, const tsr_point *b, const pen *p)
{
    const float r = p->radius + p->rim;
    const cli_paint paint = p->rim > 0 ? shadow : p->paint;
    const cli_stroke s = { spot(a), spot(b), r, r, paint, paint };
    cli_draw_stroke(to, &s);
}

/* A label centred below a point. */
static void label(const tsr_image *to, cli_spot at, float size, const char *text)
{
    static const cli_paint ink = { 240, 246, 252, 1 }, plate = { 8, 12, 20, 0.72f };
    if (!text[0])
        return;
    const float w = cli_draw_text(NULL, at, size, text, ink), pad = size * 0.6f;
    at.x = fmaxf(fminf(at.x - w / 2, (float)to->width - w - pad), pad);
    at.y = fmaxf(fminf(at.y + size + 1.5f * pad, (float)to->height - pad), size + pad);
    const cli_rect r = { at.x - pad, at.y - size - pad, at.x + w + pad, at.y + pad };
    cli_draw_rect(to, &r, pad, 0, plate);
    cli_draw_text(to, at, size, text, ink);
}

/* Longer side of the box around the points. */
static float extent(const tsr_point *p, int count)
{
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int i = 0; i < count; i++) {
        x0 = fminf(x0, p[i].x);
        x1 = fmaxf(x1, p[i].x);
        y0 = fminf(y0, p[i].y);
        y1 = fmaxf(y1, p[i].y);
    }
    return fmaxf(x1 - x0, y1 - y0);
}

/* ---- hands -------------------------------------------------------------------------- */

static const cli_paint palm = { 236, 242, 250, 1 };
static const cli_paint finger[5] = {
    { 255, 196, 61, 1 }, { 255, 126, 87, 1 }, { 236, 84, 160, 1 }, { 112, 120, 255, 1 },
    { 58, 205, 214, 1 },
};

/* Points 1 to 4 are the thumb's, 5 to 8 the index finger's ...; the bones of the palm
 * end at 1, 5, 9, 13 and 17. */
static cli_paint paint_of(int point)
{
    return point == 0 ? palm : finger[(point - 1) / 4];
}

static void draw_bones(const tsr_image *to, const tsr_point *p, float radius, float rim)
{
    const tsr_skeleton *hand = &tsr_skeleton_hand21;
    for (int i = 0; i < hand->limbs; i++) {
        const int a = hand->limb[i][0], b = hand->limb[i][1];
        const bool in_finger = a > 0 && (a - 1) / 4 == (b - 1) / 4;
        const pen with = {
            in_finger ? paint_of(b) : palm, in_finger ? radius : 0.8f * radius, rim
        };
        line(to, &p[a], &p[b], &with);
    }
}

void cli_overlay_hand(const tsr_image *to, const tsr_point *points, const char *caption)
{
    static const cli_paint core = { 255, 255, 255, 0.95f };
    const float size = extent(points, tsr_skeleton_hand21.points);
    const float radius = fmaxf(fminf(size / 85, cli_shorter_side(to) / 90), 0.8f);
    draw_bones(to, points, radius, 0.7f * radius);
    draw_bones(to, points, radius, 0);
    for (int i = 0; i < tsr_skeleton_hand21.points; i++) {
        cli_draw_dot(to, spot(&points[i]), 2.2f * radius, shadow);
        cli_draw_dot(to, spot(&points[i]), 1.8f * radius, paint_of(i));
        cli_draw_dot(to, spot(&points[i]), 0.9f * radius, core);
    }
    label(to, (cli_spot){ points[0].x, points[0].y + 3 * radius },
          fmaxf(fminf(size / 16, cli_shorter_side(to) / 30), 7), caption);
}

/* ---- faces --------------------------------------------------------------------------- */

static cli_paint contour_paint(const char *name)
{
    if (strstr(name, "lips"))
        return (cli_paint){ 255, 110, 130, 1 };
    if (strstr(name, "left_"))
        return (cli_paint){ 255, 196, 61, 1 };
    if (strstr(name, "right_"))
        return (cli_paint){ 72, 219, 200, 1 };
    return (cli_paint){ 236, 242, 250, 0.9f };
}

static void draw_contours(const tsr_image *to, const tsr_point *p, float radius, float rim)
{
    for (int k = 0; k < TSR_FACE_CONTOURS; k++) {
        const tsr_contour *c = &tsr_face_contours[k];
        const pen with = { contour_paint(c->name), radius, rim };
        for (int i = 0; i + 1 < c->count; i++)
            line(to, &p[c->point[i]], &p[c->point[i + 1]], &with);
        if (c->kind == TSR_CONTOUR_RING)
            line(to, &p[c->point[c->count - 1]], &p[c->point[0]], &with);
    }
}

void cli_overlay_face(const tsr_image *to, const tsr_point *points, const char *caption)
{
    enum { CHIN = 152 };
    const float size = extent(points, TSR_FACE_POINTS);
    const float radius = fmaxf(fminf(size / 190, cli_shorter_side(to) / 200), 0.55f);
    draw_contours(to, points, radius, 0.9f * radius);
    draw_contours(to, points, radius, 0);
    label(to, (cli_spot){ points[CHIN].x, points[CHIN].y + 2 * radius },
          fmaxf(fminf(size / 14, cli_shorter_side(to) / 30), 7), caption);
}
