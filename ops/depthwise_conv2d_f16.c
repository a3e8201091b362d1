/*
 * depthwise_conv2d_f16.c - depthwise convolution in 16-bit floats, one filter per channel
 * (no channel multiplier: engine/narrow.c asks).
 *
 * Threads share the output rows.  For each, the pointers to its kh rows of input columns
 * are made first, those in the padding to zeros; weights come as float and are rounded
 * when they are packed.                          SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/depthwise_conv2d.h"
#include "ops/kernels/dwconv_f16.h"

typedef struct {
    const tsr_dwconv_f16 *kernel;
    const uint16_t *packed, *zeros;
    int columns;                /* pointers of one filter row: as wide as the padded image */
    int rows, rows_per_task;    /* output rows of all images */
    size_t worker_pointers;
} plan;

/* The pointers of filter row ky, which lies on image row y. */
static void point(const tsr_step *s, const plan *p, const uint16_t *image, int y,
                  const uint16_t **to)
{
    const tsr_tensor *x = s->in[0];
    const int left = s->node->attr.conv2d.pad_left, w = x->dim[2];
    const bool inside = y >= 0 && y < x->dim[1];
    const int begin = inside && left < p->columns ? left : p->columns;
    const int end = begin + w < p->columns ? begin + w : p->columns;
    const uint16_t *pixel = inside ? image + (ptrdiff_t)y * w * x->dim[3] : image;
    for (int j = 0; j < begin; j++)
        to[j] = p->zeros;
    for (int j = begin; j < end; j++, pixel += x->dim[3])
        to[j] = pixel;
    for (int j = end; j < p->columns; j++)
        to[j] = p->zeros;
}

static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const plan *p = s->state;
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    const tsr_tensor *x = s->in[0], *f = s->in[1], *y = s->out[0];
    const size_t in_size = (size_t)x->dim[1] * (size_t)x->dim[2] * (size_t)x->dim[3];
    const size_t out_row = (size_t)y->dim[2] * (size_t)y->dim[3];
    const uint16_t **pointers = (const uint16_t **)s->scratch + (size_t)worker * p->worker_pointers;
    const int end = (index + 1) * p->rows_per_task;
    for (int r = index * p->rows_per_task; r < end && r < p->rows; r++) {
        const uint16_t *image = (const uint16_t *)x->data + (size_t)(r / y->dim[1]) * in_size;
        const int iy = r % y->dim[1] * a->stride_y - a->pad_top;
        for (int ky = 0; ky < f->dim[1]; ky++)
            point(s, p, image, iy + ky * a->dilation_y, pointers + (size_t)ky * (size_t)p->columns);
        p->kernel->row(&(tsr_dwconv_f16_line){
            .x = pointers, .x_step = p->columns, .kh = f->dim[1], .kw = f->dim[2],
            .stride = a->stride_x, .dilation = a->dilation_x, .packed = p->packed,
            .y = (uint16_t *)y->data + (size_t)r * out_row,
            .outputs = y->dim[2], .channels = y->dim[3],
            .lo = s->node->lo, .hi = s->node->hi,
        });
    }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, (p->rows - 1) / p->rows_per_task + 1, task, (void *)(uintptr_t)s);
}

static plan make_plan(const tsr_step *s)
{
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    const tsr_tensor *f = s->in[1], *y = s->out[0];
    plan p = { .kernel = tsr_dwconv_f16_best(y->dim[3]), .rows = y->dim[0] * y->dim[1] };
    p.columns = (y->dim[2] - 1) * a->stride_x + (f->dim[2] - 1) * a->dilation_x + 1;
    p.worker_pointers = (size_t)f->dim[1] * (size_t)p.columns;
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
    p.zeros = tsr_arena_keep(ctx->arena, (size_t)channels * sizeof *p.zeros, 64);
    s->scratch = tsr_arena_scratch(ctx->arena, p.worker_pointers * (size_t)ctx->workers
                                               * sizeof(uint16_t *), 64);
    s->state = kept;
    s->run = run;
    if (!kept || !packed)
        return TSR_OK;
    tsr_dwconv_f16_pack(p.kernel, taps, channels, f->data, bias ? bias->data : NULL, packed);
    p.packed = packed;
    *kept = p;
    return TSR_OK;
}
