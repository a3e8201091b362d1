/*
 * reduce.c - mean, sum, maximum or minimum over any set of axes.
 *
 *     out[kept] = fold over all reduced of in[kept, reduced]
 *
 * Neighbouring axes of one kind are joined first, so the mean over h and w of
 * NHWC becomes [n | hw | c]: the innermost kept axis gives LANES independent
 * accumulators, and every row of the input is read in memory order.  When the
 * innermost axis is itself reduced, the lanes share its elements and are
 * folded together at the end.
 *
 * Sums are kept in double: 62720 floats added in single precision would lose
 * three digits.  Every other type handled here fits a double, too, so there is
 * one loop.                                    SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "engine/half.h"
#include "engine/platform.h"
#include "ops/kernels/pool_f16.h"
#include "ops/movers.h"
#include "ops/ops.h"
#include "ops/reduce.h"

enum { LANES = 64, TASK_ELEMENTS = 1 << 13, AVERAGED = 1 << 16 };

typedef struct { int rank; size_t size[TSR_MAX_RANK], stride[TSR_MAX_RANK]; } axes;

typedef struct {
    axes kept, folded;          /* without the innermost axis, in memory order */
    size_t inner;               /* innermost axis if kept, else 1         */
    size_t run;                 /* innermost axis if folded, else 1       */
    size_t folded_count;        /* elements behind one output             */
    size_t tiles_per_row;       /* inner / LANES, rounded up              */
    size_t tiles;
    int tasks;
} plan;

/* ---- infer ---------------------------------------------------------------- */

static bool is_q8(const tsr_tensor *t)
{
    return (t->dtype == TSR_U8 || t->dtype == TSR_S8) && t->quant.scale > 0 && !t->quant.scales;
}

static const char *op_name(const tsr_node *n)
{
    return n->kind == TSR_OP_MEAN ? "mean" : n->kind == TSR_OP_REDUCE_SUM ? "reduce_sum"
         : n->kind == TSR_OP_REDUCE_MAX ? "reduce_max" : "reduce_min";
}

/* Types whose values a double holds exactly; means and sums of 8-bit numbers
 * are another matter (scales), minima and maxima are not. */
static tsr_status check_types(const tsr_node *n, const tsr_tensor *in, const tsr_tensor *out,
                              tsr_error *err)
{
    const bool extremum = n->kind == TSR_OP_REDUCE_MAX || n->kind == TSR_OP_REDUCE_MIN;
    const bool integer = in->dtype == TSR_S32 && n->kind != TSR_OP_MEAN;
    const bool small = in->dtype == TSR_S8 || in->dtype == TSR_U8 || in->dtype == TSR_S16;
    if (!extremum && is_q8(in) && is_q8(out) && in->dtype == out->dtype)
        return TSR_OK;
    if (in->dtype != TSR_F32 && !integer && !(extremum && small))
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s input", op_name(n), n->name,
                        tsr_dtype_name(in->dtype));
    return tsr_infer_same_type(n, op_name(n), in, out, err);
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    const tsr_reduce_attr *a = &n->attr.reduce;
    if (a->axes >> in[0]->rank)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': axis beyond rank %d", op_name(n), n->name,
                        in[0]->rank);
    out->rank = 0;
    for (int k = 0; k < in[0]->rank; k++)
        if (!(a->axes >> k & 1))
            out->dim[out->rank++] = in[0]->dim[k];
        else if (a->keep_dims)
            out->dim[out->rank++] = 1;
    TSR_TRY(check_types(n, in[0], out, err));
    return tsr_infer_size(n, op_name(n), out, err);
}

/* ---- prepare -------------------------------------------------------------- */

/* Split the input's axes into kept and folded ones, neighbours joined. */
static void plan_axes(plan *p, const tsr_tensor *in, unsigned mask)
{
    size_t stride = tsr_elements(in);
    int before = -1;                /* kind of the axis before: 1 folded */
    for (int k = 0; k < in->rank; k++) {
        const size_t size = (size_t)in->dim[k];
        const int kind = mask >> k & 1;
        axes *a = kind ? &p->folded : &p->kept;
        stride /= size;
        if (size == 1)
            continue;
        if (kind == before) {
            a->size[a->rank - 1] *= size;
            a->stride[a->rank - 1] = stride;
        } else {
            a->size[a->rank] = size;
            a->stride[a->rank++] = stride;
        }
        before = kind;
    }
    p->inner = p->run = 1;
    if (before == 0)
        p->inner = p->kept.size[--p->kept.rank];
    else if (before == 1)
        p->run = p->folded.size[--p->folded.rank];
}

