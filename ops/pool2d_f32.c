/*
 * pool2d_f32.c - pooling in float32.
 *
 * Threads share the output rows.  Global pooling has only one: there they
 * share slices of the channels.                 SPDX-License-Identifier: MIT
 */
#include "ops/kernels/pool_f32.h"
#include "ops/pool2d.h"

enum { SLICE = 64 };            /* channels; keeps vectors whole on every CPU */

typedef struct {
    tsr_pool_f32_image image;
    int batch, channels, slice, slices;
} plan;

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int row = index / p->slices, c = index % p->slices * p->slice;
    const int oh = p->image.y.out, n = row / oh;
    const ptrdiff_t in_size = p->image.y.in * p->image.in_row;
    const ptrdiff_t out_row = p->image.x.out * p->image.out_pixel;

    tsr_pool_f32_image g = p->image;
    g.channels = p->slice < p->channels - c ? p->slice : p->channels - c;
    tsr_pool_f32_row(&g, (const float *)s->in[0]->data + n * in_size + c, row % oh,
                     (float *)s->out[0]->data + row * out_row + c);
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    (void)worker;
    const plan *p = s->state;
    tsr_pool_f32_image g = p->image;
    g.ring = band->ring, g.first_row = band->x_row;
    float *y = band->y;
    for (int oy = band->out.first; oy < band->out.end; oy++, y += g.x.out * g.out_pixel)
        tsr_pool_f32_row(&g, band->x, oy, y);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, p->batch * p->image.y.out * p->slices, task, (void *)s);
}

static plan make_plan(const tsr_step *s)
{
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const tsr_pool_f32 *v = tsr_pool_f32_best();
    plan p = { .batch = x->dim[0], .channels = x->dim[3], .slice = x->dim[3], .slices = 1 };
    if (y->dim[1] == 1) {
        p.slice = SLICE;
        p.slices = (p.channels + SLICE - 1) / SLICE;
    }
    p.image = (tsr_pool_f32_image){
        .span = s->node->kind == TSR_OP_MAX_POOL2D ? v->max : v->average,
        .y = { x->dim[1], y->dim[1], a->kh, a->stride_y, a->dilation_y, a->pad_top },
        .x = { x->dim[2], y->dim[2], a->kw, a->stride_x, a->dilation_x, a->pad_left },
        .in_row = (ptrdiff_t)x->dim[2] * x->dim[3], .in_pixel = x->dim[3],
        .out_pixel = x->dim[3], .channels = x->dim[3],
        .count_padding = a->count_include_pad,
        .lo = s->node->lo, .hi = s->node->hi,
    };
    return p;
}

tsr_status tsr_pool2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->rows = rows;
    s->state = p;
    if (p)
        *p = make_plan(s);
    return TSR_OK;
}
