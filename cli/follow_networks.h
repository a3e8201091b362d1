/*
 * follow_networks.h - a detector and a landmark network for hands, faces or bodies, and
 * what `tarsier hands`, `faces` and `pose` share: opening, looking, telling.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FOLLOW_NETWORKS_H
#define CLI_FOLLOW_NETWORKS_H

#include "cli/pictures.h"
#include "models/follow.h"

/* At most so many, unless the user says: a video's detector rests when all are found. */
enum { CLI_FOLLOW_PICTURE = 32, CLI_FOLLOW_VIDEO = 2 };

typedef struct {
    cli_network detector, landmarks;
    tsr_follower follower;
    tsr_following state;
    void *memory;
    int most;                   /* 0: as above */
    char names[128];            /* of both networks */
} cli_follow;

/* What one look found; the points are allocated with the first. */
typedef struct {
    tsr_sighting seen[TSR_FOLLOWED];
    tsr_point *points;
    int count;
    bool video;                 /* ids mean something */
    double ms;                  /* of the networks */
} cli_sightings;

typedef struct {
    const tsr_follow_kind *what;
    const char *detector, *landmarks;   /* names or files */
} cli_follow_choice;

TSR_MUST_USE tsr_status cli_follow_open(cli_follow *f, const cli_follow_choice *choice,
                                        const cli_picture_options *o, tsr_error *err);
void cli_follow_close(cli_follow *f);           /* zeroed is fine */

/* Another picture or video comes: what was followed is forgotten, ids start from 1. */
void cli_follow_restart(cli_follow *f);

TSR_MUST_USE tsr_status cli_follow_look(cli_follow *f, const cli_frame *frame,
                                        cli_sightings *found, tsr_error *err);
void cli_sightings_drop(cli_sightings *found);

/* score, x, y, width, height into an object. */
void cli_box_tell(const tsr_box *box, cJSON *object);

#endif
