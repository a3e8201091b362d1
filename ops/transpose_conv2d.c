/*
 * transpose_conv2d.c - every input pixel paints a kh x kw patch, sy x sx apart:
 *
 *     y[oy,ox,co] = clamp(bias[co] + sum of x[iy,ix,ci] * filter[co,ky,kx,ci]
 *                   over all iy*sy + ky = oy + top,  ix*sx + kx = ox + left)
 *
 * Turned round, an output pixel gathers: with t = oy + top only the filter rows
 * ky = t mod sy + j*sy take part, and they see the input rows iy = t/sy - j.  So the
 * output falls into sy*sx phases, each an ordinary convolution with every sy-th,
 * sx-th tap of the filter, and each is a gemm whose rows are the pixels of one phase in
 * one output row.  Nothing is scattered, cleared or added up in memory.
 *
 * A filter smaller than the stride leaves phases without taps.  They share one tap of
 * zero weights, so that their pixels, too, come out of the gemm as clamp(bias).
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/gemm_f32.h"
#include "ops/ops.h"
#include "ops/q8.h"
#include "ops/transpose_conv2d.h"

enum { ALIGN = 64, BLOCK = 64, BLOCK_MIN = 8, POINTERS_MAX = 4096 };

typedef struct {
    const tsr_gemm_f32 *gemm;
    const float *packed;        /* the phase without taps if any, then the others */
    const float *zeros;         /* c of them: beyond the input                    */
    size_t bias_size, tap_size; /* packed floats of a phase: bias_size + taps * tap_size */
    int block;                  /* pixels that share one set of pointers          */
    bool empty_phase;
    size_t worker_bytes;        /* scratch */
} state;

/* ---- infer ------------------------------------------------------------------ */

static tsr_status check_shapes(const tsr_node *n, const tsr_tensor *const *in, tsr_error *err)
{
    const tsr_transpose_conv2d_attr *a = &n->attr.transpose_conv2d;
    if (in[0]->rank != 4 || in[1]->rank != 4)
        return tsr_fail(err, TSR_BAD_FILE,
                        "transpose_conv2d '%s': input has %d dimensions, filter %d, not 4", n->name,
                        in[0]->rank, in[1]->rank);
    if (in[1]->dim[3] != in[0]->dim[3])
        return tsr_fail(err, TSR_BAD_FILE,
                        "transpose_conv2d '%s': filter wants %d channels, input has %d", n->name,
                        in[1]->dim[3], in[0]->dim[3]);
    const int most = 1 << 24;   /* keeps all coordinates far from overflow */
    if (a->stride_y < 1 || a->stride_x < 1 || a->oh < 1 || a->ow < 1 || a->stride_y > most
        || a->stride_x > most || a->oh > most || a->ow > most)
        return tsr_fail(err, TSR_BAD_FILE, "transpose_conv2d '%s': stride %dx%d, output %dx%d",
                        n->name, a->stride_y, a->stride_x, a->oh, a->ow);
    if (a->pad_top < 0 || a->pad_left < 0 || a->pad_top > most || a->pad_left > most)
        return tsr_fail(err, TSR_BAD_FILE, "transpose_conv2d '%s': padding %d, %d", n->name,
                        a->pad_top, a->pad_left);
    if (n->in_count > 2 && in[2]
        && (in[2]->rank > 1 || tsr_elements(in[2]) != (size_t)in[1]->dim[0]))
        return tsr_fail(err, TSR_BAD_FILE, "transpose_conv2d '%s': %zu biases for %d channels",
                        n->name, tsr_elements(in[2]), in[1]->dim[0]);
    return TSR_OK;
}

static tsr_status check_types(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out,
                              tsr_error *err)
{
    if (tsr_is_q8(in[0]->dtype))
        return tsr_q8_check_weights("transpose_conv2d", n, in, out, 0, err);
    for (int i = 0; i < n->in_count; i++)
        if (in[i] && in[i]->dtype != TSR_F32)
            return tsr_fail(err, TSR_UNSUPPORTED, "transpose_conv2d '%s': %s '%s', only f32 is "
                           "supported",
                            n->name, tsr_dtype_name(in[i]->dtype), in[i]->name);
        else if (in[i] && i > 0 && !in[i]->data)
            return tsr_fail(err, TSR_UNSUPPORTED, "transpose_conv2d '%s': '%s' must be a constant",
                            n->name, in[i]->name);
    if (out->dtype != TSR_F32)
        return tsr_fail(err, TSR_UNSUPPORTED, "transpose_conv2d '%s': f32 input, %s output",
                        n->name, tsr_dtype_name(out->dtype));
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    TSR_TRY(check_shapes(n, in, err));
    TSR_TRY(check_types(n, in, out, err));
    const tsr_transpose_conv2d_attr *a = &n->attr.transpose_conv2d;
    out->rank = 4;
    out->dim[0] = in[0]->dim[0], out->dim[1] = a->oh, out->dim[2] = a->ow;
    out->dim[3] = in[1]->dim[0];
    return TSR_OK;
}

