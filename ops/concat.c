/*
 * concat.c - tensors that differ in one axis, one behind the other along it.
 *
 * What lies behind the axis is one run of memory in every input, so the output
 * is a list of rows, each made of one run per input.  Quantised inputs whose
 * scale differs from the output's are rescaled on the way: concat_q8.c.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <string.h>
#include "ops/concat.h"
#include "ops/movers.h"
#include "ops/ops.h"

enum { TASK_BYTES = 1 << 17 };

static bool is_q8(const tsr_tensor *t)
{
    return (t->dtype == TSR_U8 || t->dtype == TSR_S8) && t->quant.scale > 0 && !t->quant.scales;
}

static tsr_status check_input(const tsr_node *n, int i, const tsr_tensor *const *in,
                              const tsr_tensor *out, tsr_error *err)
{
    const int axis = n->attr.concat.axis;
    if (!in[i])
        return tsr_fail(err, TSR_BAD_FILE, "concat '%s': input %d is missing", n->name, i);
    if (in[i]->rank != in[0]->rank)
        return tsr_fail(err, TSR_BAD_FILE, "concat '%s': input %d has rank %d, input 0 rank %d",
                        n->name, i, in[i]->rank, in[0]->rank);
    for (int k = 0; k < in[0]->rank; k++)
        if (k != axis && in[i]->dim[k] != in[0]->dim[k])
            return tsr_fail(err, TSR_BAD_FILE,
                            "concat '%s': axis %d of input %d is %d, of input 0 %d", n->name, k, i,
                            in[i]->dim[k], in[0]->dim[k]);
    if (in[i]->dtype == out->dtype && is_q8(in[i]) && is_q8(out))
        return TSR_OK;
    return tsr_infer_same_type(n, "concat", in[i], out, err);
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    int *axis = &n->attr.concat.axis;
    const int rank = in[0]->rank;
    if (*axis < -rank || *axis >= rank)
        return tsr_fail(err, TSR_BAD_FILE, "concat '%s': axis %d of rank %d", n->name, *axis, rank);
    *axis += *axis < 0 ? rank : 0;
    int64_t sum = 0;
    for (int i = 0; i < n->in_count; i++) {
        TSR_TRY(check_input(n, i, in, out, err));
        sum += in[i]->dim[*axis];
        if (sum > INT_MAX)
            return tsr_fail(err, TSR_UNSUPPORTED, "concat '%s': the output exceeds 2 GiB", n->name);
    }
    out->rank = rank;
    memcpy(out->dim, in[0]->dim, sizeof out->dim);
    out->dim[*axis] = (int)sum;
    return tsr_infer_size(n, "concat", out, err);
}

typedef struct { size_t rows, row_bytes; int tasks; } plan;

/* Input i of every row in first .. end - 1. */
static void copy_input(const tsr_step *s, int i, size_t at, size_t first, size_t end)
{
    const plan *p = s->state;
    const size_t run = tsr_bytes(s->in[i]) / p->rows;
    const uint8_t *in = (const uint8_t *)s->in[i]->data + first * run;
    uint8_t *out = (uint8_t *)s->out[0]->data + first * p->row_bytes + at;
    for (size_t row = first; row < end; row++, in += run, out += p->row_bytes)
        memcpy(out, in, run);
}

static void copy_rows(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const size_t first = p->rows * (size_t)index / (size_t)p->tasks;
    const size_t end = p->rows * ((size_t)index + 1) / (size_t)p->tasks;
    size_t at = 0;
    for (int i = 0; i < s->node->in_count; i++) {
        copy_input(s, i, at, first, end);
        at += tsr_bytes(s->in[i]) / p->rows;
    }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_step copy = *s;
    tsr_parallel(s->threads, p->tasks, copy_rows, &copy);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    for (int i = 0; i < s->node->in_count; i++)
        if (is_q8(s->out[0]) && !tsr_equal_quant(s->in[i], s->out[0]))
            return tsr_concat_prepare_q8(s, ctx, err);
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, sizeof(size_t));
    s->run = run;
    if (!p)
        return TSR_OK;
    p->rows = tsr_dim_product(s->out[0], 0, s->node->attr.concat.axis);
    p->row_bytes = tsr_bytes(s->out[0]) / p->rows;
    const size_t each = TASK_BYTES / p->row_bytes + 1;
    p->tasks = tsr_even_tasks((int64_t)((p->rows - 1) / each + 1), (int64_t)p->rows, ctx->workers);
    return TSR_OK;
}

const tsr_op tsr_op_concat = {
    .name = "concat", .kind = TSR_OP_CONCAT, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = INT_MAX,
    .infer = infer, .prepare = prepare,
};
