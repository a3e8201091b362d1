/*
 * overlay.c - see overlay.h: skeletons and boxes.
 *
 * Everything is drawn twice, first wider and dark, then in colour: the dark rim
 * separates it from any background.  All rims come before all colours, so that
 * limbs that meet do not cut each other.  What a point looks like follows from its
 * name, which is why new skeletons need no code here.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "cli/drawing/overlay.h"

static const cli_paint shadow = { 8, 12, 20, 0.6f };

/* Near the trunk -> at the end of the limb. */
typedef struct { cli_paint near, far; } ramp;
static const ramp left_side = { { 255, 196, 61, 1 }, { 242, 78, 104, 1 } };
static const ramp right_side = { { 72, 219, 200, 1 }, { 58, 122, 246, 1 } };
static const ramp middle = { { 236, 242, 250, 1 }, { 236, 242, 250, 1 } };

static bool has(const char *name, const char *part) { return strstr(name, part) != NULL; }

/* How far from the trunk a point is, by its name: 0, 1/2 or 1. */
static float reach_of(const char *name)
{
    if (has(name, "shoulder") || has(name, "hip") || has(name, "cmc"))
        return 0;
    return has(name, "elbow") || has(name, "knee") || has(name, "mcp") ? 0.5f : 1;
}

static bool is_detail(const char *name)
{
    return has(name, "eye") || has(name, "ear") || has(name, "mouth") || has(name, "nose");
}

/* Points of faces, hands and feet crowd: draw them smaller. */
static float size_of(const char *name)
{
    if (is_detail(name))
        return 0.45f;
    const bool tip = has(name, "pinky") || has(name, "index") || has(name, "thumb") ||
                     has(name, "heel");
    return tip ? 0.6f : 1;
}

/* By side, and along the limb from the near to the far end of the side's ramp. */
static cli_paint paint_of(const char *name)
{
    const ramp *r = has(name, "left_") ? &left_side : has(name, "right_") ? &right_side : &middle;
    const float t = is_detail(name) ? 0.3f : reach_of(name);
    const cli_paint a = r->near, b = r->far;
    return (cli_paint){
        (uint8_t)((float)a.r + t * ((float)b.r - (float)a.r)),
        (uint8_t)((float)a.g + t * ((float)b.g - (float)a.g)),
        (uint8_t)((float)a.b + t * ((float)b.b - (float)a.b)), 1,
    };
}

/* Half the width of a limb: a share of the person's size, within what is visible
 * in, and does not clutter, a picture of this size. */
static float limb_radius(const tsr_image *to, const tsr_skeleton *s, const tsr_point *p,
                         float threshold)
{
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int i = 0; i < s->points; i++)
        if (p[i].score >= threshold) {
            x0 = fminf(x0, p[i].x);
            x1 = fmaxf(x1, p[i].x);
            y0 = fminf(y0, p[i].y);
            y1 = fmaxf(y1, p[i].y);
        }
    const float side = cli_shorter_side(to);
    const float person = x1 >= x0 ? hypotf(x1 - x0, y1 - y0) : 0;
    return fmaxf(fminf(fmaxf(person / 105, side / 400), side / 60), 0.75f);
}

static cli_spot spot(const tsr_point *p) { return (cli_spot){ p->x, p->y }; }

/* One pass over the limbs: their rims, or their colours from joint to joint. */
static void draw_limbs(const tsr_image *to, const tsr_skeleton *s, const tsr_point *p,
                       float threshold, float radius, bool outline)
{
    for (int i = 0; i < s->limbs; i++) {
        const int a = s->limb[i][0], b = s->limb[i][1];
        if (!(p[a].score >= threshold && p[b].score >= threshold))
            continue;
        const float size = radius * fminf(size_of(s->name[a]), size_of(s->name[b]));
        const float r = outline ? size + 0.55f * radius * fmaxf(size / radius, 0.6f) : size;
        const cli_stroke stroke = {
            .a = spot(&p[a]), .b = spot(&p[b]), .radius_a = r, .radius_b = r,
            .paint_a = outline ? shadow : paint_of(s->name[a]),
            .paint_b = outline ? shadow : paint_of(s->name[b]),
        };
        cli_draw_stroke(to, &stroke);
    }
}

void cli_overlay_skeleton(const tsr_image *to, const tsr_skeleton *skeleton,
                          const tsr_point *points, float threshold)
{
    static const cli_paint core = { 255, 255, 255, 0.95f };
    const float radius = limb_radius(to, skeleton, points, threshold);
    draw_limbs(to, skeleton, points, threshold, radius, true);
    draw_limbs(to, skeleton, points, threshold, radius, false);
    for (int i = 0; i < skeleton->points; i++) {
        const char *name = skeleton->name[i];
        const float r = 1.75f * radius * size_of(name);
        if (!(points[i].score >= threshold))
            continue;
        cli_draw_dot(to, spot(&points[i]), r * 1.28f, shadow);
        cli_draw_dot(to, spot(&points[i]), r, paint_of(name));
        cli_draw_dot(to, spot(&points[i]), r * 0.5f, core);
    }
}

void cli_overlay_tag(const tsr_image *to, cli_spot at, const char *text)
{
    static const cli_paint plate = { 236, 242, 250, 0.92f }, ink = { 8, 24, 28, 1 };
    const float side = cli_shorter_side(to);
    const float size = fmaxf(side / 40, 7), pad = size * 0.5f;
    const float text_width = cli_draw_text(NULL, (cli_spot){ 0, 0 }, size, text, ink);
    /* Never above the picture, where it could not be seen. */
    const float base = fmaxf(at.y - 1.5f * size, size + 2 * pad);
    const cli_rect r = { at.x - text_width / 2 - pad, base - size - 2 * pad,
                         at.x + text_width / 2 + pad, base };
    cli_draw_rect(to, &r, pad, 0, plate);
    cli_draw_text(to, (cli_spot){ at.x - text_width / 2, base - pad }, size, text, ink);
}

void cli_overlay_box(const tsr_image *to, const tsr_box *box, const char *caption)
{
    static const cli_paint frame = { 72, 219, 200, 1 }, ink = { 8, 24, 28, 1 };
    const float side = cli_shorter_side(to);
    const float w = box->x1 - box->x0, h = box->y1 - box->y0;
    const float line = fmaxf(fminf(fminf(w, h) / 40, side / 110), 1.5f), corner = 4 * line;
    const cli_rect r = { box->x0, box->y0, box->x1, box->y1 };
    cli_draw_rect(to, &r, corner, 1.9f * line, shadow);
    cli_draw_rect(to, &r, corner, line, frame);
    for (int i = 0; i < box->points; i++) {
        cli_draw_dot(to, spot(&box->point[i]), 1.5f * line, shadow);
        cli_draw_dot(to, spot(&box->point[i]), 1.1f * line, middle.near);
    }
    const float size = fmaxf(fminf(h / 12, side / 34), 7), pad = size * 0.55f;
    const float text = cli_draw_text(NULL, (cli_spot){ 0, 0 }, size, caption, ink);
    /* The label stands on the frame, or hangs from it at the picture's upper edge. */
    const float base = r.y0 - size - 2 * pad >= 0 ? r.y0 - line / 2 : r.y0 + size + 2 * pad;
    const cli_rect label = { r.x0 - line / 2, base - size - 2 * pad, r.x0 + text + 2 * pad, base };
    if (caption[0] && text + 2 * pad <= (float)to->width) {
        cli_draw_rect(to, &label, corner * 0.6f, 0, frame);
        cli_draw_text(to, (cli_spot){ r.x0 + pad - line / 4, base - pad }, size, caption, ink);
    }
}
