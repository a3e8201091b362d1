/*
 * conv2d_f32.c - convolution as a gemm whose rows are output pixels.
 *
 * The gemm (kernels/gemm_f32.h) finds the inputs of a pixel through one pointer per
 * filter tap, so nothing is copied:
 *
 *     taps   a tap is one filter position: kh*kw pointers to c/groups floats; those in
 *            the padding point to zeros
 *     runs   a tap is a filter row: in NHWC the kw pixels under it lie side by side, so
 *            kh pointers to kw*c floats do.  Where the run sticks out of the image, left
 *            or right, a copy with zeros is made in scratch.  First layers have 3
 *            channels: taps would hardly get going
 *
 * Work is split into blocks of about 96 pixels (up to 512, where k is small: each block goes
 * through all weights, and starts each panel), whose pointers are made once for all
 * output channels, and when blocks are few, into chunks of weight panels; neighbours
 * make a task.  Inputs of a block need not fit the first cache, the second one delivers
 * them as fast as they are used; blocks of 48 made 1x1 layers of 33 x 33 pixels take 2 to
 * 10 % longer.  Each worker has as many pixels as the others, which are the same part of
 * the picture in every layer: what it reads is in its own cache.  Where pixels are too few
 * for that (7 x 7), it has as many panels, the larger part of the memory there.  Pointers
 * and border copies of one block are all the scratch a worker needs.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <string.h>
#include "ops/conv2d.h"
#include "ops/kernels/gemm_f32.h"

enum {
    ALIGN = 64,
    BLOCK = 96,                 /* pixels, about: a multiple of the variant's tile rows */
    BLOCK_MOST = 512,           /* where their inputs are so few ... */
    BLOCK_FLOATS = 32768,       /* ... that they fit a part of the second cache */
    POINTERS_MAX = 4096,        /* a worker's pointers, about: 32 KB */
    COPIES_MAX = 8192,          /* floats of a worker's border copies: 32 KB */
    TASKS_PER_WORKER = 8,       /* so that one held up by the system delays little  */
    TASK_MACS = 1 << 18,        /* three microseconds: each starts panels anew */
    LEAST_MACS = 1 << 15,       /* a third of one: less is not worth a hand-over */
    SHARE = 36,                 /* pixels of each worker; for less all take all pixels */
};

typedef struct {
    tsr_conv2d_shape s;
    const tsr_gemm_f32 *gemm;
    const float *packed;        /* weight panels, group after group         */
    const float *zeros;         /* kc of them, what the padding looks like  */
    size_t group_size;          /* floats of one group's panels             */
    int taps, kc, n;            /* n: output channels of one group          */
    int m, block, room;         /* pixels, per block, most in one           */
    int shares, blocks;         /* parts of the pixels, blocks in all of them */
    bool by_panels;             /* workers share panels before they share pixels */
    int panels, chunks;         /* of one group                             */
    int tasks;                  /* each does some (group, block, chunk) in turn */
    int copies;                 /* pixels of a block that may need copies; runs only */
    size_t worker_bytes;        /* scratch */
    bool runs;
} conv_state;

static int min(int a, int b) { return a < b ? a : b; }
static int max(int a, int b) { return a > b ? a : b; }

/* ---- choices ---------------------------------------------------------------- */

/* Pixels of an output row whose filter rows stick out left or right. */
static int border_pixels(const tsr_conv2d_shape *s)
{
    const tsr_conv2d_attr *a = &s->attr;
    const int64_t left = ((int64_t)a->pad_left + a->stride_x - 1) / a->stride_x;
    const int64_t last = (int64_t)s->w - s->kw + a->pad_left;   /* in input pixels */
    const int64_t inside_end = last < 0 ? 0 : last / a->stride_x + 1;
    const int64_t right = s->ow > inside_end ? s->ow - inside_end : 0;
    return (int)(left + right < s->ow ? left + right : s->ow);
}

/* Parts of equal size that the pixels are cut into before blocks are: one for each worker,
 * or so few that parts by panels come out even. */
