/*
 * follow.c - see follow.h: one look at one frame.
 *
 * Of two squares that show the same thing, what is followed wins over what the detector
 * finds.  Squares alone do not always tell: of somebody whose hips are outside the picture
 * both networks only guess where they are, and differ by half a body.  So each of those
 * that are followed first claims the detection that suits it best.  Two landmark crops can
 * also slide onto one hand, when hands cross: then the points agree, and the later one is
 * dropped.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/follow.h"
#include "models/workspace.h"

enum { CANDIDATES = 64 };

static const tsr_preprocess zero_one = {
    TSR_FIT_STRETCH, false, true, { 0, 0, 0 }, { 1 / 255.0f, 1 / 255.0f, 1 / 255.0f },
};

/* ---- networks ------------------------------------------------------------------- */

/* The n-th output with so many numbers: the files keep that order. */
static const tsr_tensor *output_of(const tsr_session *s, size_t elements, int n)
{
    for (int i = 0; tsr_output(s, i); i++)
        if (tsr_elements(tsr_output(s, i)) == elements && n-- == 0)
            return tsr_output(s, i);
    return NULL;
}

/* Maps of all points, [1,h,w,outputs]: some files of bodies have them. */
static const tsr_tensor *maps_of(const tsr_session *s, int outputs)
{
    for (int i = 0; tsr_output(s, i); i++)
        if (tsr_output(s, i)->rank == 4 && tsr_output(s, i)->dim[3] == outputs)
            return tsr_output(s, i);
    return NULL;
}

tsr_status tsr_follower_open(tsr_follower *f, tsr_error *err)
{
    const tsr_follow_kind *k = f->what;
    int h, w;
    TSR_TRY(tsr_detector_recognise(f->detector, k->detectors, &f->heads, err));
    if (f->detector_threshold > 0)
        f->heads.kind.threshold = f->detector_threshold;
    TSR_TRY(tsr_picture_check(tsr_input(f->landmarks, 0), err));
    tsr_picture_size(tsr_input(f->landmarks, 0), &h, &w);
    f->side = w;
    /* Of two sets of points those in pixels come first; then presence, then handedness. */
    f->points = output_of(f->landmarks, (size_t)k->outputs * (size_t)k->per_point, 0);
    f->presence = output_of(f->landmarks, 1, 0);
    f->right = output_of(f->landmarks, 1, 1);
    f->maps = maps_of(f->landmarks, k->outputs);
    if (!f->points || !f->presence || h != w)
        return tsr_fail(err, TSR_UNSUPPORTED, "the landmark network of a %s should have a square "
                        "input, an output of %d x %d numbers and one of one", k->name, k->outputs,
                        k->per_point);
    if (f->wanted < 1 || f->wanted > TSR_FOLLOWED)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "%d %s cannot be followed at once, only 1 to %d",
                        f->wanted, k->plural, TSR_FOLLOWED);
    return TSR_OK;
}

static void run(const tsr_follower *f, tsr_following *s, tsr_session *network)
{
    const double begin = f->clock ? f->clock() : 0;
    tsr_run(network);
    s->network += f->clock ? f->clock() - begin : 0;
}

/* ---- what is remembered ------------------------------------------------------------ */

size_t tsr_following_bytes(const tsr_follower *f)
{
    return tsr_smoother_bytes(f->wanted, f->what->points);
}

void tsr_following_start(tsr_following *s, const tsr_follower *f, void *memory)
{
    *s = (tsr_following){ .smoother = tsr_smoother_make(f->wanted, f->what->points, memory) };
    tsr_tracker_start(&s->tracker);
}

void tsr_following_reset(tsr_following *s)
{
    s->count = 0;
    tsr_tracker_reset(&s->tracker);
    tsr_smoother_reset(&s->smoother);
}

/* ---- where to look ------------------------------------------------------------------- */

static tsr_box square_of(const tsr_region *r)
{
    const float half = r->side / 2;
    return (tsr_box){ .x0 = r->x - half, .y0 = r->y - half, .x1 = r->x + half, .y1 = r->y + half };
}

