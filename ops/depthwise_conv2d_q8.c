/*
 * depthwise_conv2d_q8.c - depthwise convolution of u8 and s8.
 *
 * For each output row the input pixel under every tap is named by a pointer;
 * taps in the padding point at one pixel of zero points.  dwconv_q8 does the
 * rest.  With a channel multiplier m > 1 the pointers name copies: pixels in
 * which every channel stands m times, made where they are needed.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/depthwise_conv2d.h"
#include "ops/kernels/dwconv_q8.h"
#include "ops/q8.h"

enum { PIXELS = 16 };           /* per call of the kernel */

typedef struct {
    const tsr_dwconv_q8 *v;
    int taps;                   /* kh * kw made even */
    int multiplier;
    const uint8_t *zeros;       /* one output pixel wide */
    const void *packed;
    tsr_q8_output out;
    uint8_t flip;
    size_t pointer_bytes, worker_bytes;     /* scratch */
} plan;

/* Every channel of a pixel, m times. */
static const uint8_t *repeat(const uint8_t *x, int channels, int m, uint8_t *to)
{
    for (int c = 0; c < channels; c++)
        memset(to + (size_t)c * (size_t)m, x[c], (size_t)m);
    return to;
}

/* One output row: what point() needs to know. */
typedef struct {
    const tsr_band *band;       /* the image, or what is there of it        */
    const uint8_t **taps;       /* of the pixels at hand                    */
    uint8_t *copies;            /* behind them: one output pixel per tap    */
    int oy, ox;                 /* first pixel at hand                      */
    int inner_first, inner_end; /* pixels whose window touches no side edge */
} pixels;

/* The pointers of pixel i, each found from its coordinates. */
static void point_at(const tsr_step *s, const pixels *q, int i)
{
    const plan *p = s->state;
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    const tsr_tensor *x = s->in[0];
    const int kh = s->in[1]->dim[1], kw = s->in[1]->dim[2], c = x->dim[3];
    const size_t first = (size_t)i * (size_t)p->taps;
    size_t t = first;
    for (int ky = 0; ky < kh; ky++) {
        const int iy = q->oy * a->stride_y - a->pad_top + ky * a->dilation_y;
        const bool seen = iy >= 0 && iy < x->dim[1];
        const uint8_t *row = seen ? (const uint8_t *)q->band->x + tsr_band_row(q->band, iy)
                                    * (size_t)x->dim[2] * (size_t)c : p->zeros;
        int ix = (q->ox + i) * a->stride_x - a->pad_left;
        for (int kx = 0; kx < kw; kx++, t++, ix += a->dilation_x) {
            const bool inside = seen && ix >= 0 && ix < x->dim[2];
            q->taps[t] = !inside ? p->zeros
                       : p->multiplier == 1 ? row + (ptrdiff_t)ix * c
                       : repeat(row + (ptrdiff_t)ix * c, c, p->multiplier,
                                q->copies + t * (size_t)s->out[0]->dim[3]);
        }
    }
    if (t < first + (size_t)p->taps)
        q->taps[t] = q->taps[t - 1];    /* its weights are 0 */
}

/* The pointers of pixel i from those of pixel i - 1, both inner ones: the same
 * rows, one stride further on. */
static void advance(const tsr_step *s, const pixels *q, int i)
{
    const plan *p = s->state;
    const size_t step = (size_t)s->node->attr.conv2d.stride_x * (size_t)s->in[0]->dim[3];
    const uint8_t **to = q->taps + (size_t)i * (size_t)p->taps, **from = to - p->taps;
    for (int t = 0; t < p->taps; t++)
        to[t] = from[t] == p->zeros ? p->zeros : from[t] + step;
}

static void point(const tsr_step *s, const pixels *q, int count)
{
    const plan *p = s->state;
    for (int i = 0; i < count; i++)
        if (i > 0 && p->multiplier == 1 && q->ox + i > q->inner_first && q->ox + i < q->inner_end)
            advance(s, q, i);
        else
            point_at(s, q, i);
}

/* Pixels inner_first .. inner_end - 1 of a row see no column outside the image. */
static void find_inner(const tsr_step *s, pixels *q)
{
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    const int reach = (s->in[1]->dim[2] - 1) * a->dilation_x;
    const int last = s->in[0]->dim[2] - 1 - reach + a->pad_left;
    q->inner_first = (a->pad_left + a->stride_x - 1) / a->stride_x;
    q->inner_end = last < 0 ? 0 : last / a->stride_x + 1;
}

