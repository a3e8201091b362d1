/*
 * posenet.c - everyone in a picture at once, from four fields of one network.
 *
 *     heatmap --local maxima--> roots --surest first--> a root that no one owns
 *             --posenet_walk.c--> 17 points --score--> a person, or not
 *
 * A point is a root if its probability is high and none of the eight cells around
 * has a higher one.  The surest root of all begins the first person, whose other
 * points are found by walking the tree of displacements; roots that lie on the
 * same point of an earlier person are thrown away, the next one begins the next
 * person.  There is no detector before and no grouping after, so the time does
 * not depend on how many people there are.
 *
 * Points where people overlap count for the surer one only: then two skeletons on
 * the same body cannot both score high.
 *
 * Papandreou et al., "PersonLab", 2018, section 3.1; see posenet_walk.c.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/posenet.h"
#include "models/workspace.h"

enum { POINTS = TSR_POSENET_POINTS };

const tsr_posenet_rules tsr_posenet_tfjs = {
    .bilinear = false, .refinements = 2, .root = 0.5f, .person = 0.25f, .radius = 20,
};
const tsr_posenet_rules tsr_posenet_coral = {
    .bilinear = true, .refinements = 5, .root = 0.5f, .person = 0.25f, .radius = 20,
};

/* ---- heads ------------------------------------------------------------------- */

/* The output with so many channels whose name holds one of two words; with none of
 * the words given, any name will do. */
static const tsr_tensor *head(const tsr_session *s, int channels, const char *word,
                              const char *other)
{
    for (int i = 0; tsr_output(s, i); i++) {
        const tsr_tensor *t = tsr_output(s, i);
        if (t->rank == 4 && t->dim[0] == 1 && t->dim[3] == channels
            && (!word || strstr(t->name, word) || strstr(t->name, other)))
            return t;
    }
    return NULL;
}

static bool same_grid(const tsr_tensor *a, const tsr_tensor *b)
{
    return a->dim[1] == b->dim[1] && a->dim[2] == b->dim[2];
}

/* Input pixels from cell to cell: (side - 1) / (cells - 1), of the axis that is not
 * a single cell. */
static float stride_of(const tsr_tensor *input, const tsr_tensor *map)
{
    int h, w;
    tsr_picture_size(input, &h, &w);
    const bool tall = map->dim[1] > map->dim[2];
    const int side = tall ? h : w, cells = tall ? map->dim[1] : map->dim[2];
    return cells > 1 ? (float)(side - 1) / (float)(cells - 1) : (float)side;
}

tsr_status tsr_posenet_heads(tsr_session *session, tsr_posenet *heads, tsr_error *err)
{
    tsr_posenet p = { head(session, POINTS, NULL, NULL), head(session, 2 * POINTS, NULL, NULL) };
    p.forward = p.backward = head(session, 64, NULL, NULL);
    if (!p.forward) {
        p.forward = head(session, 32, "fwd", "forward");
        p.backward = head(session, 32, "bwd", "backward");
    }
    if (!p.heatmap || !p.offset)
        return tsr_fail(err, TSR_UNSUPPORTED, "no PoseNet: it lacks an output [1,h,w,%d]",
                        p.heatmap ? 2 * POINTS : POINTS);
    if (!p.forward || !p.backward)
        return tsr_fail(err, TSR_UNSUPPORTED, "no PoseNet: it lacks an output [1,h,w,64], or two "
                        "[1,h,w,32] with 'fwd' and 'bwd' in their names");
    if (!same_grid(p.heatmap, p.offset) || !same_grid(p.heatmap, p.forward)
        || !same_grid(p.heatmap, p.backward))
        return tsr_fail(err, TSR_UNSUPPORTED, "no PoseNet: its outputs differ in height or width");
    TSR_TRY(tsr_picture_check(tsr_input(session, 0), err));
    p.stride = stride_of(tsr_input(session, 0), p.heatmap);
    *heads = p;
    return TSR_OK;
}

/* ---- roots: a heap, the surest on top ------------------------------------------ */

typedef struct { float logit; int element; } candidate;     /* of the heatmap */

typedef struct { candidate *at; int count; } heap;

/* Of equal ones the first: a result must not depend on how a heap happens to lie. */
static bool before(const candidate *a, const candidate *b)
{
    return a->logit > b->logit || (a->logit == b->logit && a->element < b->element);
}

static void swap(candidate *a, candidate *b)
{
    const candidate c = *a;
    *a = *b;
    *b = c;
}

