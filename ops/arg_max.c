/*
 * arg_max.c - the index of the largest (smallest) element along one axis.
 *
 *     in [outer, n, inner] -> out [outer, inner]; of equals, the first wins
 *
 * The smallest is the largest with the order turned round: floats times -1,
 * integers complemented (~x = -x - 1 cannot overflow).  Along the last axis
 * kernels search one row after the other, a block of rows at a time; otherwise
 * LANES neighbours of `inner` keep a best each, so that memory is read in order.
 * SPDX-License-Identifier: MIT
 */
#include "ops/kernels/arg_max_f32.h"
#include "ops/kernels/arg_max_u8.h"
#include "ops/movers.h"
#include "ops/ops.h"

enum { LANES = 64, TASK_ELEMENTS = 1 << 15, MOST_F32 = 1 << 24 };

typedef struct {
    const tsr_arg_max_f32 *f32;
    const tsr_arg_max_u8 *u8;
} plan;

static const char *op_name(const tsr_node *n)
{
    return n->kind == TSR_OP_ARG_MAX ? "arg_max" : "arg_min";
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    const tsr_tensor *x = in[0];
    int *axis = &n->attr.arg.axis;
    if (*axis < -x->rank || *axis >= x->rank)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': axis %d of rank %d", op_name(n), n->name,
                        *axis, x->rank);
    *axis += *axis < 0 ? x->rank : 0;
    if (x->dtype != TSR_F32 && x->dtype != TSR_U8 && x->dtype != TSR_S8 && x->dtype != TSR_S32)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s input", op_name(n), n->name,
                        tsr_dtype_name(x->dtype));
    if (out->dtype != TSR_S32 && out->dtype != TSR_S64)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s output", op_name(n), n->name,
                        tsr_dtype_name(out->dtype));
    out->rank = 0;
    for (int k = 0; k < x->rank; k++)
        if (k != *axis)
            out->dim[out->rank++] = x->dim[k];
        else if (n->attr.arg.keep_dims)
            out->dim[out->rank++] = 1;
    return tsr_infer_size(n, op_name(n), out, err);
}

static int scan_s32(const int32_t *x, int n, int32_t flip)
{
    int32_t best = x[0] ^ flip;
    int at = 0;
    for (int i = 1; i < n; i++) {
        const int32_t v = x[i] ^ flip;
        at = v > best ? i : at;
        best = v > best ? v : best;
    }
    return at;
}

/* Bit 7 for signed bytes (their order as unsigned), and all bits turned over for the
 * minimum. */
static unsigned byte_flip(const tsr_step *s)
{
    const unsigned is_signed = s->in[0]->dtype == TSR_S8, min = s->node->kind == TSR_OP_ARG_MIN;
    return (is_signed * 0x80u) ^ (min * 0xffu);
}

/* Element `at`, ordered so that larger is better; exact in a double. */
static double rank_of(const tsr_step *s, size_t at)
{
    const tsr_tensor *x = s->in[0];
    const double sign = s->node->kind == TSR_OP_ARG_MIN ? -1 : 1;
    if (x->dtype == TSR_F32)
        return sign * (double)((const float *)x->data)[at];
    if (x->dtype == TSR_S32)
        return sign * ((const int32_t *)x->data)[at];
    return ((const uint8_t *)x->data)[at] ^ byte_flip(s);
}

/* `lanes` neighbours from element `at` on; the next of each is `inner` away. */
static void scan_lanes(const tsr_step *s, size_t at, size_t inner, size_t lanes, int *best_at)
{
    const int n = s->in[0]->dim[s->node->attr.arg.axis];
    double best[LANES];
    for (size_t i = 0; i < lanes; i++) {
        best[i] = rank_of(s, at + i);
        best_at[i] = 0;
    }
    for (int k = 1; k < n; k++)
        for (size_t i = 0; i < lanes; i++) {
            const double v = rank_of(s, at + (size_t)k * inner + i);
            best_at[i] = v > best[i] ? k : best_at[i];
            best[i] = v > best[i] ? v : best[i];
        }
}

static void store(tsr_dtype dtype, void *y, size_t at, int v)
{
    if (dtype == TSR_S64)
        ((int64_t *)y)[at] = v;
    else
        ((int32_t *)y)[at] = v;
}

