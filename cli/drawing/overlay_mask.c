/*
 * overlay_mask.c - see overlay.h: class colours, the borders between classes, legend.
 *
 * A border runs along the cracks between pixels of different classes.  The middle
 * of each crack stamps a disc into a plane of coverage, where the larger value
 * stays: discs a pixel apart merge into a smooth band, and the picture is touched
 * only once, at the end.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/drawing/overlay.h"

static float shorter_side(const tsr_image *p)
{
    return (float)(p->width < p->height ? p->width : p->height);
}

/* A disc with a soft rim into the plane, where it is more than what is there. */
static void stamp(const tsr_plane *cover, float cx, float cy, float radius)
{
    const int x0 = (int)fmaxf(cx - radius - 1, 0), y0 = (int)fmaxf(cy - radius - 1, 0);
    const int x1 = (int)fminf(cx + radius + 2, (float)cover->width);
    const int y1 = (int)fminf(cy + radius + 2, (float)cover->height);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            uint8_t *c = cover->pixel + (size_t)y * (size_t)cover->width + (size_t)x;
            const float d = hypotf((float)x + 0.5f - cx, (float)y + 0.5f - cy) - radius;
            const float v = fminf(fmaxf(0.5f - d, 0), 1) * 255;
            *c = v > (float)*c ? (uint8_t)v : *c;
        }
}

static bool differ(const cli_paint *palette, uint8_t a, uint8_t b)
{
    return a != b && (palette[a].alpha > 0 || palette[b].alpha > 0);
}

static void stamp_borders(const tsr_plane *cover, const tsr_plane *labels,
                          const cli_paint *palette, float radius)
{
    const int w = labels->width, h = labels->height;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const uint8_t *l = labels->pixel + (size_t)y * (size_t)w + (size_t)x;
            if (x + 1 < w && differ(palette, l[0], l[1]))
                stamp(cover, (float)(x + 1), (float)y + 0.5f, radius);
            if (y + 1 < h && differ(palette, l[0], l[w]))
                stamp(cover, (float)x + 0.5f, (float)(y + 1), radius);
        }
}

static void draw_borders(const tsr_image *to, const tsr_plane *labels, const cli_paint *palette)
{
    static const cli_paint edge = { 255, 255, 255, 0.9f };
    const size_t pixels = (size_t)labels->width * (size_t)labels->height;
    const tsr_plane cover = { calloc(pixels, 1), labels->width, labels->height };
    if (!cover.pixel)
        return;
    stamp_borders(&cover, labels, palette, fmaxf(shorter_side(to) / 420, 0.6f));
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            const uint8_t c = cover.pixel[(size_t)y * (size_t)cover.width + (size_t)x];
            if (c)
                cli_draw_pixel(to, x, y, edge, (float)c / 255);
        }
    free(cover.pixel);
}

/* ---- smoothing ---------------------------------------------------------------------- */

/* Average over 2 radius + 1 values along one line of n, `step` apart; the ends repeat.
 * `line` has room for n. */
static void box_blur(uint8_t *v, int n, size_t step, int radius, uint8_t *line)
{
    unsigned sum = 0;
    for (int i = 0; i < n; i++)
        line[i] = v[(size_t)i * step];
    for (int i = -radius; i <= radius; i++)
        sum += line[i < 0 ? 0 : i < n ? i : n - 1];
    for (int i = 0; i < n; i++) {
        const int out = i - radius, in = i + radius + 1;
        v[(size_t)i * step] = (uint8_t)(sum / (unsigned)(2 * radius + 1));
        sum += line[in < n ? in : n - 1];
        sum -= line[out < 0 ? 0 : out];
    }
}

/* Twice a box is nearly a bell: edges lose the network's raster and keep their
 * place.  `line` has room for the longer side. */
static void smooth(const tsr_plane *p, int radius, uint8_t *line)
{
    for (int round = 0; round < 2 && radius > 0; round++) {
        for (int y = 0; y < p->height; y++)
            box_blur(p->pixel + (size_t)y * (size_t)p->width, p->width, 1, radius, line);
        for (int x = 0; x < p->width; x++)
            box_blur(p->pixel + x, p->height, (size_t)p->width, radius, line);
    }
}

/* Nearly two of the network's pixels, and what the eye takes for ragged anyway. */
static int smoothing_radius(const tsr_image *to, float cell)
{
    return (int)fminf(fmaxf(cell * 0.9f, shorter_side(to) / 200), 400);
}

/* Of what is around each pixel, the class with most weight: specks go, borders are
 * smooth.  Classes that are not drawn count as one, the background.  False: no memory. */
static bool smooth_labels(const tsr_plane *in, const cli_paint *palette, int radius, uint8_t *out)
{
    const size_t pixels = (size_t)in->width * (size_t)in->height;
    const size_t longest = (size_t)(in->width > in->height ? in->width : in->height);
    uint8_t *weight = malloc(2 * pixels + longest), *most = weight ? weight + pixels : NULL;
    bool there[256] = { false };
    if (!weight)
        return false;
    for (size_t i = 0; i < pixels; i++)
        there[palette[in->pixel[i]].alpha > 0 ? in->pixel[i] : 0] = true;
    memset(most, 0, pixels);
    memset(out, 0, pixels);
    for (int c = 0; c < 256; c++) {
        if (!there[c])
            continue;
        for (size_t i = 0; i < pixels; i++)
            weight[i] = (palette[in->pixel[i]].alpha > 0 ? in->pixel[i] : 0) == c ? 255 : 0;
        smooth(&(tsr_plane){ weight, in->width, in->height }, radius, most + pixels);
        for (size_t i = 0; i < pixels; i++)
            if (weight[i] > most[i]) {
                most[i] = weight[i];
                out[i] = (uint8_t)c;
            }
    }
    free(weight);
    return true;
}

