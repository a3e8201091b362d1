/*
 * conv2d_f16.c - convolution in 16-bit floats: a gemm whose rows are output pixels.
 *
 * As conv2d_f32.c, which explains how a pixel's inputs are found through one pointer per
 * filter position; weights come as float and are rounded when they are packed.
 *
 * First layers have 3 channels, which is no vector of 8.  But a filter row lies on a piece
 * of an image row, kw * 3 numbers in a row of memory: there a tap is a whole filter row, one
 * pointer each.  Only where that piece hangs over the image's left or right edge it is
 * copied, with zeros for what is outside.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/conv2d.h"
#include "ops/kernels/gemm_f16.h"

enum {
    ALIGN = 64,
    BLOCK = 48, BLOCK_MAX = 192, /* pixels, about: multiples of the variant's tile rows */
    BLOCK_INPUTS = 16384,       /* numbers: every panel reads them again, from the first cache */
    POINTERS_MAX = 4096,        /* a worker's pointers, about: 32 KB */
    TASKS_PER_WORKER = 8,
    VECTOR = 8,                 /* fewer channels than that: a tap is a filter row */
};

typedef struct {
    tsr_conv2d_shape s;
    const tsr_gemm_f16 *gemm;
    const uint16_t *packed;     /* weight panels, group after group         */
    const uint16_t *zeros;      /* kc of them, what the padding looks like  */
    size_t group_size;          /* numbers of one group's panels            */
    int taps, kc, n;            /* n: output channels of one group          */
    int m, block, blocks;       /* pixels, per block, blocks                */
    int panels, chunks;         /* of one group; a task multiplies a chunk  */
    bool by_rows;               /* a tap is a filter row                    */
    size_t worker_bytes;        /* of pointers, then copied pieces          */
} conv_state;

static int min(int a, int b) { return a < b ? a : b; }

/* Neighbouring pixels of one output row, and where their pointers go: p[tap * step + i]. */
typedef struct {
    const uint16_t *x;          /* the image, at the first channel of the group */
    const uint16_t **p;
    ptrdiff_t step;
    int count, iy, ix;          /* input position under tap 0, 0 of the first pixel */
} span;

static void point_span(const conv_state *c, const span *to)
{
    const tsr_conv2d_shape *s = &c->s;
    const uint16_t **p = to->p;
    for (int ky = 0, y = to->iy; ky < s->kh; ky++, y += s->attr.dilation_y)
        for (int kx = 0, x = to->ix; kx < s->kw; kx++, x += s->attr.dilation_x, p += to->step)
            for (int i = 0, at = x; i < to->count; i++, at += s->attr.stride_x)
                p[i] = y >= 0 && y < s->h && at >= 0 && at < s->w
                     ? to->x + ((ptrdiff_t)y * s->w + at) * s->c : c->zeros;
}

/* A piece of an image row, kw pixels from column ix on, that hangs over an edge. */
static void copy_piece(const conv_state *c, const uint16_t *row, int ix, uint16_t *to)
{
    const tsr_conv2d_shape *s = &c->s;
    const int from = ix < 0 ? min(-ix, s->kw) : 0, end = min(s->kw, s->w - ix);
    memset(to, 0, (size_t)c->kc * sizeof *to);
    if (from < end)
        memcpy(to + from * s->c, row + (ptrdiff_t)(ix + from) * s->c,
               (size_t)((end - from) * s->c) * sizeof *to);
}

/* The pointers of one filter row to its pieces of image row y; returns where the next copy
 * goes. */
static uint16_t *point_row(const conv_state *c, const span *to, int y, const uint16_t **p,
                           uint16_t *copy)
{
    const tsr_conv2d_shape *s = &c->s;
    const int step = s->attr.stride_x, last = s->w - s->kw, count = to->count;
    int i = 0, x = to->ix;
    if (y < 0 || y >= s->h) {
        for (; i < count; i++)
            p[i] = c->zeros;
        return copy;
    }
    const uint16_t *row = to->x + (ptrdiff_t)y * s->w * s->c;
    for (; i < count && x < 0; i++, x += step, copy += c->kc)
        copy_piece(c, row, x, copy), p[i] = copy;
    const int inside = x <= last ? min(i + (last - x) / step + 1, count) : i;
    for (; i < inside; i++, x += step)
        p[i] = row + (ptrdiff_t)x * s->c;
    for (; i < count; i++, x += step, copy += c->kc)
        copy_piece(c, row, x, copy), p[i] = copy;
    return copy;
}

/* The pointers of output pixels first .. first + rows - 1, counted over the batch. */
static void point(const conv_state *c, span to, int first, int rows, uint16_t *copy)
{
    const tsr_conv2d_shape *s = &c->s;
    const tsr_conv2d_attr *a = &s->attr;
    const uint16_t *batch = to.x;
    if (c->taps == 1 && a->stride_y == 1 && a->stride_x == 1 && s->oh == s->h && s->ow == s->w) {
        for (int i = 0; i < rows; i++)          /* output pixel i is input pixel i */
            to.p[i] = batch + (ptrdiff_t)(first + i) * s->c;
        return;
    }
    for (int i = 0; i < rows; i += to.count, to.p += to.count) {
        const int ox = (first + i) % s->ow, oy = (first + i) / s->ow % s->oh;
        const int n = (first + i) / s->ow / s->oh;
        to.x = batch + (ptrdiff_t)n * s->h * s->w * s->c;
        to.iy = oy * a->stride_y - a->pad_top, to.ix = ox * a->stride_x - a->pad_left;
        to.count = min(s->ow - ox, rows - i);
        for (int ky = 0; c->by_rows && ky < s->kh; ky++)
            copy = point_row(c, &to, to.iy + ky * a->dilation_y, to.p + ky * to.step, copy);
        if (!c->by_rows)
            point_span(c, &to);
    }
}

