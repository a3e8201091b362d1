/*
 * pose_track.c - see pose_track.h.
 *
 * A person is followed by the box around the joints that are shown, which every kind
 * of network has.  How strongly joints are smoothed depends on their speed, in sizes
 * of the person a second: at rest below a hertz; a joint that crosses the body in half
 * a second is let through at 20 Hz, so it lags by less than a hundredth of that.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include "cli/pose_track.h"

static const tsr_one_euro_how usual = { 0.5f, 10, 1, TSR_PREVIOUS_RAW };

tsr_status pose_tracks_open(pose_tracks *t, int points, tsr_error *err)
{
    t->how = usual;
    t->memory = malloc(tsr_smoother_bytes(TSR_TRACKS, points));
    if (!t->memory)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to follow people");
    t->smoother = tsr_smoother_make(TSR_TRACKS, points, t->memory);
    tsr_tracker_start(&t->tracker);
    return TSR_OK;
}

void pose_tracks_close(pose_tracks *t)
{
    free(t->memory);
    t->memory = NULL;
}

void pose_tracks_forget(pose_tracks *t)
{
    /* The next video's people are others: they get numbers from 1 again. */
    tsr_tracker_start(&t->tracker);
    tsr_smoother_reset(&t->smoother);
}

/* Around the joints that are shown, with a margin, so that the outline of a joint or
 * two has an area, too. */
static tsr_box outline(const tsr_person *one, int points, float threshold)
{
    tsr_box b = { INFINITY, INFINITY, -INFINITY, -INFINITY, one->score, 0, { { 0 } } };
    for (int k = 0; k < points; k++) {
        const tsr_point *p = &one->point[k];
        if (!(p->score >= threshold))
            continue;
        b.x0 = fminf(b.x0, p->x);
        b.y0 = fminf(b.y0, p->y);
        b.x1 = fmaxf(b.x1, p->x);
        b.y1 = fmaxf(b.y1, p->y);
    }
    const float margin = 2 + 0.05f * fmaxf(b.x1 - b.x0, b.y1 - b.y0);
    b.x0 -= margin;
    b.y0 -= margin;
    b.x1 += margin;
    b.y1 += margin;
    return b;
}

void pose_tracks_step(pose_tracks *t, tsr_person *people, int count, float threshold,
                      double seconds, uint32_t *ids)
{
    const int points = t->smoother.points, n = count < TSR_TRACKS ? count : TSR_TRACKS;
    tsr_box box[TSR_TRACKS] = { { 0 } };
    for (int i = 0; i < n; i++)
        box[i] = outline(&people[i], points, threshold);
    tsr_tracker_step(&t->tracker, box, n, seconds, ids);
    for (int i = 0; i < n && !t->raw; i++) {
        const float size = (box[i].x1 - box[i].x0 + box[i].y1 - box[i].y0) / 2;
        const tsr_smoother_track one = { ids[i], seconds, size };
        tsr_smoother_step(&t->smoother, &t->how, &one, people[i].point, points);
    }
}
