/* binary_float.c - two-input operators in float32: broadcasting into strided rows.
 * SPDX-License-Identifier: MIT */
#include "ops/binary.h"
#include "ops/broadcast.h"
#include "ops/kernels/binary_f32.h"

typedef struct {
    tsr_binary_f32_run *fn;
    tsr_broadcast_tasks tasks;
} plan;

static const unsigned char function[TSR_OP_COUNT] = {
    [TSR_OP_ADD] = TSR_BINARY_ADD, [TSR_OP_SUB] = TSR_BINARY_SUB, [TSR_OP_MUL] = TSR_BINARY_MUL,
    [TSR_OP_DIV] = TSR_BINARY_DIV, [TSR_OP_MINIMUM] = TSR_BINARY_MINIMUM,
    [TSR_OP_MAXIMUM] = TSR_BINARY_MAXIMUM, [TSR_OP_POW] = TSR_BINARY_POW,
    [TSR_OP_FLOOR_DIV] = TSR_BINARY_FLOOR_DIV,
    [TSR_OP_SQUARED_DIFFERENCE] = TSR_BINARY_SQUARED_DIFFERENCE,
    [TSR_OP_PRELU] = TSR_BINARY_PRELU,
};

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const tsr_broadcast *l = &p->tasks.loops;
    const tsr_broadcast_part part = tsr_broadcast_task(&p->tasks, index);
    p->fn(&(tsr_binary_f32_block){
        .a = (const float *)s->in[0]->data + part.a,
        .b = (const float *)s->in[1]->data + part.b,
        .y = (float *)s->out[0]->data + part.y,
        .a_row = l->a_row, .b_row = l->b_row, .y_row = l->n,
        .a_step = l->a_step, .b_step = l->b_step, .rows = part.rows, .n = part.n,
        .lo = s->node->lo, .hi = s->node->hi,
    });
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, p->tasks.tasks, task, (void *)s);
}

tsr_status tsr_binary_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->state = p;
    if (!p)
        return TSR_OK;
    const tsr_broadcast loops = tsr_broadcast_plan(s->in[0], s->in[1], s->out[0]);
    p->fn = tsr_binary_f32_best((tsr_binary_fn)function[s->node->kind]);
    p->tasks = tsr_broadcast_cut(&loops, ctx->workers);
    return TSR_OK;
}
