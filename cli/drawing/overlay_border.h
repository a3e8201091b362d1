/*
 * overlay_border.h - lines between the classes of a picture.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OVERLAY_BORDER_H
#define CLI_OVERLAY_BORDER_H

#include "cli/drawing/draw.h"

/* Between pixels of different classes, unless neither has a paint (alpha 0).  `work` has
 * room for a byte a pixel.  Without memory for two small discs there are no borders. */
void cli_overlay_borders(const tsr_image *to, const tsr_plane *labels, const cli_paint *palette,
                         uint8_t *work);

#endif
