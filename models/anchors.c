/*
 * anchors.c - candidates of BlazeFace, BlazePalm and the BlazePose detector.
 *
 * The network gives one row of numbers per anchor.  Anchors stand in the middle
 * of grid cells, cell after cell; layers of equal stride share one grid, so a
 * cell of the 16-stride grid with three layers and two anchors each has six rows:
 *
 *     for each run of equal strides s:  n = ceil(side / s)
 *         for y, x in n x n:  per_cell * run length rows at ((x + 0.5)/n, (y + 0.5)/n)
 *
 * A row is centre x, centre y, width, height and then x, y of each key point, all
 * in input pixels, all but the size relative to the anchor.  Score = sigmoid.
 * (Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection", 2019.)
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"

const tsr_detector tsr_face_short_range = { 128, 4, { 8, 16, 16, 16 }, 2, 6, 0.5f, 0.3f };
const tsr_detector tsr_face_full_range = { 192, 1, { 4 }, 1, 6, 0.6f, 0.3f };
const tsr_detector tsr_palm = { 192, 4, { 8, 16, 16, 16 }, 2, 7, 0.5f, 0.3f };
const tsr_detector tsr_body = { 224, 5, { 8, 16, 32, 32, 32 }, 2, 4, 0.5f, 0.3f };

/* The run of equal strides that starts at `layer`: cells a side and rows a cell. */
static int grid_of(const tsr_detector *d, int layer, int *cells, int *rows)
{
    int end = layer;
    while (end < d->layers && d->stride[end] == d->stride[layer])
        end++;
    *cells = (d->side + d->stride[layer] - 1) / d->stride[layer];
    *rows = (end - layer) * d->per_cell;
    return end;
}

int tsr_detector_anchors(const tsr_detector *d)
{
    int total = 0;
    for (int layer = 0, cells, rows; layer < d->layers; ) {
        layer = grid_of(d, layer, &cells, &rows);
        total += cells * cells * rows;
    }
    return total;
}

/* Row `row` of the raw output as a box around the anchor (ax, ay), in input pixels. */
static tsr_box decode_row(const tsr_detector *d, const tsr_tensor *raw, int row, float ax, float ay)
{
    const int length = 4 + 2 * d->points;
    const size_t at = (size_t)row * (size_t)length;
    float v[4 + 2 * TSR_BOX_POINTS];
    for (int i = 0; i < length; i++)
        v[i] = tsr_tensor_real(raw, at + (size_t)i);
    tsr_box b = {
        .x0 = ax + v[0] - v[2] / 2, .y0 = ay + v[1] - v[3] / 2,
        .x1 = ax + v[0] + v[2] / 2, .y1 = ay + v[1] + v[3] / 2, .points = d->points,
    };
    for (int i = 0; i < d->points; i++)
        b.point[i] = (tsr_point){ ax + v[4 + 2 * i], ay + v[5 + 2 * i], 0, 1 };
    return b;
}

/* Every number finite and of a size that later squares and sums survive. */
static bool sane(const tsr_box *b)
{
    const float limit = 1e9f;
    bool ok = fabsf(b->x0) < limit && fabsf(b->y0) < limit &&
              fabsf(b->x1) < limit && fabsf(b->y1) < limit;
    for (int i = 0; i < b->points; i++)
        ok = ok && fabsf(b->point[i].x) < limit && fabsf(b->point[i].y) < limit;
    return ok;
}

/* Append, or replace the worst when there is no room. */
static void keep(tsr_box *found, int room, int *count, const tsr_box *b)
{
    int at = *count;
    if (at == room) {
        at = 0;
        for (int i = 1; i < room; i++)
            at = found[i].score < found[at].score ? i : at;
        if (!(b->score > found[at].score))
            return;
    } else {
        ++*count;
    }
    found[at] = *b;
}

/* Every row must be there: the file could be of another network. */
static tsr_status check(const tsr_detector *d, const tsr_tensor *raw, const tsr_tensor *scores,
                        tsr_error *err)
{
    const size_t anchors = (size_t)tsr_detector_anchors(d), length = (size_t)(4 + 2 * d->points);
    if (tsr_elements(raw) == anchors * length && tsr_elements(scores) == anchors)
        return TSR_OK;
    return tsr_fail(err, TSR_UNSUPPORTED,
                    "outputs '%s' and '%s' hold %zu and %zu numbers, not %zu anchors x %zu",
                    raw->name, scores->name, tsr_elements(raw), tsr_elements(scores),
                    anchors, length);
}

tsr_status tsr_boxes_decode(const tsr_detector *d, const tsr_tensor *raw, const tsr_tensor *scores,
                            tsr_box *found, int room, int *count, tsr_error *err)
{
    *count = 0;
    TSR_TRY(check(d, raw, scores, err));
    for (int layer = 0, row = 0, cells, rows; layer < d->layers; ) {
        layer = grid_of(d, layer, &cells, &rows);
        const float step = (float)d->side / (float)cells;
        for (int end = row + cells * cells * rows, i = 0; row < end; row++, i++) {
            const float score = 1 / (1 + expf(-tsr_tensor_real(scores, (size_t)row)));
            if (!(score >= d->threshold) || room < 1)
                continue;                       /* NaN, too */
            const int cell = i / rows;
            tsr_box b = decode_row(d, raw, row, ((float)(cell % cells) + 0.5f) * step,
                                   ((float)(cell / cells) + 0.5f) * step);
            b.score = score;
            if (sane(&b))
                keep(found, room, count, &b);
        }
    }
    return TSR_OK;
}
