/* posenet_truth.c - see posenet_truth.h.   SPDX-License-Identifier: MIT */
#include "tests/fixture.h"
#include <math.h>
#include "tests/posenet_truth.h"

enum { POINTS = TRUTH_POINTS, EDGES = TRUTH_EDGES, ROOM = TRUTH_ROOM };

/* Edge e leads from far_end's parent to it, in the order of the channels. */
static const int far_end[EDGES] = { 1, 3, 2, 4, 5, 7, 9, 11, 13, 15, 6, 8, 10, 12, 14, 16 };
static const int parent[POINTS] = { -1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14 };

/* ---- the truth ------------------------------------------------------------------- */

typedef struct { double logit; int y, x, part; } root;

static double value(const tsr_tensor *t, int y, int x, int c)
{
    const size_t i = ((size_t)y * (size_t)t->dim[2] + (size_t)x) * (size_t)t->dim[3] + (size_t)c;
    if (t->dtype == TSR_U8)
        return ((const uint8_t *)t->data)[i] * (double)t->quant.scale
               - t->quant.zero_point * (double)t->quant.scale;
    return (double)((const float *)t->data)[i];
}

static double clip(double v, double most) { return fmin(fmax(v, 0), most); }

/* Bilinear, or the nearest cell's value; places in cells. */
static double field(const truth *t, const tsr_tensor *f, double x, double y, int c)
{
    if (!t->rules->bilinear)
        return value(f, (int)clip(floor(y + 0.5), t->h - 1), (int)clip(floor(x + 0.5), t->w - 1),
                     c);
    const int x0 = (int)floor(x), y0 = (int)floor(y), x1 = (int)ceil(x), y1 = (int)ceil(y);
    return value(f, y0, x0, c) * (x0 + 1 - x) * (y0 + 1 - y)
           + (x1 > x0 ? value(f, y0, x1, c) * (x - x0) * (y0 + 1 - y) : 0)
           + (y1 > y0 ? value(f, y1, x0, c) * (x0 + 1 - x) * (y - y0) : 0)
           + (x1 > x0 && y1 > y0 ? value(f, y1, x1, c) * (x - x0) * (y - y0) : 0);
}

/* The largest difference between neighbours among the four cells around a place; where
 * the nearest cell is read, there is no slope. */
static double steepness(const truth *t, const tsr_tensor *f, double x, double y, int c)
{
    if (!t->rules->bilinear)
        return 0;
    const int x0 = (int)floor(x), y0 = (int)floor(y), x1 = (int)ceil(x), y1 = (int)ceil(y);
    const double a = value(f, y0, x0, c), b = value(f, y0, x1, c);
    const double d = value(f, y1, x0, c), e = value(f, y1, x1, c);
    return fmax(fmax(fabs(a - b), fabs(d - e)), fmax(fabs(a - d), fabs(b - e)));
}

/* Along a field; offsets in the nearest cell belong to the cell's middle. */
static void step(const truth *t, const tsr_tensor *f, int cx, int cy, bool offset, truth_spot *s)
{
    const double stride = (double)t->net->stride;
    const double dx = field(t, f, s->x, s->y, cx) / stride;
    const double dy = field(t, f, s->x, s->y, cy) / stride;
    const double steep = hypot(steepness(t, f, s->x, s->y, cx), steepness(t, f, s->x, s->y, cy));
    s->slack += s->slack * steep / stride + 4e-7 * (hypot(s->x, s->y) + hypot(dx, dy));
    if (!t->rules->bilinear && offset) {
        s->x = clip(floor(s->x + 0.5), t->w - 1);
        s->y = clip(floor(s->y + 0.5), t->h - 1);
    }
    s->x += dx;
    s->y += dy;
    if (t->rules->bilinear) {
        s->x = clip(s->x, t->w - 1);
        s->y = clip(s->y, t->h - 1);
    }
}

