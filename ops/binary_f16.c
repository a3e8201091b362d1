/* binary_f16.c - two-input operators on 16-bit floats; as binary_float.c, but never by rows.
 * Constants were rounded by engine/narrow.c.     SPDX-License-Identifier: MIT */
#include "ops/binary.h"
#include "ops/broadcast.h"
#include "ops/kernels/binary_f16.h"

typedef struct {
    tsr_binary_f16_run *fn;
    tsr_broadcast_tasks tasks;
} plan;

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const tsr_broadcast *l = &p->tasks.loops;
    const tsr_broadcast_part part = tsr_broadcast_task(&p->tasks, index);
    p->fn(&(tsr_binary_f16_block){
        .a = (const uint16_t *)s->in[0]->data + part.a,
        .b = (const uint16_t *)s->in[1]->data + part.b,
        .y = (uint16_t *)s->out[0]->data + part.y,
        .a_row = l->a_row, .b_row = l->b_row, .y_row = l->n,
        .a_step = l->a_step, .b_step = l->b_step, .rows = part.rows, .n = part.n,
        .lo = s->node->lo, .hi = s->node->hi,
    });
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, p->tasks.tasks, task, (void *)(uintptr_t)s);
}

tsr_status tsr_binary_prepare_f16(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->state = p;
    if (!p)
        return TSR_OK;
    const tsr_broadcast loops = tsr_broadcast_plan(s->in[0], s->in[1], s->out[0]);
    p->fn = tsr_binary_f16_best(tsr_binary_function(s->node->kind));
    p->tasks = tsr_broadcast_cut(&loops, ctx->workers);
    return TSR_OK;
}
