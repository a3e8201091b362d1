/*
 * gesture_head.h - a head with what it looks at and what its classes are called.
 *
 * Two sorts: heads that `tarsier gesture train` wrote, which say in their names what
 * they want; and published networks that turn the 21 points of a hand into scores, of
 * which only the shapes tell ([1,42] -> [1,classes]).
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_GESTURE_HEAD_H
#define CLI_GESTURE_HEAD_H

#include "cli/class_names.h"
#include "cli/gesture/gesture_features.h"
#include "cli/pictures.h"

typedef struct {
    cli_model model;
    cli_session session;
    cli_features features;
    cli_class_names names;
    bool published;
    char title[CLI_FEATURES_TEXT];  /* the file's name */
} cli_gesture_head;

/* `h` zeroed; to be closed whatever this says. */
TSR_MUST_USE tsr_status cli_gesture_head_open(cli_gesture_head *h, const cli_picture_options *o,
                                              tsr_error *err);
void cli_gesture_head_close(cli_gesture_head *h);

/* Scores of an embedding of length 1, from the session's memory. */
const tsr_tensor *cli_gesture_head_run(cli_gesture_head *h, const float *x);

#endif