/* Directed edges 0..15 lead to the far end, 16..31 back. */
static truth_spot follow(const truth *t, const truth_spot *from, int directed, int to)
{
    const int e = directed % EDGES;
    const bool back = directed >= EDGES, blocks = t->net->forward->dim[3] == 4 * EDGES;
    const tsr_tensor *f = back && !blocks ? t->net->backward : t->net->forward;
    const int c = e + (back && blocks ? 2 * EDGES : 0);
    truth_spot s = *from;
    step(t, f, c + EDGES, c, false, &s);
    for (int i = 0; i < t->rules->refinements; i++)
        step(t, t->net->offset, to + POINTS, to, true, &s);
    s.logit = field(t, t->net->heatmap, s.x, s.y, to);
    return s;
}

int truth_start_of(int directed)
{
    const int child = far_end[directed % EDGES];
    return directed < EDGES ? parent[child] : child;
}

int truth_end_of(int directed)
{
    const int child = far_end[directed % EDGES];
    return directed < EDGES ? child : parent[child];
}

/* Best first: of all that was proposed, fix the surest, then propose its neighbours. */
static void assemble(const truth *t, int first, truth_spot start, truth_person *p)
{
    struct { truth_spot at; int part; } queue[1 + 2 * EDGES];
    bool done[POINTS] = { false };
    int waiting = 1;
    queue[0].at = start;
    queue[0].part = first;
    while (waiting > 0) {
        int best = 0;
        for (int i = 1; i < waiting; i++)
            best = queue[i].at.logit > queue[best].at.logit ? i : best;
        const int part = queue[best].part;
        const truth_spot s = queue[best].at;
        queue[best] = queue[--waiting];
        if (done[part])
            continue;
        done[part] = true;
        p->at[part] = s;
        for (int e = 0; e < 2 * EDGES; e++)
            if (truth_start_of(e) == part && !done[truth_end_of(e)]) {
                queue[waiting].at = follow(t, &s, e, truth_end_of(e));
                queue[waiting++].part = truth_end_of(e);
            }
    }
}

static bool near(const truth *t, const truth_spot *a, const truth_spot *b)
{
    const double r = (double)t->rules->radius / (double)t->net->stride;
    return (a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y) <= r * r;
}

/* Mean probability of the points that none of the `before` first people has. */
static double mean(const truth *t, const truth_person *p, int before)
{
    double sum = 0;
    for (int k = 0; k < POINTS; k++) {
        bool own = true;
        for (int i = 0; i < before; i++)
            own = own && !near(t, &p->at[k], &t->people[i].at[k]);
        sum += own ? 1 / (1 + exp(-p->at[k].logit)) : 0;
    }
    return sum / POINTS;
}

static int better(const void *a, const void *b)
{
    const double x = ((const truth_person *)a)->score, y = ((const truth_person *)b)->score;
    return x < y ? 1 : x > y ? -1 : 0;
}

static int surer(const void *a, const void *b)
{
    const root *p = a, *q = b;
    if (p->logit < q->logit || p->logit > q->logit)
        return p->logit < q->logit ? 1 : -1;
    return p->y != q->y ? p->y - q->y : p->x != q->x ? p->x - q->x : p->part - q->part;
}

static bool is_peak(const truth *t, int y, int x, int part)
{
    const double v = value(t->net->heatmap, y, x, part);
    for (int j = y > 0 ? y - 1 : 0; j <= y + 1 && j < t->h; j++)
        for (int i = x > 0 ? x - 1 : 0; i <= x + 1 && i < t->w; i++)
            if (value(t->net->heatmap, j, i, part) > v)
                return false;
    return 1 / (1 + exp(-v)) >= (double)t->rules->root;
}

