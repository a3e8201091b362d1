/*
 * pool2d_q8.c - max_pool2d and average_pool2d of u8 and s8.
 *
 * Both work on stored numbers: input and output have the same scale.  An
 * average is the integer sum divided by the count, rounded to nearest, halves
 * away from zero, as TFLite defines it.  Pixels in the padding are real zeros
 * where they count at all, so they add zero points.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/pool2d.h"
#include "ops/q8.h"

enum {
    CHANNELS = 256,             /* summed at once: 1 KB of stack          */
    EXACT = 40000,              /* so many bytes and a half are below 2^24 */
};

typedef struct {
    int first_y, end_y, first_x, end_x;     /* input pixels inside, by index */
    int count;                  /* to divide by                              */
    int outside;                /* real zeros to add                         */
} window;

typedef struct { int first, end; } taps;

/* Taps first .. end - 1 of a window at `at` lie inside 0 .. size - 1. */
static taps inside(int at, int size, int count, int dilation)
{
    taps t = { at < 0 ? (-at + dilation - 1) / dilation : 0, 0 };
    const int room = size - 1 - at;
    t.end = room < 0 ? 0 : room / dilation + 1 < count ? room / dilation + 1 : count;
    if (t.first > t.end)
        t.first = t.end;
    return t;
}

static window window_at(const tsr_step *s, int oy, int ox)
{
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    const int y = oy * a->stride_y - a->pad_top, x = ox * a->stride_x - a->pad_left;
    const taps ty = inside(y, s->in[0]->dim[1], a->kh, a->dilation_y);
    const taps tx = inside(x, s->in[0]->dim[2], a->kw, a->dilation_x);
    const int within = (ty.end - ty.first) * (tx.end - tx.first);
    const int all = a->kh * a->kw;
    return (window){
        y + ty.first * a->dilation_y, y + ty.end * a->dilation_y,
        x + tx.first * a->dilation_x, x + tx.end * a->dilation_x,
        a->count_include_pad ? all : within, a->count_include_pad ? all - within : 0,
    };
}

/* n channels; `pixel` is the stride of a pixel, `row` of an image row. */
typedef struct {
    const uint8_t *x;           /* channel 0 of these, pixel (0, 0) of the image */
    uint8_t *y;
    size_t pixel, row;
    int n, lo, hi;              /* bounds as u8 after the flip */
} part;

/* A byte that is stored might be any variable's, so nothing is read through p in a loop. */
static void store(const part *p, const int32_t *value, uint8_t flip)
{
    const int n = p->n, lo = p->lo, hi = p->hi;
    uint8_t *y = p->y;
    for (int c = 0; c < n; c++) {
        const int v = value[c] < lo ? lo : value[c];
        y[c] = (uint8_t)((v > hi ? hi : v) ^ flip);
    }
}

/* In bytes all along, of which vectors hold most. */
static void maximum(const tsr_step *s, const window *w, const part *p)
{
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    const uint8_t flip = tsr_q8_flip(s->in[0]);
    const int n = p->n;
    uint8_t best[CHANNELS], *to = p->y;
    memset(best, p->lo, (size_t)n);             /* no result is lower */
    for (int y = w->first_y; y < w->end_y; y += a->dilation_y)
        for (int x = w->first_x; x < w->end_x; x += a->dilation_x) {
            const uint8_t *in = p->x + (size_t)y * p->row + (size_t)x * p->pixel;
            for (int c = 0; c < n; c++) {
                const uint8_t v = in[c] ^ flip;
                best[c] = v > best[c] ? v : best[c];
            }
        }
    const uint8_t hi = (uint8_t)p->hi;
    for (int c = 0; c < n; c++)
        to[c] = (best[c] < hi ? best[c] : hi) ^ flip;
}

/* sum[c] / count, rounded to nearest, halves away from zero.  Floats divide four at a time
 * where integers go one by one, and as exactly: below 2^24 a quotient that is not whole is
 * further from the next whole number than its rounding error. */
static void divide(int32_t *sum, int n, int count)
{
    const int32_t half = count / 2;
    if (count > EXACT) {
        for (int c = 0; c < n; c++)
            sum[c] = (sum[c] >= 0 ? sum[c] + half : sum[c] - half) / count;
        return;
    }
    for (int c = 0; c < n; c++) {
        const int32_t away = sum[c] >= 0 ? sum[c] + half : sum[c] - half;
        sum[c] = (int32_t)((float)away / (float)count);
    }
}

static void average(const tsr_step *s, const window *w, const part *p)
{
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    const uint8_t flip = tsr_q8_flip(s->in[0]);
    const int min = tsr_q8_min(s->in[0]->dtype);        /* stored number = u8 + min */
    const int n = p->n;
    const int32_t from = w->outside * s->in[0]->quant.zero_point
                       + (w->count - w->outside) * min;
    int32_t sum[CHANNELS];
    for (int c = 0; c < n; c++)
        sum[c] = from;
    for (int y = w->first_y; y < w->end_y; y += a->dilation_y)
        for (int x = w->first_x; x < w->end_x; x += a->dilation_x) {
            const uint8_t *in = p->x + (size_t)y * p->row + (size_t)x * p->pixel;
            for (int c = 0; c < n; c++)
                sum[c] += in[c] ^ flip;
        }
    divide(sum, n, w->count > 0 ? w->count : 1);
    for (int c = 0; c < n; c++)
        sum[c] -= min;
    store(p, sum, flip);
}

/* TFLite computes averages itself, but leaves maxima to XNNPACK: the two round
 * the bounds of a fused activation differently where they fall on a half. */
static void bounds(const tsr_step *s, int *lo, int *hi)
{
    if (s->node->kind == TSR_OP_AVERAGE_POOL2D) {
        tsr_fixed31_bounds(s->node, s->out[0], lo, hi);
    } else {
        const tsr_q8_output o = tsr_q8_output_make(s->node, s->out[0]);
        *lo = (int)o.lo + o.zero_point, *hi = (int)o.hi + o.zero_point;
    }
}

/* One output row. */
static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const int oh = y->dim[1], ow = y->dim[2], c = y->dim[3], min = tsr_q8_min(y->dtype);
    int lo, hi;
    bounds(s, &lo, &hi);
    part p = { .pixel = (size_t)c, .row = (size_t)x->dim[2] * (size_t)c,
               .lo = lo - min, .hi = hi - min };
    const uint8_t *image = (const uint8_t *)x->data
                         + (size_t)(index / oh) * (size_t)x->dim[1] * p.row;
    uint8_t *out = (uint8_t *)y->data + (size_t)index * (size_t)ow * (size_t)c;
    for (int ox = 0; ox < ow; ox++, out += c) {
        const window w = window_at(s, index % oh, ox);
        for (int first = 0; first < c; first += CHANNELS) {
            p.x = image + first, p.y = out + first;
            p.n = c - first < CHANNELS ? c - first : CHANNELS;
            if (s->node->kind == TSR_OP_MAX_POOL2D)
                maximum(s, &w, &p);
            else
                average(s, &w, &p);
        }
    }
}

static void run(const tsr_step *s)
{
    tsr_step copy = *s;
    tsr_parallel(s->threads, s->out[0]->dim[0] * s->out[0]->dim[1], task, &copy);
}

tsr_status tsr_pool2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)ctx, (void)err;       /* infer has asked everything */
    s->run = run;
    return TSR_OK;
}