/* Finite, and with its middle near enough to the picture to see something of it. */
static bool worth_a_look(const tsr_region *r, const tsr_image *p)
{
    const float w = (float)p->width, h = (float)p->height, half = r->side / 2;
    return isfinite(r->angle) && r->side >= 1 && r->side <= 16 * (w + h) &&
           r->x > -half && r->x < w + half && r->y > -half && r->y < h + half;
}

typedef struct {
    tsr_box *candidates;
    void *picture;              /* tsr_picture_fit's own */
} parts;

static parts take(tsr_workspace *w, const tsr_follower *f, const tsr_image *picture)
{
    parts p;
    p.candidates = tsr_workspace_take(w, CANDIDATES * sizeof *p.candidates);
    p.picture = tsr_workspace_take(w, tsr_picture_bytes(picture, tsr_input(f->detector, 0)));
    return p;
}

size_t tsr_follow_bytes(const tsr_follower *f, const tsr_image *picture)
{
    tsr_workspace count = { NULL, 0 };
    take(&count, f, picture);
    return tsr_workspace_need(&count);
}

/* ---- what is there --------------------------------------------------------------------- */

static float probability(const tsr_tensor *t, bool logit)
{
    const float v = tsr_tensor_real(t, 0), p = logit ? 1 / (1 + expf(-v)) : v;
    return p >= 0 ? p <= 1 ? p : 1 : 0;         /* NaN: 0 */
}

/* Rather visible than not: of bodies some points, of hands and faces all. */
static bool is_sure(const tsr_point *p) { return p->score >= 0.5f; }

/* Around the points that it is sure of, or, if there are none, around all. */
static tsr_box around(const tsr_point *p, int count)
{
    tsr_box b = { .x0 = INFINITY, .y0 = INFINITY, .x1 = -INFINITY, .y1 = -INFINITY };
    int sure = 0;
    for (int i = 0; i < count; i++)
        sure += is_sure(&p[i]);
    for (int i = 0; i < count; i++) {
        if (sure && !is_sure(&p[i]))
            continue;
        /* Comparisons, not fminf, which is a call; NaN changes nothing either way. */
        b.x0 = p[i].x < b.x0 ? p[i].x : b.x0;
        b.y0 = p[i].y < b.y0 ? p[i].y : b.y0;
        b.x1 = p[i].x > b.x1 ? p[i].x : b.x1;
        b.y1 = p[i].y > b.y1 ? p[i].y : b.y1;
    }
    return b;
}

/* The decoder gives four zeros where it found no numbers. */
static bool has_numbers(const tsr_point *p) { return p->score > 0 || p->x != 0 || p->y != 0; }

/* The network's points of a crop, and what of them the caller wants to see. */
static void read_points(const tsr_follower *f, const tsr_affine *back, tsr_sighting *one)
{
    const tsr_follow_kind *k = f->what;
    tsr_point more[TSR_MAX_POINTS], *p = k->outputs > k->points ? more : one->point;
    tsr_landmarks_decode(f->points, k->per_point, back, p, k->outputs);
    if (f->maps) {
        const tsr_affine grid = tsr_affine_for_grid(back, tsr_input(f->landmarks, 0),
                                                    f->maps->dim[2], f->maps->dim[1]);
        tsr_landmarks_refine(f->maps, &grid, p, k->outputs);
    }
    one->next = k->of_points(p);
    if (p == more)
        memcpy(one->point, more, (size_t)k->points * sizeof *more);
}

