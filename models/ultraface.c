/*
 * ultraface.c - faces as offsets from priors: boxes of fixed sizes in each cell.
 *
 * Strides 8, 16, 32, 64 with grids of ceil(W/s) x ceil(H/s), and in each cell, at
 * ((c + 0.5) s / W, (r + 0.5) s / H), one square for each size in pixels:
 *
 *     stride  8: 10 16 24    16: 32 48    32: 64 96    64: 128 192 256
 *
 *     centre = prior centre + 0.1 d prior size,   size = prior size exp(0.2 d)
 *
 * all relative to the input.  Most files hold that arithmetic inside and give corners;
 * in those no box has its right edge left of its left one, which offsets, being
 * anything, cannot all avoid.  (Design and constants: the "Ultra-Light-Fast-Generic
 * Face Detector", 2019, an SSD as in Liu et al., "SSD: Single Shot MultiBox Detector".)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/candidates.h"
#include "models/detect.h"

enum { LEVELS = 4 };
static const struct { int stride, sizes, size[3]; } level[LEVELS] = {
    { 8, 3, { 10, 16, 24 } }, { 16, 2, { 32, 48 } }, { 32, 2, { 64, 96 } },
    { 64, 3, { 128, 192, 256 } },
};

static int columns_of(const tsr_ultraface *u, int k)
{
    return (u->width + level[k].stride - 1) / level[k].stride;
}

static int rows_of(const tsr_ultraface *u, int k)
{
    return (u->height + level[k].stride - 1) / level[k].stride;
}

static size_t priors_of(const tsr_ultraface *u)
{
    size_t n = 0;
    for (int k = 0; k < LEVELS; k++)
        n += (size_t)columns_of(u, k) * (size_t)rows_of(u, k) * (size_t)level[k].sizes;
    return n;
}

bool tsr_ultraface_recognise(tsr_session *s, tsr_ultraface *u)
{
    *u = (tsr_ultraface){ .width = 0 };
    if (tsr_picture_check(tsr_input(s, 0), NULL) != TSR_OK)
        return false;
    tsr_picture_size(tsr_input(s, 0), &u->height, &u->width);
    const size_t n = priors_of(u);
    for (int i = 0; tsr_output(s, i); i++) {
        const tsr_tensor *t = tsr_output(s, i);
        const int length = t->rank > 0 ? t->dim[t->rank - 1] : 0;
        if (length == 2 && tsr_elements(t) == 2 * n)
            u->scores = t;
        if (length == 4 && tsr_elements(t) == 4 * n)
            u->boxes = t;
    }
    return u->scores && u->boxes;
}

static bool are_corners(const tsr_ultraface *u)
{
    const size_t n = tsr_elements(u->boxes);
    for (size_t i = 0; i < n; i += 4)
        if (!(tsr_tensor_real(u->boxes, i) <= tsr_tensor_real(u->boxes, i + 2) &&
              tsr_tensor_real(u->boxes, i + 1) <= tsr_tensor_real(u->boxes, i + 3)))
            return false;
    return true;
}

/* Probability of a face: given as such, or two logits that do not add up to one. */
static float score_of(const tsr_ultraface *u, size_t i)
{
    const float none = tsr_tensor_real(u->scores, 2 * i);
    const float face = tsr_tensor_real(u->scores, 2 * i + 1);
    if (none >= 0 && face >= 0 && fabsf(none + face - 1) < 1e-3f)
        return face;
    return 1 / (1 + expf(none - face));
}

/* A prior: its middle and its size, relative to the input, clipped to it. */
typedef struct { float x, y, w, h; } prior;

static float clip(float v) { return v < 0 ? 0 : v > 1 ? 1 : v; }

static tsr_box decode(const tsr_ultraface *u, size_t i, const prior *p, bool corners)
{
    float v[4];
    for (int k = 0; k < 4; k++)
        v[k] = tsr_tensor_real(u->boxes, 4 * i + (size_t)k);
    const float w = (float)u->width, h = (float)u->height;
    if (corners)
        return (tsr_box){ .x0 = v[0] * w, .y0 = v[1] * h, .x1 = v[2] * w, .y1 = v[3] * h };
    const float cx = p->x + 0.1f * v[0] * p->w, cy = p->y + 0.1f * v[1] * p->h;
    const float bw = p->w * expf(0.2f * v[2]), bh = p->h * expf(0.2f * v[3]);
    return (tsr_box){ .x0 = (cx - bw / 2) * w, .y0 = (cy - bh / 2) * h,
                      .x1 = (cx + bw / 2) * w, .y1 = (cy + bh / 2) * h };
}

int tsr_ultraface_decode(const tsr_ultraface *u, float threshold, tsr_box *found, int room)
{
    const bool corners = are_corners(u);
    int count = 0;
    size_t row = 0;
    for (int k = 0; k < LEVELS; k++) {
        const int columns = columns_of(u, k), sizes = level[k].sizes;
        const float sx = (float)level[k].stride / (float)u->width;
        const float sy = (float)level[k].stride / (float)u->height;
        for (int i = 0; i < columns * rows_of(u, k) * sizes; i++, row++) {
            const float score = score_of(u, row), size = (float)level[k].size[i % sizes];
            if (!(score >= threshold))
                continue;                       /* NaN, too */
            const prior p = {
                clip(((float)(i / sizes % columns) + 0.5f) * sx),
                clip(((float)(i / sizes / columns) + 0.5f) * sy),
                clip(size / (float)u->width), clip(size / (float)u->height),
            };
            tsr_box b = decode(u, row, &p, corners);
            b.score = score;
            tsr_candidate_keep(found, room, &count, &b);
        }
    }
    return count;
}
