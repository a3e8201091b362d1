/*
 * plane_blur.h - smooth edges for masks.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PLANE_BLUR_H
#define CLI_PLANE_BLUR_H

#include "models/vision.h"

enum { CLI_BLUR_MOST = 100 };   /* radius; larger ones count as this */

/* In place, through a box of 2 radius + 1 pixels a side, twice: edges lose the network's
 * raster and keep their place.  `work` of cli_plane_blur_bytes(), as malloc aligns. */
size_t cli_plane_blur_bytes(const tsr_plane *p);
void cli_plane_blur(const tsr_plane *p, int radius, void *work);

#endif
