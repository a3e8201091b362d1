/*
 * conv2d_winograd.c - 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3).
 *
 * kernels/winograd_f32.h has the mathematics.  Here is how the work is cut.
 *
 * First the workers transform the filters           U[36][c][oc]
 *
 * in every run again.  U is four times as large as the filters: the U of all layers of a
 * stacked hourglass are 42 MB, which no cache holds, and to read 2.4 MB from memory takes
 * longer than to calculate them from 0.6 MB.  In scratch that all layers share they stay
 * near.  Then output tiles of 4 x 4 pixels are taken in blocks of up to 32; for one block, a
 * worker
 *
 *     1. transforms the inputs under each tile       V[36][tiles][c]
 *     2. for a strip of 32 output channels:
 *            multiplies, 36 times                    M[36][tiles][32] = V * U
 *            transforms back, adds bias and residual, clamps, writes 4 x 4 pixels a tile
 *
 * V and M stay in the second cache; U is read strictly forwards, once a block.  Where U
 * would be too large, all this is done for a group of strips at a time.  Tiles that stick
 * out of the image are copied into a square of zeros first, so that the kernel asks for no
 * borders.
 *
 * Filters are packed like 9 gemm matrices, tap by tap.  U has the same order within each of
 * its 36, so the transform does not care which element is which channel's.
 *
 * Not used in plain C.  The largest error beside the largest output: 1.5e-6 where the direct
 * way has 1.0e-6 (32 to 50 channels); 5e-6 at the end of an hourglass of two stacks.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "ops/conv2d.h"
#include "ops/kernels/gemm_f32.h"
#include "ops/kernels/winograd_f32.h"

enum {
    ALIGN = 64,
    IN = TSR_WINOGRAD_IN, OUT = TSR_WINOGRAD_OUT, PRODUCTS = TSR_WINOGRAD_PRODUCTS,
    TAPS = 9,
    BLOCK = 32,                 /* tiles at most: a multiple of every gemm tile's rows  */
    BLOCK_MIN = 8,
    V_MAX = 160 * 1024,         /* floats of V at most: 640 KB, most of a second cache  */
    STRIP = 32,                 /* output channels: M is 150 KB */
    U_MAX = 1280 * 1024,        /* floats of U at most, but one strip at least */
    APART = 16,                 /* floats: no two of the 36 start in the same cache set */
};

typedef struct {
    tsr_conv2d_shape s;
    const tsr_gemm_f32 *gemm;
    const tsr_winograd_f32 *kernel;
    const float *filters;       /* packed: strip after strip, in it the taps   */
    const float *bias;
    int strips, group;          /* of output channels; whose U exist at a time */
    int tiles_y, tiles_x, tiles;                /* of an image; of all images  */
    int block, blocks;          /* tiles of one; how many                      */
    ptrdiff_t v_step, m_step;   /* from one of the 36 matrices to the next     */
    size_t u_bytes, worker_bytes;       /* scratch: U, then each worker's room */
} state;

/* What a worker has in its scratch. */
typedef struct {
    float *v, *m, *square;      /* square: a tile's inputs, if it sticks out   */
    const float **rows;         /* of V: [36][block] */
} room;

static int min(int a, int b) { return a < b ? a : b; }

/* ---- choices ---------------------------------------------------------------- */

static int tiles_across(int pixels) { return (pixels + OUT - 1) / OUT; }

/* Is it faster than the direct way?  In multiplications: 36 a tile instead of 9 a pixel; the
 * transforms cost about as much as TRANSFORM more channels; to make an element of U and to
 * read it back takes as long as LOAD multiplications.  Measured on Zen 5, direct time over ours:
 *
 *     16x16x128 2.9    32x32x128 2.9    64x64x128 2.9    64x64x64 2.5    64x64x16 1.4
 *     14x14x256 2.9    14x14x512 1.5     7x7x512 0.9      8x8x128 1.2, but 0.6 with 2 threads
 */
