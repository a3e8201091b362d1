/*
 * conv2d_f16.c - convolution in 16-bit floats: a gemm whose rows are output pixels.
 *
 * As conv2d_f32.c, which explains how a pixel's inputs are found through one pointer per
 * filter position; weights come as float and are rounded when they are packed.
 *
 * First layers have 3 channels, which is no vector of 8.  There each pixel's whole window
 * is copied (im2col), a block at a time, with zeros behind it that make k a multiple of 8.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/conv2d.h"
#include "ops/kernels/gemm_f16.h"

enum {
    ALIGN = 64,
    BLOCK = 48,                 /* pixels, about: a multiple of the variant's tile rows */
    POINTERS_MAX = 4096,        /* a worker's pointers, about: 32 KB */
    TASKS_PER_WORKER = 8,
    VECTOR = 8,                 /* fewer channels than that: windows are copied */
};

typedef struct {
    tsr_conv2d_shape s;
    const tsr_gemm_f16 *gemm;
    const uint16_t *packed;     /* weight panels, group after group         */
    const uint16_t *zeros;      /* kc of them, what the padding looks like  */
    size_t group_size;          /* numbers of one group's panels            */
    int taps, kc, n;            /* n: output channels of one group          */
    size_t k;                   /* rows of a packed panel                   */
    int m, block, blocks;       /* pixels, per block, blocks                */
    int panels, chunks;         /* of one group; a task multiplies a chunk  */
    int window;                 /* numbers of a copied window; 0: none is copied */
    size_t worker_bytes;        /* of pointers and windows                  */
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

/* A few numbers: a call of memcpy would take longer than the copy.  8 to 16 of them (3
 * pixels of 3 colours) are the first 8 and the last 8. */
static inline void copy(uint16_t *to, const uint16_t *from, int n)
{
    if (n >= VECTOR && n <= 2 * VECTOR) {
        memcpy(to, from, VECTOR * sizeof *to);
        memcpy(to + n - VECTOR, from + n - VECTOR, VECTOR * sizeof *to);
        return;
    }
    for (; n >= 4; n -= 4, to += 4, from += 4)
        memcpy(to, from, 4 * sizeof *to);
    if (n & 2)
        memcpy(to, from, 2 * sizeof *to), to += 2, from += 2;
    if (n & 1)
        *to = *from;
}

/* The window of the output pixel whose tap 0, 0 lies at iy, ix of the image; no dilation
 * along x, so that its rows are pieces of image rows. */
static void copy_window(const conv_state *c, const uint16_t *image, int iy, int ix, uint16_t *to)
{
    const tsr_conv2d_shape *s = &c->s;
    const int from = ix < 0 ? min(-ix, s->kw) : 0, end = min(s->kw, s->w - ix);
    const int reach = (s->kh - 1) * s->attr.dilation_y;
    if (from > 0 || end < s->kw || iy < 0 || iy + reach >= s->h)
        memset(to, 0, (size_t)c->window * sizeof *to);
    else
        memset(to + c->window - VECTOR, 0, VECTOR * sizeof *to);
    const int h = s->h, row = s->kw * s->c, n = (end - from) * s->c, step = s->attr.dilation_y;
    const ptrdiff_t next = (ptrdiff_t)step * s->w * s->c;
    const uint16_t *x = image + ((ptrdiff_t)iy * s->w + ix + from) * s->c;
    to += from * s->c;
    for (int ky = s->kh; ky > 0 && n > 0; ky--, iy += step, x += next, to += row)
        if (iy >= 0 && iy < h)
            copy(to, x, n);
}

/* Windows of output pixels first .. first + rows - 1, and the pointers to them. */
static void copy_windows(const conv_state *c, span to, int first, int rows, uint16_t *copies)
{
    const tsr_conv2d_shape *s = &c->s;
    const tsr_conv2d_attr *a = &s->attr;
    int ox = first % s->ow, oy = first / s->ow % s->oh, n = first / s->ow / s->oh;
    for (int i = 0; i < rows; i++, copies += c->window) {
        copy_window(c, to.x + (ptrdiff_t)n * s->h * s->w * s->c, oy * a->stride_y - a->pad_top,
                    ox * a->stride_x - a->pad_left, copies);
        to.p[i] = copies;
        if (++ox == s->ow)
            ox = 0, oy++;
        if (oy == s->oh)
            oy = 0, n++;
    }
}

/* The pointers of output pixels first .. first + rows - 1, counted over the batch. */
static void point(const conv_state *c, span to, int first, int rows)
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
        point_span(c, &to);
    }
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
    if (c->window)
        copy_windows(c, to, first, rows,
                     (uint16_t *)(void *)(scratch + (size_t)c->block * sizeof(uint16_t *)));
    else
        point(c, to, first, rows);
    const tsr_tensor *residual = tsr_conv2d_residual(step);
    const bool repeats = residual && tsr_conv2d_repeats(residual, step->out[0]);
    const ptrdiff_t column = (ptrdiff_t)group * c->n, out = (ptrdiff_t)first * oc + column;
    const ptrdiff_t residual_at = repeats ? column : out;
    tsr_gemm_f16_run(c->gemm, &(tsr_gemm_f16_block){
        .a = to.p, .a_step = rows, .taps = c->window ? 1 : c->taps,
        .kc = c->window ? c->window : c->kc,
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

static void choose(conv_state *c, int workers)
{
    const tsr_conv2d_shape *s = &c->s;
    const int rows = c->gemm->rows;
    c->taps = s->kh * s->kw, c->kc = s->c / s->attr.groups;
    c->m = s->n * s->oh * s->ow, c->n = s->oc / s->attr.groups;
    c->block = (BLOCK + rows - 1) / rows * rows;
    while (c->block > 6 && (int64_t)c->block * c->taps > POINTERS_MAX)
        c->block /= 2;
    c->blocks = (c->m - 1) / c->block + 1;
    c->panels = tsr_gemm_f16_panels(c->gemm, c->n);
    const int wanted = workers == 1 ? 1 : TASKS_PER_WORKER * workers / c->blocks + 1;
    c->chunks = min(c->panels, wanted);
    if (c->taps > 1 && c->kc < VECTOR && s->attr.groups == 1 && s->attr.dilation_x == 1)
        c->window = (c->taps * c->kc + VECTOR - 1) / VECTOR * VECTOR;
    c->k = c->window ? (size_t)c->window : (size_t)c->taps * (size_t)c->kc;
    c->group_size = tsr_gemm_f16_packed_size(c->gemm, c->n, c->k);
    const size_t bytes = (size_t)c->block * (c->window ? sizeof(uint16_t *) + c->k * 2
                                                       : (size_t)c->taps * sizeof(uint16_t *));
    c->worker_bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
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
        tsr_gemm_f16_pack(c.gemm, c.n, c.k, k, filter + (size_t)g * (size_t)c.n * k,
                          bias ? bias + g * c.n : NULL, packed + (size_t)g * c.group_size);
    return TSR_OK;
}
