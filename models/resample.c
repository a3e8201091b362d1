/*
 * resample.c - resize a picture with a triangle filter.
 *
 *     out[i] = sum_j w[i][j] * in[first[i] + j]
 *     w[i][j] = tri((first[i] + j + 0.5 - centre) / width),  centre = (i + 0.5) * s
 *     s = in / out,  width = max(s, 1),  tri(t) = max(1 - |t|, 0),  sum_j w = 1
 *
 * When enlarging this is plain bilinear interpolation with half-pixel centres;
 * when shrinking, the triangle grows with the step, so that every source pixel
 * counts and fine patterns do not alias.  Two passes, rows first; weights are
 * fixed-point with 22 bits behind the point and each pass rounds to a byte: the
 * arithmetic of Pillow's BILINEAR, which most published networks' example
 * pictures went through, so their inputs can be reproduced bit by bit.
 * The weights are made here; the two passes are ops/kernels/resample_u8.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"
#include "models/workspace.h"
#include "ops/kernels/resample_u8.h"

/* 22 bits: 255 * 2^22 plus rounding stays below 2^31. */
enum { FRACTION = TSR_RESAMPLE_POINT, GROUP = TSR_RESAMPLE_GROUP };

typedef tsr_resample_u8_filter axis_filter;

/* An interval of length 2 half holds at most ceil(2 half) pixel centres.  Rounding adds none:
 * a step that makes 2 half whole is exact, and any other is far from whole. */
static axis_filter filter_take(tsr_workspace *w, int in, int out)
{
    const double step = (double)in / out, half = step > 1 ? step : 1;
    const int taps = ((int)ceil(2 * half) + GROUP - 1) / GROUP * GROUP;
    axis_filter f = { .in = in, .out = out, .taps = taps };
    const size_t weights = (size_t)out * (size_t)taps;
    f.first = tsr_workspace_take(w, (size_t)out * sizeof *f.first);
    f.count = tsr_workspace_take(w, (size_t)out * sizeof *f.count);
    f.weight = tsr_workspace_take(w, weights * sizeof *f.weight);
    f.high = tsr_workspace_take(w, weights * sizeof *f.high);
    f.low = tsr_workspace_take(w, weights * sizeof *f.low);
    return f;
}

static double triangle(double t)
{
    return fabs(t) < 1 ? 1 - fabs(t) : 0;
}

/* Weight j of the pixel whose weights start at `at`. */
static void weight_set(axis_filter *f, size_t at, int j, int32_t weight)
{
    const int32_t one = 1 << TSR_RESAMPLE_LOW;
    f->weight[at + (size_t)j] = weight;
    f->high[at + (size_t)j] = (int16_t)(weight / one);
    f->low[at + (size_t)j] = (int16_t)(weight % one);
}

static void filter_fill(axis_filter *f)
{
    const double step = (double)f->in / f->out, half = step > 1 ? step : 1;
    for (int i = 0; i < f->out; i++) {
        const double centre = (i + 0.5) * step;
        const int from = (int)fmax(centre - half + 0.5, 0);
        const int to = (int)fmin(centre + half + 0.5, f->in);
        const size_t at = (size_t)i * (size_t)f->taps;
        double sum = 0;
        for (int j = from; j < to; j++)
            sum += triangle((j + 0.5 - centre) / half);
        for (int j = from; j < to; j++) {
            const double share = triangle((j + 0.5 - centre) / half) / sum;
            weight_set(f, at, j - from, (int32_t)(share * (1 << FRACTION) + 0.5));
        }
        for (int j = to - from; j < f->taps; j++)
            weight_set(f, at, j, 0);
        f->first[i] = from;
        f->count[i] = to - from;
    }
}

typedef struct {
    axis_filter x, y;
    uint8_t *rows;              /* the source, narrowed: [height][new_width][3] */
    int32_t *sums;              /* [new_width][3] */
} resample_plan;

static resample_plan plan_take(tsr_workspace *w, int width, int height,
                               int new_width, int new_height)
{
    resample_plan p;
    p.x = filter_take(w, width, new_width);
    p.y = filter_take(w, height, new_height);
    p.rows = tsr_workspace_take(w, (size_t)height * (size_t)new_width * 3);
    p.sums = tsr_workspace_take(w, (size_t)new_width * 3 * sizeof *p.sums);
    return p;
}

size_t tsr_image_resize_bytes(int width, int height, int new_width, int new_height)
{
    tsr_workspace count = { NULL, 0 };
    plan_take(&count, width, height, new_width, new_height);
    return tsr_workspace_need(&count);
}

void tsr_image_resize(const tsr_image *src, const tsr_image *dst, void *work)
{
    tsr_workspace w = tsr_workspace_make(work);
    resample_plan p = plan_take(&w, src->width, src->height, dst->width, dst->height);
    const tsr_resample_u8 *kernel = tsr_resample_u8_best();
    const size_t narrow = (size_t)dst->width * 3;
    filter_fill(&p.x);
    filter_fill(&p.y);
    for (int y = 0; y < src->height; y++)
        kernel->across(&p.x, src->rgb + (size_t)y * (size_t)src->stride,
                       p.rows + (size_t)y * narrow);
    for (int y = 0; y < dst->height; y++)
        kernel->down(&p.y, y, p.rows, (int)narrow, p.sums,
                     dst->rgb + (size_t)y * (size_t)dst->stride);
}
