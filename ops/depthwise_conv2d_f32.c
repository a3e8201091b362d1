/*
 * depthwise_conv2d_f32.c - depthwise convolution in float32.
 *
 * Threads share the output rows, the same part of the picture in every layer.  With a
 * channel multiplier m > 1, the input rows that a window needs are first copied with every
 * channel repeated m times: then it is an ordinary depthwise convolution of c*m channels.
 * SPDX-License-Identifier: MIT
 */
#include "ops/depthwise_conv2d.h"
#include "ops/kernels/dwconv_f32.h"

enum {
    TASKS_PER_WORKER = 4,       /* so that one held up by the system delays little   */
    TASK_MACS = 1 << 18,        /* three microseconds: rows of a task share their inputs */
    LEAST_MACS = 1 << 14,       /* a fifth of one: a hand-over takes as long */
    TASK_ROWS = 4,              /* that share input, at least: each row more is read from afar */
};

typedef struct {
    const tsr_dwconv_f32 *kernel;
    tsr_dwconv_f32_image image; /* geometry of the real input, or of the copied rows */
    tsr_window y;               /* rows of the real input */
    int batch, w, multiplier, tasks;
    size_t copy_size;           /* floats of scratch per worker */
} plan;

/* Row oy through a copy of its kh input rows; those in the padding are left out. */
static void copied_row(const plan *p, const tsr_band *band, int oy, float *copy, float *y)
{
    const int c = p->image.channels / p->multiplier;
    const size_t row = (size_t)p->w * (size_t)c;
    const tsr_taps t = tsr_window_taps(&p->y, oy);
    const int first = oy * p->y.stride - p->y.before - band->x_row;
    float *to = copy;
    for (int k = t.first; k < t.end; k++) {
        const int at = first + k * p->y.dilation;
        const float *from = (const float *)band->x
                          + (size_t)(band->ring ? at % band->ring : at) * row;
        for (size_t i = 0; i < row; i++)
            for (int m = 0; m < p->multiplier; m++)
                *to++ = from[i];
    }
    /* The copy is an image of t.end - t.first rows; its window starts at -t.first. */
    tsr_dwconv_f32_image g = p->image;
    g.y = (tsr_window){ .in = t.end - t.first, .out = 1, .taps = p->y.taps, .stride = 1,
                        .dilation = 1, .before = t.first };
    tsr_dwconv_f32_rows(p->kernel, &g, copy, 0, 1, y);
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    const plan *p = s->state;
    const size_t out_row = (size_t)p->image.x.out * (size_t)p->image.channels;
    float *y = band->y;
    if (p->multiplier == 1) {
        /* To the kernel the band is an image of its own that begins at row x_row. */
        tsr_dwconv_f32_image g = p->image;
        g.y.in -= band->x_row, g.y.before += band->x_row, g.ring = band->ring;
        tsr_dwconv_f32_rows(p->kernel, &g, band->x, band->out.first, band->out.end, y);
        return;
    }
    float *copy = (float *)s->scratch + (size_t)worker * p->copy_size;
    for (int oy = band->out.first; oy < band->out.end; oy++, y += out_row)
        copied_row(p, band, oy, copy, y);
}

/* Some output rows, counted over the batch. */
static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int oh = p->y.out, all = p->batch * oh;
    const size_t in_size = (size_t)p->y.in * (size_t)p->w
                           * (size_t)(p->image.channels / p->multiplier);
    const size_t out_row = (size_t)p->image.x.out * (size_t)p->image.channels;
    const int end = tsr_task_begin(all, index + 1, p->tasks);
    for (int r = tsr_task_begin(all, index, p->tasks), next; r < end; r = next) {
        const int oy = r % oh;
        next = end < r - oy + oh ? end : r - oy + oh;       /* the rest of this image */
        rows(s, &(tsr_band){
            .x = (const float *)s->in[0]->data + (size_t)(r / oh) * in_size,
            .y = (float *)s->out[0]->data + (size_t)r * out_row,
            .out = { oy, oy + next - r },
        }, worker);
    }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, p->tasks, task, (void *)s);
}