static size_t pointer_bytes(const conv_state *c)
{
    return (size_t)c->block * (size_t)c->taps * sizeof(uint16_t *);
}

/* One block of pixels by one chunk of panels. */
static void task(void *arg, int index, int worker)
{
    const tsr_step *step = arg;
    const conv_state *c = step->state;
    const int chunk = index % c->chunks, at = index / c->chunks % c->blocks;
    const int group = index / c->chunks / c->blocks, oc = c->s.oc;
    const int first = at * c->block, rows = min(c->block, c->m - first);
    unsigned char *scratch = (unsigned char *)step->scratch + (size_t)worker * c->worker_bytes;
    const span to = { .x = (const uint16_t *)step->in[0]->data + (ptrdiff_t)group * c->kc,
                      .p = (const uint16_t **)(void *)scratch, .step = rows };
    point(c, to, first, rows, (uint16_t *)(void *)(scratch + pointer_bytes(c)));
    const tsr_tensor *residual = tsr_conv2d_residual(step);
    const bool repeats = residual && tsr_conv2d_repeats(residual, step->out[0]);
    const ptrdiff_t column = (ptrdiff_t)group * c->n, out = (ptrdiff_t)first * oc + column;
    const ptrdiff_t residual_at = repeats ? column : out;
    tsr_gemm_f16_run(c->gemm, &(tsr_gemm_f16_block){
        .a = to.p, .a_step = rows, .taps = c->taps, .kc = c->kc,
        .b = c->packed + (size_t)group * c->group_size,
        .residual = residual ? (const uint16_t *)residual->data + residual_at : NULL,
        .c = (uint16_t *)step->out[0]->data + out, .ldr = repeats ? 0 : oc, .ldc = oc,
        .m = rows, .n = c->n, .lo = step->node->lo, .hi = step->node->hi,
    }, (int)((int64_t)c->panels * chunk / c->chunks),
       (int)((int64_t)c->panels * (chunk + 1) / c->chunks));
}

static void run(const tsr_step *s)
{
    const conv_state *c = s->state;
    tsr_parallel(s->threads, c->s.attr.groups * c->blocks * c->chunks, task,
                 (void *)(uintptr_t)s);
}

/* A pixel's inputs are k numbers. */
static int choose_block(const conv_state *c, int k)
{
    const int rows = c->gemm->rows;
    const int wanted = min(BLOCK_INPUTS / k, BLOCK_MAX);
    int block = ((wanted > BLOCK ? wanted : BLOCK) + rows - 1) / rows * rows;
    while (block > 6 && (int64_t)block * c->taps > POINTERS_MAX)
        block /= 2;
    return block;
}

static void choose(conv_state *c, int workers)
{
    const tsr_conv2d_shape *s = &c->s;
    c->taps = s->kh * s->kw, c->kc = s->c / s->attr.groups;
    c->by_rows = c->taps > 1 && c->kc < VECTOR && s->attr.groups == 1 && s->attr.dilation_x == 1;
    if (c->by_rows)
        c->taps = s->kh, c->kc *= s->kw;
    const size_t k = (size_t)c->taps * (size_t)c->kc;
    c->m = s->n * s->oh * s->ow, c->n = s->oc / s->attr.groups;
    c->block = choose_block(c, (int)k);
    c->blocks = (c->m - 1) / c->block + 1;
    c->panels = tsr_gemm_f16_panels(c->gemm, c->n);
    const int wanted = workers == 1 ? 1 : TASKS_PER_WORKER * workers / c->blocks + 1;
    c->chunks = min(c->panels, wanted);
    c->group_size = tsr_gemm_f16_packed_size(c->gemm, c->n, k);
    const size_t copies = c->by_rows ? (size_t)c->block * k * sizeof(uint16_t) : 0;
    c->worker_bytes = (pointer_bytes(c) + copies + ALIGN - 1) / ALIGN * ALIGN;
}

tsr_status tsr_conv2d_prepare_f16(tsr_step *s, const tsr_prepare_context *ctx,
                                  const tsr_conv2d_shape *shape)
{
    conv_state c = { .s = *shape, .gemm = tsr_gemm_f16_best() };
    choose(&c, ctx->workers);
    const int groups = shape->attr.groups;
    const size_t k = (size_t)c.taps * (size_t)c.kc;     /* of the filter */
    uint16_t *packed = tsr_arena_keep(ctx->arena,
                                      (size_t)groups * c.group_size * sizeof *packed, ALIGN);
    c.packed = packed;
    c.zeros = tsr_arena_keep(ctx->arena, (size_t)c.kc * sizeof *c.zeros, sizeof *c.zeros);
    s->scratch = tsr_arena_scratch(ctx->arena, c.worker_bytes * (size_t)ctx->workers, ALIGN);
    s->state = tsr_arena_keep(ctx->arena, sizeof c, _Alignof(conv_state));
    s->run = run;
    if (!s->state || !packed)
        return TSR_OK;
    memcpy(s->state, &c, sizeof c);
    const float *filter = s->in[1]->data;
    const float *bias = s->node->in_count > 2 && s->in[2] ? s->in[2]->data : NULL;
    for (int g = 0; g < groups; g++)
        tsr_gemm_f16_pack(c.gemm, c.n, k, filter + (size_t)g * (size_t)c.n * k,
                          bias ? bias + g * c.n : NULL, packed + (size_t)g * c.group_size);
    return TSR_OK;
}
