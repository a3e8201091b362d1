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
#include "models/candidates.h"

const tsr_detector tsr_face_short_range = { 128, 4, { 8, 16, 16, 16 }, 2, 6, 0.5f, 0.3f };
const tsr_detector tsr_face_full_range = { 192, 1, { 4 }, 1, 6, 0.6f, 0.3f };
const tsr_detector tsr_face_back = { 256, 4, { 16, 32, 32, 32 }, 2, 6, 0.5f, 0.3f };
const tsr_detector tsr_palm = { 192, 4, { 8, 16, 16, 16 }, 2, 7, 0.5f, 0.3f };
const tsr_detector tsr_palm_2020 = { 128, 4, { 8, 16, 16, 16 }, 2, 7, 0.5f, 0.3f };
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

/* Number `at` of one or two tensors, the second going on where the first ends. */
static float real_of(const tsr_tensor *const part[2], size_t at)
{
    const size_t first = tsr_elements(part[0]);
    return at < first ? tsr_tensor_real(part[0], at) : tsr_tensor_real(part[1], at - first);
}

static size_t elements_of(const tsr_tensor *const part[2])
{
    return tsr_elements(part[0]) + (part[1] ? tsr_elements(part[1]) : 0);
}

/* Row `row` of the raw output as a box around the anchor (ax, ay), in input pixels. */
static tsr_box decode_row(const tsr_detector_heads *h, int row, float ax, float ay)
{
    const tsr_detector *d = &h->kind;
    const int length = 4 + 2 * d->points;
    const size_t at = (size_t)row * (size_t)length;
    float v[4 + 2 * TSR_BOX_POINTS];
    for (int i = 0; i < length; i++)
        v[i] = real_of(h->raw, at + (size_t)i);
    tsr_box b = {
        .x0 = ax + v[0] - v[2] / 2, .y0 = ay + v[1] - v[3] / 2,
        .x1 = ax + v[0] + v[2] / 2, .y1 = ay + v[1] + v[3] / 2, .points = d->points,
    };
    for (int i = 0; i < d->points; i++)
        b.point[i] = (tsr_point){ ax + v[4 + 2 * i], ay + v[5 + 2 * i], 0, 1 };
    return b;
}

/* Every row must be there: the file could be of another network. */
static tsr_status check(const tsr_detector_heads *h, tsr_error *err)
{
    const tsr_detector *d = &h->kind;
    const size_t anchors = (size_t)tsr_detector_anchors(d), length = (size_t)(4 + 2 * d->points);
    const size_t raw = elements_of(h->raw), scores = elements_of(h->scores);
    if (raw == anchors * length && scores == anchors)
        return TSR_OK;
    return tsr_fail(err, TSR_UNSUPPORTED,
                    "outputs '%s' and '%s' hold %zu and %zu numbers, not %zu anchors x %zu",
                    h->raw[0]->name, h->scores[0]->name, raw, scores, anchors, length);
}

tsr_status tsr_heads_decode(const tsr_detector_heads *h, tsr_box *found, int room, int *count,
                            tsr_error *err)
{
    const tsr_detector *d = &h->kind;
    *count = 0;
    TSR_TRY(check(h, err));
    for (int layer = 0, row = 0, cells, rows; layer < d->layers; ) {
        layer = grid_of(d, layer, &cells, &rows);
        const float step = (float)d->side / (float)cells;
        for (int end = row + cells * cells * rows, i = 0; row < end; row++, i++) {
            const float score = 1 / (1 + expf(-real_of(h->scores, (size_t)row)));
            if (!(score >= d->threshold))
                continue;                       /* NaN, too */
            const int cell = i / rows;
            tsr_box b = decode_row(h, row, ((float)(cell % cells) + 0.5f) * step,
                                   ((float)(cell / cells) + 0.5f) * step);
            b.score = score;
            tsr_candidate_keep(found, room, count, &b);
        }
    }
    return TSR_OK;
}

tsr_status tsr_boxes_decode(const tsr_detector *d, const tsr_tensor *raw, const tsr_tensor *scores,
                            tsr_box *found, int room, int *count, tsr_error *err)
{
    const tsr_detector_heads h = { *d, { raw, NULL }, { scores, NULL } };
    return tsr_heads_decode(&h, found, room, count, err);
}

/* ---- which detector is it? --------------------------------------------------- */

/* Add t to one or two parts, the larger first: that is the order of the grids. */
static bool add_part(const tsr_tensor *part[2], const tsr_tensor *t)
{
    if (part[0] && part[1])
        return false;
    part[1] = part[0];
    part[0] = t;
    if (part[1] && tsr_elements(part[1]) > tsr_elements(t)) {
        part[0] = part[1];
        part[1] = t;
    }
    return true;
}

/* The outputs [1,anchors,1] and [1,anchors,4 + 2 points] of one or two grids. */
static bool match(const tsr_session *s, const tsr_detector *d, tsr_detector_heads *h)
{
    *h = (tsr_detector_heads){ .kind = *d };
    for (int i = 0; tsr_output(s, i); i++) {
        const tsr_tensor *t = tsr_output(s, i);
        const int length = t->rank > 0 ? t->dim[t->rank - 1] : 0;
        if ((length == 1 && !add_part(h->scores, t)) ||
            (length == 4 + 2 * d->points && !add_part(h->raw, t)))
            return false;
    }
    return h->raw[0] && h->scores[0] && check(h, NULL) == TSR_OK;
}

tsr_status tsr_detector_recognise(tsr_session *s, const tsr_detector *const *known,
                                  tsr_detector_heads *h, tsr_error *err)
{
    int height, width;
    TSR_TRY(tsr_picture_check(tsr_input(s, 0), err));
    tsr_picture_size(tsr_input(s, 0), &height, &width);
    for (; *known; known++)
        if (height == (*known)->side && width == height && match(s, *known, h))
            return TSR_OK;
    return tsr_fail(err, TSR_UNSUPPORTED, "a network of %d x %d pixels whose outputs are those "
                    "of no detector that is known here", width, height);
}