static void run(const tsr_step *s);

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    const bool extremum = s->node->kind == TSR_OP_REDUCE_MAX || s->node->kind == TSR_OP_REDUCE_MIN;
    if (!extremum && is_q8(s->in[0]))
        return tsr_reduce_prepare_q8(s, ctx, err);
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, sizeof(size_t));
    s->run = run;
    if (!p)
        return TSR_OK;
    plan_axes(p, s->in[0], s->node->attr.reduce.axes);
    const size_t outputs = tsr_elements(s->out[0]);
    p->folded_count = tsr_elements(s->in[0]) / outputs;
    p->tiles_per_row = (p->inner + LANES - 1) / LANES;
    p->tiles = outputs / p->inner * p->tiles_per_row;
    const size_t lanes = p->inner < LANES ? p->inner : LANES;
    const size_t each = TASK_ELEMENTS / (p->folded_count * lanes) + 1;
    p->tasks = tsr_even_tasks((int64_t)((p->tiles - 1) / each + 1), (int64_t)p->tiles,
                              ctx->workers);
    return TSR_OK;
}

/* ---- run ------------------------------------------------------------------ */

/* acc[i] = acc[i] o x[at + i] for i < n <= LANES. */
static void fold_row(tsr_op_kind kind, const tsr_tensor *t, size_t at, size_t n, double *acc)
{
    double x[LANES];
    for (size_t i = 0; i < n; i++)
        switch (t->dtype) {
        case TSR_F32: x[i] = (double)((const float *)t->data)[at + i]; break;
        case TSR_F16: x[i] = (double)tsr_half_to_float(((const uint16_t *)t->data)[at + i]); break;
        case TSR_S32: x[i] = ((const int32_t *)t->data)[at + i]; break;
        case TSR_S16: x[i] = ((const int16_t *)t->data)[at + i]; break;
        case TSR_S8: x[i] = ((const int8_t *)t->data)[at + i]; break;
        default: x[i] = ((const uint8_t *)t->data)[at + i]; break;
        }
    if (kind == TSR_OP_REDUCE_MAX) {
        for (size_t i = 0; i < n; i++)
            acc[i] = x[i] > acc[i] ? x[i] : acc[i];
    } else if (kind == TSR_OP_REDUCE_MIN) {
        for (size_t i = 0; i < n; i++)
            acc[i] = x[i] < acc[i] ? x[i] : acc[i];
    } else {
        for (size_t i = 0; i < n; i++)
            acc[i] += x[i];
    }
}

/* Lanes 1 .. into lane 0. */
static void fold_lanes(tsr_op_kind kind, double *acc)
{
    for (int i = 1; i < LANES; i++)
        if (kind == TSR_OP_REDUCE_MAX)
            acc[0] = acc[i] > acc[0] ? acc[i] : acc[0];
        else if (kind == TSR_OP_REDUCE_MIN)
            acc[0] = acc[i] < acc[0] ? acc[i] : acc[0];
        else
            acc[0] += acc[i];
}

static void store(const tsr_tensor *t, size_t at, size_t n, const double *v)
{
    for (size_t i = 0; i < n; i++)
        switch (t->dtype) {
        case TSR_F32: ((float *)t->data)[at + i] = (float)v[i]; break;
        case TSR_F16: ((uint16_t *)t->data)[at + i] = tsr_float_to_half((float)v[i]); break;
        case TSR_S32:           /* a sum may leave the range: saturate */
            ((int32_t *)t->data)[at + i] = v[i] >= 0x1p31 ? INT32_MAX
                                         : v[i] < -0x1p31 ? INT32_MIN : (int32_t)v[i];
            break;
        case TSR_S16: ((int16_t *)t->data)[at + i] = (int16_t)v[i]; break;
        case TSR_S8: ((int8_t *)t->data)[at + i] = (int8_t)v[i]; break;
        default: ((uint8_t *)t->data)[at + i] = (uint8_t)v[i]; break;
        }
}

/* Offset of element `index` of the box spanned by a. */
static size_t offset_of(const axes *a, size_t index)
{
    size_t at = 0;
    for (int k = a->rank - 1; k >= 0; k--) {
        at += index % a->size[k] * a->stride[k];
        index /= a->size[k];
    }
    return at;
}

/* Sums of COLUMNS neighbouring columns of floats, in registers while going down the rows;
 * each sum takes its rows in the same order as fold_row does. */
