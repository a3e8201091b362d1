/*
 * resize_nearest.c - nearest-neighbour resize of any type: it only copies.
 *
 * An output row that repeats the source row of the one above is a copy of
 * that one; otherwise it is put together pixel by pixel from a table.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/resize.h"

enum { ROWS = 16 };             /* output rows per task */

typedef struct {
    tsr_resize_axis y;
    int *column;                /* source pixel of each output column */
    size_t pixel, in_row, out_row;      /* bytes */
    int ow, tasks_per_image;
} plan;

static void pick(const plan *p, const unsigned char *row, unsigned char *y)
{
    if (p->pixel == sizeof(float)) {            /* one float, or four bytes */
        for (int i = 0; i < p->ow; i++, y += sizeof(float))
            memcpy(y, row + (size_t)p->column[i] * sizeof(float), sizeof(float));
        return;
    }
    for (int i = 0; i < p->ow; i++, y += p->pixel)
        memcpy(y, row + (size_t)p->column[i] * p->pixel, p->pixel);
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int image = index / p->tasks_per_image, first = index % p->tasks_per_image * ROWS;
    const unsigned char *x = (const unsigned char *)s->in[0]->data
                             + (size_t)image * (size_t)p->y.in * p->in_row;
    unsigned char *y = (unsigned char *)s->out[0]->data
                       + ((size_t)image * (size_t)p->y.out + (size_t)first) * p->out_row;
    int above = -1;
    for (int oy = first; oy < first + ROWS && oy < p->y.out; oy++, y += p->out_row) {
        const int row = tsr_resize_nearest(&p->y, s->node->attr.resize.nearest, oy);
        if (row == above)
            memcpy(y, y - p->out_row, p->out_row);
        else
            pick(p, x + (size_t)row * p->in_row, y);
        above = row;
    }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, s->in[0]->dim[0] * p->tasks_per_image, task, (void *)s);
}

tsr_status tsr_resize_prepare_nearest(tsr_step *s, const tsr_prepare_context *ctx,
                                      tsr_error *err)
{
    (void)err;
    const tsr_resize_axis x = tsr_resize_horizontal(s);
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    int *column = tsr_arena_keep(ctx->arena, (size_t)x.out * sizeof *column, _Alignof(int));
    s->run = run;
    s->state = p;
    if (!p || !column)
        return TSR_OK;
    p->y = tsr_resize_vertical(s);
    p->column = column;
    p->pixel = (size_t)s->in[0]->dim[3] * tsr_dtype_bytes(s->in[0]->dtype);
    p->in_row = (size_t)x.in * p->pixel;
    p->out_row = (size_t)x.out * p->pixel;
    p->ow = x.out;
    p->tasks_per_image = (p->y.out + ROWS - 1) / ROWS;
    for (int i = 0; i < x.out; i++)
        column[i] = tsr_resize_nearest(&x, s->node->attr.resize.nearest, i);
    return TSR_OK;
}
