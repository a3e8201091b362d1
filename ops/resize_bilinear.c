/*
 * resize_bilinear.c - bilinear resize in float32.
 *
 * An output row mixes two source rows.  Each of them is interpolated along x
 * first, into one of two buffers; neighbouring output rows mostly need the
 * same two, so when enlarging this happens once per source row.
 *
 * A task is a run of output rows of one image and starts with empty buffers:
 * the result does not depend on how the rows are dealt out.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/resize_f32.h"
#include "ops/resize.h"

typedef struct {
    const tsr_resize_f32 *kernel;
    tsr_resize_axis y;
    tsr_resize_f32_column *columns;
    int w, c, ow;
    int rows_per_task, tasks_per_image;
    size_t worker_bytes;        /* of scratch: cache_rows, then two rows */
} plan;

enum { CACHE_ROWS_BYTES = 64 };

/* The two buffers of a worker, and which source row is in each; -1: none. */
typedef struct {
    int row[2];
} cache_rows;

typedef struct {
    const plan *p;
    const tsr_band *band;
    cache_rows *has;
    float *buffer[2];
} cache;

/* Source row `row` interpolated along x.  The buffer that holds `other`, the
 * second row of the pair, is not touched. */
static const float *across(cache *k, int row, int other)
{
    const plan *p = k->p;
    for (int i = 0; i < 2; i++)
        if (k->has->row[i] == row)
            return k->buffer[i];
    const int i = k->has->row[0] == other;
    const size_t at = tsr_band_row(k->band, row) * (size_t)p->w * (size_t)p->c;
    p->kernel->across((const float *)k->band->x + at, p->columns, p->ow, p->c, k->buffer[i]);
    k->has->row[i] = row;
    return k->buffer[i];
}

static void output_row(cache *k, int oy, float *y)
{
    const plan *p = k->p;
    const int n = p->ow * p->c;
    const tsr_resize_pair v = tsr_resize_linear(&p->y, oy);
    const float *top = across(k, v.first, v.second);
    if (v.first == v.second) {
        memcpy(y, top, (size_t)n * sizeof *y);
        return;
    }
    p->kernel->down(top, across(k, v.second, v.first), v.f, n, y);
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    const plan *p = s->state;
    const ptrdiff_t row = (ptrdiff_t)p->ow * p->c;
    unsigned char *scratch = (unsigned char *)s->scratch + (size_t)worker * p->worker_bytes;
    float *buffer = (float *)(void *)(scratch + CACHE_ROWS_BYTES);
    cache k = { .p = p, .band = band, .has = (cache_rows *)(void *)scratch,
                .buffer = { buffer, buffer + row } };
    if (!band->follows)
        k.has->row[0] = k.has->row[1] = -1;
    float *y = band->y;
    for (int oy = band->out.first; oy < band->out.end; oy++, y += row)
        output_row(&k, oy, y);
}

static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int image = index / p->tasks_per_image;
    const int first = index % p->tasks_per_image * p->rows_per_task;
    const int end = first + p->rows_per_task < p->y.out ? first + p->rows_per_task : p->y.out;
    const ptrdiff_t row = (ptrdiff_t)p->ow * p->c;
    rows(s, &(tsr_band){
        .x = (const float *)s->in[0]->data + (ptrdiff_t)image * p->y.in * p->w * p->c,
        .y = (float *)s->out[0]->data + ((ptrdiff_t)image * p->y.out + first) * row,
        .out = { first, end },
    }, worker);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, s->in[0]->dim[0] * p->tasks_per_image, task, (void *)s);
}

static void fill(plan *p, const tsr_step *s, int workers)
{
    const tsr_resize_axis x = tsr_resize_horizontal(s);
    p->kernel = tsr_resize_f32_best();
    p->y = tsr_resize_vertical(s);
    p->w = s->in[0]->dim[2], p->c = s->in[0]->dim[3], p->ow = s->out[0]->dim[2];
    for (int i = 0; i < p->ow; i++) {
        const tsr_resize_pair h = tsr_resize_linear(&x, i);
        p->columns[i] = (tsr_resize_f32_column){ h.first * p->c, h.second * p->c, h.f };
    }
    /* A few runs per worker even out their speeds; more would only repeat rows. */
    const int tasks = workers == 1 ? 1 : 4 * workers;
    p->rows_per_task = (p->y.out + tasks - 1) / tasks;
    p->tasks_per_image = (p->y.out + p->rows_per_task - 1) / p->rows_per_task;
}

tsr_status tsr_resize_prepare_bilinear(tsr_step *s, const tsr_prepare_context *ctx,
                                       tsr_error *err)
{
    (void)err;
    const size_t ow = (size_t)s->out[0]->dim[2], c = (size_t)s->out[0]->dim[3];
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    tsr_resize_f32_column *columns = tsr_arena_keep(ctx->arena, ow * sizeof *columns,
                                                    _Alignof(tsr_resize_f32_column));
    const size_t worker_bytes = CACHE_ROWS_BYTES + (2 * ow * c * sizeof(float) + 63) / 64 * 64;
    s->scratch = tsr_arena_scratch(ctx->arena, worker_bytes * (size_t)ctx->workers, 64);
    s->run = run;
    s->rows = rows;
    s->state = p;
    if (!p || !columns)
        return TSR_OK;
    p->columns = columns;
    p->worker_bytes = worker_bytes;
    fill(p, s, ctx->workers);
    return TSR_OK;
}
