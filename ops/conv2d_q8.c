/*
 * conv2d_q8.c - convolution of u8 and s8: gather rows, multiply (rows_q8.h).
 *
 * The row of an output pixel is its window, [kh][kw][c/groups].  With one
 * group and no dilation along x a filter row's input is one run of memory:
 * a 1x1 convolution gathers runs of c, a 3x3 on RGB three runs of 9.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/conv2d.h"
#include "ops/rows_q8.h"

enum { TASKS_WANTED = 8 };

typedef struct {
    tsr_conv2d_shape shape;
    tsr_rows_q8 rows;
    int c, oc, k;               /* per group */
    size_t pixels;              /* n * oh * ow */
    bool contiguous;            /* windows are single pixels, one behind the other */
    int columns;                /* output channels per task: a group, or part of one */
    int column_tasks;           /* over all groups */
    void *packed;
    size_t group_bytes;         /* of packed */
} plan;

/* Input row under one filter row: kw taps of c numbers from column ix on. */
static void gather_taps(const plan *p, const uint8_t *row, int ix, int16_t *a)
{
    const tsr_conv2d_shape *s = &p->shape;
    const size_t c = (size_t)p->c;
    if (s->attr.groups == 1 && s->attr.dilation_x == 1 && ix >= 0 && ix + s->kw <= s->w) {
        tsr_rows_q8_widen(&p->rows, row + (size_t)ix * c, (size_t)s->kw * c, a);
        return;
    }
    if (s->attr.groups == 1 && s->attr.dilation_x == 1) {
        /* Taps from .. to - 1 lie inside the image: one run between zeros. */
        const int from = ix < 0 ? (-ix < s->kw ? -ix : s->kw) : 0;
        const int over = ix + s->kw - s->w;
        const int to = over > 0 ? (over < s->kw - from ? s->kw - over : from) : s->kw;
        memset(a, 0, (size_t)from * c * sizeof *a);
        if (to > from)
            tsr_rows_q8_widen(&p->rows, row + (size_t)(ix + from) * c, (size_t)(to - from) * c,
                              a + (size_t)from * c);
        memset(a + (size_t)to * c, 0, (size_t)(s->kw - to) * c * sizeof *a);
        return;
    }
    for (int kx = 0; kx < s->kw; kx++, ix += s->attr.dilation_x, a += c)
        if (ix < 0 || ix >= s->w)
            memset(a, 0, c * sizeof *a);
        else
            tsr_rows_q8_widen(&p->rows, row + (size_t)ix * (size_t)s->c, c, a);
}

/* The window of output pixel (oy, ox) of an image, at the first channel of the group. */
static void gather(const plan *p, const tsr_band *from, int oy, int ox, int16_t *a)
{
    const tsr_conv2d_shape *s = &p->shape;
    const size_t row = (size_t)s->w * (size_t)s->c, taps = (size_t)s->kw * (size_t)p->c;
    const int ix = ox * s->attr.stride_x - s->attr.pad_left;
    int iy = oy * s->attr.stride_y - s->attr.pad_top;
    for (int ky = 0; ky < s->kh; ky++, iy += s->attr.dilation_y, a += taps)
        if (iy < 0 || iy >= s->h)
            memset(a, 0, taps * sizeof *a);
        else
            gather_taps(p, (const uint8_t *)from->x + tsr_band_row(from, iy) * row, ix, a);
}

/* Windows that are single pixels: runs of input, the longest a ring has. */
static void gather_runs(const plan *p, const tsr_band *from, size_t pixel, int m, int16_t *a)
{
    const int ow = p->shape.ow;
    for (int n; m > 0; m -= n, pixel += (size_t)n, a += n * p->k) {
        const int ox = (int)(pixel % (size_t)ow);
        n = from->ring && ow - ox < m ? ow - ox : m;
        const size_t at = tsr_band_row(from, (int)(pixel / (size_t)ow)) * (size_t)ow + (size_t)ox;
        tsr_rows_q8_widen(&p->rows, (const uint8_t *)from->x + at * (size_t)p->k,
                          (size_t)n * (size_t)p->k, a);
    }
}

/* Windows of m pixels from `pixel` on, counted over all images. */
static void gather_pixels(const plan *p, const tsr_band *band, size_t pixel, int m, int16_t *a)
{
    const tsr_conv2d_shape *s = &p->shape;
    if (p->contiguous) {
        gather_runs(p, band, pixel, m, a);
        return;
    }
    const size_t image_size = (size_t)s->h * (size_t)s->w * (size_t)s->c;
    const size_t area = (size_t)s->oh * (size_t)s->ow;
    int ox = (int)(pixel % (size_t)s->ow), oy = (int)(pixel % area / (size_t)s->ow);
    tsr_band from = *band;
    from.x = (const uint8_t *)band->x + pixel / area * image_size;
    for (int i = 0; i < m; i++, a += p->rows.stride) {
        gather(p, &from, oy, ox, a);
        if (++ox < s->ow)
            continue;
        ox = 0;
        if (++oy == s->oh)
            oy = 0, from.x = (const uint8_t *)from.x + image_size;
    }
}

/* A block of pixels by some output channels of a group; c is where the first goes. */
typedef struct {
    size_t pixel;
    int m, group, first, n;
    uint8_t *c;
} piece;