enum { COLUMNS = 16 };
static void sum_columns(const float *x, size_t rows, size_t stride, double *acc)
{
    double sum[COLUMNS] = { 0 };
    for (size_t r = 0; r < rows; r++, x += stride)
        TSR_UNROLL for (int i = 0; i < COLUMNS; i++)
            sum[i] += (double)x[i];
    memcpy(acc, sum, sizeof sum);
}

/* Mean or sum of floats over neighbouring axes, as over the pixels of NHWC: the columns done
 * the fast way; the others are left to the general one. */
static size_t sum_fast(const tsr_step *s, size_t base, size_t width, double *acc)
{
    const plan *p = s->state;
    const bool sum = s->node->kind == TSR_OP_MEAN || s->node->kind == TSR_OP_REDUCE_SUM;
    size_t done = 0;
    if (!sum || s->in[0]->dtype != TSR_F32 || p->run > 1 || p->folded.rank != 1)
        return 0;
    for (; done + COLUMNS <= width; done += COLUMNS)
        sum_columns((const float *)s->in[0]->data + base + done, p->folded.size[0],
                    p->folded.stride[0], acc + done);
    return done;
}

/* The mean of 16-bit floats over neighbouring axes is an average pooling of one window; sums
 * are float32 then, which is far more than the result keeps. */
static bool mean_f16(const tsr_step *s, size_t base, size_t width, size_t out)
{
    const plan *p = s->state;
    if (s->in[0]->dtype != TSR_F16 || s->node->kind != TSR_OP_MEAN || p->run > 1
        || p->folded.rank != 1 || p->folded_count > AVERAGED)
        return false;
    tsr_pool_f16_best()->average(&(tsr_pool_f16_span){
        .x = (const uint16_t *)s->in[0]->data + base, .x_col = (ptrdiff_t)p->folded.stride[0],
        .y = (uint16_t *)s->out[0]->data + out, .kh = 1, .kw = (int)p->folded_count,
        .count = 1, .channels = (int)width, .scale = 1.0f / (float)p->folded_count,
        .lo = -INFINITY, .hi = INFINITY,
    });
    return true;
}

/* Up to LANES neighbouring outputs. */
static void reduce_tile(const tsr_step *s, size_t tile)
{
    const plan *p = s->state;
    const tsr_op_kind kind = s->node->kind;
    const size_t row = tile / p->tiles_per_row, lane = tile % p->tiles_per_row * LANES;
    const size_t width = p->inner - lane < LANES ? p->inner - lane : LANES;
    const size_t base = offset_of(&p->kept, row) + lane;
    const size_t rows = p->folded_count / p->run;
    if (mean_f16(s, base, width, row * p->inner + lane))
        return;
    double acc[LANES];
    for (int i = 0; i < LANES; i++)
        acc[i] = kind == TSR_OP_REDUCE_MAX ? -HUGE_VAL : kind == TSR_OP_REDUCE_MIN ? HUGE_VAL : 0.0;
    const size_t done = sum_fast(s, base, width, acc);
    for (size_t r = 0; r < rows && done < width; r++) {
        const size_t at = base + offset_of(&p->folded, r);
        if (p->run == 1)
            fold_row(kind, s->in[0], at + done, width - done, acc + done);
        for (size_t i = 0; p->run > 1 && i < p->run; i += LANES)
            fold_row(kind, s->in[0], at + i, p->run - i < LANES ? p->run - i : LANES, acc);
    }
    if (p->run > 1)
        fold_lanes(kind, acc);
    if (kind == TSR_OP_MEAN)
        for (size_t i = 0; i < width; i++)
            acc[i] /= (double)p->folded_count;
    store(s->out[0], row * p->inner + lane, width, acc);
}

static void reduce_tiles(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const size_t tasks = (size_t)p->tasks, end = p->tiles * ((size_t)index + 1) / tasks;
    for (size_t t = p->tiles * (size_t)index / tasks; t < end; t++)
        reduce_tile(s, t);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_step copy = *s;
    tsr_parallel(s->threads, p->tasks, reduce_tiles, &copy);
}

const tsr_op tsr_op_mean = {
    .name = "mean", .kind = TSR_OP_MEAN, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};

const tsr_op tsr_op_reduce_max = {
    .name = "reduce_max", .kind = TSR_OP_REDUCE_MAX, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};

const tsr_op tsr_op_reduce_min = {
    .name = "reduce_min", .kind = TSR_OP_REDUCE_MIN, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};

const tsr_op tsr_op_reduce_sum = {
    .name = "reduce_sum", .kind = TSR_OP_REDUCE_SUM, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};
