/*
 * transpose_conv2d_q8.c - transposed convolution of u8 and s8.
 *
 * As in transpose_conv2d.c the output falls into sy*sx phases, each an ordinary
 * convolution with every sy-th, sx-th tap of the filter.  The pixels of one
 * phase in one output row are gathered and multiplied as in conv2d_q8.c.  A
 * phase without taps is a product over k = 0: what remains is the bias.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/rows_q8.h"
#include "ops/transpose_conv2d.h"

typedef struct {
    int ty, tx;                 /* taps; 0 x 0 for the phase that has none */
    const void *packed;
} phase;

typedef struct {
    tsr_rows_q8 rows;
    int rows_of_phases, columns_of_phases;  /* that have taps */
    const phase *phases;        /* row by row; behind them the one without taps */
} plan;

static int smaller(int a, int b) { return a < b ? a : b; }

/* The phase that output position (ty, tx), counted from the uncut result, is in. */
static const phase *phase_at(const tsr_step *s, int ty, int tx)
{
    const plan *p = s->state;
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int ry = ty % a->stride_y, rx = tx % a->stride_x;
    /* Where the stride exceeds the filter, the phases beyond it are all alike. */
    const bool has_taps = ry < p->rows_of_phases && rx < p->columns_of_phases;
    return &p->phases[(has_taps ? ry : p->rows_of_phases) * p->columns_of_phases
                      + (has_taps ? rx : 0)];
}

/* The input pixels (iy - jy, ix - jx) that one output pixel sees. */
static void gather(const tsr_step *s, const phase *f, const uint8_t *image, int iy, int ix,
                   int16_t *a)
{
    const plan *p = s->state;
    const int h = s->in[0]->dim[1], w = s->in[0]->dim[2];
    const size_t c = (size_t)s->in[0]->dim[3];
    for (int jy = 0; jy < f->ty; jy++)
        for (int jx = 0; jx < f->tx; jx++, a += c) {
            const int y = iy - jy, x = ix - jx;
            if (y >= 0 && y < h && x >= 0 && x < w)
                tsr_rows_q8_widen(&p->rows, image + ((size_t)y * (size_t)w + (size_t)x) * c, c, a);
            else
                memset(a, 0, c * sizeof *a);
        }
}

/* Pixels ox, ox + sx, ... of output row `row` (over all images): one phase. */
static void paint(const tsr_step *s, int row, int ox, int16_t *buffer)
{
    const plan *p = s->state;
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const int oh = y->dim[1], ow = y->dim[2], oc = y->dim[3];
    const int ty = row % oh + a->pad_top, tx = ox + a->pad_left;
    const phase *f = phase_at(s, ty, tx);
    const uint8_t *image = (const uint8_t *)x->data
                         + (size_t)(row / oh) * (tsr_elements(x) / (size_t)x->dim[0]);
    /* Neighbours in a phase lie sx apart in the output, 1 apart in the input. */
    const int pixels = (ow - ox - 1) / a->stride_x + 1;
    for (int first = 0; first < pixels; first += p->rows.rows) {
        tsr_rows_q8_product t = {
            .buffer = buffer, .packed = f->packed, .m = smaller(p->rows.rows, pixels - first),
            .c = (uint8_t *)y->data
               + ((size_t)row * (size_t)ow + (size_t)ox + (size_t)first * (size_t)a->stride_x)
                 * (size_t)oc,
            .ldc = (ptrdiff_t)a->stride_x * oc, .n = oc, .k = f->ty * f->tx * x->dim[3],
        };
        for (int i = 0; i < t.m; i++)
            gather(s, f, image, ty / a->stride_y, tx / a->stride_x + first + i,
                   buffer + (size_t)i * (size_t)p->rows.stride);
        tsr_rows_q8_multiply(&p->rows, &t);
    }
}

static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int ow = s->out[0]->dim[2], sx = s->node->attr.transpose_conv2d.stride_x;
    int16_t *buffer = tsr_rows_q8_buffer(&p->rows, s->scratch, worker);
    for (int ox = 0; ox < sx && ox < ow; ox++)
        paint(s, index, ox, buffer);
}

static void run(const tsr_step *s)
{
    tsr_step copy = *s;
    tsr_parallel(s->threads, s->out[0]->dim[0] * s->out[0]->dim[1], task, &copy);
}

/* Keep and fill one phase's weights; ty = tx = 0: only its bias. */
static phase make_phase(const tsr_step *s, const plan *p, const tsr_prepare_context *ctx, int ry,
                        int rx)
{
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int *f = s->in[1]->dim;
    phase made = { tsr_phase_taps(f[1], a->stride_y, ry),
                   tsr_phase_taps(f[2], a->stride_x, rx), NULL };
    void *packed = tsr_rows_q8_keep(&p->rows, f[0], made.ty * made.tx * f[3], ctx);
    made.packed = packed;
    if (packed)
        tsr_rows_q8_pack(&p->rows, s, (tsr_gemm_q8_weights){
            .w = (const uint8_t *)s->in[1]->data
               + (made.ty && made.tx ? ((size_t)ry * (size_t)f[2] + (size_t)rx) * (size_t)f[3] : 0),
            .row = (ptrdiff_t)f[1] * f[2] * f[3], .y = (ptrdiff_t)a->stride_y * f[2] * f[3],
            .x = (ptrdiff_t)a->stride_x * f[3], .ty = made.ty, .tx = made.tx, .c = f[3],
        }, 0, f[0], packed);
    return made;
}

tsr_status tsr_transpose_conv2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx)
{
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int *f = s->in[1]->dim;
    const int rows = smaller(f[1], a->stride_y), columns = smaller(f[2], a->stride_x);
    const int taps = tsr_phase_taps(f[1], a->stride_y, 0)
                   * tsr_phase_taps(f[2], a->stride_x, 0);
    plan p = { .rows_of_phases = rows, .columns_of_phases = columns };
    const int pixels = (s->out[0]->dim[2] - 1) / a->stride_x + 1;   /* of a phase in a row */
    p.rows = tsr_rows_q8_make(s, taps * f[3], (size_t)pixels);
    plan *kept = tsr_arena_keep(ctx->arena, sizeof p, _Alignof(plan));
    const size_t count = (size_t)rows * (size_t)columns + 1;
    phase *phases = tsr_arena_keep(ctx->arena, count * sizeof *phases, _Alignof(phase));
    for (int i = 0; i < rows * columns; i++) {
        const phase made = make_phase(s, &p, ctx, i / columns, i % columns);
        if (phases)
            phases[i] = made;
    }
    if (rows < a->stride_y || columns < a->stride_x) {
        const phase made = make_phase(s, &p, ctx, f[1], f[2]);
        if (phases)
            phases[rows * columns] = made;
    }
    s->scratch = tsr_arena_scratch(
        ctx->arena, tsr_rows_q8_scratch_bytes(&p.rows) * (size_t)ctx->workers, 64);
    s->state = kept;
    s->run = run;
    p.phases = phases;
    if (kept)
        *kept = p;
    return TSR_OK;
}
