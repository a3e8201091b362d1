/*
 * pool2d_f16.c - pooling in 16-bit floats.
 *
 * As pool2d_f32.c: threads share the output rows, and where there is only one, slices of
 * the channels.                                  SPDX-License-Identifier: MIT
 */
#include "ops/kernels/pool_f16.h"
#include "ops/kernels/window.h"
#include "ops/pool2d.h"

enum { SLICE = 64 };            /* channels */

typedef struct {
    void (*span)(const tsr_pool_f16_span *s);
    tsr_window y, x;
    int rows, slice, slices;
} plan;

/* Of the windows of a run: taps inside, or all of them. */
static float scale(const tsr_step *s, int kh, int kw)
{
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    if (a->count_include_pad)
        return 1.0f / ((float)a->kh * (float)a->kw);
    return kh && kw ? 1.0f / ((float)kh * (float)kw) : 0.0f;
}

/* Output row oy of one image, `channels` of each pixel from where image and out point. */
static void pool_row(const tsr_step *s, const uint16_t *image, int oy, int channels,
                     uint16_t *out)
{
    const plan *p = s->state;
    const ptrdiff_t pixel = s->in[0]->dim[3], row = p->x.in * pixel;
    const tsr_taps ty = tsr_window_taps(&p->y, oy);
    const int y0 = oy * p->y.stride - p->y.before + ty.first * p->y.dilation;
    for (int ox = 0, end; ox < p->x.out; ox = end) {
        const tsr_taps tx = tsr_window_taps(&p->x, ox);
        end = tsr_window_run_end(&p->x, ox, tx);
        const int x0 = ox * p->x.stride - p->x.before + tx.first * p->x.dilation;
        const int seen = ty.first < ty.end && tx.first < tx.end;
        const int kh = seen ? ty.end - ty.first : 0, kw = seen ? tx.end - tx.first : 0;
        p->span(&(tsr_pool_f16_span){
            .x = seen ? image + y0 * row + x0 * pixel : image, .x_step = p->x.stride * pixel,
            .x_row = p->y.dilation * row, .x_col = p->x.dilation * pixel,
            .y = out + ox * pixel, .y_step = pixel, .kh = kh, .kw = kw, .count = end - ox,
            .channels = channels, .scale = scale(s, kh, kw),
            .lo = s->node->lo, .hi = s->node->hi,
        });
    }
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int row = index / p->slices, c = index % p->slices * p->slice;
    const int all = s->in[0]->dim[3];
    const ptrdiff_t in_size = (ptrdiff_t)p->y.in * p->x.in * all;
    const ptrdiff_t out_row = (ptrdiff_t)p->x.out * all;
    pool_row(s, (const uint16_t *)s->in[0]->data + row / p->y.out * in_size + c, row % p->y.out,
             p->slice < all - c ? p->slice : all - c,
             (uint16_t *)s->out[0]->data + row * out_row + c);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, p->rows * p->slices, task, (void *)(uintptr_t)s);
}

tsr_status tsr_pool2d_prepare_f16(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const tsr_pool_f16 *v = tsr_pool_f16_best();
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->state = p;
    if (!p)
        return TSR_OK;
    *p = (plan){
        .span = s->node->kind == TSR_OP_MAX_POOL2D ? v->max : v->average,
        .y = { x->dim[1], y->dim[1], a->kh, a->stride_y, a->dilation_y, a->pad_top },
        .x = { x->dim[2], y->dim[2], a->kw, a->stride_x, a->dilation_x, a->pad_left },
        .rows = y->dim[0] * y->dim[1], .slice = x->dim[3], .slices = 1,
    };
    if (y->dim[1] == 1) {
        p->slice = SLICE;
        p->slices = (x->dim[3] - 1) / SLICE + 1;
    }
    return TSR_OK;
}
