/*
 * pad.c - the input inside a larger tensor, the rest filled with one value.
 *
 * Axes behind the last padded one form a run with it, so an NHWC image padded
 * in h and w is a list of rows of w*c elements: [fill | copy | fill], or fill
 * alone where a coordinate further out lies in the padding.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/movers.h"
#include "ops/ops.h"

enum { TASK_ELEMENTS = 1 << 15 };

typedef struct {
    int axis;                       /* the last padded one */
    size_t rows, in_row, lead, out_row;     /* elements */
    size_t e;
    uint8_t value[8];
} plan;

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    const tsr_pad_attr *a = &n->attr.pad;
    for (int k = 0; k < in[0]->rank; k++) {
        const int64_t size = (int64_t)a->before[k] + in[0]->dim[k] + a->after[k];
        if (a->before[k] < 0 || a->after[k] < 0 || size > INT32_MAX)
            return tsr_fail(err, TSR_BAD_FILE, "pad '%s': axis %d: %d before, %d after", n->name, k,
                            a->before[k], a->after[k]);
        out->dim[k] = (int)size;
    }
    out->rank = in[0]->rank;
    TSR_TRY(tsr_infer_same_type(n, "pad", in[0], out, err));
    return tsr_infer_size(n, "pad", out, err);
}

/* Does output row `row` lie inside the input along every axis before p->axis?
 * If so, *from is the input row; a number written in two mixed radices. */
static bool inside(const tsr_step *s, const plan *p, size_t row, size_t *from)
{
    const tsr_tensor *in = s->in[0], *out = s->out[0];
    size_t weight = 1, at = 0;
    for (int k = p->axis - 1; k >= 0; k--) {
        const size_t c = row % (size_t)out->dim[k] - (size_t)s->node->attr.pad.before[k];
        row /= (size_t)out->dim[k];
        if (c >= (size_t)in->dim[k])        /* before the start wraps to huge */
            return false;
        at += c * weight;
        weight *= (size_t)in->dim[k];
    }
    *from = at;
    return true;
}

static size_t rows_per_task(const plan *p) { return TASK_ELEMENTS / p->out_row + 1; }

static void fill_rows(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const size_t first = (size_t)index * rows_per_task(p);
    const size_t end = first + rows_per_task(p) < p->rows ? first + rows_per_task(p) : p->rows;
    const size_t trail = p->out_row - p->lead - p->in_row;
    for (size_t row = first; row < end; row++) {
        uint8_t *out = (uint8_t *)s->out[0]->data + row * p->out_row * p->e;
        size_t from;
        if (!inside(s, p, row, &from)) {
            tsr_fill(out, p->value, p->out_row, p->e);
            continue;
        }
        const uint8_t *in = (const uint8_t *)s->in[0]->data + from * p->in_row * p->e;
        tsr_fill(out, p->value, p->lead, p->e);
        memcpy(out + p->lead * p->e, in, p->in_row * p->e);
        tsr_fill(out + (p->lead + p->in_row) * p->e, p->value, trail, p->e);
    }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    const size_t chunk = rows_per_task(p);
    tsr_step copy = *s;
    tsr_parallel(s->threads, (int)((p->rows + chunk - 1) / chunk), fill_rows, &copy);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    const tsr_pad_attr *a = &s->node->attr.pad;
    const tsr_tensor *in = s->in[0], *out = s->out[0];
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, sizeof(size_t));
    s->run = run;
    if (!p)
        return TSR_OK;
    p->axis = out->rank - 1;
    while (p->axis > 0 && a->before[p->axis] == 0 && a->after[p->axis] == 0)
        p->axis--;
    if (p->axis < 0)
        p->axis = 0;                /* a scalar: one row of one element */
    p->e = tsr_dtype_bytes(in->dtype);
    p->rows = tsr_dim_product(out, 0, p->axis);
    p->in_row = tsr_dim_product(in, p->axis, in->rank);
    p->out_row = tsr_dim_product(out, p->axis, out->rank);
    p->lead = out->rank ? (size_t)a->before[p->axis] * tsr_dim_product(in, p->axis + 1, in->rank)
                        : 0;
    tsr_encode_value(out, a->value, p->value);
    return TSR_OK;
}

const tsr_op tsr_op_pad = {
    .name = "pad", .kind = TSR_OP_PAD, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};
