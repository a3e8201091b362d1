/*
 * tracker.c - boxes of a frame get the numbers of the boxes of the frame before.
 *
 *     1  every track moves on to where it should be by now (box_motion.c)
 *     2  boxes and tracks are paired by IoU, the best sum wins (assign.c)
 *     3  what is left is paired by distance from where a track was last seen: a hand
 *        that moves by more than its width, or that left and comes back
 *     4  boxes that are still alone are new; tracks away for too long are forgotten
 *
 * Step 3 asks for a similar size and a distance of at most twice that size.  It goes by
 * the last place, not the predicted one: what left through an edge of the picture
 * comes back through it, while the prediction flies on.
 * (Steps 1, 2 and 4: Bewley et al., "Simple Online and Realtime Tracking", 2016.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/track.h"

/* The motion's noise is that of one frame: so long is a frame. */
static const double frames_per_second = 30;

void tsr_tracker_start(tsr_tracker *t)
{
    t->overlap = 0.3f;
    t->memory = 1;
    t->last_id = 0;
    tsr_tracker_reset(t);
}

void tsr_tracker_reset(tsr_tracker *t)
{
    t->count = 0;
    t->seconds = 0;
}

/* Of a size that later squares survive. */
static bool usable(const tsr_box *b)
{
    const float limit = 1e6f, least = 1e-3f;
    return fabsf(b->x0) < limit && fabsf(b->y0) < limit && fabsf(b->x1) < limit &&
           fabsf(b->y1) < limit && b->x1 - b->x0 > least && b->y1 - b->y0 > least;
}

static void forget(tsr_tracker *t, double seconds)
{
    int left = 0;
    for (int i = 0; i < t->count; i++)
        if (seconds - t->track[i].seen <= (double)t->memory)
            t->track[left++] = t->track[i];
    t->count = left;
}

static void move_on(tsr_tracker *t, double seconds)
{
    const double past = t->count ? seconds - t->seconds : 0;
    if (past > 0)
        for (int i = 0; i < t->count; i++)
            tsr_box_motion_predict(&t->track[i].motion, (float)(past * frames_per_second));
    if (past > 0 || !t->count)
        t->seconds = seconds;
}

static float by_overlap(const tsr_tracker *t, const tsr_track *track, const tsr_box *b)
{
    const tsr_box expected = tsr_box_motion_box(&track->motion);
    const float iou = tsr_box_iou(&expected, b);
    return iou >= t->overlap ? iou : 0;
}

static float by_distance(const tsr_tracker *t, const tsr_track *track, const tsr_box *b)
{
    (void)t;
    const tsr_box *a = &track->last;
    const float size_a = sqrtf((a->x1 - a->x0) * (a->y1 - a->y0));
    const float size_b = sqrtf((b->x1 - b->x0) * (b->y1 - b->y0));
    if (size_a > 2 * size_b || size_b > 2 * size_a)
        return 0;
    const float far = hypotf(a->x0 + a->x1 - b->x0 - b->x1, a->y0 + a->y1 - b->y0 - b->y1) / 2;
    return 1 - far / (2 * fmaxf(size_a, size_b));
}

/* A pass over the boxes that have no track yet and the tracks that have no box. */
typedef struct {
    const tsr_box *box;
    int count;                  /* of boxes */
    int track_of[TSR_TRACKS];   /* of each box; -1: none yet */
    bool taken[TSR_TRACKS];     /* of each track */
} pass;

static void pair(const tsr_tracker *t, pass *p,
                 float (*likeness)(const tsr_tracker *, const tsr_track *, const tsr_box *))
{
    float gain[TSR_TRACKS][TSR_TRACKS];
    int column[TSR_TRACKS];
    for (int i = 0; i < p->count; i++)
        for (int j = 0; j < t->count; j++) {
            const bool open = p->track_of[i] < 0 && !p->taken[j] && usable(&p->box[i]);
            gain[i][j] = open ? likeness(t, &t->track[j], &p->box[i]) : 0;
        }
    tsr_assign((const float (*)[TSR_TRACKS])gain, p->count, t->count, column);
    for (int i = 0; i < p->count; i++)
        if (column[i] >= 0) {
            p->track_of[i] = column[i];
            p->taken[column[i]] = true;
        }
}

/* A track for a box that nobody knows: a new one, or in place of the one away longest;
 * NULL if all are in sight. */
static tsr_track *begin(tsr_tracker *t, pass *p)
{
    int at = t->count;
    if (at == TSR_TRACKS) {
        at = -1;
        for (int j = 0; j < t->count; j++)
            if (!p->taken[j] && (at < 0 || t->track[j].seen < t->track[at].seen))
                at = j;
        if (at < 0)
            return NULL;
    } else {
        t->count++;
    }
    p->taken[at] = true;
    t->track[at].id = ++t->last_id;
    return &t->track[at];
}

void tsr_tracker_step(tsr_tracker *t, const tsr_box *boxes, int count, double seconds,
                      uint32_t *ids)
{
    pass p = { .box = boxes, .count = count < TSR_TRACKS ? count : TSR_TRACKS };
    for (int i = 0; i < count; i++)
        ids[i] = 0;
    for (int i = 0; i < p.count; i++)
        p.track_of[i] = -1;
    if (!isfinite(seconds))
        seconds = t->seconds;
    forget(t, seconds);
    move_on(t, seconds);
    pair(t, &p, by_overlap);
    pair(t, &p, by_distance);
    for (int i = 0; i < p.count; i++) {
        const int known = p.track_of[i];
        tsr_track *one = known >= 0 ? &t->track[known] : NULL;
        if (one)
            tsr_box_motion_correct(&one->motion, &boxes[i]);
        else if (usable(&boxes[i]) && (one = begin(t, &p)) != NULL)
            tsr_box_motion_start(&one->motion, &boxes[i]);
        if (!one)
            continue;
        one->last = boxes[i];
        one->seen = t->seconds;
        ids[i] = one->id;
    }
}
