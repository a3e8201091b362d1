/*
 * transpose_conv2d_f32.c - the painting of transpose_conv2d.c turned round: an output
 * pixel gathers.
 *
 * With t = oy + top only the filter rows ky = t mod sy + j*sy take part, and they see the
 * input rows iy = t/sy - j.  So the output falls into sy*sx phases, each an ordinary
 * convolution with every sy-th, sx-th tap of the filter, and each is a gemm whose rows are
 * the pixels of one phase in one output row.  Nothing is scattered, cleared or added up
 * in memory.
 *
 * When patches lie side by side (kw = sx, nothing cut off), the kw output pixels that an
 * input pixel paints in a row are neighbours: they are kw*oc columns of one gemm.  The
 * usual 2 x 2 filter with stride 2 is that, and its oc is often 1.
 *
 * A filter smaller than the stride leaves phases without taps.  They share one tap of
 * zero weights, so that their pixels, too, come out of the gemm as clamp(bias).
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/gemm_f32.h"
#include "ops/transpose_conv2d.h"

enum { ALIGN = 64, BLOCK = 64, BLOCK_MIN = 8, POINTERS_MAX = 4096 };

/* As it is computed: side by side, kw and sx are 1 and oc is that of `joined` pixels. */
typedef struct {
    int h, w, c, oh, ow, oc, kh, kw, sy, sx, top, left, joined;
} geometry;

typedef struct {
    geometry g;
    const tsr_gemm_f32 *gemm;
    const float *packed;        /* the phase without taps if any, then the others */
    const float *zeros;         /* c of them: beyond the input                    */
    size_t bias_size, tap_size; /* packed floats of a phase: bias_size + taps * tap_size */
    int block;                  /* pixels that share one set of pointers          */
    bool empty_phase;
    size_t worker_bytes;        /* scratch */
} state;

static geometry geometry_of(const tsr_step *s)
{
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int *x = s->in[0]->dim, *f = s->in[1]->dim;
    geometry g = { .h = x[1], .w = x[2], .c = x[3], .oh = a->oh, .ow = a->ow, .oc = f[0],
                   .kh = f[1], .kw = f[2], .sy = a->stride_y, .sx = a->stride_x,
                   .top = a->pad_top, .left = a->pad_left, .joined = 1 };
    if (g.kw == g.sx && g.left == 0 && g.ow % g.kw == 0 && g.ow / g.kw == g.w) {
        g.joined = g.kw;
        g.ow /= g.joined, g.oc *= g.joined, g.kw = g.sx = 1;
    }
    return g;
}

/* ---- phases ----------------------------------------------------------------- */

/* Taps of all phases before this one. */
static int taps_before(int k, int stride, int phase)
{
    const int longer = k % stride;      /* phases with one tap more than the rest */
    return phase * (k / stride) + (phase < longer ? phase : longer);
}

typedef struct {
    int ry, rx, ty, tx;         /* phase; its taps, 0 x 0 when it has none */
    size_t offset;              /* of its packed weights */
} phase;

/* Phases with taps lie in row-major order; there are at most kh * kw of them. */
static phase make_phase(const state *st, int ry, int rx)
{
    const geometry *g = &st->g;
    phase p = { ry, rx, tsr_phase_taps(g->kh, g->sy, ry), tsr_phase_taps(g->kw, g->sx, rx), 0 };
    if (p.ty == 0 || p.tx == 0) {
        p.ty = p.tx = 0;
        return p;
    }
    const int columns = g->kw < g->sx ? g->kw : g->sx;
    const size_t phases = (size_t)ry * (size_t)columns + (size_t)rx + st->empty_phase;
    const size_t taps = (size_t)taps_before(g->kh, g->sy, ry) * (size_t)g->kw
                      + (size_t)p.ty * (size_t)taps_before(g->kw, g->sx, rx) + st->empty_phase;
    p.offset = phases * st->bias_size + taps * st->tap_size;
    return p;
}

/* ---- run -------------------------------------------------------------------- */

/* Pixels of one output row and one phase: ox = first, first + sx, ... */
typedef struct {
    phase p;
    int n, oy, first, count;
} run_of_pixels;

static void point(const state *st, const float *x, const run_of_pixels *r, const float **p)
{
    const geometry *g = &st->g;
    const int iy0 = (r->oy + g->top) / g->sy, ix0 = (r->first + g->left) / g->sx;
    for (int jy = 0; jy < r->p.ty; jy++)
        for (int jx = 0; jx < r->p.tx; jx++) {
            const int iy = iy0 - jy;
            const ptrdiff_t row = ((ptrdiff_t)r->n * g->h + iy) * g->w;
            for (int i = 0, ix = ix0 - jx; i < r->count; i++, ix++)
                *p++ = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w ? x + (row + ix) * g->c
                                                                   : st->zeros;
        }
    for (int i = 0; i < r->count && !r->p.ty; i++)
        *p++ = st->zeros;
}

static void multiply(const tsr_step *s, const run_of_pixels *r, const float **pointers)
{
    const state *st = s->state;
    const geometry *g = &st->g;
    point(st, s->in[0]->data, r, pointers);
    tsr_gemm_f32_run(st->gemm, &(tsr_gemm_f32_block){
        .a = pointers, .a_step = r->count, .taps = r->p.ty ? r->p.ty * r->p.tx : 1,
        .kc = g->c, .b = st->packed + r->p.offset,
        .c = (float *)s->out[0]->data
           + (((ptrdiff_t)r->n * g->oh + r->oy) * g->ow + r->first) * g->oc,
        .ldc = (ptrdiff_t)g->sx * g->oc, .m = r->count, .n = g->oc,
        .lo = s->node->lo, .hi = s->node->hi,
    }, 0, tsr_gemm_f32_panels(st->gemm, g->oc));
}