/* So few that handing them out costs little against computing them, and that rows which
 * share input, `apart` rows from each other, are mostly in one task. */
static int count_tasks(const tsr_tensor *filter, const tsr_tensor *y, int apart, int workers)
{
    const int64_t rows = (int64_t)y->dim[0] * y->dim[1];
    /* An element takes as long as some multiply-adds, whatever the filter. */
    const double macs = (double)tsr_elements(y) * (filter->dim[1] * filter->dim[2] + 4);
    int most = workers == 1 ? 1 : TASKS_PER_WORKER * workers;
    while (most > workers && rows / most < TASK_ROWS * (int64_t)apart)
        most -= workers;
    int tasks = macs / TASK_MACS < most ? (int)(macs / TASK_MACS) : most;
    if (tasks < workers)
        tasks = macs / LEAST_MACS < workers ? (int)(macs / LEAST_MACS) : workers;
    return tsr_even_tasks(tasks, rows, workers);
}

static plan make_plan(const tsr_step *s, int workers)
{
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    const tsr_tensor *x = s->in[0], *f = s->in[1], *y = s->out[0];
    const int c = y->dim[3];
    plan p = { .kernel = tsr_dwconv_f32_for(c), .batch = x->dim[0], .w = x->dim[2],
               .multiplier = c / x->dim[3],
               .tasks = count_tasks(f, y, a->dilation_y, workers) };
    p.y = (tsr_window){ x->dim[1], y->dim[1], f->dim[1], a->stride_y, a->dilation_y, a->pad_top };
    p.image = (tsr_dwconv_f32_image){
        .y = p.y,
        .x = { x->dim[2], y->dim[2], f->dim[2], a->stride_x, a->dilation_x, a->pad_left },
        .in_row = (ptrdiff_t)x->dim[2] * c, .in_pixel = c,
        .out_row = (ptrdiff_t)y->dim[2] * c, .out_pixel = c, .channels = c,
        .lo = s->node->lo, .hi = s->node->hi,
    };
    if (p.multiplier > 1)
        p.copy_size = (size_t)f->dim[1] * (size_t)x->dim[2] * (size_t)c;
    return p;
}

/* From the file if it has them, else packed now. */
static const float *keep_packed(const plan *p, const tsr_step *s, const tsr_prepare_context *ctx)
{
    const tsr_tensor *f = s->in[1], *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    const int taps = f->dim[1] * f->dim[2], channels = f->dim[3];
    tsr_packed w = { .filter = f->data, .bias = bias ? bias->data : NULL,
                     .layout = ctx->packs ? tsr_dwconv_f32_layout(p->kernel) : 0,
                     .size = tsr_dwconv_f32_packed_size(p->kernel, taps, channels)
                             * sizeof(float) };
    const float *ready = tsr_packed_find(ctx->packs, &w);
    float *packed = ready ? NULL : tsr_arena_take(ctx->arena, w.size, 64);
    if (packed) {
        tsr_dwconv_f32_pack(p->kernel, taps, channels, w.filter, w.bias, packed);
        w.bytes = packed;
        tsr_packed_made(ctx->packs, &w);
    }
    return ready ? ready : packed;
}

tsr_status tsr_depthwise_conv2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx,
                                            tsr_error *err)
{
    (void)err;
    plan p = make_plan(s, ctx->workers);
    plan *kept = tsr_arena_keep(ctx->arena, sizeof *kept, _Alignof(plan));
    p.image.packed = keep_packed(&p, s, ctx);
    if (p.copy_size)
        s->scratch = tsr_arena_scratch(ctx->arena,
                                       p.copy_size * (size_t)ctx->workers * sizeof(float), 64);
    s->run = run;
    s->rows = rows;
    s->state = kept;
    if (kept)
        *kept = p;
    return TSR_OK;
}