static void one_root(truth *t, const root *r)
{
    const double stride = (double)t->net->stride;
    truth_spot s = { r->x + value(t->net->offset, r->y, r->x, r->part + POINTS) / stride,
               r->y + value(t->net->offset, r->y, r->x, r->part) / stride, r->logit,
                         4e-7 * (r->x + r->y + 1) };
    if (t->rules->bilinear) {
        s.x = clip(s.x, t->w - 1);
        s.y = clip(s.y, t->h - 1);
        s.logit = field(t, t->net->heatmap, s.x, s.y, r->part);
    }
    for (int i = 0; i < t->count; i++)
        if (near(t, &s, &t->people[i].at[r->part]))
            return;
    truth_person *p = &t->people[t->count];
    assemble(t, r->part, s, p);
    p->score = mean(t, p, t->rules->bilinear ? 0 : t->count);
    t->count += p->score >= (double)t->rules->person;
}

void truth_find(truth *t)
{
    root *roots = malloc(sizeof *roots * (size_t)(t->h * t->w * POINTS));
    int count = 0;
    for (int y = 0; y < t->h; y++)
        for (int x = 0; x < t->w; x++)
            for (int k = 0; k < POINTS; k++)
                if (is_peak(t, y, x, k))
                    roots[count++] = (root){ value(t->net->heatmap, y, x, k), y, x, k };
    qsort(roots, (size_t)count, sizeof *roots, surer);
    for (int i = 0; i < count && t->count < ROOM; i++)
        one_root(t, &roots[i]);
    free(roots);
    qsort(t->people, (size_t)t->count, sizeof *t->people, better);
    if (!t->rules->bilinear)
        return;
    for (int i = 1; i < t->count; i++)
        t->people[i].score = mean(t, &t->people[i], i);
    qsort(t->people, (size_t)t->count, sizeof *t->people, better);
    while (t->count > 0 && t->people[t->count - 1].score < (double)t->rules->person)
        t->count--;
}

/* ---- comparing -------------------------------------------------------------------- */

static const tsr_affine map = { { 2, 0.25f, -3, -0.5f, 3, 7 } };

static void compare_person(const truth *t, int index, const tsr_person *got)
{
    const double stride = (double)t->net->stride;
    for (int k = 0; k < POINTS; k++) {
        const truth_spot *s = &t->people[index].at[k];
        const double x = s->x * stride + 0.5, y = s->y * stride + 0.5;
        const double px = 2 * x + 0.25 * y - 3, py = -0.5 * x + 3 * y + 7;
        const tsr_point *p = &got->point[k];
        const double steep = steepness(t, t->net->heatmap, s->x, s->y, k);
        if (!(hypot((double)p->x - px, (double)p->y - py) < 0.001 + 4 * stride * s->slack)
            || !(fabs((double)p->score - 1 / (1 + exp(-s->logit))) < 1e-6 + steep * s->slack))
            fail_msg("person %d, %s: (%.4f, %.4f) %.6f, not (%.4f, %.4f) %.6f", index,
                     tsr_skeleton_body17.name[k], (double)p->x, (double)p->y,
                     (double)p->score, px, py, 1 / (1 + exp(-s->logit)));
    }
}

void truth_compare(const tsr_posenet *net, const tsr_posenet_rules *rules, int at_least)
{
    truth *t = calloc(1, sizeof *t);
    *t = (truth){ .net = net, .rules = rules, .h = net->heatmap->dim[1],
                  .w = net->heatmap->dim[2] };
    truth_find(t);
    tsr_person *got = calloc(ROOM, sizeof *got);
    void *work = malloc(tsr_posenet_bytes(net));
    const int n = tsr_posenet_decode(net, rules, &map, got, ROOM, work);
    assert_int_equal(n, t->count);
    assert_true(n >= at_least);
    for (int i = 0; i < n; i++) {
        if (!(fabs((double)got[i].score - t->people[i].score) < 1e-4))
            fail_msg("person %d: %.7g, not %.7g", i, (double)got[i].score, t->people[i].score);
        compare_person(t, i, &got[i]);
    }
    free(work);
    free(got);
    free(t);
}