/* One row of the output. */
static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const state *st = s->state;
    const geometry *g = &st->g;
    void *pointers = (unsigned char *)s->scratch + (size_t)worker * st->worker_bytes;
    run_of_pixels r = { .n = index / g->oh, .oy = index % g->oh };
    for (int ox = 0; ox < g->sx && ox < g->ow; ox++) {
        r.p = make_phase(st, (r.oy + g->top) % g->sy, (ox + g->left) % g->sx);
        const int pixels = (g->ow - ox - 1) / g->sx + 1;
        for (int i = 0; i < pixels; i += st->block) {
            r.first = ox + i * g->sx;
            r.count = pixels - i < st->block ? pixels - i : st->block;
            multiply(s, &r, pointers);
        }
    }
}

static void run(const tsr_step *s)
{
    const state *st = s->state;
    tsr_parallel(s->threads, s->out[0]->dim[0] * st->g.oh, task, (void *)(uintptr_t)s);
}

/* ---- prepare ---------------------------------------------------------------- */

/* The weights of one phase that belong to the q-th of the joined pixels. */
static void pack_joined(const tsr_step *s, const state *st, const phase *p, int q, float *packed)
{
    const geometry *g = &st->g;
    const int *f = s->in[1]->dim;
    const size_t c = (size_t)f[3], row = (size_t)f[2] * c;
    const size_t k = (p->ty ? (size_t)p->ty * (size_t)p->tx : 1) * c;
    tsr_gemm_f32_piece piece = { .column = q * f[0], .columns = f[0], .rows = 1, .ldw = 1 };
    piece.weights = s->node->in_count > 2 && s->in[2] ? s->in[2]->data : NULL;
    if (piece.weights)          /* the bias */
        tsr_gemm_f32_pack_piece(st->gemm, g->oc, k, &piece, packed + p->offset);
    piece.ldw = (size_t)f[1] * row, piece.rows = c;
    for (int jy = 0; jy < p->ty; jy++)
        for (int jx = 0; jx < p->tx; jx++) {
            const size_t ky = (size_t)(p->ry + jy * g->sy), kx = (size_t)(p->rx + jx * g->sx + q);
            piece.weights = (const float *)s->in[1]->data + ky * row + kx * c;
            piece.row = 1 + (size_t)(jy * p->tx + jx) * c;
            tsr_gemm_f32_pack_piece(st->gemm, g->oc, k, &piece, packed + p->offset);
        }
}

static const float *keep_packed(const tsr_step *s, const state *st, tsr_arena *arena)
{
    const geometry *g = &st->g;
    const int rows = g->kh < g->sy ? g->kh : g->sy, columns = g->kw < g->sx ? g->kw : g->sx;
    const size_t phases = (size_t)rows * (size_t)columns + st->empty_phase;
    const size_t taps = (size_t)g->kh * (size_t)g->kw + st->empty_phase;
    float *packed = tsr_arena_keep(arena, (phases * st->bias_size + taps * st->tap_size)
                                          * sizeof *packed, ALIGN);
    if (!packed)
        return NULL;
    for (int q = 0; q < g->joined; q++) {
        if (st->empty_phase)    /* its weights are the zeros that tsr_arena_keep gives */
            pack_joined(s, st, &(phase){ 0, 0, 0, 0, 0 }, q, packed);
        for (int ry = 0; ry < rows; ry++)
            for (int rx = 0; rx < columns; rx++) {
                const phase p = make_phase(st, ry, rx);
                pack_joined(s, st, &p, q, packed);
            }
    }
    return packed;
}

tsr_status tsr_transpose_conv2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx)
{
    state st = { .g = geometry_of(s), .gemm = tsr_gemm_f32_best(), .block = BLOCK };
    const geometry *g = &st.g;
    st.empty_phase = g->kh < g->sy || g->kw < g->sx;
    st.bias_size = tsr_gemm_f32_packed_size(st.gemm, g->oc, 0);
    st.tap_size = tsr_gemm_f32_packed_size(st.gemm, g->oc, (size_t)g->c) - st.bias_size;
    st.packed = keep_packed(s, &st, ctx->arena);
    st.zeros = tsr_arena_keep(ctx->arena, (size_t)g->c * sizeof *st.zeros, sizeof *st.zeros);
    const size_t taps = (size_t)tsr_phase_taps(g->kh, g->sy, 0)
                      * (size_t)tsr_phase_taps(g->kw, g->sx, 0);
    while (st.block > BLOCK_MIN && (size_t)st.block * taps > POINTERS_MAX)
        st.block /= 2;
    st.worker_bytes = ((size_t)st.block * taps * sizeof(float *) + ALIGN - 1) / ALIGN * ALIGN;
    s->scratch = tsr_arena_scratch(ctx->arena, st.worker_bytes * (size_t)ctx->workers, ALIGN);
    s->state = tsr_arena_keep(ctx->arena, sizeof st, _Alignof(state));
    if (s->state)
        memcpy(s->state, &st, sizeof st);
    s->run = run;
    return TSR_OK;
}