/* Of `count` rows of n neighbours each. */
static void scan_block(const tsr_step *s, const void *x, int n, int count, int32_t *at)
{
    const plan *p = s->state;
    const bool min = s->node->kind == TSR_OP_ARG_MIN;
    if (s->in[0]->dtype == TSR_F32)
        p->f32->rows(x, n, count, min ? -1.0f : 1.0f, at);
    else if (s->in[0]->dtype == TSR_S32)
        for (int i = 0; i < count; i++)
            at[i] = scan_s32((const int32_t *)x + (size_t)i * (size_t)n, n, min ? -1 : 0);
    else
        p->u8->rows(x, n, count, (uint8_t)byte_flip(s), at);
}

static void scan_rows(const tsr_step *s, const unsigned char *x, void *y, size_t count)
{
    const tsr_tensor *t = s->in[0];
    const int n = t->dim[s->node->attr.arg.axis];
    const size_t bytes = (size_t)n * tsr_dtype_bytes(t->dtype);
    for (size_t i = 0; i < count; i += LANES) {
        const int some = count - i < LANES ? (int)(count - i) : LANES;
        int32_t at[LANES];
        scan_block(s, x + i * bytes, n, some, at);
        for (int k = 0; k < some; k++)
            store(s->out[0]->dtype, y, i + (size_t)k, at[k]);
    }
}

static size_t outputs_per_task(const tsr_step *s)
{
    const size_t n = TASK_ELEMENTS / (size_t)s->in[0]->dim[s->node->attr.arg.axis];
    return (n / LANES + 1) * LANES;
}

/* Outputs first .. end - 1, cut into pieces that stay inside one row of inner. */
static void scan_some(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const tsr_tensor *x = s->in[0];
    const int axis = s->node->attr.arg.axis, n = x->dim[axis];
    const size_t inner = tsr_dim_product(x, axis + 1, x->rank), total = tsr_elements(s->out[0]);
    const size_t first = (size_t)index * outputs_per_task(s);
    const size_t end = total - first < outputs_per_task(s) ? total : first + outputs_per_task(s);
    if (inner == 1) {
        scan_rows(s, (const unsigned char *)x->data
                     + first * (size_t)n * tsr_dtype_bytes(x->dtype),
                  (unsigned char *)s->out[0]->data + first * tsr_dtype_bytes(s->out[0]->dtype),
                  end - first);
        return;
    }
    for (size_t o = first; o < end;) {
        size_t lanes = inner - o % inner;
        lanes = lanes < LANES ? lanes : LANES;
        lanes = lanes < end - o ? lanes : end - o;
        int best_at[LANES];
        scan_lanes(s, o / inner * (size_t)n * inner + o % inner, inner, lanes, best_at);
        for (size_t i = 0; i < lanes; i++)
            store(s->out[0]->dtype, s->out[0]->data, o + i, best_at[i]);
        o += lanes;
    }
}

static void run(const tsr_step *s)
{
    const size_t each = outputs_per_task(s), total = tsr_elements(s->out[0]);
    tsr_step copy = *s;
    tsr_parallel(s->threads, (int)((total + each - 1) / each), scan_some, &copy);
}

/* Along the channels a row of the result needs one row of the picture. */
static bool needs(const tsr_step *s, tsr_row_range out, tsr_row_range *in)
{
    *in = out;
    return s->in[0]->rank == 4 && s->in[0]->dim[0] == 1 && s->node->attr.arg.axis == 3;
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    (void)worker;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const size_t row = tsr_bytes(x) / (size_t)x->dim[1], out_row = tsr_bytes(y) / (size_t)x->dim[1];
    unsigned char *to = band->y;
    for (int r = band->out.first; r < band->out.end; r++, to += out_row)
        scan_rows(s, (const unsigned char *)band->x + tsr_band_row(band, r) * row, to,
                  (size_t)x->dim[2]);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->rows = rows;
    if (!p)
        return TSR_OK;
    /* Places are floats in the vector kernels: longer rows are the reference's. */
    const bool exact = s->in[0]->dim[s->node->attr.arg.axis] < MOST_F32;
    *p = (plan){ exact ? tsr_arg_max_f32_best() : &tsr_arg_max_f32_c, tsr_arg_max_u8_best() };
    return TSR_OK;
}

const tsr_op tsr_op_arg_max = {
    .name = "arg_max", .kind = TSR_OP_ARG_MAX, .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare, .needs = needs,
};

const tsr_op tsr_op_arg_min = {
    .name = "arg_min", .kind = TSR_OP_ARG_MIN, .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare, .needs = needs,
};
