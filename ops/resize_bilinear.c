/*
 * resize_bilinear.c - bilinear resize of floats, 32 and 16 bits wide, and of bytes.
 *
 * An output row mixes two source rows.  Each of them is interpolated along x
 * first, into one of two buffers; neighbouring output rows mostly need the
 * same two, so when enlarging this happens once per source row.  Of bytes the
 * buffers hold 32-bit numbers: rounding comes at the end.  16-bit floats are widened row
 * by row and calculated with as float32: rounding comes at the end, too.
 *
 * A task is a run of output rows of one image and starts with empty buffers:
 * the result does not depend on how the rows are dealt out.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/convert_f16.h"
#include "ops/kernels/resize_f32.h"
#include "ops/kernels/resize_q8.h"
#include "ops/q8.h"
#include "ops/resize.h"

typedef struct {
    const tsr_resize_f32 *f32;  /* NULL: bytes */
    const tsr_resize_q8 *q8;
    const tsr_convert_f16 *f16; /* of 16-bit floats, else NULL */
    tsr_resize_axis y;
    union { tsr_resize_f32_column *f32; tsr_resize_q8_column *q8; } columns;
    int c, ow, in_n;            /* in_n: numbers of an input row */
    uint8_t flip;
    size_t in_row, out_row;     /* bytes */
    int rows_per_task, tasks_per_image;
    size_t worker_bytes;        /* of scratch: cache_rows, two rows, a widened one */
} plan;

enum { CACHE_ROWS_BYTES = 64, BUFFERED = 4 };   /* bytes of a number in a buffer */

/* The two buffers of a worker, and which source row is in each; -1: none. */
typedef struct {
    int row[2];
} cache_rows;

typedef struct {
    const plan *p;
    const tsr_band *band;
    cache_rows *has;
    void *buffer[2];
    float *wide;                /* a row, before or behind the two buffers */
} cache;

/* Source row `row` interpolated along x.  The buffer that holds `other`, the
 * second row of the pair, is not touched. */
static const void *across(cache *k, int row, int other)
{
    const plan *p = k->p;
    for (int i = 0; i < 2; i++)
        if (k->has->row[i] == row)
            return k->buffer[i];
    const int i = k->has->row[0] == other;
    const unsigned char *x = (const unsigned char *)k->band->x
                             + tsr_band_row(k->band, row) * p->in_row;
    if (p->f16) {
        p->f16->widen((const uint16_t *)(const void *)x, k->wide, (size_t)p->in_n);
        p->f32->across(k->wide, p->columns.f32, p->ow, p->c, k->buffer[i]);
    } else if (p->f32)
        p->f32->across((const float *)(const void *)x, p->columns.f32, p->ow, p->c, k->buffer[i]);
    else
        p->q8->across(x, p->columns.q8, p->ow, p->c, p->flip, k->buffer[i]);
    k->has->row[i] = row;
    return k->buffer[i];
}

/* A weight as the kernels for bytes want it. */
static int32_t whole(float f) { return (int32_t)tsr_q8_rint(f * 2048.0f); }

static void output_row(cache *k, int oy, void *y)
{
    const plan *p = k->p;
    const int n = p->ow * p->c;
    const tsr_resize_pair v = tsr_resize_linear(&p->y, oy);
    const void *top = across(k, v.first, v.second);
    const void *bottom = v.first == v.second ? top : across(k, v.second, v.first);
    if (!p->f32) {
        p->q8->down(top, bottom, whole(v.f), n, p->flip, y);
    } else if (p->f16) {
        if (top != bottom)
            p->f32->down(top, bottom, v.f, n, k->wide);
        p->f16->narrow(top == bottom ? top : k->wide, y, (size_t)n);
    } else if (top == bottom)
        memcpy(y, top, p->out_row);
    else
        p->f32->down(top, bottom, v.f, n, y);
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    const plan *p = s->state;
    unsigned char *scratch = (unsigned char *)s->scratch + (size_t)worker * p->worker_bytes;
    unsigned char *buffer = scratch + CACHE_ROWS_BYTES;
    const size_t row = (size_t)p->ow * (size_t)p->c * BUFFERED;
    cache k = { .p = p, .band = band, .has = (cache_rows *)(void *)scratch,
                .buffer = { buffer, buffer + row }, .wide = (float *)(void *)(buffer + 2 * row) };
    if (!band->follows)
        k.has->row[0] = k.has->row[1] = -1;
    unsigned char *y = band->y;
    for (int oy = band->out.first; oy < band->out.end; oy++, y += p->out_row)
        output_row(&k, oy, y);
}