/* ---- phases ----------------------------------------------------------------- */

/* Filter positions of all phases before this one. */
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
static phase make_phase(const tsr_step *s, const state *st, int ry, int rx)
{
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int kh = s->in[1]->dim[1], kw = s->in[1]->dim[2];
    phase p = { ry, rx, tsr_phase_taps(kh, a->stride_y, ry), tsr_phase_taps(kw, a->stride_x, rx),
                0 };
    if (p.ty == 0 || p.tx == 0) {
        p.ty = p.tx = 0;
        return p;
    }
    const int columns = kw < a->stride_x ? kw : a->stride_x;
    const size_t phases = (size_t)ry * (size_t)columns + (size_t)rx + st->empty_phase;
    const size_t taps = (size_t)taps_before(kh, a->stride_y, ry) * (size_t)kw
                      + (size_t)p.ty * (size_t)taps_before(kw, a->stride_x, rx) + st->empty_phase;
    p.offset = phases * st->bias_size + taps * st->tap_size;
    return p;
}

/* ---- run -------------------------------------------------------------------- */

/* Pixels of one output row and one phase: ox = first, first + sx, ... */
typedef struct {
    phase p;
    int n, oy, first, count;
} run_of_pixels;

static void point(const tsr_step *s, const run_of_pixels *r, const float **p)
{
    const state *st = s->state;
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int *d = s->in[0]->dim;
    const int iy0 = (r->oy + a->pad_top) / a->stride_y;
    const int ix0 = (r->first + a->pad_left) / a->stride_x;
    for (int jy = 0; jy < r->p.ty; jy++)
        for (int jx = 0; jx < r->p.tx; jx++) {
            const int iy = iy0 - jy;
            const ptrdiff_t row = ((ptrdiff_t)r->n * d[1] + iy) * d[2];
            for (int i = 0, ix = ix0 - jx; i < r->count; i++, ix++)
                *p++ = iy >= 0 && iy < d[1] && ix >= 0 && ix < d[2]
                     ? (const float *)s->in[0]->data + (row + ix) * d[3] : st->zeros;
        }
    for (int i = 0; i < r->count && !r->p.ty; i++)
        *p++ = st->zeros;
}

static void multiply(const tsr_step *s, const run_of_pixels *r, const float **pointers)
{
    const state *st = s->state;
    const int oc = s->out[0]->dim[3], ow = s->out[0]->dim[2], oh = s->out[0]->dim[1];
    const int stride = s->node->attr.transpose_conv2d.stride_x;
    point(s, r, pointers);
    tsr_gemm_f32_run(st->gemm, &(tsr_gemm_f32_block){
        .a = pointers, .a_step = r->count, .taps = r->p.ty ? r->p.ty * r->p.tx : 1,
        .kc = s->in[0]->dim[3], .b = st->packed + r->p.offset,
        .c = (float *)s->out[0]->data
           + (((ptrdiff_t)r->n * oh + r->oy) * ow + r->first) * oc,
        .ldc = (ptrdiff_t)stride * oc, .m = r->count, .n = oc,
        .lo = s->node->lo, .hi = s->node->hi,
    }, 0, tsr_gemm_f32_panels(st->gemm, oc));
}

/* One row of the output. */
static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const state *st = s->state;
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int oh = s->out[0]->dim[1], ow = s->out[0]->dim[2], sx = a->stride_x;
    void *pointers = (unsigned char *)s->scratch + (size_t)worker * st->worker_bytes;
    run_of_pixels r = { .n = index / oh, .oy = index % oh };
    for (int ox = 0; ox < sx && ox < ow; ox++) {
        r.p = make_phase(s, st, (r.oy + a->pad_top) % a->stride_y, (ox + a->pad_left) % sx);
        const int pixels = (ow - ox - 1) / sx + 1;
        for (int i = 0; i < pixels; i += st->block) {
            r.first = ox + i * sx;
            r.count = pixels - i < st->block ? pixels - i : st->block;
            multiply(s, &r, pointers);
        }
    }
}

static void run(const tsr_step *s)
{
    tsr_parallel(s->threads, s->out[0]->dim[0] * s->out[0]->dim[1], task, (void *)(uintptr_t)s);
}