static int choose_shares(const conv_state *c, int workers)
{
    if (!c->by_panels)
        return workers;
    const int panels = tsr_gemm_f32_panels(c->gemm, c->n);
    int shares = 1;
    while (panels * shares % workers && panels < TASKS_PER_WORKER * workers)
        shares++;
    return c->m < shares * c->gemm->mr[0] ? 1 : shares;
}

static void choose_blocks(conv_state *c, int workers)
{
    const int rows = c->gemm->mr[c->gemm->wide - 1];
    const int64_t fit = BLOCK_FLOATS / ((int64_t)c->taps * c->kc);
    const int wanted = fit > BLOCK_MOST ? BLOCK_MOST : fit > BLOCK ? (int)fit : BLOCK;
    c->block = (wanted + rows - 1) / rows * rows;
    while (c->block > 6 && (int64_t)c->block * c->taps > POINTERS_MAX)
        c->block /= 2;
    c->by_panels = c->m < SHARE * workers;
    c->shares = choose_shares(c, workers);
    /* The last block of a share takes a rest of less than half a block, too. */
    const int most = (c->m - 1) / c->shares + 1;        /* pixels of a share */
    const int blocks = max(1, (most + c->block / 2) / c->block);
    c->blocks = c->shares * blocks;
    c->room = max(most - (blocks - 1) * c->block, blocks > 1 ? c->block : 1);
}

static void choose_taps(conv_state *c, int workers)
{
    const tsr_conv2d_shape *s = &c->s;
    c->taps = s->kh * s->kw, c->kc = s->c / s->attr.groups;
    choose_blocks(c, workers);
    if (s->kw == 1 || s->attr.groups > 1 || s->attr.dilation_x > 1)
        return;
    conv_state r = *c;
    r.runs = true, r.taps = s->kh, r.kc = s->kw * s->c;
    choose_blocks(&r, workers);
    const int64_t rows = (r.room - 1) / s->ow + 2;      /* image rows a block touches */
    const int64_t copies = rows * border_pixels(s);
    r.copies = copies < r.room ? (int)copies : r.room;
    if ((int64_t)r.copies * r.taps * r.kc <= COPIES_MAX)
        *c = r;
}

static void choose_tasks(conv_state *c, int workers)
{
    const int groups = c->s.attr.groups, blocks = c->blocks * groups;
    const uint64_t macs = (uint64_t)c->m * (uint64_t)c->n * (uint64_t)groups
                        * (uint64_t)c->taps * (uint64_t)c->kc;
    const uint64_t most = workers == 1 ? 1 : TASKS_PER_WORKER * (uint64_t)workers;
    uint64_t tasks = macs / TASK_MACS;
    if (tasks < (uint64_t)workers)
        tasks = macs / LEAST_MACS < (uint64_t)workers ? macs / LEAST_MACS : (uint64_t)workers;
    tasks = tasks < 1 ? 1 : tasks < most ? tasks : most;
    c->panels = tsr_gemm_f32_panels(c->gemm, c->n);
    c->chunks = min(c->panels, ((int)tasks - 1) / blocks + 1);
    c->tasks = tsr_even_tasks((int64_t)tasks, (int64_t)blocks * c->chunks, workers);
}

/* From the file if it has them, else packed now. */
static const float *keep_packed(const conv_state *c, const tsr_step *s,
                                const tsr_prepare_context *ctx)
{
    const int groups = c->s.attr.groups;
    const size_t k = (size_t)c->taps * (size_t)c->kc;
    const float *filter = s->in[1]->data;
    const float *bias = s->node->in_count > 2 && s->in[2] ? s->in[2]->data : NULL;
    tsr_packed p = { .filter = filter, .bias = bias,
                     .layout = ctx->packs ? tsr_gemm_f32_layout(c->gemm) : 0,
                     .size = (size_t)groups * c->group_size * sizeof(float) };
    const float *ready = tsr_packed_find(ctx->packs, &p);
    if (ready)
        return ready;
    float *packed = tsr_arena_take(ctx->arena, p.size, ALIGN);
    for (int g = 0; g < groups && packed; g++)
        tsr_gemm_f32_pack(c->gemm, c->n, k, filter + (size_t)g * (size_t)c->n * k, k,
                          bias ? bias + g * c->n : NULL, packed + (size_t)g * c->group_size);
    p.bytes = packed;
    if (packed)
        tsr_packed_made(ctx->packs, &p);
    return packed;
}