static bool pays(const tsr_conv2d_shape *s)
{
    enum { TRANSFORM = 10, LOAD = 12 };
    const double tiles = (double)s->n * tiles_across(s->oh) * tiles_across(s->ow);
    const double direct = 9.0 * s->n * s->oh * s->ow * s->c * s->oc;
    const double ours = PRODUCTS * ((double)(s->c + TRANSFORM) * (s->oc + TRANSFORM) * tiles
                                    + (double)s->c * s->oc * LOAD);
    return s->c >= 16 && s->oc >= 16 && ours < direct;
}

bool tsr_conv2d_winograd_fits(const tsr_conv2d_shape *s)
{
    const tsr_conv2d_attr *a = &s->attr;
    return tsr_winograd_f32_best()->cpu && s->kh == 3 && s->kw == 3 && a->stride_y == 1
        && a->stride_x == 1 && a->dilation_y == 1 && a->dilation_x == 1 && a->groups == 1
        && pays(s);
}

/* Floats of one of the matrices of a strip, in the filters and in U. */
static size_t matrix_size(const state *st, int strip)
{
    return tsr_gemm_f32_packed_size(st->gemm, min(STRIP, st->s.oc - strip * STRIP),
                                    (size_t)st->s.c);
}

static void choose_strips(state *st)
{
    st->strips = (st->s.oc + STRIP - 1) / STRIP;
    const size_t u = PRODUCTS * matrix_size(st, 0);
    const int at_a_time = U_MAX > u ? (int)(U_MAX / u) : 1;
    st->group = min(st->strips, at_a_time);
    st->u_bytes = ((size_t)st->group * u * sizeof(float) + ALIGN - 1) / ALIGN * ALIGN;
}

static void choose_blocks(state *st, int workers)
{
    const tsr_conv2d_shape *s = &st->s;
    st->tiles_y = tiles_across(s->oh), st->tiles_x = tiles_across(s->ow);
    st->tiles = s->n * st->tiles_y * st->tiles_x;
    st->block = V_MAX / PRODUCTS / s->c / BLOCK_MIN * BLOCK_MIN;
    st->block = min(BLOCK, st->block < BLOCK_MIN ? BLOCK_MIN : st->block);
    st->blocks = (st->tiles + st->block - 1) / st->block;
    st->blocks = (st->blocks + workers - 1) / workers * workers;        /* all have work */
    st->blocks = min(st->blocks, st->tiles);
    st->block = (st->tiles + st->blocks - 1) / st->blocks;
    st->blocks = (st->tiles + st->block - 1) / st->block;
    st->v_step = (ptrdiff_t)st->block * s->c + APART;
    st->m_step = (ptrdiff_t)st->block * STRIP + APART;
}

/* ---- run -------------------------------------------------------------------- */

static room lay_out(const state *st, void *scratch)
{
    room r = { .v = scratch };
    r.m = r.v + PRODUCTS * st->v_step;
    r.square = r.m + PRODUCTS * st->m_step;
    r.rows = (const float **)(void *)(r.square + (ptrdiff_t)PRODUCTS * st->s.c);
    return r;
}

static size_t room_bytes(const state *st)
{
    const size_t floats = (size_t)PRODUCTS * ((size_t)(st->v_step + st->m_step)
                                              + (size_t)st->s.c);
    return (floats + 1) / 2 * 2 * sizeof(float)
         + (size_t)PRODUCTS * (size_t)st->block * sizeof(float *);
}

typedef struct {
    int n, oy, ox;              /* image, first pixel */
} place;

static place place_of(const state *st, int tile)
{
    const int per_image = st->tiles_y * st->tiles_x, t = tile % per_image;
    return (place){ tile / per_image, t / st->tiles_x * OUT, t % st->tiles_x * OUT };
}

