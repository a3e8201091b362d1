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
 * Work is split into blocks of about 48 pixels, whose pointers are made once for all
 * output channels, and when blocks are few, into chunks of weight panels.  Pointers
 * and border copies of one block are all the scratch a worker needs.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/conv2d.h"
#include "ops/kernels/gemm_f32.h"

enum {
    ALIGN = 64,
    BLOCK = 48,                 /* pixels; a multiple of every variant's tile rows */
    POINTERS_MAX = 4096,        /* a worker's pointers, about: 32 KB */
    COPIES_MAX = 8192,          /* floats of a worker's border copies: 32 KB */
    TASKS_PER_WORKER = 4,
};

typedef struct {
    tsr_conv2d_shape s;
    const tsr_gemm_f32 *gemm;
    const float *packed;        /* weight panels, group after group         */
    const float *zeros;         /* kc of them, what the padding looks like  */
    size_t group_size;          /* floats of one group's panels             */
    int taps, kc, n;            /* n: output channels of one group          */
    int m, block, blocks, room; /* pixels, per block, blocks, most in one   */
    int panels, chunks;         /* of one group                             */
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
    const int64_t left = (a->pad_left - 1) / a->stride_x + 1;
    const int64_t last = (int64_t)s->w - s->kw + a->pad_left;   /* in input pixels */
    const int64_t inside_end = last < 0 ? 0 : last / a->stride_x + 1;
    const int64_t right = s->ow > inside_end ? s->ow - inside_end : 0;
    return (int)(left + right < s->ow ? left + right : s->ow);
}

static void choose_blocks(conv_state *c)
{
    c->block = BLOCK;
    while (c->block > 6 && (int64_t)c->block * c->taps > POINTERS_MAX)
        c->block /= 2;
    /* The last block takes a rest of less than half a block, too. */
    c->blocks = max(1, (c->m + c->block / 2) / c->block);
    c->room = max(c->m - (c->blocks - 1) * c->block, c->blocks > 1 ? c->block : 1);
}

static void choose_taps(conv_state *c)
{
    const tsr_conv2d_shape *s = &c->s;
    c->taps = s->kh * s->kw, c->kc = s->c / s->attr.groups;
    choose_blocks(c);
    if (s->kw == 1 || s->attr.groups > 1 || s->attr.dilation_x > 1)
        return;
    conv_state r = *c;
    r.runs = true, r.taps = s->kh, r.kc = s->kw * s->c;
    choose_blocks(&r);
    const int64_t rows = (r.room - 1) / s->ow + 2;      /* image rows a block touches */
    const int64_t copies = rows * border_pixels(s);
    r.copies = copies < r.room ? (int)copies : r.room;
    if ((int64_t)r.copies * r.taps * r.kc <= COPIES_MAX)
        *c = r;
}

static void choose_chunks(conv_state *c, int workers)
{
    const int tasks = c->blocks * c->s.attr.groups, wanted = TASKS_PER_WORKER * workers;
    c->panels = tsr_gemm_f32_panels(c->gemm, c->n);
    c->chunks = workers == 1 || tasks >= wanted ? 1 : min(c->panels, (wanted - 1) / tasks + 1);
}

static const float *keep_packed(const conv_state *c, const tsr_step *s, tsr_arena *a)
{
    const int groups = c->s.attr.groups;
    const size_t k = (size_t)c->taps * (size_t)c->kc;
    float *packed = tsr_arena_keep(a, (size_t)groups * c->group_size * sizeof *packed, ALIGN);
    const float *filter = s->in[1]->data;
    const float *bias = s->node->in_count > 2 && s->in[2] ? s->in[2]->data : NULL;
    for (int g = 0; g < groups && packed; g++)
        tsr_gemm_f32_pack(c->gemm, c->n, k, filter + (size_t)g * (size_t)c->n * k, k,
                          bias ? bias + g * c->n : NULL, packed + (size_t)g * c->group_size);
    return packed;
}

/* ---- run -------------------------------------------------------------------- */

/* The pointers of one block: p[tap * step + row]. */
typedef struct {
    const float *x;             /* the input, at the first channel of the group */
    const float **p;
    float *copies;              /* free room for border copies */
    int first, rows;            /* output pixels, counted over the whole batch */
} block;

/* 1x1, stride 1: output pixel i is input pixel i. */
static void point_pixels(const conv_state *c, const block *b)
{
    for (int i = 0; i < b->rows; i++)
        b->p[i] = b->x + (ptrdiff_t)(b->first + i) * c->s.c;
}

static void point_taps(const conv_state *c, const block *b, int i, int n, int iy, int ix)
{
    const tsr_conv2d_shape *s = &c->s;
    const float **p = b->p + i;
    for (int ky = 0, y = iy; ky < s->kh; ky++, y += s->attr.dilation_y) {
        const bool row_inside = y >= 0 && y < s->h;
        const ptrdiff_t row = ((ptrdiff_t)n * s->h + y) * s->w;
        for (int kx = 0, x = ix; kx < s->kw; kx++, x += s->attr.dilation_x, p += b->rows)
            *p = row_inside && x >= 0 && x < s->w ? b->x + (row + x) * s->c : c->zeros;
    }
}

