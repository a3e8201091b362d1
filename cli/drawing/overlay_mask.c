/*
 * overlay_mask.c - see overlay.h: class colours and their legend.
 *
 * A network's mask is coarse.  Blurred, its values cross the level along a smooth line near
 * the ragged one; several classes are blurred one by one, and the largest wins.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/drawing/overlay.h"
#include "cli/drawing/overlay_border.h"
#include "cli/drawing/plane_blur.h"

/* ---- smoothing ---------------------------------------------------------------------- */

/* Nearly two of the network's pixels, and what the eye takes for ragged anyway. */
static int smoothing_radius(const tsr_image *to, float cell)
{
    return (int)fminf(fmaxf(cell * 0.9f, cli_shorter_side(to) / 200), CLI_BLUR_MOST);
}

/* Which classes are there.  Those that are not drawn count as one, the background. */
static void list_classes(const tsr_plane *in, const cli_paint *palette, bool there[256])
{
    const size_t pixels = (size_t)in->width * (size_t)in->height;
    bool seen[256] = { false };
    for (size_t i = 0; i < pixels; i++)
        seen[in->pixel[i]] = true;
    for (int c = 0; c < 256; c++)
        there[palette[c].alpha > 0 ? c : 0] |= seen[c];
}

/* 255 where the class is, else 0. */
static void select_class(const tsr_plane *in, const cli_paint *palette, int class,
                         uint8_t *restrict out)
{
    const size_t pixels = (size_t)in->width * (size_t)in->height;
    uint8_t behind[256];
    for (int c = 0; c < 256; c++)
        behind[c] = c == 0 || !(palette[c].alpha > 0) ? 255 : 0;
    for (size_t i = 0; i < pixels && class == 0; i++)
        out[i] = behind[in->pixel[i]];
    for (size_t i = 0; i < pixels && class != 0; i++)
        out[i] = in->pixel[i] == class ? 255 : 0;
}

/* What a drawing needs besides the picture, in one block. */
typedef struct {
    uint8_t *labels, *most, *weight;    /* a plane each */
    void *blur;
} scratch;

static bool scratch_open(scratch *s, const tsr_plane *like, int planes)
{
    const size_t pixels = (size_t)like->width * (size_t)like->height;
    const size_t blur = (cli_plane_blur_bytes(like) + 15) / 16 * 16;
    uint8_t *block = malloc(blur + (size_t)planes * pixels);
    if (!block)
        return false;
    *s = (scratch){ block + blur, NULL, NULL, block };
    if (planes > 1) {
        s->most = s->labels + pixels;
        s->weight = s->most + pixels;
    }
    return true;
}

/* Of what is around each pixel, the class with most weight: specks go, borders are
 * smooth. */
static void smooth_labels(const tsr_plane *in, const cli_paint *palette, int radius,
                          const scratch *s)
{
    const size_t pixels = (size_t)in->width * (size_t)in->height;
    const tsr_plane weight = { s->weight, in->width, in->height };
    uint8_t *restrict most = s->most, *restrict out = s->labels;
    bool there[256] = { false };
    list_classes(in, palette, there);
    memset(most, 0, pixels);
    memset(out, 0, pixels);
    for (int c = 0; c < 256; c++) {
        if (!there[c])
            continue;
        const uint8_t class = (uint8_t)c, *restrict w = weight.pixel;
        select_class(in, palette, c, weight.pixel);
        cli_plane_blur(&weight, radius, s->blur);
        for (size_t i = 0; i < pixels; i++) {
            out[i] = w[i] > most[i] ? class : out[i];
            most[i] = w[i] > most[i] ? w[i] : most[i];
        }
    }
}

void cli_overlay_labels(const tsr_image *to, const tsr_plane *labels, float cell,
                        const cli_paint *palette)
{
    scratch s;
    cli_mix mix[256];
    if (!scratch_open(&s, labels, 3))
        return;
    const tsr_plane drawn = { s.labels, labels->width, labels->height };
    smooth_labels(labels, palette, smoothing_radius(to, cell), &s);
    for (int c = 0; c < 256; c++)
        mix[c] = cli_mix_of(palette[c], 1);
    cli_draw_plane(to, &drawn, mix);
    cli_overlay_borders(to, &drawn, palette, s.most);
    free(s.blur);
}

/* ---- one class, soft --------------------------------------------------------------- */

void cli_overlay_mask(const tsr_image *to, const tsr_plane *mask, int level, float cell,
                      cli_paint paint)
{
    const size_t pixels = (size_t)mask->width * (size_t)mask->height;
    const cli_paint palette[256] = { { 0, 0, 0, 0 }, paint };
    scratch s;
    cli_mix mix[256];
    if (!scratch_open(&s, mask, 1))
        return;
    const tsr_plane soft = { s.labels, mask->width, mask->height };
    memcpy(soft.pixel, mask->pixel, pixels);
    cli_plane_blur(&soft, smoothing_radius(to, cell), s.blur);
    for (int i = 0; i < 256; i++)
        mix[i] = cli_mix_of(paint, (float)i / 255);
    cli_draw_plane(to, &soft, mix);
    for (size_t i = 0; i < pixels; i++)
        soft.pixel[i] = soft.pixel[i] >= level;
    cli_overlay_borders(to, &soft, palette, s.blur);
    free(s.blur);
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
    float size = fmaxf(cli_shorter_side(to) / 40, 8);
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