/* ---- run -------------------------------------------------------------------- */

/* Where pixels come from and go to: whole images, or bands of one. */
typedef struct {
    const float *x;             /* input row x_row (of the first image) */
    float *y;                   /* output pixel y_pixel, counted over the batch */
    int x_row, y_pixel;
    int ring;                   /* input row r lies at (r - x_row) % ring */
} place;

/* Neighbouring pixels of one output row, and where their pointers go: p[tap * step + i]. */
typedef struct {
    const float *x;             /* row x_row of the image, at the group's first channel */
    int x_row, ring;
    const float **p;
    ptrdiff_t step;
    int count, iy, ix;          /* input position under tap 0, 0 of the first pixel */
    float *copies;              /* free room for border copies */
} span;

/* Row y of the image, which must be inside. */
static const float *image_row(const conv_state *c, const span *to, int y)
{
    return to->x + (ptrdiff_t)((y - to->x_row) % to->ring) * c->s.w * c->s.c;
}

/* count pointers to x, x + step, x + 2 * step ...  By fours: one after the other each would
 * wait for the sum before it. */
static void line_up(const float **p, const float *x, ptrdiff_t step, int count)
{
    int i = 0;
    for (; i + 4 <= count; i += 4, x += 4 * step)
        p[i] = x, p[i + 1] = x + step, p[i + 2] = x + 2 * step, p[i + 3] = x + 3 * step;
    for (; i < count; i++, x += step)
        p[i] = x;
}

static void point_taps(const conv_state *c, const span *to)
{
    const tsr_conv2d_shape *s = &c->s;
    const float **p = to->p;
    for (int ky = 0, y = to->iy; ky < s->kh; ky++, y += s->attr.dilation_y) {
        const bool inside = y >= 0 && y < s->h;
        const float *row = inside ? image_row(c, to, y) : c->zeros;
        for (int kx = 0, x = to->ix; kx < s->kw; kx++, x += s->attr.dilation_x, p += to->step)
            for (int i = 0, at = x; i < to->count; i++, at += s->attr.stride_x)
                p[i] = inside && at >= 0 && at < s->w ? row + (ptrdiff_t)at * s->c : c->zeros;
    }
}

/* A filter row that sticks out of the image: the pixels inside, zeros around them. */
static const float *copy_run(const conv_state *c, span *to, int y, int x)
{
    const tsr_conv2d_shape *s = &c->s;
    const int from = x < 0 ? -x : 0, until = min(s->kw, s->w - x);
    if (until <= from)
        return c->zeros;
    float *copy = to->copies;
    const size_t at = (size_t)from * (size_t)s->c, end = (size_t)until * (size_t)s->c;
    memset(copy, 0, at * sizeof *copy);
    memcpy(copy + at, image_row(c, to, y) + (ptrdiff_t)(x + from) * s->c,
           (end - at) * sizeof *copy);
    memset(copy + end, 0, ((size_t)c->kc - end) * sizeof *copy);
    to->copies += c->kc;
    return copy;
}

static void point_runs(const conv_state *c, span *to)
{
    const tsr_conv2d_shape *s = &c->s;
    const int stride = s->attr.stride_x, room = s->w - s->kw - to->ix;
    /* Pixels begin .. end-1 of the span have their whole filter row in the image. */
    const int end = room < 0 ? 0 : min(to->count, room / stride + 1);
    const int begin = to->ix < 0 ? min(end, (-to->ix - 1) / stride + 1) : 0;
    const float **p = to->p;
    for (int ky = 0, y = to->iy; ky < s->kh; ky++, y += s->attr.dilation_y, p += to->step) {
        const bool inside = y >= 0 && y < s->h;
        const float *row = inside ? image_row(c, to, y) : c->zeros;
        const ptrdiff_t x = inside ? (ptrdiff_t)to->ix * s->c : 0;
        const ptrdiff_t step = inside ? (ptrdiff_t)stride * s->c : 0;
        for (int i = 0; i < begin; i++)
            p[i] = inside ? copy_run(c, to, y, to->ix + i * stride) : row;
        line_up(p + begin, row + (x + begin * step), step, end - begin);
        for (int i = end; i < to->count; i++)
            p[i] = inside ? copy_run(c, to, y, to->ix + i * stride) : row;
    }
}

