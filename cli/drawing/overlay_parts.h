/*
 * overlay_parts.h - hands and faces drawn onto the photograph.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OVERLAY_PARTS_H
#define CLI_OVERLAY_PARTS_H

#include "cli/drawing/draw.h"

/* 21 points: each finger in a colour of its own, the palm light.  The caption stands
 * at the wrist. */
void cli_overlay_hand(const tsr_image *to, const tsr_point *points, const char *caption);

/* 468 points: oval, brows, eyes, nose and lips as lines.  The caption stands below
 * the chin; "": none. */
void cli_overlay_face(const tsr_image *to, const tsr_point *points, const char *caption);

#endif