void cli_overlay_labels(const tsr_image *to, const tsr_plane *labels, float cell,
                        const cli_paint *palette)
{
    const size_t pixels = (size_t)labels->width * (size_t)labels->height;
    uint8_t *shape = malloc(pixels);
    tsr_plane drawn = *labels;
    if (shape && smooth_labels(labels, palette, smoothing_radius(to, cell), shape))
        drawn.pixel = shape;
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            const cli_paint *p = &palette[drawn.pixel[(size_t)y * (size_t)to->width + (size_t)x]];
            if (p->alpha > 0)
                cli_draw_pixel(to, x, y, *p, 1);
        }
    draw_borders(to, &drawn, palette);
    free(shape);
}

/* ---- one class, soft --------------------------------------------------------------- */

static void tint_and_label(const tsr_image *to, const tsr_plane *soft, int level, cli_paint paint)
{
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            uint8_t *m = soft->pixel + (size_t)y * (size_t)to->width + (size_t)x;
            cli_draw_pixel(to, x, y, paint, (float)*m / 255);
            *m = *m >= level;
        }
}

void cli_overlay_mask(const tsr_image *to, const tsr_plane *mask, int level, float cell,
                      cli_paint paint)
{
    const size_t pixels = (size_t)mask->width * (size_t)mask->height;
    const size_t longest = (size_t)(mask->width > mask->height ? mask->width : mask->height);
    const tsr_plane soft = { malloc(pixels + longest), mask->width, mask->height };
    const cli_paint palette[256] = { { 0, 0, 0, 0 }, paint };
    if (!soft.pixel)
        return;
    memcpy(soft.pixel, mask->pixel, pixels);
    smooth(&soft, smoothing_radius(to, cell), soft.pixel + pixels);
    tint_and_label(to, &soft, level, paint);
    draw_borders(to, &soft, palette);
    free(soft.pixel);
}

/* ---- legend ------------------------------------------------------------------------ */

static void percent_text(float share, char text[16])
{
    /* Two digits that mean something; never "0 %" for something that is there. */
    const float p = 100 * share;
    snprintf(text, 16, p < 0.1f ? "<0.1%%" : p < 9.95f ? "%.1f%%" : "%.0f%%", (double)p);
}

/* Everything follows from the height of a capital letter. */
typedef struct { float size, pad, row, swatch, name, share; } metrics;

static metrics measure(const cli_legend_row *rows, int count, float size)
{
    const cli_paint none = { 0, 0, 0, 0 };
    const cli_spot zero = { 0, 0 };
    metrics m = { size, size * 1.1f, size * 2.1f, size * 1.35f, 0, 0 };
    for (int i = 0; i < count; i++) {
        char text[16] = "";
        if (rows[i].share >= 0)
            percent_text(rows[i].share, text);
        m.name = fmaxf(m.name, cli_draw_text(NULL, zero, size, rows[i].text, none));
        m.share = fmaxf(m.share, cli_draw_text(NULL, zero, size, text, none));
    }
    return m;
}

static float panel_width(const metrics *m)
{
    return 2 * m->pad + m->swatch + 0.8f * m->size + m->name + (m->share > 0 ? 1.4f * m->size : 0) +
           m->share;
}

static float panel_height(const metrics *m, int count)
{
    return 2 * m->pad + m->row * (float)(count - 1) + m->swatch;
}

/* Swatch, name, and the share at the panel's right edge. */
static void draw_row(const tsr_image *to, const metrics *m, const cli_legend_row *row,
                     float left, float top, float right)
{
    static const cli_paint ink = { 244, 247, 250, 1 }, faint = { 190, 198, 208, 1 };
    const float base = top + (m->swatch + m->size) / 2;
    const cli_rect swatch = { left, top, left + m->swatch, top + m->swatch };
    cli_draw_rect(to, &swatch, m->swatch * 0.28f, 0, row->swatch);
    cli_draw_rect(to, &swatch, m->swatch * 0.28f, fmaxf(m->size / 10, 1),
                  (cli_paint){ 255, 255, 255, 0.85f });
    cli_draw_text(to, (cli_spot){ left + m->swatch + 0.8f * m->size, base }, m->size,
                  row->text, ink);
    if (row->share >= 0) {
        char text[16];
        percent_text(row->share, text);
        const float w = cli_draw_text(NULL, (cli_spot){ 0, 0 }, m->size, text, faint);
        cli_draw_text(to, (cli_spot){ right - w, base }, m->size, text, faint);
    }
}

void cli_overlay_legend(const tsr_image *to, const cli_legend_row *rows, int count)
{
    enum { SMALLEST = 5 };
    static const cli_paint panel = { 16, 20, 28, 0.74f };
    if (count < 1)
        return;
    float size = fmaxf(shorter_side(to) / 40, 8);
    metrics m = measure(rows, count, size);
    const float margin = 0.9f * size;
    const float room = fminf(((float)to->width - 2 * margin) / panel_width(&m),
                             ((float)to->height - 2 * margin) / panel_height(&m, count));
    if (room < 1) {
        size *= room;
        m = measure(rows, count, size);
    }
    if (!(size >= SMALLEST))
        return;
    const float x0 = margin, y1 = (float)to->height - margin;
    const cli_rect r = { x0, y1 - panel_height(&m, count), x0 + panel_width(&m), y1 };
    cli_draw_rect(to, &r, 0.9f * m.size, 0, panel);
    for (int i = 0; i < count; i++)
        draw_row(to, &m, &rows[i], r.x0 + m.pad, r.y0 + m.pad + m.row * (float)i, r.x1 - m.pad);
}
