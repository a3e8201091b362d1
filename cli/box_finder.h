/*
 * box_finder.h - a network that gives boxes, of any of the kinds that are known, told
 * apart by the shapes of their outputs.          SPDX-License-Identifier: MIT
 */
#ifndef CLI_BOX_FINDER_H
#define CLI_BOX_FINDER_H

#include "cli/pictures.h"
#include "models/detect.h"

enum { CLI_BOXES = 256 };

typedef enum { CLI_BLAZE, CLI_YUNET, CLI_ULTRAFACE, CLI_SSD } cli_box_kind;

typedef struct {
    cli_network net;
    cli_box_kind kind;
    const char *thing;          /* what the boxes are around; NULL: classes say */
    float threshold;
    tsr_detector_heads blaze;
    tsr_yunet yunet;
    tsr_ultraface ultraface;
    tsr_ssd ssd;
} cli_box_finder;

/* Of anything, or only of faces. */
TSR_MUST_USE tsr_status cli_box_finder_open(cli_box_finder *f, const char *name, bool faces,
                                            const cli_picture_options *o, tsr_error *err);
void cli_box_finder_close(cli_box_finder *f);           /* zeroed is fine */

/* Best first, in pixels of the picture; room for CLI_BOXES.  class[i] of box[i]: 0 unless
 * the network has classes; `class` may be NULL when only faces are looked for. */
TSR_MUST_USE tsr_status cli_box_finder_look(cli_box_finder *f, const tsr_image *picture,
                                            tsr_box *box, int *class, int *count, tsr_error *err);

/* Of a box around a face with so many points: 6 of BlazeFace, 5 of YuNet. */
const char *cli_face_point_name(int points, int index);

#endif
