/*
 * follow.h - hands, faces and bodies from frame to frame: a detector, landmarks, and no
 * more detector than needed.  On a single picture: the first frame of nothing.
 *
 *     frame t:  squares that the points of frame t - 1 ask for
 *               -> turned crops -> landmark network -> points, "is it one at all?"
 *               + what the detector sees besides, if fewer are left than wanted
 *               -> ids (track.h) -> points without tremble -> squares for frame t + 1
 *
 * The landmark network looks at a crop that is already centred and upright, which is
 * why it can be small; the detector costs more and runs only to find new ones.
 * (Zhang et al., "MediaPipe Hands: On-device Real-time Hand Tracking", 2020;
 * Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video", 2019;
 * Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking", 2020.)
 *
 *     tsr_follower f = { .what = &tsr_follow_hands, .detector = ..., .landmarks = ... };
 *     tsr_follower_open(&f, &err);
 *     tsr_following_start(&state, &f, memory of tsr_following_bytes(&f));
 *     for each frame: tsr_follow(&f, &state, &view, seen, &count, &err);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_FOLLOW_H
#define TSR_FOLLOW_H

#include "models/track.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TSR_FOLLOWED = TSR_TRACKS, TSR_FACE_POINTS = 468, TSR_BODY_POINTS = 33 };

/* A kind of thing that can be followed. */
typedef struct {
    const char *name;           /* "hand"; of several: */
    const char *plural;
    int points;
    int outputs;                /* of the network: the points, and perhaps some more that
                                   only say where to look next                      */
    int per_point;              /* numbers: 3, or 5 with how sure it is of each     */
    bool logit;                 /* presence comes before the sigmoid                */
    const tsr_detector *const *detectors;       /* that find it; NULL ends them     */
    tsr_region (*of_box)(const tsr_box *detected);
    tsr_region (*of_points)(const tsr_point *outputs);
    float overlap, near;        /* squares that share more than `overlap`, or whose middles
                                   are closer than `near` sides, show the same one  */
    float reach;                /* what is followed claims one detection so many sides away
                                   from where its points ask to look                */
    float larger;               /* what is new and not obviously there gets a second look,
                                   so much larger; 0: does not                      */
    tsr_one_euro_how smooth;    /* what suits its points                            */
} tsr_follow_kind;

/* Hands: 21 points (tsr_skeleton_hand21).  Faces: 468 points.  Bodies: the 33 points of
 * BlazePose (tsr_skeleton_body33). */
extern const tsr_follow_kind tsr_follow_hands, tsr_follow_faces, tsr_follow_bodies;

/* Who looks, and how.  The first part is the caller's to fill in. */
typedef struct {
    const tsr_follow_kind *what;
    tsr_session *detector, *landmarks;
    tsr_preprocess detector_how;        /* landmarks always take 0..1 */
    float detector_threshold;           /* 0: the detector's own                     */
    float threshold;                    /* least presence to go on following         */
    int wanted;                         /* at most so many: 1 .. TSR_FOLLOWED        */
    bool smooth;
    double (*clock)(void);              /* any unit, to time the networks; NULL: not */

    tsr_detector_heads heads;           /* from here on: by tsr_follower_open        */
    const tsr_tensor *points, *presence, *right;
    const tsr_tensor *maps;             /* heatmaps of the points; NULL: there are none */
    int side;                           /* of the landmark network's input           */
} tsr_follower;

/* Finds the networks' outputs by their shapes, or says what is missing. */
TSR_MUST_USE tsr_status tsr_follower_open(tsr_follower *f, tsr_error *err);

/* What is remembered from frame to frame. */
typedef struct {
    tsr_tracker tracker;
    tsr_smoother smoother;
    int count;
    tsr_region region[TSR_FOLLOWED];
    int detector_runs;          /* in all                                            */
    double network;             /* of the last look, what the networks took of it    */
} tsr_following;

/* Memory of tsr_following_bytes() must stay for as long as the state is used. */
size_t tsr_following_bytes(const tsr_follower *f);
void tsr_following_start(tsr_following *s, const tsr_follower *f, void *memory);
/* The next frame has nothing to do with the last. */
void tsr_following_reset(tsr_following *s);

/* A frame. */
typedef struct {
    tsr_image image;
    double seconds;             /* rising; what they count from does not matter */
    void *work;                 /* of tsr_follow_bytes() for this picture       */
} tsr_view;

typedef struct {
    uint32_t id;                /* stays while it is followed, and a second longer     */
    float score;                /* presence, 0..1                                      */
    float right;                /* hands: that it is a right one, in a picture that is
                                   not mirrored; else 0                                */
    tsr_region region;          /* where the landmark network looked                   */
    tsr_box box;                /* around the points, those that it is sure of         */
    tsr_point *point;           /* the caller's, room for what->points                 */
    tsr_region next;            /* where the points ask to look in the next frame      */
} tsr_sighting;

/* `seen` has room for f->wanted, each with its room for points.  In the order in which
 * they came to be followed. */
size_t tsr_follow_bytes(const tsr_follower *f, const tsr_image *picture);
TSR_MUST_USE tsr_status tsr_follow(const tsr_follower *f, tsr_following *s, const tsr_view *view,
                                   tsr_sighting *seen, int *count, tsr_error *err);

/* The square that the points of a hand, of a face, or all outputs of a body, ask for. */
tsr_region tsr_region_of_hand_points(const tsr_point *points);
tsr_region tsr_region_of_face_points(const tsr_point *points);
tsr_region tsr_region_of_body_points(const tsr_point *outputs);

/* ---- a face's points --------------------------------------------------------------- */

typedef enum { TSR_CONTOUR_LINE, TSR_CONTOUR_RING } tsr_contour_kind;

typedef struct {
    const char *name;           /* "left_eye"                  */
    tsr_contour_kind kind;      /* ring: the last joins the first */
    int count;
    uint16_t point[36];
} tsr_contour;

enum { TSR_FACE_CONTOURS = 9, TSR_FACE_FEATURES = 6 };
extern const tsr_contour tsr_face_contours[TSR_FACE_CONTOURS];

/* The six points that detectors give: right eye, left eye, nose, mouth, right ear,
 * left ear. */
void tsr_face_features(const tsr_point *points, tsr_point feature[TSR_FACE_FEATURES]);

#ifdef __cplusplus
}
#endif

#endif
