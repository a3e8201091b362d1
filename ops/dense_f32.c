/*
 * dense_f32.c - dense layers of one row (gemv) and of many (gemm).
 *
 * One row uses each weight once: the weights stay where they are in the file.  More
 * rows are a 1x1 convolution of an image one pixel wide.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/conv2d.h"
#include "ops/dense.h"
#include "ops/kernels/gemv_f32.h"

enum { TASK_WEIGHTS = 1 << 16 };        /* 256 KB of memory to read: worth a hand-over */

typedef struct {
    const tsr_gemv_f32 *gemv;
    int n, k, tasks;
} row_state;

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *step = arg;
    const row_state *r = step->state;
    const tsr_tensor *residual = tsr_conv2d_residual(step);
    const tsr_tensor *bias = step->node->in_count > 2 ? step->in[2] : NULL;
    tsr_gemv_f32_run(r->gemv, &(tsr_gemv_f32_args){
        .w = step->in[1]->data, .ldw = r->k, .x = step->in[0]->data,
        .bias = bias ? bias->data : NULL, .residual = residual ? residual->data : NULL,
        .y = step->out[0]->data, .n = r->n, .k = r->k,
        .lo = step->node->lo, .hi = step->node->hi,
    }, (int)((int64_t)r->n * index / r->tasks), (int)((int64_t)r->n * (index + 1) / r->tasks));
}

static void run(const tsr_step *s)
{
    const row_state *r = s->state;
    tsr_parallel(s->threads, r->tasks, task, (void *)(uintptr_t)s);
}

tsr_status tsr_dense_prepare_row_f32(tsr_step *s, const tsr_prepare_context *ctx)
{
    const size_t weights = tsr_elements(s->in[1]);
    row_state r = { .gemv = tsr_gemv_f32_best(), .n = s->in[1]->dim[0] };
    r.k = (int)(weights / (size_t)r.n);
    r.tasks = ctx->workers == 1 ? 1 : (int)(weights / TASK_WEIGHTS) + 1;
    if (r.tasks > r.n)
        r.tasks = r.n;
    s->state = tsr_arena_keep(ctx->arena, sizeof r, _Alignof(row_state));
    if (s->state)
        memcpy(s->state, &r, sizeof r);
    s->run = run;
    return TSR_OK;
}

tsr_status tsr_dense_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx)
{
    const int oc = s->in[1]->dim[0], c = s->in[1]->dim[1];
    const int rows = (int)(tsr_elements(s->in[0]) / (size_t)c);
    if (rows == 1)
        return tsr_dense_prepare_row_f32(s, ctx);
    return tsr_conv2d_prepare_f32(s, ctx, &(tsr_conv2d_shape){
        .n = 1, .h = rows, .w = 1, .c = c, .oh = rows, .ow = 1, .oc = oc, .kh = 1, .kw = 1,
        .attr = { .stride_y = 1, .stride_x = 1, .dilation_y = 1, .dilation_x = 1, .groups = 1 },
    });
}
