/*
 * posenet_walk.c - from one point of a person to the other sixteen.
 *
 * The 17 points are the nodes of a tree with the nose at its root.  For every
 * edge the network tells, in each cell, how far it is from this end of the edge
 * to the other: a jump across half a body, and no exact one.  So after the jump
 * the place is refined by the offsets, which point from the cells around a point
 * to the point itself and are good to a pixel:
 *
 *     p' = p + displacement(p);   p' = p' + offset(p'), some times
 *
 * Two published decoders read these fields differently: the older one takes the
 * nearest cell, the newer interpolates between four.  They also visit the edges
 * in different orders, the newer from the surest point onwards; but in a tree
 * one path only leads from the root to each point, so no order changes anything.
 *
 * Papandreou et al., "PersonLab: Person Pose Estimation and Instance
 * Segmentation with a Bottom-Up, Part-Based, Geometric Embedding Model", 2018,
 * sections 3.1 and 3.2.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/posenet.h"

enum { POINTS = TSR_POSENET_POINTS, EDGES = 16 };

/* Parent and child: from the nose over the eyes to the ears, and over the
 * shoulders to wrists and ankles; first the left side of each, then the right. */
static const struct { uint8_t parent, child; } edge[EDGES] = {
    { 0, 1 }, { 1, 3 }, { 0, 2 }, { 2, 4 },
    { 0, 5 }, { 5, 7 }, { 7, 9 }, { 5, 11 }, { 11, 13 }, { 13, 15 },
    { 0, 6 }, { 6, 8 }, { 8, 10 }, { 6, 12 }, { 12, 14 }, { 14, 16 },
};

/* Where the displacements of an edge stand: a tensor, channels of y and x. */
typedef struct { const tsr_tensor *t; int y, x; } field;

static field displacement(const tsr_posenet *net, int e, bool forward)
{
    field f = { forward ? net->forward : net->backward, e, e + EDGES };
    if (!forward && net->forward == net->backward) {    /* both in one: the second half */
        f.y += 2 * EDGES;
        f.x += 2 * EDGES;
    }
    return f;
}

static field offset(const tsr_posenet *net, int part)
{
    return (field){ net->offset, part, part + POINTS };
}

/* ---- the nearest cell ------------------------------------------------------- */

static int nearest(float v, int cells)
{
    return (int)tsr_posenet_clamp(floorf(v + 0.5f), cells);
}

static tsr_posenet_spot hop_nearest(const tsr_posenet *net, int refinements, field jump,
                                    const tsr_posenet_spot *from, int to)
{
    const int h = net->heatmap->dim[1], w = net->heatmap->dim[2];
    const int x = nearest(from->x, w), y = nearest(from->y, h);
    tsr_posenet_spot s = { from->x + tsr_posenet_at(jump.t, y, x, jump.x) / net->stride,
                           from->y + tsr_posenet_at(jump.t, y, x, jump.y) / net->stride, 0 };
    for (int i = 0; i < refinements; i++)
        s = tsr_posenet_near(net, to, nearest(s.x, w), nearest(s.y, h));
    s.logit = tsr_posenet_at(net->heatmap, nearest(s.y, h), nearest(s.x, w), to);
    return s;
}

/* ---- between four cells ------------------------------------------------------ */

/* Weights of the four cells around a place on the grid. */
typedef struct {
    int x0, y0, x1, y1;
    float ax, ay;               /* shares of x1 and y1 */
} four_cells;

static four_cells cells_at(const tsr_tensor *t, float x, float y)
{
    const int h = t->dim[1], w = t->dim[2], x0 = (int)x, y0 = (int)y;
    return (four_cells){ x0, y0, x0 + 1 < w ? x0 + 1 : x0, y0 + 1 < h ? y0 + 1 : y0,
                         x - (float)x0, y - (float)y0 };
}

static float between(const tsr_tensor *t, const four_cells *c, int channel)
{
    const float top = (1 - c->ax) * tsr_posenet_at(t, c->y0, c->x0, channel)
                      + c->ax * tsr_posenet_at(t, c->y0, c->x1, channel);
    const float bottom = (1 - c->ax) * tsr_posenet_at(t, c->y1, c->x0, channel)
                         + c->ax * tsr_posenet_at(t, c->y1, c->x1, channel);
    return (1 - c->ay) * top + c->ay * bottom;
}

/* Along a field from where s is, and not off the grid. */
static void move(const tsr_posenet *net, field f, tsr_posenet_spot *s)
{
    const four_cells c = cells_at(f.t, s->x, s->y);
    const float dx = between(f.t, &c, f.x), dy = between(f.t, &c, f.y);
    s->x += dx / net->stride;
    s->y += dy / net->stride;
    tsr_posenet_keep(net, s);
}

static float logit_at(const tsr_posenet *net, const tsr_posenet_spot *s, int part)
{
    const four_cells c = cells_at(net->heatmap, s->x, s->y);
    return between(net->heatmap, &c, part);
}

static tsr_posenet_spot hop_bilinear(const tsr_posenet *net, int refinements, field jump,
                                     const tsr_posenet_spot *from, int to)
{
    tsr_posenet_spot s = *from;
    move(net, jump, &s);
    for (int i = 0; i < refinements; i++)
        move(net, offset(net, to), &s);
    s.logit = logit_at(net, &s, to);
    return s;
}

/* ---- both --------------------------------------------------------------------- */

void tsr_posenet_walk(const tsr_posenet *net, const tsr_posenet_rules *rules, int root,
                      tsr_posenet_spot spot[TSR_POSENET_POINTS])
{
    bool known[POINTS] = { false };
    known[root] = true;
    if (rules->bilinear)
        spot[root].logit = logit_at(net, &spot[root], root);
    /* Edges near the nose have low numbers: backwards through the list the root's
     * branch reaches the nose, forwards everything else is reached from there. */
    for (int i = 0; i < 2 * EDGES; i++) {
        const bool out = i >= EDGES;
        const int e = out ? i - EDGES : EDGES - 1 - i;
        const int from = out ? edge[e].parent : edge[e].child;
        const int to = out ? edge[e].child : edge[e].parent;
        if (!known[from] || known[to])
            continue;
        const field jump = displacement(net, e, out);
        spot[to] = rules->bilinear
                   ? hop_bilinear(net, rules->refinements, jump, &spot[from], to)
                   : hop_nearest(net, rules->refinements, jump, &spot[from], to);
        known[to] = true;
    }
}
