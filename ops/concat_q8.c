/*
 * concat_q8.c - concatenate 8-bit tensors of different scales.
 *
 *     y = rint((x - zp) * (s_in / s_out)) + zp_out
 *
 * One table of 256 bytes per input.             SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/concat.h"
#include "ops/q8.h"

typedef struct {
    size_t rows, row_bytes;     /* of the output: what lies before, and from, the axis */
    const tsr_q8_table *tables; /* one per input */
} plan;

static void fill(const tsr_step *s, const tsr_tensor *x, tsr_q8_table *t)
{
    const tsr_tensor *y = s->out[0];
    const tsr_q8_output o = {
        (float)(tsr_q8_min(y->dtype) - y->quant.zero_point),
        (float)(tsr_q8_max(y->dtype) - y->quant.zero_point), y->quant.zero_point,
    };
    const float scale = x->quant.scale / y->quant.scale;
    for (int i = 0; i < 256; i++) {
        const int v = tsr_q8_value(x->dtype, (uint8_t)i) - x->quant.zero_point;
        t->y[i] = tsr_q8_store((float)v * scale, &o);
    }
}

/* One row of every input. */
static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    uint8_t *y = (uint8_t *)s->out[0]->data + (size_t)index * p->row_bytes;
    for (int k = 0; k < s->node->in_count; k++) {
        const size_t n = tsr_elements(s->in[k]) / p->rows;
        const uint8_t *x = (const uint8_t *)s->in[k]->data + (size_t)index * n;
        for (size_t i = 0; i < n; i++)
            *y++ = p->tables[k].y[x[i]];
    }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_step copy = *s;
    tsr_parallel(s->threads, (int)p->rows, task, &copy);
}

tsr_status tsr_concat_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    const tsr_tensor *y = s->out[0];
    TSR_TRY(tsr_q8_check("concat", s->node, "output", y, err));
    for (int k = 0; k < s->node->in_count; k++)
        TSR_TRY(tsr_q8_check("concat", s->node, "an input", s->in[k], err));
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    const size_t inputs = (size_t)s->node->in_count;
    tsr_q8_table *tables = tsr_arena_keep(ctx->arena, inputs * sizeof *tables, 64);
    s->run = run;
    if (!p || !tables)
        return TSR_OK;
    p->rows = 1;
    for (int i = 0; i < s->node->attr.concat.axis; i++)
        p->rows *= (size_t)y->dim[i];
    p->row_bytes = tsr_elements(y) / p->rows;
    p->tables = tables;
    for (size_t k = 0; k < inputs; k++)
        fill(s, s->in[k], &tables[k]);
    return TSR_OK;
}