/* ---- prepare ---------------------------------------------------------------- */

static void pack_phase(const tsr_step *s, const state *st, const phase *p, float *packed)
{
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int *f = s->in[1]->dim;
    const size_t c = (size_t)f[3], row = (size_t)f[2] * c;
    const size_t k = (p->ty ? (size_t)p->ty * (size_t)p->tx : 1) * c;
    const float *bias = s->node->in_count > 2 && s->in[2] ? s->in[2]->data : NULL;
    tsr_gemm_f32_pack_bias(st->gemm, f[0], k, bias, packed + p->offset);
    for (int jy = 0; jy < p->ty; jy++)
        for (int jx = 0; jx < p->tx; jx++) {
            const size_t ky = (size_t)(p->ry + jy * a->stride_y);
            const size_t kx = (size_t)(p->rx + jx * a->stride_x);
            tsr_gemm_f32_pack_part(st->gemm, f[0], k, &(tsr_gemm_f32_part){
                .weights = (const float *)s->in[1]->data + ky * row + kx * c,
                .ldw = (size_t)f[1] * row, .first = (size_t)(jy * p->tx + jx) * c, .count = c,
            }, packed + p->offset);
        }
}

static const float *keep_packed(const tsr_step *s, const state *st, tsr_arena *arena)
{
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int kh = s->in[1]->dim[1], kw = s->in[1]->dim[2];
    const int rows = kh < a->stride_y ? kh : a->stride_y;
    const int columns = kw < a->stride_x ? kw : a->stride_x;
    const size_t phases = (size_t)rows * (size_t)columns + st->empty_phase;
    const size_t taps = (size_t)kh * (size_t)kw + st->empty_phase;
    float *packed = tsr_arena_keep(arena, (phases * st->bias_size + taps * st->tap_size)
                                          * sizeof *packed, ALIGN);
    if (!packed)
        return NULL;
    if (st->empty_phase)        /* its weights are the zeros that tsr_arena_keep gives */
        pack_phase(s, st, &(phase){ 0, 0, 0, 0, 0 }, packed);
    for (int ry = 0; ry < rows; ry++)
        for (int rx = 0; rx < columns; rx++) {
            const phase p = make_phase(s, st, ry, rx);
            pack_phase(s, st, &p, packed);
        }
    return packed;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    if (tsr_is_q8(s->in[0]->dtype))
        return tsr_transpose_conv2d_prepare_q8(s, ctx);
    const tsr_transpose_conv2d_attr *a = &s->node->attr.transpose_conv2d;
    const int *f = s->in[1]->dim;
    state st = { .gemm = tsr_gemm_f32_best(), .block = BLOCK };
    st.empty_phase = f[1] < a->stride_y || f[2] < a->stride_x;
    st.bias_size = tsr_gemm_f32_packed_size(st.gemm, f[0], 0);
    st.tap_size = st.bias_size * (size_t)f[3];
    st.packed = keep_packed(s, &st, ctx->arena);
    st.zeros = tsr_arena_keep(ctx->arena, (size_t)f[3] * sizeof *st.zeros, sizeof *st.zeros);
    const size_t taps = (size_t)tsr_phase_taps(f[1], a->stride_y, 0)
                      * (size_t)tsr_phase_taps(f[2], a->stride_x, 0);
    while (st.block > BLOCK_MIN && (size_t)st.block * taps > POINTERS_MAX)
        st.block /= 2;
    st.worker_bytes = ((size_t)st.block * taps * sizeof(float *) + ALIGN - 1) / ALIGN * ALIGN;
    s->scratch = tsr_arena_scratch(ctx->arena, st.worker_bytes * (size_t)ctx->workers, ALIGN);
    s->state = tsr_arena_keep(ctx->arena, sizeof st, ALIGN);
    if (s->state)
        memcpy(s->state, &st, sizeof st);
    s->run = run;
    return TSR_OK;
}

/* Every input pixel times every weight; what the padding cuts off is counted, too. */
static uint64_t macs(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out)
{
    (void)n, (void)out;
    return (uint64_t)(tsr_elements(in[0]) / (size_t)in[0]->dim[3]) * (uint64_t)tsr_elements(in[1]);
}

const tsr_op tsr_op_transpose_conv2d = {
    .name = "transpose_conv2d", .kind = TSR_OP_TRANSPOSE_CONV2D, .flags = TSR_OP_HAS_CLAMP,
    .min_in = 2, .max_in = 3, .infer = infer, .prepare = prepare, .macs = macs,
};