static void push(heap *q, candidate c)
{
    int i = q->count++;
    for (q->at[i] = c; i > 0 && before(&q->at[i], &q->at[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&q->at[i], &q->at[(i - 1) / 2]);
}

static candidate pop(heap *q)
{
    const candidate top = q->at[0];
    q->at[0] = q->at[--q->count];
    for (int i = 0, child; (child = 2 * i + 1) < q->count; i = child) {
        if (child + 1 < q->count && before(&q->at[child + 1], &q->at[child]))
            child++;
        if (!before(&q->at[child], &q->at[i]))
            break;
        swap(&q->at[child], &q->at[i]);
    }
    return top;
}

/* No neighbour is higher; NaN is not. */
static bool highest_around(const tsr_tensor *maps, int y, int x, int part, float v)
{
    for (int ny = y - 1; ny <= y + 1; ny++)
        for (int nx = x - 1; nx <= x + 1; nx++)
            if (ny >= 0 && nx >= 0 && ny < maps->dim[1] && nx < maps->dim[2]
                && tsr_posenet_at(maps, ny, nx, part) > v)
                return false;
    return true;
}

/* sigmoid(v) >= p without the sigmoid: v >= log(p / (1 - p)). */
static void find_roots(const tsr_tensor *maps, float probability, heap *q)
{
    const float least = logf(probability / (1 - probability));
    int element = 0;
    for (int y = 0; y < maps->dim[1]; y++)
        for (int x = 0; x < maps->dim[2]; x++)
            for (int part = 0; part < POINTS; part++, element++) {
                const float v = tsr_tensor_real(maps, (size_t)element);
                if (v >= least && highest_around(maps, y, x, part, v))
                    push(q, (candidate){ v, element });
            }
}

/* ---- people --------------------------------------------------------------------- */

/* During the search a person's points are in cells; scores are probabilities. */
static bool close(float x, float y, const tsr_point *p, float radius)
{
    const float dx = x - p->x, dy = y - p->y;
    return dx * dx + dy * dy <= radius * radius;
}

/* Is this the same point of one of the people? */
static bool taken(const tsr_person *people, int count, int part, float x, float y, float radius)
{
    for (int i = 0; i < count; i++)
        if (close(x, y, &people[i].point[part], radius))
            return true;
    return false;
}

/* Mean of the scores, but for points that belong to one of the people before. */
static float own_score(const tsr_person *one, const tsr_person *people, int count, float radius)
{
    float sum = 0;
    for (int k = 0; k < POINTS; k++)
        if (!taken(people, count, k, one->point[k].x, one->point[k].y, radius))
            sum += one->point[k].score;
    return sum / POINTS;
}

static float sigmoid(float v)
{
    const float s = 1 / (1 + expf(-v));
    return s >= 0 ? s : 0;      /* NaN: 0 */
}

/* All points of the person whom the root belongs to. */
static void gather(const tsr_posenet *net, const tsr_posenet_rules *rules, int root,
                   const tsr_posenet_spot *place, tsr_person *one)
{
    tsr_posenet_spot spot[POINTS];
    spot[root] = *place;
    tsr_posenet_walk(net, rules, root, spot);
    for (int k = 0; k < POINTS; k++) {
        const bool there = isfinite(spot[k].x) && isfinite(spot[k].y);
        one->point[k] = there ? (tsr_point){ spot[k].x, spot[k].y, 0, sigmoid(spot[k].logit) }
                              : (tsr_point){ 0, 0, 0, 0 };
    }
}

static void sort_people(tsr_person *people, int count)
{
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && people[k].score > people[k - 1].score; k--) {
            const tsr_person p = people[k];
            people[k] = people[k - 1];
            people[k - 1] = p;
        }
}

/* The newer decoder settles who owns a point only when all people are known, by their
 * scores and not by their roots. */
static int settle(tsr_person *people, int count, const tsr_posenet_rules *rules, float radius)
{
    sort_people(people, count);
    for (int i = 1; i < count; i++)
        people[i].score = own_score(&people[i], people, i, radius);
    sort_people(people, count);
    while (count > 0 && !(people[count - 1].score >= rules->person))
        count--;
    return count;
}

/* From cells to the picture.  Cell 0 looks at the centre of the first pixel. */
static void place(tsr_person *one, float stride, float least, const tsr_affine *to_picture)
{
    tsr_box *b = &one->box;
    *b = (tsr_box){ INFINITY, INFINITY, -INFINITY, -INFINITY, one->score, 0, { { 0 } } };
    for (int k = 0; k < POINTS; k++) {
        tsr_point *p = &one->point[k];
        p->x = p->x * stride + 0.5f;
        p->y = p->y * stride + 0.5f;
        tsr_affine_apply(to_picture, &p->x, &p->y);
        if (p->score < least)
            continue;
        b->x0 = fminf(b->x0, p->x);
        b->y0 = fminf(b->y0, p->y);
        b->x1 = fmaxf(b->x1, p->x);
        b->y1 = fmaxf(b->y1, p->y);
    }
    if (!(b->x1 >= b->x0))
        b->x0 = b->y0 = b->x1 = b->y1 = 0;
}

static candidate *roots_take(tsr_workspace *w, const tsr_posenet *heads)
{
    return tsr_workspace_take(w, tsr_elements(heads->heatmap) * sizeof(candidate));
}

size_t tsr_posenet_bytes(const tsr_posenet *heads)
{
    tsr_workspace count = { NULL, 0 };
    roots_take(&count, heads);
    return tsr_workspace_need(&count);
}

int tsr_posenet_decode(const tsr_posenet *heads, const tsr_posenet_rules *rules,
                       const tsr_affine *to_picture, tsr_person *people, int room, void *work)
{
    tsr_workspace space = tsr_workspace_make(work);
    heap roots = { roots_take(&space, heads), 0 };
    const float radius = rules->radius / heads->stride;
    int count = 0;
    find_roots(heads->heatmap, rules->root, &roots);
    while (count < room && roots.count > 0) {
        const int element = pop(&roots).element;
        const int part = element % POINTS, cell = element / POINTS, w = heads->heatmap->dim[2];
        tsr_posenet_spot root = tsr_posenet_near(heads, part, cell % w, cell / w);
        if (rules->bilinear)
            tsr_posenet_keep(heads, &root);
        if (taken(people, count, part, root.x, root.y, radius))
            continue;
        tsr_person *one = &people[count];
        gather(heads, rules, part, &root, one);
        one->score = own_score(one, people, rules->bilinear ? 0 : count, radius);
        count += one->score >= rules->person;
    }
    if (rules->bilinear)
        count = settle(people, count, rules, radius);
    else
        sort_people(people, count);
    for (int i = 0; i < count; i++)
        place(&people[i], heads->stride, rules->root, to_picture);
    return count;
}