/* The 6 x 6 pixels from (iy, ix), with zeros where the image has none. */
static void copy_square(const tsr_conv2d_shape *s, const float *image, int iy, int ix,
                        float *square)
{
    const size_t c = (size_t)s->c;
    memset(square, 0, PRODUCTS * c * sizeof *square);
    const int from = ix < 0 ? -ix : 0, end = min(IN, s->w - ix);
    for (int i = 0; i < IN; i++)
        if (iy + i >= 0 && iy + i < s->h && from < end)
            memcpy(square + (size_t)(i * IN + from) * c,
                   image + ((ptrdiff_t)(iy + i) * s->w + ix + from) * s->c,
                   (size_t)(end - from) * c * sizeof *square);
}

static void transform_input(const state *st, const float *x, int tile, const room *r, float *v)
{
    const tsr_conv2d_shape *s = &st->s;
    const place p = place_of(st, tile);
    const float *image = x + (ptrdiff_t)p.n * s->h * s->w * s->c;
    const int iy = p.oy - s->attr.pad_top, ix = p.ox - s->attr.pad_left;
    tsr_winograd_f32_input t = { .v = v, .v_step = st->v_step, .channels = s->c };
    t.x_col = s->c;
    if (iy >= 0 && ix >= 0 && iy + IN <= s->h && ix + IN <= s->w) {
        t.x = image + ((ptrdiff_t)iy * s->w + ix) * s->c;
        t.x_row = (ptrdiff_t)s->w * s->c;
    } else {
        copy_square(s, image, iy, ix, r->square);
        t.x = r->square;
        t.x_row = (ptrdiff_t)IN * s->c;
    }
    st->kernel->input(&t);
}

static void transform_output(const tsr_step *step, int tile, int co, const float *m)
{
    const state *st = step->state;
    const tsr_conv2d_shape *s = &st->s;
    const place p = place_of(st, tile);
    const tsr_tensor *residual = tsr_conv2d_residual(step);
    const ptrdiff_t at = (((ptrdiff_t)p.n * s->oh + p.oy) * s->ow + p.ox) * s->oc + co;
    st->kernel->output(&(tsr_winograd_f32_output){
        .m = m, .m_step = st->m_step, .bias = st->bias + co,
        .residual = residual ? (const float *)residual->data + at : NULL,
        .y = (float *)step->out[0]->data + at,
        .y_row = (ptrdiff_t)s->ow * s->oc, .y_col = s->oc,
        .rows = min(OUT, s->oh - p.oy), .columns = min(OUT, s->ow - p.ox),
        .channels = min(STRIP, s->oc - co), .lo = step->node->lo, .hi = step->node->hi,
    });
}

/* What workers share while they do strips first .. end - 1. */
typedef struct {
    const tsr_step *step;
    int first, end;
} group;

/* A strip's filters begin after those of the strips before it, which are all full. */
static void transform_filters(void *arg, int index, int worker)
{
    (void)worker;
    const group *g = arg;
    const state *st = g->step->state;
    const size_t full = matrix_size(st, 0), size = matrix_size(st, g->first + index);
    st->kernel->filter(&(tsr_winograd_f32_filter){
        .g = st->filters + TAPS * full * (size_t)(g->first + index), .g_step = (ptrdiff_t)size,
        .u = (float *)g->step->scratch + PRODUCTS * full * (size_t)index,
        .u_step = (ptrdiff_t)size, .count = (int)size,
    });
}

/* M = V * U, for all 36. */
static void multiply(const state *st, const float *u, int n, int tiles, const room *r)
{
    const size_t size = tsr_gemm_f32_packed_size(st->gemm, n, (size_t)st->s.c);
    for (int p = 0; p < PRODUCTS; p++)
        tsr_gemm_f32_run(st->gemm, &(tsr_gemm_f32_block){
            .a = r->rows + (ptrdiff_t)p * st->block, .a_step = tiles, .taps = 1,
            .kc = st->s.c, .b = u + (size_t)p * size, .c = r->m + p * st->m_step,
            .ldc = STRIP, .m = tiles, .n = n, .lo = -INFINITY, .hi = INFINITY,
        }, 0, tsr_gemm_f32_panels(st->gemm, n));
}

