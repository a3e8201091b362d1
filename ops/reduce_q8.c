/*
 * reduce_q8.c - means and sums of u8 and s8 over any set of axes.
 *
 *     y = rint(float(sum x) * s + (zp_out - s * (zp_in * n)))
 *
 * s = s_in / s_out, divided by n for a mean; n numbers go into each result.
 * This is XNNPACK's order of operations: the zero points are not taken out of
 * the sum, and halves are rounded to even after zp_out was added.
 *
 * The input is read once, in memory order; each row of its last axis is added
 * to the 32-bit sums it belongs to.             SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/q8.h"
#include "ops/reduce.h"

typedef struct {
    int rank;                   /* of the input, less its last axis            */
    int size[TSR_MAX_RANK];
    size_t step[TSR_MAX_RANK];  /* in the output per index; 0: this axis folds */
    size_t rows, row;           /* input elements = rows * row                 */
    bool folds_row;
    float scale, offset;        /* y = rint(sum * scale + offset)              */
} plan;

/* Add one row to its sum, or element by element to its sums. */
static void add_row(const plan *p, const uint8_t *x, uint8_t flip, int32_t *sum)
{
    if (!p->folds_row) {
        for (size_t i = 0; i < p->row; i++)
            sum[i] += x[i] ^ flip;
        return;
    }
    int32_t total = 0;
    for (size_t i = 0; i < p->row; i++)
        total += x[i] ^ flip;
    *sum += total;
}

static void add_all(const plan *p, const uint8_t *x, uint8_t flip, int32_t *sum)
{
    int index[TSR_MAX_RANK] = { 0 };
    size_t at = 0;
    for (size_t r = 0; r < p->rows; r++, x += p->row) {
        add_row(p, x, flip, sum + at);
        for (int k = p->rank - 1; k >= 0; k--) {        /* count up the index */
            at += p->step[k];
            if (++index[k] < p->size[k])
                break;
            at -= p->step[k] * (size_t)p->size[k];
            index[k] = 0;
        }
    }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const size_t n = tsr_elements(y), folded = tsr_elements(x) / n;
    const int shift = (int)folded * tsr_q8_min(x->dtype);       /* u8 back to s8 */
    const float lo = (float)tsr_q8_min(y->dtype), hi = (float)tsr_q8_max(y->dtype);
    int32_t *sum = s->scratch;
    uint8_t *out = y->data;
    memset(sum, 0, n * sizeof *sum);
    add_all(p, x->data, tsr_q8_flip(x), sum);
    for (size_t i = 0; i < n; i++) {
        float v = (float)(sum[i] + shift) * p->scale + p->offset;
        v = v > lo ? v : lo;
        out[i] = (uint8_t)(int)tsr_q8_rint(v < hi ? v : hi);
    }
}

static void plan_loops(const tsr_step *s, plan *p)
{
    const tsr_tensor *x = s->in[0];
    const unsigned axes = s->node->attr.reduce.axes;
    const int last = x->rank - 1;
    p->rank = last < 0 ? 0 : last;
    p->row = last < 0 ? 1 : (size_t)x->dim[last];
    p->rows = tsr_elements(x) / p->row;
    p->folds_row = last < 0 || (axes >> last & 1);
    size_t step = p->folds_row ? 1 : p->row;
    for (int k = last - 1; k >= 0; k--) {
        p->size[k] = x->dim[k];
        p->step[k] = axes >> k & 1 ? 0 : step;
        step *= axes >> k & 1 ? 1 : (size_t)x->dim[k];
    }
}

tsr_status tsr_reduce_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const char *op = s->node->kind == TSR_OP_MEAN ? "mean" : "reduce_sum";
    TSR_TRY(tsr_q8_check(op, s->node, "input", x, err));
    TSR_TRY(tsr_q8_check(op, s->node, "output", y, err));
    const size_t n = tsr_elements(x) / tsr_elements(y);
    if (n > INT32_MAX / 256)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %zu numbers of 8 bits in one sum", op,
                        s->node->name, n);
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->scratch = tsr_arena_scratch(ctx->arena, tsr_elements(y) * sizeof(int32_t), 64);
    s->run = run;
    if (!p)
        return TSR_OK;
    plan_loops(s, p);
    p->scale = x->quant.scale / y->quant.scale / (s->node->kind == TSR_OP_MEAN ? (float)n : 1.0f);
    p->offset = (float)y->quant.zero_point
              - p->scale * ((float)x->quant.zero_point * (float)n);
    return TSR_OK;
}
