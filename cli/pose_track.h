/*
 * pose_track.h - people from frame to frame of a video: a number for each, and joints
 * that do not tremble.   SPDX-License-Identifier: MIT
 */
#ifndef CLI_POSE_TRACK_H
#define CLI_POSE_TRACK_H

#include "models/track.h"

typedef struct {
    tsr_one_euro_how how;
    bool raw;                   /* leave the joints as the network says */
    tsr_tracker tracker;
    tsr_smoother smoother;
    void *memory;               /* the smoother's */
} pose_tracks;

TSR_MUST_USE tsr_status pose_tracks_open(pose_tracks *t, int points, tsr_error *err);
void pose_tracks_close(pose_tracks *t);         /* zeroed is fine */

/* Another video begins. */
void pose_tracks_forget(pose_tracks *t);

/* ids[i] for each person, 0 for one that cannot be followed; their joints are smoothed
 * in place.  Joints of at least `threshold` say where a person is. */
void pose_tracks_step(pose_tracks *t, tsr_person *people, int count, float threshold,
                      double seconds, uint32_t *ids);

#endif
