/*
 * landmarks.c - points inside a region, and their refinement by heatmaps.
 *
 * BlazePose regresses its points from the whole crop, which is robust but a bit
 * vague, and gives a coarse heatmap for each point besides.  Where that map is
 * sure of itself near the point, the point moves to the map's centre of gravity:
 *
 *     p' = sum m c / sum m,  m = sigmoid(map[c]),  c in the 7 x 7 cells around p
 *
 * (Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking", 2020,
 * for the two heads; window and threshold belong to the published network.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"

static float sigmoid(float v)
{
    const float s = 1 / (1 + expf(-v));
    return s >= 0 ? s : 0;      /* NaN: 0 */
}

int tsr_landmarks_decode(const tsr_tensor *raw, int per_point, const tsr_affine *to_picture,
                         tsr_point *points, int room)
{
    const size_t there = tsr_elements(raw) / (size_t)per_point;
    const int n = there < (size_t)room ? (int)there : room;
    const float *m = to_picture->m;
    const float scale = sqrtf(fabsf(m[0] * m[4] - m[1] * m[3]));
    for (int i = 0; i < n; i++) {
        const size_t at = (size_t)i * (size_t)per_point;
        tsr_point p = { tsr_tensor_real(raw, at), tsr_tensor_real(raw, at + 1),
                        tsr_tensor_real(raw, at + 2) * scale, 1 };
        if (per_point >= 5)
            p.score = fminf(sigmoid(tsr_tensor_real(raw, at + 3)),
                            sigmoid(tsr_tensor_real(raw, at + 4)));
        tsr_affine_apply(to_picture, &p.x, &p.y);
        if (!isfinite(p.x) || !isfinite(p.y) || !isfinite(p.z))
            p = (tsr_point){ 0, 0, 0, 0 };
        points[i] = p;
    }
    return n;
}

/* Centre of gravity of map k around cell (cx, cy), in cells; false: nothing sure. */
static bool gravity(const tsr_tensor *maps, int k, int cx, int cy, float *x, float *y)
{
    enum { RADIUS = 3 };
    const int h = maps->dim[1], w = maps->dim[2];
    float sum = 0, sum_x = 0, sum_y = 0, most = 0;
    for (int row = cy - RADIUS; row <= cy + RADIUS; row++)
        for (int col = cx - RADIUS; col <= cx + RADIUS; col++) {
            if (row < 0 || col < 0 || row >= h || col >= w)
                continue;
            const size_t at = ((size_t)row * (size_t)w + (size_t)col) * (size_t)maps->dim[3];
            const float m = sigmoid(tsr_tensor_real(maps, at + (size_t)k));
            sum += m;
            sum_x += m * (float)col;
            sum_y += m * (float)row;
            most = m > most ? m : most;
        }
    *x = sum_x / sum;
    *y = sum_y / sum;
    return most >= 0.5f && sum > 0;
}

void tsr_landmarks_refine(const tsr_tensor *maps, const tsr_affine *grid_to_picture,
                          tsr_point *points, int count)
{
    if (maps->rank != 4 || maps->dim[3] < count)
        return;
    const tsr_affine into = tsr_affine_invert(grid_to_picture);
    for (int i = 0; i < count; i++) {
        float x = points[i].x, y = points[i].y;
        tsr_affine_apply(&into, &x, &y);
        /* Outside the maps, or NaN: nothing to refine with. */
        if (!(x >= 0 && y >= 0 && x < (float)maps->dim[2] && y < (float)maps->dim[1]))
            continue;
        if (gravity(maps, i, (int)x, (int)y, &x, &y)) {
            tsr_affine_apply(grid_to_picture, &x, &y);
            points[i].x = x;
            points[i].y = y;
        }
    }
}
