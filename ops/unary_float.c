/* unary_float.c - one-input element-wise operators in float32.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/unary_f32.h"
#include "ops/unary.h"

enum { LINE = 16 };             /* elements: what two workers write keeps to its own lines */

typedef struct {
    tsr_unary_f32_run *fn;
    int n, chunk;               /* elements in all, of a task */
} plan;

static const unsigned char function[TSR_OP_COUNT] = {
    [TSR_OP_CLAMP] = TSR_UNARY_CLAMP, [TSR_OP_LOGISTIC] = TSR_UNARY_LOGISTIC,
    [TSR_OP_TANH] = TSR_UNARY_TANH, [TSR_OP_HARD_SWISH] = TSR_UNARY_HARD_SWISH,
    [TSR_OP_HARD_SIGMOID] = TSR_UNARY_HARD_SIGMOID, [TSR_OP_LEAKY_RELU] = TSR_UNARY_LEAKY_RELU,
    [TSR_OP_ELU] = TSR_UNARY_ELU, [TSR_OP_EXP] = TSR_UNARY_EXP, [TSR_OP_LOG] = TSR_UNARY_LOG,
    [TSR_OP_SQRT] = TSR_UNARY_SQRT, [TSR_OP_RSQRT] = TSR_UNARY_RSQRT,
    [TSR_OP_ABS] = TSR_UNARY_ABS, [TSR_OP_NEG] = TSR_UNARY_NEG, [TSR_OP_FLOOR] = TSR_UNARY_FLOOR,
    [TSR_OP_CEIL] = TSR_UNARY_CEIL, [TSR_OP_ROUND] = TSR_UNARY_ROUND,
};

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int first = index * p->chunk, left = p->n - first;
    p->fn(&(tsr_unary_f32_row){
        .x = (const float *)s->in[0]->data + first, .y = (float *)s->out[0]->data + first,
        .n = left < p->chunk ? left : p->chunk,
        .alpha = s->node->attr.unary.alpha, .beta = s->node->attr.unary.beta,
        .lo = s->node->lo, .hi = s->node->hi,
    });
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, (p->n - 1) / p->chunk + 1, task, (void *)s);
}

tsr_status tsr_unary_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->state = p;
    if (!p)
        return TSR_OK;
    p->fn = tsr_unary_f32_best((tsr_unary_fn)function[s->node->kind]);
    p->n = (int)tsr_elements(s->in[0]);
    const int lines = (p->n - 1) / LINE + 1, tasks = tsr_element_tasks(p->n, ctx->workers);
    p->chunk = ((lines - 1) / tasks + 1) * LINE;
    return TSR_OK;
}
