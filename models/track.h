/*
 * track.h - the same thing again in the next frame: smooth points, boxes that
 * move, and numbers that stay with them.
 *
 *     boxes of a frame -> tsr_tracker_step  -> an id for each box
 *     points of an id  -> tsr_smoother_step -> the same points without the tremble
 *
 * Each part can be used by itself.  Nothing allocates: states are structs of the
 * caller's, or live in memory that the caller brings.  Times are seconds on any
 * clock that a video keeps; frames may be late, missing, or come twice.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TRACK_H
#define TSR_TRACK_H

#include "models/vision.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one number: the One-Euro filter ------------------------------------------- */

/* From which value the speed is taken: from the filtered one (as the paper's authors
 * do since 2023) or from the one that was measured (as MediaPipe does). */
typedef enum { TSR_PREVIOUS_FILTERED, TSR_PREVIOUS_RAW } tsr_one_euro_previous;

typedef struct {
    float min_cutoff;           /* Hz at rest: lower trembles less                   */
    float beta;                 /* Hz for each unit of speed: higher lags less       */
    float speed_cutoff;         /* Hz, for the speed itself; 1 is usual              */
    tsr_one_euro_previous previous;
} tsr_one_euro_how;

/* All zero: nothing seen yet, which is also how to forget. */
typedef struct {
    double seconds;
    float raw, value, speed;
    bool started;
} tsr_one_euro;

/* The next value, filtered.  `scale` turns the value's unit into the one that beta was
 * chosen for: 1, or 1 / size of the object, so that near and far hands are filtered
 * alike.  The first value passes.  At a time that is not later than the last one the
 * value passes, too, and nothing is remembered; a value that is not finite gives the
 * last filtered one. */
float tsr_one_euro_step(tsr_one_euro *f, const tsr_one_euro_how *how, float value,
                        double seconds, float scale);

/* ---- points of several tracks ------------------------------------------------------ */

typedef struct {
    int tracks, points;
    uint32_t *id;               /* [tracks]; 0: free                          */
    double *seen;               /* [tracks]                                   */
    tsr_one_euro *axis;         /* [tracks][points][3]: x, y, z               */
} tsr_smoother;

/* Memory of tsr_smoother_bytes(), for so many points of so many tracks at once. */
size_t tsr_smoother_bytes(int tracks, int points);
tsr_smoother tsr_smoother_make(int tracks, int points, void *memory);
void tsr_smoother_reset(tsr_smoother *s);

/* Which points to smooth, and when they were seen. */
typedef struct {
    uint32_t id;                /* 0: not a track, left as it is */
    double seconds;
    float size;                 /* of the object, in the points' unit: (width + height) / 2 */
} tsr_smoother_track;

/* Filters the points in place.  Points of score 0 start anew when they return; so does
 * a track that was away for longer than a tenth of a second.  When there is no room for one
 * more track, the one that was away longest is forgotten. */
void tsr_smoother_step(tsr_smoother *s, const tsr_one_euro_how *how,
                       const tsr_smoother_track *track, tsr_point *points, int count);

/* ---- one box: a Kalman filter of constant velocity ---------------------------------- */

/* A number and its speed, with the covariance of the two. */
typedef struct { float x, v, xx, xv, vv; } tsr_motion;

/* Middle, area and aspect ratio of a box; the ratio has no speed.  In pixels: the noise
 * that the filter expects is about a pixel. */
typedef struct { tsr_motion u, v, area, ratio; } tsr_box_motion;

/* The box must be finite and have an area. */
void tsr_box_motion_start(tsr_box_motion *m, const tsr_box *box);
void tsr_box_motion_predict(tsr_box_motion *m, float frames);
void tsr_box_motion_correct(tsr_box_motion *m, const tsr_box *box);
/* Where it is: corners only. */
tsr_box tsr_box_motion_box(const tsr_box_motion *m);

/* ---- who is who --------------------------------------------------------------------- */

enum { TSR_TRACKS = 32 };

/* Pair rows with columns so that the sum of gains is largest; pairs of gain <= 0 are
 * none.  `gain` is [rows][TSR_TRACKS]; column[row] is -1 without a partner. */
void tsr_assign(const float (*gain)[TSR_TRACKS], int rows, int columns, int *column);

typedef struct {
    uint32_t id;                /* from 1 on, never given twice   */
    double seen;                /* when it was last seen          */
    tsr_box last;               /* and where: corners only        */
    tsr_box_motion motion;      /* where it should be now         */
} tsr_track;

typedef struct {
    float overlap;              /* least IoU of a box with where the track should be: 0.3  */
    float memory;               /* seconds that a track that is away keeps its number: 1   */
    int count;
    uint32_t last_id;
    double seconds;
    tsr_track track[TSR_TRACKS];
} tsr_tracker;

/* Ids start from 1.  Reset forgets the tracks, but not which ids were given. */
void tsr_tracker_start(tsr_tracker *t);
void tsr_tracker_reset(tsr_tracker *t);

/* A number for each of a frame's boxes.  0, none: the box is empty or not finite, or all
 * TSR_TRACKS tracks are in sight.  Boxes beyond the first TSR_TRACKS get 0. */
void tsr_tracker_step(tsr_tracker *t, const tsr_box *boxes, int count, double seconds,
                      uint32_t *ids);

#ifdef __cplusplus
}
#endif

#endif