/* One region through the landmark network; score 0 unless all of its numbers make sense. */
static tsr_status look(const tsr_follower *f, tsr_following *s, const tsr_image *picture,
                       tsr_sighting *one, tsr_error *err)
{
    const tsr_affine back = tsr_region_affine(&one->region, f->side);
    TSR_TRY(tsr_picture_crop(&zero_one, picture, &back, tsr_input(f->landmarks, 0), err));
    run(f, s, f->landmarks);
    read_points(f, &back, one);
    one->score = probability(f->presence, f->what->logit);
    one->right = f->right ? probability(f->right, false) : 0;
    one->box = around(one->point, f->what->points);
    one->box.score = one->score;
    for (int i = 0; i < f->what->points; i++)
        if (!has_numbers(&one->point[i]))
            one->score = 0;
    return TSR_OK;
}

/* Do the points of two sightings, those that both are sure of, lie on each other?  A
 * tenth of the size apart, say. */
static bool same_points(const tsr_sighting *a, const tsr_sighting *b, int points)
{
    float sum = 0, common = 0;
    for (int i = 0; i < points; i++) {
        const tsr_point *p = &a->point[i], *q = &b->point[i];
        if (!is_sure(p) || !is_sure(q))
            continue;
        sum += hypotf(p->x - q->x, p->y - q->y);
        common++;
    }
    const float size = fmaxf(a->box.x1 - a->box.x0, a->box.y1 - a->box.y0);
    return sum < 0.1f * size * common;
}

/* What the detector found is a rough guess of the size: a hand that spreads its thumb
 * looks small to it, and the thumb ends up outside the square.  So what is new and not
 * obviously there gets a second look, a bit larger, and the better one counts. */
static tsr_status look_twice(const tsr_follower *f, tsr_following *s, const tsr_image *picture,
                             tsr_sighting *one, tsr_error *err)
{
    const float obvious = 0.98f;
    const tsr_region first = one->region;
    TSR_TRY(look(f, s, picture, one, err));
    const float score = one->score;
    if (score >= obvious || f->what->larger == 0)
        return TSR_OK;
    one->region.side *= f->what->larger;
    TSR_TRY(look(f, s, picture, one, err));
    if (one->score > score)
        return TSR_OK;
    one->region = first;
    return look(f, s, picture, one, err);
}

static bool counts(const tsr_follower *f, const tsr_sighting *seen, int before)
{
    const tsr_sighting *one = &seen[before];
    if (!(one->score >= f->threshold && one->score > 0))
        return false;
    for (int i = 0; i < before; i++)
        if (same_points(&seen[i], one, f->what->points))
            return false;
    return true;
}

/* Ids and smooth points for what was found, and where to look in the next frame. */
static void remember(const tsr_follower *f, tsr_following *s, double seconds,
                     tsr_sighting *seen, int count)
{
    tsr_box box[TSR_FOLLOWED] = { { 0 } };
    uint32_t id[TSR_FOLLOWED];
    for (int i = 0; i < count; i++)
        box[i] = seen[i].box;
    tsr_tracker_step(&s->tracker, box, count, seconds, id);
    s->count = count;
    for (int i = 0; i < count; i++) {
        const float w = box[i].x1 - box[i].x0, h = box[i].y1 - box[i].y0;
        const tsr_smoother_track track = { id[i], seconds, (w + h) / 2 };
        seen[i].id = id[i];
        s->region[i] = seen[i].next;
        if (!f->smooth)
            continue;
        tsr_smoother_step(&s->smoother, &f->what->smooth, &track, seen[i].point,
                          f->what->points);
        seen[i].box = around(seen[i].point, f->what->points);
        seen[i].box.score = seen[i].score;
    }
}

/* ---- what is new ---------------------------------------------------------------------- */

/* What has been found in a frame so far, in the caller's array. */
typedef struct {
    tsr_sighting *seen;
    int count;
} haul;

/* Do two squares show the same one?  Squares of the same hand from its palm and from its
 * points can differ in size so much that they share less than half: then their middles
 * tell. */
static bool same_square(const tsr_follow_kind *k, const tsr_region *p, const tsr_region *q)
{
    const tsr_box a = square_of(p), b = square_of(q);
    return tsr_box_iou(&a, &b) > k->overlap ||
           hypotf(p->x - q->x, p->y - q->y) < k->near * fmaxf(p->side, q->side);
}