static void one_row(const tsr_step *s, const tsr_band *band, int oy, uint8_t *y, int worker)
{
    const plan *p = s->state;
    const int ow = s->out[0]->dim[2], c = s->out[0]->dim[3];
    uint8_t *base = (uint8_t *)s->scratch + (size_t)worker * p->worker_bytes;
    pixels q = { .band = band, .taps = (const uint8_t **)(void *)base,
                 .copies = base + p->pointer_bytes, .oy = oy };
    tsr_dwconv_q8_row row = { .x = q.taps, .w = p->packed, .taps = p->taps, .c = c,
                              .flip = p->flip, .out = p->out };
    find_inner(s, &q);
    for (; q.ox < ow; q.ox += PIXELS) {
        row.pixels = ow - q.ox < PIXELS ? ow - q.ox : PIXELS;
        row.y = y + (size_t)q.ox * (size_t)c;
        point(s, &q, row.pixels);
        p->v->row(&row);
    }
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    const size_t row = (size_t)s->out[0]->dim[2] * (size_t)s->out[0]->dim[3];
    for (int oy = band->out.first; oy < band->out.end; oy++)
        one_row(s, band, oy, (uint8_t *)band->y + (size_t)(oy - band->out.first) * row, worker);
}

/* One output row, counted over the batch. */
static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const int oh = y->dim[1];
    const size_t image = tsr_elements(x) / (size_t)x->dim[0];
    const size_t row = (size_t)y->dim[2] * (size_t)y->dim[3];
    const tsr_band band = { .x = (const uint8_t *)x->data + (size_t)(index / oh) * image };
    one_row(s, &band, index % oh, (uint8_t *)y->data + (size_t)index * row, worker);
}

static void run(const tsr_step *s)
{
    tsr_step copy = *s;
    tsr_parallel(s->threads, s->out[0]->dim[0] * s->out[0]->dim[1], task, &copy);
}

/* `scale` is scratch for one number per channel. */
static void pack(const tsr_step *s, const plan *p, float *scale, void *packed)
{
    const tsr_tensor *x = s->in[0], *f = s->in[1];
    const tsr_tensor *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    const int c = f->dim[3];
    for (int i = 0; i < c; i++)
        scale[i] = tsr_q8_multiplier(x, f, s->out[0], i);
    tsr_dwconv_q8_pack(p->v, f->dim[1] * f->dim[2], c, &(tsr_dwconv_q8_weights){
        .w = f->data, .flip = tsr_q8_flip(f), .w_zero = tsr_q8_zero(f), .x_zero = tsr_q8_zero(x),
        .bias = bias ? bias->data : NULL, .scale = scale,
    }, packed);
}

tsr_status tsr_depthwise_conv2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx,
                                           tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    const tsr_tensor *x = s->in[0], *f = s->in[1];
    const int taps = f->dim[1] * f->dim[2], c = f->dim[3];
    plan p = { .v = tsr_dwconv_q8_best(), .taps = taps + (taps & 1), .flip = tsr_q8_flip(x),
               .multiplier = c / x->dim[3], .out = tsr_q8_output_make(s->node, s->out[0]) };
    const size_t all = PIXELS * (size_t)p.taps;
    p.pointer_bytes = (all * sizeof(uint8_t *) + 63) & ~(size_t)63;
    p.worker_bytes = p.pointer_bytes
                   + (p.multiplier > 1 ? (all * (size_t)c + 63) & ~(size_t)63 : 0);
    plan *kept = s->state = tsr_arena_keep(ctx->arena, sizeof p, _Alignof(plan));
    void *packed = tsr_arena_keep(ctx->arena, tsr_dwconv_q8_packed_bytes(p.v, taps, c), 64);
    uint8_t *zeros = tsr_arena_keep(ctx->arena, (size_t)c, 1);
    s->scratch = tsr_arena_scratch(ctx->arena, p.worker_bytes * (size_t)ctx->workers, 64);
    float *scale = tsr_arena_scratch(ctx->arena, (size_t)c * sizeof *scale, 64);
    s->run = run;
    s->rows = rows;
    if (!kept || !packed || !zeros || !scale)
        return TSR_OK;
    /* As wide as an output pixel: with a multiplier the copies are, too. */
    memset(zeros, tsr_q8_zero_byte(x), (size_t)c);
    pack(s, &p, scale, packed);
    p.packed = packed, p.zeros = zeros;
    *kept = p;
    return TSR_OK;
}
