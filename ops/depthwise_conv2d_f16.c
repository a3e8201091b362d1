/*
 * depthwise_conv2d_f16.c - depthwise convolution in 16-bit floats, one filter per channel
 * (no channel multiplier: engine/narrow.c asks).
 *
 * Threads share the output rows; weights come as float and are rounded when they are
 * packed.                                        SPDX-License-Identifier: MIT
 */
#include "ops/depthwise_conv2d.h"
#include "ops/kernels/dwconv_f16.h"

typedef struct {
    const tsr_dwconv_f16 *kernel;
    tsr_dwconv_f16_image image;
    int rows, rows_per_task;    /* output rows of all images */
} plan;

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const size_t in_size = (size_t)x->dim[1] * (size_t)x->dim[2] * (size_t)x->dim[3];
    const size_t out_row = (size_t)y->dim[2] * (size_t)y->dim[3];
    const int end = (index + 1) * p->rows_per_task, oh = y->dim[1];
    for (int r = index * p->rows_per_task; r < end && r < p->rows; r++)
        tsr_dwconv_f16_row(p->kernel, &p->image,
                           (const uint16_t *)x->data + (size_t)(r / oh) * in_size, r % oh,
                           (uint16_t *)y->data + (size_t)r * out_row);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, (p->rows - 1) / p->rows_per_task + 1, task, (void *)(uintptr_t)s);
}

static plan make_plan(const tsr_step *s)
{
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    const tsr_tensor *x = s->in[0], *f = s->in[1], *y = s->out[0];
    plan p = { .kernel = tsr_dwconv_f16_best(y->dim[3]), .rows = y->dim[0] * y->dim[1] };
    p.image = (tsr_dwconv_f16_image){
        .y = { x->dim[1], y->dim[1], f->dim[1], a->stride_y, a->dilation_y, a->pad_top },
        .x = { x->dim[2], y->dim[2], f->dim[2], a->stride_x, a->dilation_x, a->pad_left },
        .channels = y->dim[3], .lo = s->node->lo, .hi = s->node->hi,
    };
    /* Enough rows that handing them out costs little against computing them. */
    const double macs = (double)y->dim[2] * y->dim[3] * f->dim[1] * f->dim[2];
    const double rows = 65536.0 / macs;
    p.rows_per_task = rows < 1 ? 1 : rows > 64 ? 64 : (int)rows;
    return p;
}

tsr_status tsr_depthwise_conv2d_prepare_f16(tsr_step *s, const tsr_prepare_context *ctx,
                                            tsr_error *err)
{
    (void)err;
    const tsr_tensor *f = s->in[1], *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    const int taps = f->dim[1] * f->dim[2], channels = f->dim[3];
    plan p = make_plan(s);
    const size_t size = tsr_dwconv_f16_packed_size(p.kernel, taps, channels);
    plan *kept = tsr_arena_keep(ctx->arena, sizeof *kept, _Alignof(plan));
    uint16_t *packed = tsr_arena_keep(ctx->arena, size * sizeof *packed, 64);
    s->state = kept;
    s->run = run;
    if (!kept || !packed)
        return TSR_OK;
    tsr_dwconv_f16_pack(p.kernel, taps, channels, f->data, bias ? bias->data : NULL, packed);
    p.image.packed = packed;
    *kept = p;
    return TSR_OK;
}
