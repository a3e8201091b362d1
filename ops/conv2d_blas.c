/*
 * conv2d_blas.c - convolution by somebody else's gemm: cblas_sgemm of OpenBLAS.
 *
 * Only in a build that asks for it (make BLAS=openblas).  A gemm made for everybody wants
 * matrices, rows at equal distances, where ours takes pointers:
 *
 *     Y [pixels, oc]  =  A [pixels, k] * F [oc, k] transposed,    k = kh * kw * c
 *
 * F is the filter as it lies in the file: no second copy of the weights.  A is the image
 * itself for a 1x1 convolution that skips nothing, else a block of windows copied side
 * by side into scratch (im2col: Chellapilla, Puri and Simard, 2006).  Bias, residual and
 * clamp are a pass of their own over each block, while that is in the cache.
 *
 * OpenBLAS runs on one thread in each of our tasks.  Tasks are cut by the shape alone, so
 * that the bits are the same for any number of threads.  We allocate nothing in run, but
 * OpenBLAS does: a packing buffer for each thread that calls it, when it calls first.
 * SPDX-License-Identifier: MIT
 */
#include <cblas.h>
#include <stdint.h>
#include <string.h>
#include "ops/conv2d.h"

enum {
    ALIGN = 64,
    ROWS = 384,                 /* pixels of a block at most; each packs the weights anew */
    COPIES_MAX = 1 << 19,       /* floats of copied windows: 2 MB for each worker */
    TASKS_WANTED = 8,           /* of few pixels: channels are shared out, too,   */
    COLUMNS_MIN = 64,           /* but not into slivers                           */
};

typedef struct {
    tsr_conv2d_shape s;
    int m, k;                   /* output pixels of the batch; floats of a window  */
    int block, blocks;          /* pixels of one, how many                         */
    int columns, parts;         /* output channels of one task, tasks of one block */
    bool copies;                /* windows are copied: A is not the image          */
    size_t worker_bytes;        /* of those copies */
} state;

static int min(int a, int b) { return a < b ? a : b; }

static int64_t window_size(const tsr_conv2d_shape *s) { return (int64_t)s->kh * s->kw * s->c; }

bool tsr_conv2d_blas_fits(const tsr_conv2d_shape *s)
{
    return s->attr.groups == 1 && window_size(s) <= COPIES_MAX;
}

static bool is_image(const tsr_conv2d_shape *s)
{
    const tsr_conv2d_attr *a = &s->attr;
    return s->kh == 1 && s->kw == 1 && a->stride_y == 1 && a->stride_x == 1
        && s->oh == s->h && s->ow == s->w && !a->pad_top && !a->pad_left;
}

/* ---- run -------------------------------------------------------------------- */

/* A filter row's kw pixels, from column x of an image row; zeros outside it. */
static void copy_row(const tsr_conv2d_shape *s, const float *row, int x, float *to)
{
    const size_t c = (size_t)s->c;
    if (s->attr.dilation_x > 1) {
        for (int kx = 0; kx < s->kw; kx++, x += s->attr.dilation_x, to += c)
            if (x >= 0 && x < s->w)
                memcpy(to, row + (size_t)x * c, c * sizeof *to);
            else
                memset(to, 0, c * sizeof *to);
        return;
    }
    const int from = x < 0 ? min(-x, s->kw) : 0, until = min(s->kw, s->w - x);
    if (until <= from) {
        memset(to, 0, (size_t)s->kw * c * sizeof *to);
        return;
    }
    memset(to, 0, (size_t)from * c * sizeof *to);
    memcpy(to + (size_t)from * c, row + (ptrdiff_t)(x + from) * s->c,
           (size_t)(until - from) * c * sizeof *to);
    memset(to + (size_t)until * c, 0, (size_t)(s->kw - until) * c * sizeof *to);
}

/* The windows of output pixels first .. first + rows - 1, counted over the batch. */
static void copy_windows(const state *st, const float *x, int first, int rows, float *to)
{
    const tsr_conv2d_shape *s = &st->s;
    const tsr_conv2d_attr *a = &s->attr;
    const size_t row = (size_t)s->kw * (size_t)s->c;
    for (int i = first; i < first + rows; i++) {
        const int ox = i % s->ow, oy = i / s->ow % s->oh;
        const float *image = x + (ptrdiff_t)(i / s->ow / s->oh) * s->h * s->w * s->c;
        int y = oy * a->stride_y - a->pad_top;
        for (int ky = 0; ky < s->kh; ky++, y += a->dilation_y, to += row)
            if (y >= 0 && y < s->h)
                copy_row(s, image + (ptrdiff_t)y * s->w * s->c,
                         ox * a->stride_x - a->pad_left, to);
            else
                memset(to, 0, row * sizeof *to);
    }
}