static bool is_new(const tsr_follow_kind *k, const haul *h, const tsr_region *r)
{
    for (int i = 0; i < h->count; i++)
        if (same_square(k, r, &h->seen[i].next) || same_square(k, r, &h->seen[i].region))
            return false;
    return true;
}

/* Which detections show someone that is followed: at most one for each of them, so that the
 * square of a follower may be far off without becoming two, and neighbours, of whom the
 * detector sees one each, may be closer together than that. */
static void claim(const tsr_follow_kind *k, const haul *h, const tsr_region *r, int count,
                  int *claimed_by)
{
    float gain[TSR_FOLLOWED][TSR_TRACKS];
    for (int i = 0; i < count; i++)
        for (int j = 0; j < h->count; j++) {
            const tsr_region *q = &h->seen[j].next;
            const float reach = k->reach * fmaxf(r[i].side, q->side);
            const float far = hypotf(r[i].x - q->x, r[i].y - q->y);
            gain[i][j] = far < reach ? 1 - far / reach : 0;
        }
    tsr_assign((const float (*)[TSR_TRACKS])gain, count, h->count, claimed_by);
}

/* The squares that the detector asks for, best first. */
static tsr_status detect(const tsr_follower *f, tsr_following *s, const tsr_view *view,
                         tsr_region *r, int *count, tsr_error *err)
{
    tsr_workspace space = tsr_workspace_make(view->work);
    const parts work = take(&space, f, &view->image);
    tsr_affine back;
    int boxes = 0;
    *count = 0;
    TSR_TRY(tsr_picture_fit(&f->detector_how, &view->image, tsr_input(f->detector, 0),
                            work.picture, &back, err));
    run(f, s, f->detector);
    s->detector_runs++;
    TSR_TRY(tsr_heads_decode(&f->heads, work.candidates, CANDIDATES, &boxes, err));
    boxes = tsr_boxes_merge(work.candidates, boxes, f->heads.kind.overlap);
    for (int i = 0; i < boxes && *count < TSR_FOLLOWED; i++) {
        tsr_box_map(&work.candidates[i], &back);
        r[*count] = f->what->of_box(&work.candidates[i]);
        *count += worth_a_look(&r[*count], &view->image);
    }
    return TSR_OK;
}

/* Adds what the detector sees and nobody follows yet. */
static tsr_status find_more(const tsr_follower *f, tsr_following *s, const tsr_view *view,
                            haul *h, tsr_error *err)
{
    tsr_region r[TSR_FOLLOWED];
    int detected, claimed_by[TSR_FOLLOWED];
    TSR_TRY(detect(f, s, view, r, &detected, err));
    claim(f->what, h, r, detected, claimed_by);
    for (int i = 0; i < detected && h->count < f->wanted; i++) {
        if (claimed_by[i] >= 0 || !is_new(f->what, h, &r[i]))
            continue;
        h->seen[h->count].region = r[i];
        TSR_TRY(look_twice(f, s, &view->image, &h->seen[h->count], err));
        h->count += counts(f, h->seen, h->count);
    }
    return TSR_OK;
}

/* Those that are followed first: one that is lost in this frame may be found in it. */
tsr_status tsr_follow(const tsr_follower *f, tsr_following *s, const tsr_view *view,
                      tsr_sighting *seen, int *count, tsr_error *err)
{
    haul h = { seen, 0 };
    *count = 0;
    s->network = 0;
    for (int i = 0; i < s->count && h.count < f->wanted; i++) {
        if (!worth_a_look(&s->region[i], &view->image))
            continue;
        seen[h.count].region = s->region[i];
        TSR_TRY(look(f, s, &view->image, &seen[h.count], err));
        h.count += counts(f, seen, h.count);
    }
    if (h.count < f->wanted)
        TSR_TRY(find_more(f, s, view, &h, err));
    remember(f, s, view->seconds, seen, h.count);
    *count = h.count;
    return TSR_OK;
}
