/*
 * follow_fixture.h - hands, faces and bodies with the published weights, for tests.
 * SPDX-License-Identifier: MIT
 */
#ifndef FOLLOW_FIXTURE_H
#define FOLLOW_FIXTURE_H

#include "tests/fixture.h"
#include "cli/image.h"
#include "cli/network.h"
#include "models/follow.h"

typedef struct {
    cli_network detector, landmarks;
    tsr_follower follower;
    tsr_following state;
    void *memory, *work;
    tsr_sighting seen[TSR_FOLLOWED];
    tsr_point *points;
    int count;
} follow_fixture;

static inline cli_network fixture_network(const char *file, tsr_task task)
{
    const cli_network_hint none = { 0 };
    char path[FIXTURE_PATH];
    cli_network n;
    tsr_error err = { 0 };
    fixture_need("TARSIER_MODELS", file, path);
    if (cli_network_open(path, task, 1, &none, &n, &err) != TSR_OK)
        fail_msg("%s", err.text);
    return n;
}

static inline tsr_image fixture_picture(const char *name)
{
    char path[FIXTURE_PATH];
    tsr_image p;
    tsr_error err = { 0 };
    fixture_need("TARSIER_IMAGES", name, path);
    if (cli_image_load(path, &p, &err) != TSR_OK)
        fail_msg("%s", err.text);
    return p;
}

/* Bodies' networks come from npm ('tarsier models fetch'): not everywhere. */
static inline bool fixture_has_bodies(void)
{
    char path[FIXTURE_PATH];
    const bool both = fixture_find("TARSIER_MODELS", "pose_detection.tflite", path)
                   && fixture_find("TARSIER_MODELS", "pose_landmark_lite.tflite", path);
    if (!both)
        print_message("BlazePose is not in TARSIER_MODELS: not tested\n");
    return both;
}

static inline void fixture_follow(follow_fixture *f, const tsr_follow_kind *what, int wanted)
{
    const char *detector = what == &tsr_follow_hands ? "palm_detection_lite.tflite"
        : what == &tsr_follow_faces ? "face_detection_short_range.tflite" : "pose_detection.tflite";
    const char *landmarks = what == &tsr_follow_hands ? "hand_landmark_lite.tflite"
        : what == &tsr_follow_faces ? "face_landmark.tflite" : "pose_landmark_lite.tflite";
    tsr_error err = { 0 };
    memset(f, 0, sizeof *f);
    f->detector = fixture_network(detector, TSR_TASK_DETECT);
    f->landmarks = fixture_network(landmarks, TSR_TASK_LANDMARK);
    f->follower = (tsr_follower){
        .what = what, .detector = f->detector.session.session,
        .landmarks = f->landmarks.session.session, .detector_how = f->detector.how,
        .threshold = 0.5f, .wanted = wanted, .smooth = true,
    };
    if (tsr_follower_open(&f->follower, &err) != TSR_OK)
        fail_msg("%s", err.text);
    f->memory = malloc(tsr_following_bytes(&f->follower));
    tsr_following_start(&f->state, &f->follower, f->memory);
    f->points = calloc((size_t)(TSR_FOLLOWED * what->points), sizeof *f->points);
    for (int i = 0; i < TSR_FOLLOWED; i++)
        f->seen[i].point = f->points + i * what->points;
}

/* One frame; f->seen and f->count say what is in it.  All frames have one size. */
static inline void fixture_frame(follow_fixture *f, const tsr_image *p, double seconds)
{
    tsr_error err = { 0 };
    if (!f->work)
        f->work = malloc(tsr_follow_bytes(&f->follower, p));
    const tsr_view view = { *p, seconds, f->work };
    if (tsr_follow(&f->follower, &f->state, &view, f->seen, &f->count, &err) != TSR_OK)
        fail_msg("%s", err.text);
}

static inline void fixture_unfollow(follow_fixture *f)
{
    cli_network_close(&f->detector);
    cli_network_close(&f->landmarks);
    free(f->memory);
    free(f->work);
    free(f->points);
}

#endif
