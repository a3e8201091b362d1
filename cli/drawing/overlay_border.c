/*
 * overlay_border.c - see overlay_border.h.
 *
 * A border runs along the cracks between pixels of different classes.  The middle
 * of each crack stamps a disc into a plane of coverage, where the larger value
 * stays: discs a pixel apart merge into a smooth band, and the picture is touched
 * only once, at the end.  A crack's middle lies in one of two ways in its pixel, so there
 * are only two discs to calculate.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/drawing/overlay_border.h"

/* Discs with a soft rim around the middles of the two cracks of a pixel, the one to its right
 * and the one below it: squares of 2 reach + 2 pixels, the pixel itself at (reach, reach). */
typedef struct {
    int reach;
    const uint8_t *right, *below;
} stamps;

static int stamp_side(int reach) { return 2 * reach + 2; }

static void make_disc(uint8_t *to, int reach, float cx, float cy, float radius)
{
    const int side = stamp_side(reach);
    for (int i = 0; i < side * side; i++) {
        const float x = (float)(i % side - reach) + 0.5f, y = (float)(i / side - reach) + 0.5f;
        const float d = hypotf(x - cx, y - cy) - radius;
        to[i] = (uint8_t)(fminf(fmaxf(0.5f - d, 0), 1) * 255);
    }
}

/* Into the plane, where it is more than what is there. */
static void stamp(const tsr_plane *cover, const uint8_t *disc, int reach, int x, int y)
{
    const int side = stamp_side(reach), left = x - reach, top = y - reach;
    const int x0 = left < 0 ? -left : 0, y0 = top < 0 ? -top : 0;
    const int x1 = left + side > cover->width ? cover->width - left : side;
    const int y1 = top + side > cover->height ? cover->height - top : side;
    for (int i = y0; i < y1; i++) {
        uint8_t *c = cover->pixel + (size_t)(top + i) * (size_t)cover->width + left;
        for (int k = x0; k < x1; k++)
            c[k] = c[k] > disc[i * side + k] ? c[k] : disc[i * side + k];
    }
}

static bool differ(const cli_paint *palette, uint8_t a, uint8_t b)
{
    return a != b && (palette[a].alpha > 0 || palette[b].alpha > 0);
}

/* Are eight pixels like their neighbours to the right and below?  Nearly all are. */
static bool all_alike(const uint8_t *l, const uint8_t *below)
{
    return memcmp(l, l + 1, 8) == 0 && memcmp(l, below, 8) == 0;
}

static void stamp_borders(const tsr_plane *cover, const tsr_plane *labels,
                          const cli_paint *palette, const stamps *s)
{
    const int w = labels->width, h = labels->height;
    for (int y = 0; y < h; y++) {
        const uint8_t *l = labels->pixel + (size_t)y * (size_t)w;
        const uint8_t *below = y + 1 < h ? l + w : l;
        for (int x = 0; x < w; x++) {
            if (x + 8 < w && all_alike(l + x, below + x)) {
                x += 7;
                continue;
            }
            if (x + 1 < w && differ(palette, l[x], l[x + 1]))
                stamp(cover, s->right, s->reach, x, y);
            if (differ(palette, l[x], below[x]))
                stamp(cover, s->below, s->reach, x, y);
        }
    }
}

void cli_overlay_borders(const tsr_image *to, const tsr_plane *labels, const cli_paint *palette,
                         uint8_t *work)
{
    static const cli_paint edge = { 255, 255, 255, 0.9f };
    const float radius = fmaxf(cli_shorter_side(to) / 420, 0.6f);
    const int reach = (int)radius + 2;
    const size_t disc = (size_t)stamp_side(reach) * (size_t)stamp_side(reach);
    const tsr_plane cover = { work, labels->width, labels->height };
    cli_mix mix[256];
    uint8_t *discs = malloc(2 * disc);
    if (!discs)
        return;
    make_disc(discs, reach, 1, 0.5f, radius);
    make_disc(discs + disc, reach, 0.5f, 1, radius);
    memset(work, 0, (size_t)labels->width * (size_t)labels->height);
    stamp_borders(&cover, labels, palette, &(stamps){ reach, discs, discs + disc });
    for (int i = 0; i < 256; i++)
        mix[i] = cli_mix_of(edge, (float)i / 255);
    cli_draw_plane(to, &cover, mix);
    free(discs);
}
