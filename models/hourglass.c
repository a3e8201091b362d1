/*
 * hourglass.c - the stacked hourglass network as it was published: 16 joints of one
 * person whose place in the picture is known.
 *
 *     square of 200 * scale pixels around the centre --crop--> 256 x 256, R,G,B 0..1
 *     --network--> [stack][16][64][64], of which the last stack counts
 *     --highest cell, a quarter towards its higher neighbour--> joints
 *
 * The flip test shows the network the mirror image, too, mirrors its maps back,
 * exchanges left and right, and averages: what the network knows of one side then
 * helps the other.
 *
 * A cell's middle is half a cell from its edge, so a highest cell i stands for the
 * place i + 1/2 +- 1/4.  The authors' program counts from 1 and cuts the fraction off
 * at the end: its joint is trunc(ours) + 1.
 *
 * Newell, Yang, Deng, "Stacked Hourglass Networks for Human Pose Estimation", 2016.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/vision.h"
#include "models/workspace.h"

enum { POINTS = TSR_HOURGLASS_POINTS, SIDE = 256, GRID = 64 };

/* Joint that takes its place in the mirror: right ankle and left ankle ... */
static const uint8_t mirrored[POINTS] = { 5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10 };

tsr_region tsr_region_of_scale(float x, float y, float scale)
{
    return (tsr_region){ x, y, 200 * scale, 0 };
}

/* Maps of [1,16,64,64], or of [1,64,64,16]. */
static bool are_maps(const tsr_tensor *t)
{
    return t->rank == 4 && t->dim[0] == 1
           && ((t->dim[1] == POINTS && t->dim[2] == GRID && t->dim[3] == GRID)
               || (t->dim[1] == GRID && t->dim[2] == GRID && t->dim[3] == POINTS));
}

/* Stacks come in their order. */
static const tsr_tensor *last_maps(const tsr_session *s)
{
    const tsr_tensor *last = NULL;
    for (int i = 0; tsr_output(s, i); i++)
        if (are_maps(tsr_output(s, i)))
            last = tsr_output(s, i);
    return last;
}

bool tsr_hourglass_recognise(tsr_session *session)
{
    const tsr_tensor *input = tsr_input(session, 0);
    int h, w;
    if (tsr_picture_check(input, NULL) != TSR_OK)
        return false;
    tsr_picture_size(input, &h, &w);
    return h == SIDE && w == SIDE && last_maps(session) != NULL;
}

static float *maps_take(tsr_workspace *w)
{
    return tsr_workspace_take(w, POINTS * GRID * GRID * sizeof(float));
}

size_t tsr_hourglass_bytes(void)
{
    tsr_workspace count = { NULL, 0 };
    maps_take(&count);
    return tsr_workspace_need(&count);
}

/* ---- maps ------------------------------------------------------------------------- */

/* maps[joint][y][x] += share * what the network said, mirrored back. */
static void add_maps(const tsr_tensor *t, bool mirror, float share, float *maps)
{
    const bool planes = t->dim[1] == POINTS;
    for (int j = 0; j < POINTS; j++)
        for (int y = 0; y < GRID; y++)
            for (int x = 0; x < GRID; x++) {
                const int tx = mirror ? GRID - 1 - x : x, tj = mirror ? mirrored[j] : j;
                const int at = planes ? (tj * GRID + y) * GRID + tx
                                      : (y * GRID + tx) * POINTS + tj;
                maps[(j * GRID + y) * GRID + x] += share * tsr_tensor_real(t, (size_t)at);
            }
}

static float quarter(float before, float after)
{
    return after > before ? 0.25f : after < before ? -0.25f : 0;
}

/* The highest cell of one map; none if all are NaN. */
static tsr_point peak(const float *map)
{
    int best = -1;
    for (int i = 0; i < GRID * GRID; i++)
        if (map[i] > (best < 0 ? -INFINITY : map[best]))
            best = i;
    if (best < 0)
        return (tsr_point){ 0, 0, 0, 0 };
    const int x = best % GRID, y = best / GRID;
    tsr_point p = { (float)x + 0.5f, (float)y + 0.5f, 0, map[best] };
    p.score = p.score > 0 ? p.score < 1 ? p.score : 1 : 0;
    if (x > 0 && y > 0 && x < GRID - 1 && y < GRID - 1) {
        p.x += quarter(map[best - 1], map[best + 1]);
        p.y += quarter(map[best - GRID], map[best + GRID]);
    }
    return p;
}

/* ---- looking ----------------------------------------------------------------------- */

/* One run on the crop, or on its mirror image: input column x is then column 256 - x
 * of the crop. */
static tsr_status run(const tsr_hourglass *h, const tsr_image *picture, const tsr_affine *crop,
                      bool mirror, tsr_error *err)
{
    tsr_affine a = *crop;
    if (mirror) {
        a.m[2] += a.m[0] * SIDE;
        a.m[5] += a.m[3] * SIDE;
        a.m[0] = -a.m[0];
        a.m[3] = -a.m[3];
    }
    TSR_TRY(tsr_picture_crop(&h->how, picture, &a, tsr_input(h->session, 0), err));
    tsr_run(h->session);
    return TSR_OK;
}

tsr_status tsr_hourglass_find(const tsr_hourglass *h, const tsr_image *picture,
                              const tsr_region *where, void *work,
                              tsr_point points[TSR_HOURGLASS_POINTS], tsr_error *err)
{
    if (!tsr_hourglass_recognise(h->session))
        return tsr_fail(err, TSR_UNSUPPORTED, "no stacked hourglass: it wants an input of %d x %d "
                        "and an output of %d maps of %d x %d", SIDE, SIDE, POINTS, GRID, GRID);
    tsr_workspace space = tsr_workspace_make(work);
    float *maps = maps_take(&space);
    const tsr_affine crop = tsr_region_affine(where, SIDE), grid = tsr_region_affine(where, GRID);
    memset(maps, 0, POINTS * GRID * GRID * sizeof *maps);
    for (int mirror = 0; mirror <= (h->flip ? 1 : 0); mirror++) {
        TSR_TRY(run(h, picture, &crop, mirror, err));
        add_maps(last_maps(h->session), mirror, h->flip ? 0.5f : 1, maps);
    }
    for (int j = 0; j < POINTS; j++) {
        points[j] = peak(maps + (size_t)j * GRID * GRID);
        tsr_affine_apply(&grid, &points[j].x, &points[j].y);
    }
    return TSR_OK;
}