/* Output pixel i is input pixel i, row by row. */
static void point_same(const conv_state *c, const span *to, int first, int rows)
{
    const tsr_conv2d_shape *s = &c->s;
    const float **p = to->p;
    for (const int end = first + rows; first < end;) {
        const int ox = first % s->ow, count = min(s->ow - ox, end - first);
        const float *row = image_row(c, to, first / s->ow) + (ptrdiff_t)ox * s->c;
        line_up(p, row, s->c, count);
        p += count, first += count;
    }
}

/* The pointers of output pixels first .. first + rows - 1, counted over the batch. */
static void point(const conv_state *c, span to, int first, int rows)
{
    const tsr_conv2d_shape *s = &c->s;
    const tsr_conv2d_attr *a = &s->attr;
    if (s->kh * s->kw == 1 && a->stride_y == 1 && a->stride_x == 1 && s->oh == s->h &&
        s->ow == s->w) {
        point_same(c, &to, first, rows);
        return;
    }
    const float *batch = to.x;
    for (int i = 0; i < rows; i += to.count, to.p += to.count) {
        const int ox = (first + i) % s->ow, oy = (first + i) / s->ow % s->oh;
        const int n = (first + i) / s->ow / s->oh;
        to.x = batch + (ptrdiff_t)n * s->h * s->w * s->c;
        to.iy = oy * a->stride_y - a->pad_top, to.ix = ox * a->stride_x - a->pad_left;
        to.count = min(s->ow - ox, rows - i);
        if (c->runs)
            point_runs(c, &to);
        else
            point_taps(c, &to);
    }
}

/* Some neighbouring pixels by some panels of one group. */
typedef struct { int group, first, rows, panel, panel_end; } piece;

static void multiply(const tsr_step *step, const place *at, const piece *w,
                     unsigned char *scratch)
{
    const conv_state *c = step->state;
    const int oc = c->s.oc;
    const span to = {
        .x = at->x + (ptrdiff_t)w->group * c->kc, .x_row = at->x_row, .ring = at->ring,
        .p = (const float **)(void *)scratch, .step = w->rows,
        .copies = (float *)(void *)(scratch + (size_t)c->room * (size_t)c->taps * sizeof(float *)),
    };
    point(c, to, w->first, w->rows);
    const tsr_tensor *residual = tsr_conv2d_residual(step);
    const ptrdiff_t column = (ptrdiff_t)w->group * c->n;
    const ptrdiff_t ldr = residual && tsr_conv2d_repeats(residual, step->out[0]) ? 0 : oc;
    tsr_gemm_f32_run(c->gemm, &(tsr_gemm_f32_block){
        .a = to.p, .a_step = w->rows, .taps = c->taps, .kc = c->kc,
        .b = c->packed + (size_t)w->group * c->group_size,
        .residual = residual ? (const float *)residual->data + w->first * ldr + column : NULL,
        .c = at->y + (ptrdiff_t)(w->first - at->y_pixel) * oc + column, .ldr = ldr, .ldc = oc,
        .m = w->rows, .n = c->n, .lo = step->node->lo, .hi = step->node->hi,
        .once = c->blocks == c->shares,
    }, w->panel, w->panel_end);
}

/* The first pixel of a block. */
static int begin(const conv_state *c, int block)
{
    const int blocks = c->blocks / c->shares;           /* of a share */
    return tsr_task_begin(c->m, block / blocks, c->shares) + block % blocks * c->block;
}