static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const plan *p = s->state;
    const size_t image = (size_t)(index / p->tasks_per_image);
    const int first = index % p->tasks_per_image * p->rows_per_task;
    const int end = first + p->rows_per_task < p->y.out ? first + p->rows_per_task : p->y.out;
    const size_t row = image * (size_t)p->y.out + (size_t)first;
    rows(s, &(tsr_band){
        .x = (const unsigned char *)s->in[0]->data + image * (size_t)p->y.in * p->in_row,
        .y = (unsigned char *)s->out[0]->data + row * p->out_row,
        .out = { first, end },
    }, worker);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, s->in[0]->dim[0] * p->tasks_per_image, task, (void *)s);
}

static void fill_columns(plan *p, const tsr_resize_axis *x)
{
    for (int i = 0; i < p->ow; i++) {
        const tsr_resize_pair h = tsr_resize_linear(x, i);
        const int left = h.first * p->c, right = h.second * p->c;
        if (p->f32)
            p->columns.f32[i] = (tsr_resize_f32_column){ left, right, h.f };
        else
            p->columns.q8[i] = (tsr_resize_q8_column){ left, right, whole(h.f) };
    }
}

static void fill(plan *p, const tsr_step *s, int workers)
{
    const tsr_tensor *in = s->in[0];
    const tsr_resize_axis x = tsr_resize_horizontal(s);
    p->f32 = tsr_is_q8(in->dtype) ? NULL : tsr_resize_f32_best();
    p->f16 = in->dtype == TSR_F16 ? tsr_convert_f16_best() : NULL;
    p->q8 = tsr_resize_q8_best();
    p->y = tsr_resize_vertical(s);
    p->c = in->dim[3], p->ow = s->out[0]->dim[2], p->in_n = x.in * p->c;
    p->flip = tsr_q8_flip(in);
    p->in_row = (size_t)x.in * (size_t)p->c * tsr_dtype_bytes(in->dtype);
    p->out_row = (size_t)p->ow * (size_t)p->c * tsr_dtype_bytes(in->dtype);
    fill_columns(p, &x);
    /* A few runs per worker even out their speeds; more would only repeat rows. */
    const int images = in->dim[0], wanted = workers == 1 ? 1 : 4 * workers;
    const int tasks = (wanted - 1) / images + 1;        /* of an image */
    p->rows_per_task = (p->y.out + tasks - 1) / tasks;
    p->tasks_per_image = (p->y.out + p->rows_per_task - 1) / p->rows_per_task;
}

_Static_assert(sizeof(tsr_resize_f32_column) == sizeof(tsr_resize_q8_column), "one size");

tsr_status tsr_resize_prepare_bilinear(tsr_step *s, const tsr_prepare_context *ctx,
                                       tsr_error *err)
{
    (void)err;
    const size_t ow = (size_t)s->out[0]->dim[2], c = (size_t)s->out[0]->dim[3];
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    void *columns = tsr_arena_keep(ctx->arena, ow * sizeof(tsr_resize_f32_column),
                                   _Alignof(tsr_resize_f32_column));
    const size_t iw = (size_t)s->in[0]->dim[2], longer = iw > ow ? iw : ow;
    const size_t wide = s->in[0]->dtype == TSR_F16 ? longer * c * sizeof(float) : 0;
    const size_t worker_bytes = CACHE_ROWS_BYTES + (2 * ow * c * BUFFERED + wide + 63) / 64 * 64;
    s->scratch = tsr_arena_scratch(ctx->arena, worker_bytes * (size_t)ctx->workers, 64);
    s->run = run;
    s->rows = rows;
    s->state = p;
    if (!p || !columns)
        return TSR_OK;
    if (!tsr_is_q8(s->in[0]->dtype))
        p->columns.f32 = columns;
    else
        p->columns.q8 = columns;
    p->worker_bytes = worker_bytes;
    fill(p, s, ctx->workers);
    return TSR_OK;
}
