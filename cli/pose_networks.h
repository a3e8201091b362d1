/*
 * pose_networks.h - the kinds of networks that find joints, behind one face.
 *
 *     heatmaps    one person, a map for each joint (hourglass, CPM, files)
 *     BlazePose   a detector of people, then 33 points of each
 *     PoseNet     everyone at once, 17 points each
 *     stacked     the original stacked hourglass: one person, whose place is known
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_POSE_NETWORKS_H
#define CLI_POSE_NETWORKS_H

#include "cli/follow_networks.h"
#include "cli/pose_track.h"

enum { POSE_MAX_PEOPLE = TSR_TRACKS, POSE_NAME = 24 };

typedef enum { POSE_HEATMAPS, POSE_BLAZE, POSE_POSENET, POSE_STACKED } pose_kind;

typedef struct {
    pose_kind kind;
    cli_network net;            /* the only network, or */
    cli_follow blaze;           /* BlazePose's two      */
    tsr_posenet heads;
    tsr_posenet_rules rules;
    cli_person person;          /* for the stacked hourglass */
    pose_tracks tracks;         /* in a video; BlazePose follows by itself */
    int most;                   /* people */
    float threshold;            /* least score of a joint that is shown */
    const tsr_skeleton *skeleton;
    tsr_skeleton unknown;       /* a network of the user's: points without limbs */
    const char *unknown_name[TSR_MAX_POINTS];
    char unknown_text[TSR_MAX_POINTS][POSE_NAME];
} pose_networks;

typedef struct {
    tsr_person people[POSE_MAX_PEOPLE];
    uint32_t id[POSE_MAX_PEOPLE];   /* of each; 0 in pictures */
    int count;
    double ms;                  /* of the networks */
} pose_found;

/* `p` zeroed; to be closed whatever this says. */
TSR_MUST_USE tsr_status pose_networks_open(pose_networks *p, const cli_picture_options *o,
                                           tsr_error *err);
void pose_networks_close(pose_networks *p);

/* What comes next has nothing to do with what was: ids start from 1 again. */
void pose_networks_restart(pose_networks *p);

TSR_MUST_USE tsr_status pose_networks_look(pose_networks *p, const cli_frame *frame,
                                           pose_found *f, tsr_error *err);

/* How many joints of this one are surer than the threshold. */
int pose_joints_shown(const pose_networks *p, const tsr_person *one);

/* What the user knows the network by. */
const char *pose_networks_name(const pose_networks *p);

#endif
