/*
 * gesture_hand.c - the likeliest hand in a picture, and its points as features.
 *
 *     picture --letterbox--> palms --best--> turned square --> 21 points, "is it a hand"
 *
 * One hand makes one sign, so there is no list of hands and no tracking here.  Points
 * as features do not depend on where the hand is and how large; they do on which way
 * it points, because thumbs up and thumbs down are the same hand turned.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/head.h"
#include "models/workspace.h"

enum { CANDIDATES = 16, PER_POINT = 3 };

/* Both networks see 0..1. */
static const tsr_preprocess zero_one = {
    TSR_FIT_LETTERBOX, false, true, { 0, 0, 0 }, { 1 / 255.0f, 1 / 255.0f, 1 / 255.0f },
};

/* The first output with so many numbers: of the landmarks those in pixels come first. */
static const tsr_tensor *output_of(const tsr_session *s, size_t elements)
{
    for (int i = 0; tsr_output(s, i); i++)
        if (tsr_elements(tsr_output(s, i)) == elements)
            return tsr_output(s, i);
    return NULL;
}

size_t tsr_one_hand_bytes(const tsr_one_hand *f, const tsr_image *picture)
{
    return tsr_picture_bytes(picture, tsr_input(f->palms, 0));
}

/* The surest palm, in the picture's pixels; false in *found: none. */
static tsr_status find_palm(const tsr_one_hand *f, const tsr_image *picture, void *work,
                            tsr_box *palm, bool *found, tsr_error *err)
{
    tsr_detector d = tsr_palm;
    const size_t anchors = (size_t)tsr_detector_anchors(&d);
    const tsr_tensor *raw = output_of(f->palms, anchors * (size_t)(4 + 2 * d.points));
    const tsr_tensor *scores = output_of(f->palms, anchors);
    tsr_box boxes[CANDIDATES];
    tsr_affine back;
    int count = 0;
    if (!raw || !scores)
        return tsr_fail(err, TSR_UNSUPPORTED, "the palm detector lacks outputs of %zu anchors",
                        anchors);
    d.threshold = f->threshold;
    TSR_TRY(tsr_picture_fit(&zero_one, picture, tsr_input(f->palms, 0), work, &back, err));
    tsr_run(f->palms);
    TSR_TRY(tsr_boxes_decode(&d, raw, scores, boxes, CANDIDATES, &count, err));
    *found = tsr_boxes_merge(boxes, count, d.overlap) > 0;
    if (*found) {
        *palm = boxes[0];
        tsr_box_map(palm, &back);
    }
    return TSR_OK;
}

tsr_status tsr_one_hand_find(const tsr_one_hand *f, const tsr_image *picture, void *work,
                             tsr_point *points, float *score, tsr_error *err)
{
    tsr_tensor *input = tsr_input(f->landmarks, 0);
    const tsr_tensor *raw = output_of(f->landmarks, TSR_HAND_POINTS * PER_POINT);
    const tsr_tensor *present = output_of(f->landmarks, 1);
    tsr_box palm;
    bool found;
    int h, w;
    *score = 0;
    TSR_TRY(tsr_picture_check(input, err));
    tsr_picture_size(input, &h, &w);
    if (!raw || !present || h != w)
        return tsr_fail(err, TSR_UNSUPPORTED, "the landmark network lacks an output of %d x %d "
                        "numbers, or one of one", TSR_HAND_POINTS, PER_POINT);
    TSR_TRY(find_palm(f, picture, work, &palm, &found, err));
    if (!found)
        return TSR_OK;
    const tsr_region region = tsr_region_of_palm(&palm);
    const tsr_affine back = tsr_region_affine(&region, w);
    TSR_TRY(tsr_picture_crop(&zero_one, picture, &back, input, err));
    tsr_run(f->landmarks);
    tsr_landmarks_decode(raw, PER_POINT, &back, points, TSR_HAND_POINTS);
    const float sure = tsr_tensor_real(present, 0);
    *score = sure >= f->threshold ? sure : 0;           /* NaN: 0 */
    return TSR_OK;
}

bool tsr_hand_features(const tsr_point *p, float *features)
{
    float reach = 0;
    for (int i = 0; i < TSR_HAND_POINTS; i++) {
        const float dx = p[i].x - p[0].x, dy = p[i].y - p[0].y;
        const float distance = hypotf(dx, dy);
        if (!isfinite(distance))
            return false;
        reach = distance > reach ? distance : reach;
        features[2 * i] = dx;
        features[2 * i + 1] = dy;
    }
    if (!(reach > 0))
        return false;
    for (int i = 0; i < TSR_HAND_FEATURES; i++)
        features[i] /= reach;
    return true;
}

void tsr_hand_augment(const tsr_augment *how, const float *features, uint32_t *seed, float *other)
{
    const float angle = how->turn * (2 * tsr_augment_draw(seed) - 1);
    const float c = cosf(angle), s = sinf(angle);
    const float side = tsr_augment_draw(seed) < 0.5f && how->mirror ? -1 : 1;
    for (int i = 0; i < TSR_HAND_POINTS; i++) {
        const float x = side * features[2 * i], y = features[2 * i + 1];
        other[2 * i] = c * x - s * y;
        other[2 * i + 1] = s * x + c * y;
    }
}