/* Some pixels by some output channels: y = clamp(y + bias + residual). */
typedef struct { int first, rows, column, columns; } piece;

static void finish(const tsr_step *step, const piece *p)
{
    const tsr_tensor *bias = step->node->in_count > 2 ? step->in[2] : NULL;
    const tsr_tensor *residual = tsr_conv2d_residual(step);
    const ptrdiff_t ldc = ((const state *)step->state)->s.oc;
    const ptrdiff_t ldr = residual && tsr_conv2d_repeats(residual, step->out[0]) ? 0 : ldc;
    const float lo = step->node->lo, hi = step->node->hi;
    const float *b = bias ? (const float *)bias->data + p->column : NULL;
    for (int i = p->first; i < p->first + p->rows; i++) {
        float *y = (float *)step->out[0]->data + i * ldc + p->column;
        const float *r = residual ? (const float *)residual->data + i * ldr + p->column : NULL;
        for (int k = 0; b && k < p->columns; k++)
            y[k] += b[k];
        for (int k = 0; r && k < p->columns; k++)
            y[k] += r[k];
        for (int k = 0; k < p->columns; k++) {          /* NaN stays NaN */
            const float low = y[k] < lo ? lo : y[k];
            y[k] = low > hi ? hi : low;
        }
    }
}

static void task(void *arg, int index, int worker)
{
    const tsr_step *step = arg;
    const state *st = step->state;
    const int oc = st->s.oc;
    piece p = { .first = index / st->parts * st->block, .column = index % st->parts * st->columns };
    p.rows = min(st->block, st->m - p.first), p.columns = min(st->columns, oc - p.column);
    const float *a = (const float *)step->in[0]->data + (ptrdiff_t)p.first * st->k;
    if (st->copies) {
        float *windows = (float *)(void *)((unsigned char *)step->scratch
                                           + (size_t)worker * st->worker_bytes);
        copy_windows(st, step->in[0]->data, p.first, p.rows, windows);
        a = windows;
    }
    const float *f = (const float *)step->in[1]->data + (ptrdiff_t)p.column * st->k;
    float *y = (float *)step->out[0]->data + (ptrdiff_t)p.first * oc + p.column;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p.rows, p.columns, st->k,
                1.0f, a, st->k, f, st->k, 0.0f, y, oc);
    finish(step, &p);
}

static void run(const tsr_step *s)
{
    const state *st = s->state;
    tsr_parallel(s->threads, st->blocks * st->parts, task, (void *)(uintptr_t)s);
}

/* ---- prepare ---------------------------------------------------------------- */

/* By the shape alone, never by the number of workers: the order in which a sum is added
 * up depends on how large a matrix OpenBLAS is given. */
static void choose_tasks(state *st)
{
    const int most = st->copies ? min(ROWS, COPIES_MAX / st->k) : ROWS;
    st->blocks = (st->m - 1) / most + 1;
    st->block = (st->m - 1) / st->blocks + 1;
    st->blocks = (st->m - 1) / st->block + 1;
    const int parts = min(TASKS_WANTED / min(st->blocks, TASKS_WANTED), st->s.oc / COLUMNS_MIN);
    st->columns = parts > 1 ? (st->s.oc - 1) / parts + 1 : st->s.oc;
    st->parts = (st->s.oc - 1) / st->columns + 1;
}

tsr_status tsr_conv2d_prepare_blas(tsr_step *s, const tsr_prepare_context *ctx,
                                   const tsr_conv2d_shape *shape)
{
    state st = { .s = *shape, .m = shape->n * shape->oh * shape->ow,
                 .k = (int)window_size(shape), .copies = !is_image(shape) };
    choose_tasks(&st);
    const size_t bytes = st.copies ? (size_t)st.block * (size_t)st.k * sizeof(float) : 0;
    st.worker_bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    s->scratch = tsr_arena_scratch(ctx->arena, st.worker_bytes * (size_t)ctx->workers, ALIGN);
    s->state = tsr_arena_keep(ctx->arena, sizeof st, ALIGN);
    if (s->state)
        memcpy(s->state, &st, sizeof st);
    /* OpenBLAS's, for the whole process; with more it would lock out our other threads. */
    if (openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
    s->run = run;
    return TSR_OK;
}