static void block(void *arg, int index, int worker)
{
    const group *g = arg;
    const tsr_step *step = g->step;
    const state *st = step->state;
    const room r = lay_out(st, (unsigned char *)step->scratch + st->u_bytes
                               + (size_t)worker * st->worker_bytes);
    const int first = index * st->block, tiles = min(st->block, st->tiles - first);
    for (int i = 0; i < tiles; i++)
        transform_input(st, step->in[0]->data, first + i, &r, r.v + (ptrdiff_t)i * st->s.c);
    for (int p = 0; p < PRODUCTS; p++)
        for (int i = 0; i < tiles; i++)
            r.rows[p * st->block + i] = r.v + p * st->v_step + (ptrdiff_t)i * st->s.c;

    const float *u = step->scratch;
    for (int strip = g->first; strip < g->end; strip++) {
        const int co = strip * STRIP;
        multiply(st, u, min(STRIP, st->s.oc - co), tiles, &r);
        u += PRODUCTS * matrix_size(st, strip);
        for (int i = 0; i < tiles; i++)
            transform_output(step, first + i, co, r.m + (ptrdiff_t)i * STRIP);
    }
}

static void run(const tsr_step *s)
{
    const state *st = s->state;
    group g = { .step = s };
    for (; g.first < st->strips; g.first = g.end) {
        g.end = min(g.first + st->group, st->strips);
        tsr_parallel(s->threads, g.end - g.first, transform_filters, &g);
        tsr_parallel(s->threads, st->blocks, block, &g);
    }
}

/* ---- prepare ---------------------------------------------------------------- */

/* From the file if it has them, else packed now. */
static const float *keep_packed(const state *st, const tsr_step *s,
                                const tsr_prepare_context *ctx)
{
    const size_t c = (size_t)st->s.c;
    const size_t floats = TAPS * ((size_t)(st->strips - 1) * matrix_size(st, 0)
                                  + matrix_size(st, st->strips - 1));
    tsr_packed p = { .filter = s->in[1]->data, .size = floats * sizeof(float),
                     .layout = ctx->packs ? tsr_gemm_f32_layout(st->gemm) + TAPS : 0 };
    const float *ready = tsr_packed_find(ctx->packs, &p), *filter = p.filter;
    float *packed = ready ? NULL : tsr_arena_take(ctx->arena, p.size, ALIGN), *to = packed;
    if (!packed)
        return ready;
    for (int strip = 0; strip < st->strips; strip++, filter += TAPS * c * STRIP)
        for (size_t tap = 0; tap < TAPS; tap++, to += matrix_size(st, strip))
            tsr_gemm_f32_pack(st->gemm, min(STRIP, st->s.oc - strip * STRIP), c,
                              filter + tap * c, TAPS * c, NULL, to);
    p.bytes = packed;
    tsr_packed_made(ctx->packs, &p);
    return packed;
}

tsr_status tsr_conv2d_prepare_winograd(tsr_step *s, const tsr_prepare_context *ctx,
                                       const tsr_conv2d_shape *shape)
{
    state st = { .s = *shape, .gemm = tsr_gemm_f32_best(), .kernel = tsr_winograd_f32_best() };
    choose_strips(&st);
    choose_blocks(&st, ctx->workers);
    st.worker_bytes = tsr_arena_worker_bytes(room_bytes(&st), ctx->workers);
    st.filters = keep_packed(&st, s, ctx);
    float *bias = tsr_arena_keep(ctx->arena, (size_t)shape->oc * sizeof *bias, ALIGN);
    s->scratch = tsr_arena_scratch(ctx->arena, st.u_bytes
                                   + st.worker_bytes * (size_t)ctx->workers, ALIGN);
    s->state = tsr_arena_keep(ctx->arena, sizeof st, _Alignof(state));
    s->run = run;
    if (!bias || !s->state)
        return TSR_OK;          /* only counted */
    if (s->node->in_count > 2 && s->in[2])
        memcpy(bias, s->in[2]->data, (size_t)shape->oc * sizeof *bias);
    st.bias = bias;
    memcpy(s->state, &st, sizeof st);
    return TSR_OK;
}
