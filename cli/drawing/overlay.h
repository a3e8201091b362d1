/*
 * overlay.h - results drawn onto the photograph: skeletons, masks, boxes, legends.
 * Sizes follow the picture's, so that a thumbnail and a poster look alike.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OVERLAY_H
#define CLI_OVERLAY_H

#include "cli/drawing/draw.h"

/* Limbs between points of at least `threshold`, then the points.  The person's left
 * is warm, the right is cool, the middle light; colours deepen towards hands and feet. */
void cli_overlay_skeleton(const tsr_image *to, const tsr_skeleton *skeleton,
                          const tsr_point *points, float threshold);

/* Tint each pixel with its class's paint, and draw the borders between classes.
 * `palette` has 256 entries; classes of alpha 0 are the background.  `cell` is the size
 * of one of the network's own pixels, in pixels of the picture: steps of that size
 * are smoothed away.  Without memory for that, a few bytes a pixel, nothing is drawn. */
void cli_overlay_labels(const tsr_image *to, const tsr_plane *labels, float cell,
                        const cli_paint *palette);

/* The same for one class with a soft edge: 0..255 a pixel, border at `level`. */
void cli_overlay_mask(const tsr_image *to, const tsr_plane *mask, int level, float cell,
                      cli_paint paint);

typedef struct {
    const char *text;
    cli_paint swatch;
    float share;                /* 0..1, shown as a percentage; < 0: not shown */
} cli_legend_row;

/* A panel in the bottom left corner; smaller when it does not fit, nothing at all
 * when it could not be read. */
void cli_overlay_legend(const tsr_image *to, const cli_legend_row *rows, int count);

/* A short text on a plate, above a spot. */
void cli_overlay_tag(const tsr_image *to, cli_spot at, const char *text);

/* A frame with its key points and its score above it. */
void cli_overlay_box(const tsr_image *to, const tsr_box *box, const char *caption);

#endif
