/*
 * face_finder.h - a network that gives boxes around faces, of any of the kinds that
 * are known, told apart by the shapes of their outputs.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FACE_FINDER_H
#define CLI_FACE_FINDER_H

#include "cli/pictures.h"
#include "models/detect.h"

enum { CLI_FACE_BOXES = 256 };

typedef enum { CLI_FACES_BLAZE, CLI_FACES_YUNET, CLI_FACES_ULTRAFACE } cli_face_kind;

typedef struct {
    cli_network net;
    cli_face_kind kind;
    float threshold;
    tsr_detector_heads blaze;
    tsr_yunet yunet;
    tsr_ultraface ultraface;
} cli_face_finder;

TSR_MUST_USE tsr_status cli_face_finder_open(cli_face_finder *f, const char *name,
                                             const cli_picture_options *o, tsr_error *err);
void cli_face_finder_close(cli_face_finder *f);         /* zeroed is fine */

/* Best first, in pixels of the picture; `box` has room for CLI_FACE_BOXES. */
TSR_MUST_USE tsr_status cli_face_finder_look(cli_face_finder *f, const tsr_image *picture,
                                             tsr_box *box, int *count, tsr_error *err);

/* Of a box with so many points: 6 of BlazeFace, 5 of YuNet. */
const char *cli_face_point_name(int points, int index);

#endif
