/*
 * follow_kinds.c - what is special about hands, faces and bodies.
 *
 * A hand's square, from its points.  Fingers come and go, so the square goes by the
 * wrist and the lower joints.  "Up" is from the wrist to the middle of the knuckles,
 * halfway between the middle finger's and the mean of its neighbours':
 *
 *     d = ((p5 + p13) / 2 + p9) / 2 - p0       angle: turns d upwards
 *     box around {0,1,2,3,5,6,9,10,13,14,17,18} in axes turned by that angle
 *     square = 2 x its longer side, moved a tenth of its height towards the fingers
 *
 * A face's: the upright box around all points, turned by the line between the outer
 * corners of the eyes, 1.5 x its longer side.  (Factors belong to the networks.)
 *
 * A body's: two of the network's outputs behind the 33 points are what the detector gives,
 * the middle of the hips and the top of the circle around the person.  That square is two
 * people wide, and the detector tells neighbours apart: only squares that nearly agree
 * are the same person.  But of a face and shoulders that fill the picture the two networks'
 * guesses differ by a quarter of that square and more: that far a body claims a detection.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/follow.h"

static const float half_pi = 1.57079633f, two_pi = 6.28318531f;

static const tsr_detector *const palms[] = { &tsr_palm, &tsr_palm_2020, NULL };
static const tsr_detector *const bodies[] = { &tsr_body, NULL };
static const tsr_detector *const faces[] = {
    &tsr_face_short_range, &tsr_face_full_range, &tsr_face_back, NULL
};

/* Into -pi..pi. */
static float wrap(float a) { return a - two_pi * floorf(a / two_pi + 0.5f); }

/* Of some of the points, in axes turned by `angle`: the middle of their box, in the
 * picture, and the box's width and height. */
typedef struct { float x, y, w, h; } extent;

static extent extent_of(const tsr_point *p, const uint8_t *which, int count, float angle)
{
    const float c = cosf(angle), s = sinf(angle);
    float u0 = INFINITY, v0 = INFINITY, u1 = -INFINITY, v1 = -INFINITY;
    for (int i = 0; i < count; i++) {
        const tsr_point *q = &p[which ? which[i] : i];
        const float u = c * q->x + s * q->y, v = c * q->y - s * q->x;
        u0 = fminf(u0, u);
        u1 = fmaxf(u1, u);
        v0 = fminf(v0, v);
        v1 = fmaxf(v1, v);
    }
    const float u = (u0 + u1) / 2, v = (v0 + v1) / 2;
    return (extent){ c * u - s * v, s * u + c * v, u1 - u0, v1 - v0 };
}

tsr_region tsr_region_of_hand_points(const tsr_point *p)
{
    static const uint8_t steady[] = { 0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18 };
    const float x = ((p[5].x + p[13].x) / 2 + p[9].x) / 2 - p[0].x;
    const float y = ((p[5].y + p[13].y) / 2 + p[9].y) / 2 - p[0].y;
    const float angle = wrap(half_pi - atan2f(-y, x));
    const extent e = extent_of(p, steady, sizeof steady, angle);
    return (tsr_region){
        .x = e.x + 0.1f * e.h * sinf(angle), .y = e.y - 0.1f * e.h * cosf(angle),
        .side = 2 * fmaxf(e.w, e.h), .angle = angle,
    };
}

tsr_region tsr_region_of_face_points(const tsr_point *p)
{
    enum { RIGHT_EYE = 33, LEFT_EYE = 263 };
    const extent e = extent_of(p, NULL, TSR_FACE_POINTS, 0);
    return (tsr_region){
        .x = e.x, .y = e.y, .side = 1.5f * fmaxf(e.w, e.h),
        .angle = atan2f(p[LEFT_EYE].y - p[RIGHT_EYE].y, p[LEFT_EYE].x - p[RIGHT_EYE].x),
    };
}

tsr_region tsr_region_of_body_points(const tsr_point *p)
{
    return tsr_region_of_body(&(tsr_box){
        .points = 2, .point = { p[TSR_BODY_POINTS], p[TSR_BODY_POINTS + 1] },
    });
}

const tsr_follow_kind tsr_follow_hands = {
    .name = "hand", .plural = "hands", .points = 21, .outputs = 21, .per_point = 3,
    .detectors = palms, .of_box = tsr_region_of_palm,
    .of_points = tsr_region_of_hand_points, .overlap = 0.5f, .near = 0.2f, .reach = 0.2f,
    .larger = 1.25f,
    .smooth = { 2, 3, 1, TSR_PREVIOUS_FILTERED },
};

const tsr_follow_kind tsr_follow_faces = {
    .name = "face", .plural = "faces", .points = TSR_FACE_POINTS, .outputs = TSR_FACE_POINTS,
    .per_point = 3, .logit = true, .detectors = faces, .of_box = tsr_region_of_face,
    .of_points = tsr_region_of_face_points, .overlap = 0.5f, .near = 0.2f, .reach = 0.2f,
    .larger = 1.25f,
    .smooth = { 2, 3, 1, TSR_PREVIOUS_FILTERED },
};

/* Bodies are slower than hands for their size: calmer at rest, and no more lag. */
const tsr_follow_kind tsr_follow_bodies = {
    .name = "body", .plural = "bodies", .points = TSR_BODY_POINTS, .outputs = 39, .per_point = 5,
    .detectors = bodies, .of_box = tsr_region_of_body, .of_points = tsr_region_of_body_points,
    .overlap = 0.8f, .near = 0.15f, .reach = 0.3f, .smooth = { 1, 3.5f, 1, TSR_PREVIOUS_FILTERED },
};