static void multiply(const tsr_step *s, const tsr_band *band, const piece *w, int worker)
{
    const plan *p = s->state;
    const size_t panel = tsr_gemm_q8_panel_bytes(p->rows.v, p->k);
    const tsr_rows_q8_product t = {
        .buffer = tsr_rows_q8_buffer(&p->rows, s->scratch, worker),
        .packed = (const uint8_t *)p->packed + (size_t)w->group * p->group_bytes
                + (size_t)(w->first / p->rows.v->nr) * panel,
        .c = w->c, .ldc = p->shape.oc, .k = p->k, .n = w->n, .m = w->m,
    };
    tsr_band group = *band;
    group.x = (const uint8_t *)band->x + (size_t)w->group * (size_t)p->c;
    gather_pixels(p, &group, w->pixel, w->m, t.buffer);
    tsr_rows_q8_multiply(&p->rows, &t);
}

/* Index = block of pixels, then group, then part of the group's channels. */
static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int parts = p->column_tasks / p->shape.attr.groups;
    const int column = index % p->column_tasks, first = column % parts * p->columns;
    piece w = {
        .pixel = (size_t)(index / p->column_tasks) * (size_t)p->rows.rows,
        .group = column / parts, .first = first,
        .n = p->oc - first < p->columns ? p->oc - first : p->columns,
    };
    const size_t left = p->pixels - w.pixel;
    w.m = left < (size_t)p->rows.rows ? (int)left : p->rows.rows;
    w.c = (uint8_t *)s->out[0]->data + w.pixel * (size_t)p->shape.oc
        + (size_t)w.group * (size_t)p->oc + (size_t)first;
    multiply(s, &(tsr_band){ .x = s->in[0]->data }, &w, worker);
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    const plan *p = s->state;
    const int first = band->out.first * p->shape.ow, end = band->out.end * p->shape.ow;
    for (int i = first; i < end; i += p->rows.rows)
        for (int g = 0; g < p->shape.attr.groups; g++)
            multiply(s, band, &(piece){
                .pixel = (size_t)i, .m = end - i < p->rows.rows ? end - i : p->rows.rows,
                .group = g, .n = p->oc,
                .c = (uint8_t *)band->y + (ptrdiff_t)(i - first) * p->shape.oc + g * p->oc,
            }, worker);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    const size_t blocks = (p->pixels + (size_t)p->rows.rows - 1) / (size_t)p->rows.rows;
    tsr_step copy = *s;
    tsr_parallel(s->threads, (int)blocks * p->column_tasks, task, &copy);
}

/* A 1x1 convolution that skips nothing: all windows together are the input. */
static bool is_contiguous(const tsr_conv2d_shape *s)
{
    const tsr_conv2d_attr *a = &s->attr;
    return s->kh == 1 && s->kw == 1 && a->stride_y == 1 && a->stride_x == 1 && a->groups == 1
        && !a->pad_top && !a->pad_left && !a->pad_bottom && !a->pad_right;
}

static void plan_tasks(plan *p)
{
    const int rows = p->rows.rows, nr = p->rows.v->nr;
    const size_t blocks = (p->pixels + (size_t)rows - 1) / (size_t)rows;
    /* Few pixels (a dense layer has one): share out the channels, too. */
    const int parts = blocks < TASKS_WANTED ? TASKS_WANTED / (int)blocks : 1;
    p->columns = ((p->oc + parts - 1) / parts + nr - 1) / nr * nr;
    p->column_tasks = (p->oc + p->columns - 1) / p->columns * p->shape.attr.groups;
}

tsr_status tsr_conv2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx,
                                 const tsr_conv2d_shape *shape)
{
    const int groups = shape->attr.groups;
    plan p = { .shape = *shape, .c = shape->c / groups, .oc = shape->oc / groups };
    p.k = shape->kh * shape->kw * p.c;
    p.pixels = (size_t)shape->n * (size_t)shape->oh * (size_t)shape->ow;
    p.rows = tsr_rows_q8_make(s, p.k, p.pixels);
    p.contiguous = is_contiguous(shape) && p.rows.stride == p.k;
    p.group_bytes = tsr_gemm_q8_packed_bytes(p.rows.v, p.oc, p.k);
    plan_tasks(&p);
    plan *kept = s->state = tsr_arena_keep(ctx->arena, sizeof p, _Alignof(plan));
    uint8_t *packed = tsr_arena_keep(ctx->arena, p.group_bytes * (size_t)groups, 64);
    s->scratch = tsr_arena_scratch(
        ctx->arena, tsr_rows_q8_scratch_bytes(&p.rows) * (size_t)ctx->workers, 64);
    s->run = run;
    s->rows = rows;
    if (!kept || !packed)
        return TSR_OK;
    p.packed = packed;
    *kept = p;
    /* A filter [oc, kh, kw, c] is oc rows of k: exactly what packing wants. */
    const size_t filter_bytes = (size_t)p.oc * (size_t)p.k;
    for (int g = 0; g < groups; g++)
        tsr_rows_q8_pack(&p.rows, s, (tsr_gemm_q8_weights){
            .w = (const uint8_t *)s->in[1]->data + (size_t)g * filter_bytes, .row = p.k,
            .ty = 1, .tx = 1, .c = p.k }, g * p.oc, p.oc, packed + (size_t)g * p.group_bytes);
    return TSR_OK;
}
