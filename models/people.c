/*
 * people.c - BlazePose on one picture: find the people, then each one's 33 points.
 *
 *     picture --letterbox 224--> detector --merge--> boxes with two alignment points
 *     each box --turned square 256--> landmarks --> points back in the picture
 *
 * The landmark network also says whether there is a person in the crop at all,
 * which weeds out what the coarse detector mistook for one.  Outputs are told
 * apart by their shapes: the files number them differently.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"
#include "models/workspace.h"

enum { CANDIDATES = 64, POINTS = 33, PER_POINT = 5, ALL_POINTS = 39 };

/* The networks see -1..1 and 0..1. */
static const tsr_preprocess for_detector = {
    TSR_FIT_LETTERBOX, false, true, { 127.5f, 127.5f, 127.5f },
    { 1 / 127.5f, 1 / 127.5f, 1 / 127.5f },
};
static const tsr_preprocess for_landmarks = {
    TSR_FIT_STRETCH, false, true, { 0, 0, 0 }, { 1 / 255.0f, 1 / 255.0f, 1 / 255.0f },
};

/* The output with so many numbers. */
static const tsr_tensor *output_of(const tsr_session *s, size_t elements)
{
    for (int i = 0; tsr_output(s, i); i++)
        if (tsr_elements(tsr_output(s, i)) == elements)
            return tsr_output(s, i);
    return NULL;
}

/* Heatmaps of all points; older files have none. */
static const tsr_tensor *maps_of(const tsr_session *s)
{
    for (int i = 0; tsr_output(s, i); i++)
        if (tsr_output(s, i)->rank == 4 && tsr_output(s, i)->dim[3] == ALL_POINTS)
            return tsr_output(s, i);
    return NULL;
}

/* What lies in the caller's work space. */
typedef struct {
    tsr_box *candidates;
    void *picture;              /* tsr_picture_fit's own */
} parts;

static parts take(tsr_workspace *w, const tsr_body_finder *f, const tsr_image *picture)
{
    parts p;
    p.candidates = tsr_workspace_take(w, CANDIDATES * sizeof *p.candidates);
    p.picture = tsr_workspace_take(w, tsr_picture_bytes(picture, tsr_input(f->detector, 0)));
    return p;
}

size_t tsr_people_bytes(const tsr_body_finder *f, const tsr_image *picture)
{
    tsr_workspace count = { NULL, 0 };
    take(&count, f, picture);
    return tsr_workspace_need(&count);
}

/* The letterboxed picture through the detector; boxes in the picture's pixels. */
static tsr_status detect(const tsr_body_finder *f, const tsr_image *picture, const parts *work,
                         int *count, tsr_error *err)
{
    tsr_detector d = tsr_body;
    const size_t anchors = (size_t)tsr_detector_anchors(&d);
    const tsr_tensor *raw = output_of(f->detector, anchors * (size_t)(4 + 2 * d.points));
    const tsr_tensor *scores = output_of(f->detector, anchors);
    if (!raw || !scores)
        return tsr_fail(err, TSR_UNSUPPORTED, "the detector lacks outputs of %zu anchors", anchors);
    tsr_affine back;
    d.threshold = f->threshold;
    TSR_TRY(tsr_picture_fit(&for_detector, picture, tsr_input(f->detector, 0), work->picture,
                            &back, err));
    tsr_run(f->detector);
    TSR_TRY(tsr_boxes_decode(&d, raw, scores, work->candidates, CANDIDATES, count, err));
    *count = tsr_boxes_merge(work->candidates, *count, d.overlap);
    for (int i = 0; i < *count; i++)
        tsr_box_map(&work->candidates[i], &back);
    return TSR_OK;
}

/* Crop the region that p's box asks for, and fill in p's points and score. */
static tsr_status landmarks(const tsr_body_finder *f, const tsr_image *picture, tsr_person *p,
                            tsr_error *err)
{
    tsr_tensor *input = tsr_input(f->landmarks, 0);
    const tsr_tensor *raw = output_of(f->landmarks, ALL_POINTS * PER_POINT);
    const tsr_tensor *present = output_of(f->landmarks, 1);
    int h, w;
    TSR_TRY(tsr_picture_check(input, err));
    tsr_picture_size(input, &h, &w);
    if (!raw || !present || h != w)
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "the landmark network lacks an output of %d x %d numbers, or one of one",
                        ALL_POINTS, PER_POINT);
    const tsr_region region = tsr_region_of_body(&p->box);
    const tsr_affine back = tsr_region_affine(&region, w);
    TSR_TRY(tsr_picture_crop(&for_landmarks, picture, &back, input, err));
    tsr_run(f->landmarks);
    tsr_landmarks_decode(raw, PER_POINT, &back, p->point, POINTS);
    const tsr_tensor *maps = maps_of(f->landmarks);
    if (maps) {
        const tsr_affine grid = tsr_affine_for_grid(&back, input, maps->dim[2], maps->dim[1]);
        tsr_landmarks_refine(maps, &grid, p->point, POINTS);
    }
    p->score = tsr_tensor_real(present, 0);
    return TSR_OK;
}

tsr_status tsr_people_find(const tsr_body_finder *f, const tsr_image *picture, void *work,
                           tsr_person *people, int room, int *count, tsr_error *err)
{
    tsr_workspace space = tsr_workspace_make(work);
    const parts p = take(&space, f, picture);
    int boxes = 0;
    *count = 0;
    TSR_TRY(detect(f, picture, &p, &boxes, err));
    for (int i = 0; i < boxes && *count < room; i++) {
        tsr_person *one = &people[*count];
        *one = (tsr_person){ .box = p.candidates[i] };
        TSR_TRY(landmarks(f, picture, one, err));
        *count += one->score >= f->threshold;           /* NaN: no */
    }
    return TSR_OK;
}