static void point_runs(const conv_state *c, block *b, int i, int n, int iy, int ix)
{
    const tsr_conv2d_shape *s = &c->s;
    const int before = max(0, -ix), until = min(s->kw, s->w - ix);
    const float **p = b->p + i;
    for (int ky = 0, y = iy; ky < s->kh; ky++, y += s->attr.dilation_y, p += b->rows) {
        const ptrdiff_t row = ((ptrdiff_t)n * s->h + y) * s->w;
        if (y < 0 || y >= s->h || until <= before) {
            *p = c->zeros;
        } else if (before == 0 && until == s->kw) {
            *p = b->x + (row + ix) * s->c;
        } else {
            const size_t at = (size_t)before * (size_t)s->c, end = (size_t)until * (size_t)s->c;
            memset(b->copies, 0, at * sizeof *b->copies);
            memcpy(b->copies + at, b->x + (row + ix + before) * s->c, (end - at) * sizeof *b->x);
            memset(b->copies + end, 0, ((size_t)c->kc - end) * sizeof *b->copies);
            *p = b->copies;
            b->copies += c->kc;
        }
    }
}

static void point(const conv_state *c, block *b)
{
    const tsr_conv2d_shape *s = &c->s;
    const tsr_conv2d_attr *a = &s->attr;
    if (s->kh * s->kw == 1 && a->stride_y == 1 && a->stride_x == 1 && s->oh == s->h && s->ow == s->w) {
        point_pixels(c, b);
        return;
    }
    int ox = b->first % s->ow, oy = b->first / s->ow % s->oh, n = b->first / s->ow / s->oh;
    for (int i = 0; i < b->rows; i++) {
        const int iy = oy * a->stride_y - a->pad_top, ix = ox * a->stride_x - a->pad_left;
        if (c->runs)
            point_runs(c, b, i, n, iy, ix);
        else
            point_taps(c, b, i, n, iy, ix);
        if (++ox == s->ow) {
            ox = 0;
            if (++oy == s->oh)
                oy = 0, n++;
        }
    }
}

/* One block of pixels by one chunk of panels.  Chunks of a block are neighbours in the
 * order of tasks, so that a worker finds its input still in the cache. */
static void task(void *arg, int index, int worker)
{
    const tsr_step *step = arg;
    const conv_state *c = step->state;
    const int chunk = index % c->chunks, at = index / c->chunks % c->blocks;
    const int group = index / c->chunks / c->blocks, oc = c->s.oc;
    unsigned char *scratch = (unsigned char *)step->scratch + (size_t)worker * c->worker_bytes;
    block b = {
        .x = (const float *)step->in[0]->data + (ptrdiff_t)group * c->kc,
        .p = (const float **)(void *)scratch,
        .copies = (float *)(void *)(scratch + (size_t)c->room * (size_t)c->taps * sizeof(float *)),
        .first = at * c->block,
        .rows = at + 1 < c->blocks ? c->block : c->m - at * c->block,
    };
    point(c, &b);
    const tsr_tensor *residual = tsr_conv2d_residual(step);
    const ptrdiff_t out = (ptrdiff_t)b.first * oc + (ptrdiff_t)group * c->n;
    tsr_gemm_f32_run(c->gemm, &(tsr_gemm_f32_block){
        .a = b.p, .a_step = b.rows, .taps = c->taps, .kc = c->kc,
        .b = c->packed + (size_t)group * c->group_size,
        .residual = residual ? (const float *)residual->data + out : NULL,
        .c = (float *)step->out[0]->data + out, .ldr = oc, .ldc = oc,
        .m = b.rows, .n = c->n, .lo = step->node->lo, .hi = step->node->hi,
    }, (int)((int64_t)c->panels * chunk / c->chunks),
       (int)((int64_t)c->panels * (chunk + 1) / c->chunks));
}

static void run(const tsr_step *s)
{
    const conv_state *c = s->state;
    tsr_parallel(s->threads, c->s.attr.groups * c->blocks * c->chunks, task, (void *)(uintptr_t)s);
}

tsr_status tsr_conv2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx,
                                  const tsr_conv2d_shape *shape)
{
    conv_state c = { .s = *shape, .gemm = tsr_gemm_f32_best() };
    c.m = shape->n * shape->oh * shape->ow;
    c.n = shape->oc / shape->attr.groups;
    choose_taps(&c);
    choose_chunks(&c, ctx->workers);
    c.group_size = tsr_gemm_f32_packed_size(c.gemm, c.n, (size_t)c.taps * (size_t)c.kc);
    c.packed = keep_packed(&c, s, ctx->arena);
    c.zeros = tsr_arena_keep(ctx->arena, (size_t)c.kc * sizeof *c.zeros, sizeof *c.zeros);
    const size_t bytes = (size_t)c.room * (size_t)c.taps * sizeof(float *)
                       + (size_t)c.copies * (size_t)c.taps * (size_t)c.kc * sizeof(float);
    c.worker_bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    s->scratch = tsr_arena_scratch(ctx->arena, c.worker_bytes * (size_t)ctx->workers, ALIGN);
    s->state = tsr_arena_keep(ctx->arena, sizeof c, ALIGN);
    if (s->state)
        memcpy(s->state, &c, sizeof c);
    s->run = run;
    return TSR_OK;
}
