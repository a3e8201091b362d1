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
} plan;

typedef struct {
    const plan *p;
    const float *image;
    float *buffer[2];
    int row[2];                 /* source row in each buffer; -1: none */
} cache;

/* Source row `row` interpolated along x.  The buffer that holds `other`, the
 * second row of the pair, is not touched. */
static const float *across(cache *k, int row, int other)
{
    const plan *p = k->p;
    for (int i = 0; i < 2; i++)
        if (k->row[i] == row)
            return k->buffer[i];
    const int i = k->row[0] == other;
    p->kernel->across(k->image + (ptrdiff_t)row * p->w * p->c, p->columns, p->ow, p->c,
                      k->buffer[i]);
    k->row[i] = row;
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

static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int image = index / p->tasks_per_image;
    const int first = index % p->tasks_per_image * p->rows_per_task;
    const ptrdiff_t row = (ptrdiff_t)p->ow * p->c;
    float *scratch = (float *)s->scratch + 2 * row * worker;
    cache k = {
        .p = p, .buffer = { scratch, scratch + row }, .row = { -1, -1 },
        .image = (const float *)s->in[0]->data + (ptrdiff_t)image * p->y.in * p->w * p->c,
    };
    float *y = (float *)s->out[0]->data + image * p->y.out * row;
    for (int oy = first; oy < first + p->rows_per_task && oy < p->y.out; oy++)
        output_row(&k, oy, y + oy * row);
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
    s->scratch = tsr_arena_scratch(ctx->arena,
                                   2 * ow * c * sizeof(float) * (size_t)ctx->workers, 64);
    s->run = run;
    s->state = p;
    if (!p || !columns)
        return TSR_OK;
    p->columns = columns;
    fill(p, s, ctx->workers);
    return TSR_OK;
}