/* One block of pixels by one chunk of panels.  Chunks of a block are neighbours in the
 * order of work, so that its input is still in the cache; but blocks of a chunk where the
 * pixels are few, and the weights most of what is read. */
static void block(const tsr_step *s, int index, unsigned char *scratch)
{
    const conv_state *c = s->state;
    const int all = c->blocks * c->chunks, i = index % all;
    const int chunk = c->by_panels ? i / c->blocks : i % c->chunks;
    const int at = c->by_panels ? i % c->blocks : i / c->chunks;
    const bool last = (at + 1) % (c->blocks / c->shares) == 0;
    const int first = begin(c, at);
    multiply(s, &(place){ .x = s->in[0]->data, .y = s->out[0]->data, .ring = INT_MAX }, &(piece){
        .group = index / all, .first = first,
        .rows = (last ? begin(c, at + 1) : first + c->block) - first,
        .panel = (int)((int64_t)c->panels * chunk / c->chunks),
        .panel_end = (int)((int64_t)c->panels * (chunk + 1) / c->chunks),
    }, scratch);
}

static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const conv_state *c = s->state;
    const int64_t all = (int64_t)c->s.attr.groups * c->blocks * c->chunks;
    const int end = tsr_task_begin(all, index + 1, c->tasks);
    for (int i = tsr_task_begin(all, index, c->tasks); i < end; i++)
        block(s, i, (unsigned char *)s->scratch + (size_t)worker * c->worker_bytes);
}

/* A band of output rows: shared out into blocks of about equal size. */
static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    const conv_state *c = s->state;
    const int first = band->out.first * c->s.ow, end = band->out.end * c->s.ow;
    const place at = { band->x, band->y, band->x_row, first, band->ring ? band->ring : INT_MAX };
    unsigned char *scratch = (unsigned char *)s->scratch + (size_t)worker * c->worker_bytes;
    int blocks = (end - first - 1) / c->room + 1;
    piece w = { .first = first, .panel_end = c->panels };
    for (; blocks > 0; blocks--, w.first += w.rows) {
        w.rows = (end - w.first + blocks - 1) / blocks;
        for (w.group = 0; w.group < c->s.attr.groups; w.group++)
            multiply(s, &at, &w, scratch);
    }
}

static void run(const tsr_step *s)
{
    const conv_state *c = s->state;
    tsr_parallel(s->threads, c->tasks, task, (void *)(uintptr_t)s);
}

tsr_status tsr_conv2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx,
                                  const tsr_conv2d_shape *shape)
{
#ifdef TSR_BLAS
    if (tsr_conv2d_blas_fits(shape))
        return tsr_conv2d_prepare_blas(s, ctx, shape);
#endif
    conv_state c = { .s = *shape, .gemm = tsr_gemm_f32_best() };
    c.m = shape->n * shape->oh * shape->ow;
    c.n = shape->oc / shape->attr.groups;
    choose_taps(&c, ctx->workers);
    choose_tasks(&c, ctx->workers);
    c.group_size = tsr_gemm_f32_packed_size(c.gemm, c.n, (size_t)c.taps * (size_t)c.kc);
    c.packed = keep_packed(&c, s, ctx);
    c.zeros = tsr_arena_keep(ctx->arena, (size_t)c.kc * sizeof *c.zeros, sizeof *c.zeros);
    const size_t bytes = (size_t)c.room * (size_t)c.taps * sizeof(float *)
                       + (size_t)c.copies * (size_t)c.taps * (size_t)c.kc * sizeof(float);
    c.worker_bytes = tsr_arena_worker_bytes(bytes, ctx->workers);
    s->scratch = tsr_arena_scratch(ctx->arena, c.worker_bytes * (size_t)ctx->workers, ALIGN);
    s->state = tsr_arena_keep(ctx->arena, sizeof c, _Alignof(conv_state));
    if (s->state)
        memcpy(s->state, &c, sizeof c);
    s->run = run;
    s->rows = rows;
    return TSR_OK;
}
