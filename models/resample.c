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
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"
#include "models/workspace.h"

/* 22 bits: 255 * 2^22 plus rounding stays below 2^31. */
enum { FRACTION = 22 };

typedef struct {
    int in, out, taps;          /* taps: room per output pixel      */
    int *first, *count;         /* [out]                            */
    int32_t *weight;            /* [out][taps], sum = 1 << FRACTION */
} axis_filter;

static axis_filter filter_take(tsr_workspace *w, int in, int out)
{
    const double step = (double)in / out, half = step > 1 ? step : 1;
    axis_filter f = { in, out, 2 * (int)ceil(half) + 1, NULL, NULL, NULL };
    f.first = tsr_workspace_take(w, (size_t)out * sizeof *f.first);
    f.count = tsr_workspace_take(w, (size_t)out * sizeof *f.count);
    f.weight = tsr_workspace_take(w, (size_t)out * (size_t)f.taps * sizeof *f.weight);
    return f;
}

static double triangle(double t)
{
    return fabs(t) < 1 ? 1 - fabs(t) : 0;
}

static void filter_fill(axis_filter *f)
{
    const double step = (double)f->in / f->out, half = step > 1 ? step : 1;
    for (int i = 0; i < f->out; i++) {
        const double centre = (i + 0.5) * step;
        const int from = (int)fmax(centre - half + 0.5, 0);
        const int to = (int)fmin(centre + half + 0.5, f->in);
        int32_t *weight = f->weight + (size_t)i * (size_t)f->taps;
        double sum = 0;
        for (int j = from; j < to; j++)
            sum += triangle((j + 0.5 - centre) / half);
        for (int j = from; j < to; j++) {
            const double share = triangle((j + 0.5 - centre) / half) / sum;
            weight[j - from] = (int32_t)(share * (1 << FRACTION) + 0.5);
        }
        f->first[i] = from;
        f->count[i] = to - from;
    }
}

static uint8_t to_byte(int32_t sum)
{
    const int32_t v = sum >> FRACTION;
    return (uint8_t)(v > 255 ? 255 : v);
}

/* One row, three bytes a pixel. */
static void filter_row(const axis_filter *f, const uint8_t *in, uint8_t *out)
{
    for (int i = 0; i < f->out; i++) {
        const uint8_t *p = in + 3 * (size_t)f->first[i];
        const int32_t *weight = f->weight + (size_t)i * (size_t)f->taps;
        int32_t r = 1 << (FRACTION - 1), g = r, b = r;
        for (int j = 0; j < f->count[i]; j++, p += 3) {
            r += weight[j] * p[0];
            g += weight[j] * p[1];
            b += weight[j] * p[2];
        }
        out[3 * i] = to_byte(r);
        out[3 * i + 1] = to_byte(g);
        out[3 * i + 2] = to_byte(b);
    }
}

/* Output row i from whole rows of `bytes` bytes; sums in 32 bits, row by row,
 * because that order walks memory forwards. */
static void filter_column(const axis_filter *f, int i, const uint8_t *rows, int bytes,
                          int32_t *sums, uint8_t *out)
{
    const int32_t *weight = f->weight + (size_t)i * (size_t)f->taps;
    for (int x = 0; x < bytes; x++)
        sums[x] = 1 << (FRACTION - 1);
    for (int j = 0; j < f->count[i]; j++) {
        const uint8_t *row = rows + (size_t)(f->first[i] + j) * (size_t)bytes;
        const int32_t w = weight[j];
        for (int x = 0; x < bytes; x++)
            sums[x] += w * row[x];
    }
    for (int x = 0; x < bytes; x++)
        out[x] = to_byte(sums[x]);
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
    const size_t narrow = (size_t)dst->width * 3;
    filter_fill(&p.x);
    filter_fill(&p.y);
    for (int y = 0; y < src->height; y++)
        filter_row(&p.x, src->rgb + (size_t)y * (size_t)src->stride, p.rows + (size_t)y * narrow);
    for (int y = 0; y < dst->height; y++)
        filter_column(&p.y, y, p.rows, (int)narrow, p.sums,
                      dst->rgb + (size_t)y * (size_t)dst->stride);
}
