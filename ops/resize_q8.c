/*
 * resize_q8.c - bilinear resize of u8 and s8 (nearest copies: resize_nearest.c).
 *
 *     top    = tl * 2^11 + (tr - tl) * ax          ax, ay: weights * 2^11
 *     bottom = bl * 2^11 + (br - bl) * ax
 *     y      = (top * 2^11 + (bottom - top) * ay + 2^21) >> 22
 *
 * XNNPACK's arithmetic.  Stored numbers are taken as u8 (a shift by 128 passes
 * through: the weights add up to 1), so every term stays within 2^30.  Scale
 * and zero point are the same on both sides.     SPDX-License-Identifier: MIT
 */
#include "ops/q8.h"
#include "ops/resize.h"

typedef struct { int32_t left, right, weight; } column;

typedef struct {
    tsr_resize_axis rows;
    const column *columns;      /* ow of them: byte offsets in a row */
} plan;

static int weight(const tsr_resize_pair *t) { return (int)tsr_q8_rint(t->f * 2048.0f); }

static void one_row(const tsr_step *s, const tsr_band *band, int oy, uint8_t *out)
{
    const plan *p = s->state;
    const tsr_tensor *x = s->in[0];
    const int c = x->dim[3], ow = s->out[0]->dim[2];
    const size_t row = (size_t)x->dim[2] * (size_t)c;
    const uint8_t flip = tsr_q8_flip(x), *image = band->x;
    const tsr_resize_pair v = tsr_resize_linear(&p->rows, oy);
    const uint8_t *upper = image + tsr_band_row(band, v.first) * row;
    const uint8_t *lower = image + tsr_band_row(band, v.second) * row;
    const int ay = weight(&v);
    for (int ox = 0; ox < ow; ox++, out += c) {
        const uint8_t *tl = upper + p->columns[ox].left, *tr = upper + p->columns[ox].right;
        const uint8_t *bl = lower + p->columns[ox].left, *br = lower + p->columns[ox].right;
        const int ax = p->columns[ox].weight;
        for (int i = 0; i < c; i++) {
            const int t = (tl[i] ^ flip) * 2048 + ((tr[i] ^ flip) - (tl[i] ^ flip)) * ax;
            const int b = (bl[i] ^ flip) * 2048 + ((br[i] ^ flip) - (bl[i] ^ flip)) * ax;
            out[i] = (uint8_t)(((t * 2048 + (b - t) * ay + (1 << 21)) >> 22) ^ flip);
        }
    }
}

static size_t row_bytes(const tsr_tensor *t) { return (size_t)t->dim[2] * (size_t)t->dim[3]; }

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    (void)worker;
    uint8_t *y = band->y;
    for (int oy = band->out.first; oy < band->out.end; oy++, y += row_bytes(s->out[0]))
        one_row(s, band, oy, y);
}

/* One output row, counted over the batch. */
static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const int oh = y->dim[1];
    const tsr_band band = {
        .x = (const uint8_t *)x->data + (size_t)(index / oh) * (size_t)x->dim[1] * row_bytes(x),
    };
    one_row(s, &band, index % oh, (uint8_t *)y->data + (size_t)index * row_bytes(y));
}

static void run(const tsr_step *s)
{
    tsr_step copy = *s;
    tsr_parallel(s->threads, s->out[0]->dim[0] * s->out[0]->dim[1], task, &copy);
}

tsr_status tsr_resize_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    const int ow = s->out[0]->dim[2], c = s->in[0]->dim[3];
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    column *columns = tsr_arena_keep(ctx->arena, (size_t)ow * sizeof *columns, _Alignof(column));
    s->run = run;
    s->rows = rows;
    if (!p || !columns)
        return TSR_OK;
    const tsr_resize_axis axis = tsr_resize_horizontal(s);
    for (int i = 0; i < ow; i++) {
        const tsr_resize_pair t = tsr_resize_linear(&axis, i);
        columns[i] = (column){ t.first * c, t.second * c, weight(&t) };
    }
    *p = (plan){ tsr_resize_vertical(s), columns };
    return TSR_OK;
}
