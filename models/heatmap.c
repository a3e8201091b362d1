/*
 * heatmap.c - joints from heatmaps, one map per joint.
 *
 *     map --5x5 Gaussian--> smooth --argmax--> cell --parabola--> fraction
 *
 * The blur is separable with the weights of a Gaussian of sigma 1.1 (what image
 * libraries take for a window of 5: 0.3 ((5-1)/2 - 1) + 0.8), borders mirrored.
 * It keeps a lone noisy cell from winning.  The peak of a parabola through the
 * best cell and its two neighbours, per axis, gives the position between cells:
 *     d = (right - left) / (2 (2 best - left - right)),  |d| <= 1/2
 * so a cell of 4 or 2 input pixels does not round the joint to a raster.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"
#include "models/workspace.h"

enum { RADIUS = 2 };

/* exp(-i^2 / (2 * 1.1^2)), normalised: [0], [1], [2] cells away */
static const float weight[RADIUS + 1] = { 0.369546f, 0.244460f, 0.070767f };

/* The map of one joint, and room for the blur between its two directions. */
typedef struct {
    int h, w;
    float *a, *b;               /* [h][w] each */
} planes;

static planes planes_take(tsr_workspace *work, int h, int w)
{
    const size_t bytes = (size_t)h * (size_t)w * sizeof(float);
    planes p = { h, w, NULL, NULL };
    p.a = tsr_workspace_take(work, bytes);
    p.b = tsr_workspace_take(work, bytes);
    return p;
}

/* [1,n,h,w] if the last axis is too long for joints and the second is not. */
static bool planes_first(const tsr_tensor *maps)
{
    return maps->dim[3] > TSR_MAX_POINTS && maps->dim[1] <= TSR_MAX_POINTS;
}

int tsr_heatmap_count(const tsr_tensor *maps, int *height, int *width)
{
    *height = *width = 0;
    if (maps->rank != 4 || maps->dim[0] != 1)
        return 0;
    const int *d = maps->dim, first = planes_first(maps) ? 1 : 0;
    *height = d[1 + first];
    *width = d[2 + first];
    return *height < 1 || *width < 1 ? 0 : first ? d[1] : d[3];
}

size_t tsr_heatmap_bytes(const tsr_tensor *maps)
{
    tsr_workspace count = { NULL, 0 };
    int h, w;
    if (tsr_heatmap_count(maps, &h, &w))
        planes_take(&count, h, w);
    return tsr_workspace_need(&count);
}

/* Mirror without repeating the edge: -1 -> 1, n -> n - 2. */
static int mirror(int i, int n)
{
    i = i < 0 ? -i : i;
    i = i >= n ? 2 * (n - 1) - i : i;
    return i < 0 ? 0 : i;       /* a map of a single cell */
}

/* Blur along one axis: `count` lines of `n` cells, `step` apart. */
static void blur(const float *in, float *out, int count, int n, bool rows)
{
    for (int line = 0; line < count; line++)
        for (int i = 0; i < n; i++) {
            float sum = 0;
            for (int k = -RADIUS; k <= RADIUS; k++) {
                const int j = mirror(i + k, n);
                sum += weight[k < 0 ? -k : k] * in[rows ? line * n + j : j * count + line];
            }
            out[rows ? line * n + i : i * count + line] = sum;
        }
}

/* Offset of the top of a parabola from its middle sample. */
static float parabola(float left, float mid, float right)
{
    const float bend = 2 * mid - left - right;
    const float d = bend > 0 ? (right - left) / (2 * bend) : 0;
    return d > -0.5f ? d < 0.5f ? d : 0.5f : isnan(d) ? 0 : -0.5f;
}

/* Cell of the largest value, or -1 when there is none (all NaN). */
static int highest(const float *v, int n)
{
    int best = -1;
    for (int i = 0; i < n; i++)
        if (v[i] > (best < 0 ? -INFINITY : v[best]))
            best = i;
    return best;
}

/* Where the map in p->a is highest, in cells; p->a is blurred on the way.  Gives
 * the cell, or -1 when there is none. */
static int find_peak(const planes *p, float *px, float *py)
{
    blur(p->a, p->b, p->h, p->w, true);
    blur(p->b, p->a, p->w, p->h, false);
    const float *s = p->a;
    const int best = highest(s, p->h * p->w);
    if (best < 0)
        return -1;
    const int y = best / p->w, x = best % p->w;
    *px = (float)x + 0.5f;
    *py = (float)y + 0.5f;
    if (x > 0 && x < p->w - 1)
        *px += parabola(s[best - 1], s[best], s[best + 1]);
    if (y > 0 && y < p->h - 1)
        *py += parabola(s[best - p->w], s[best], s[best + p->w]);
    return best;
}

int tsr_heatmap_decode(const tsr_tensor *maps, const tsr_affine *grid_to_picture,
                       tsr_point *points, int room, void *work)
{
    int h, w;
    const int count = tsr_heatmap_count(maps, &h, &w), cells = h * w;
    if (!count)
        return 0;
    tsr_workspace space = tsr_workspace_make(work);
    const planes p = planes_take(&space, h, w);
    const int n = count < room ? count : room;
    /* Cell i of map j is element i * cell + j * map. */
    const size_t cell = planes_first(maps) ? 1 : (size_t)count;
    const size_t map = planes_first(maps) ? (size_t)cells : 1;
    for (int j = 0; j < n; j++) {
        const size_t first = (size_t)j * map;
        for (int i = 0; i < cells; i++)
            p.a[i] = tsr_tensor_real(maps, first + (size_t)i * cell);
        tsr_point joint = { 0, 0, 0, 0 };
        const int peak = find_peak(&p, &joint.x, &joint.y);
        if (peak >= 0) {
            const float raw = tsr_tensor_real(maps, first + (size_t)peak * cell);
            joint.score = raw > 0 ? raw < 1 ? raw : 1 : 0;
            tsr_affine_apply(grid_to_picture, &joint.x, &joint.y);
        }
        points[j] = joint;
    }
    return n;
}
