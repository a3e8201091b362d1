/*
 * unary_float.c - one-input element-wise operators on floats, 32 and 16 bits wide.
 *
 * Of 16-bit floats a block at a time is widened, goes through the float32 function and is
 * rounded: the result is off by half a unit of its last place, whatever the function.
 * SPDX-License-Identifier: MIT
 */
#include "ops/kernels/convert_f16.h"
#include "ops/kernels/unary_f32.h"
#include "ops/unary.h"

enum {
    LINE = 32,                  /* elements: what two workers write keeps to its own lines */
    BLOCK = 256,                /* elements to widen at a time: 1 KB of stack */
};

typedef struct {
    tsr_unary_f32_run *fn;
    const tsr_convert_f16 *f16; /* of 16-bit floats, else NULL */
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

static void apply(const tsr_step *s, const float *x, float *y, int n)
{
    const plan *p = s->state;
    p->fn(&(tsr_unary_f32_row){
        .x = x, .y = y, .n = n,
        .alpha = s->node->attr.unary.alpha, .beta = s->node->attr.unary.beta,
        .lo = s->node->lo, .hi = s->node->hi,
    });
}

static void apply_f16(const tsr_step *s, const uint16_t *x, uint16_t *y, int n)
{
    const plan *p = s->state;
    float wide[BLOCK];
    for (int some; n > 0; n -= some, x += some, y += some) {
        some = n < BLOCK ? n : BLOCK;
        p->f16->widen(x, wide, (size_t)some);
        apply(s, wide, wide, some);
        p->f16->narrow(wide, y, (size_t)some);
    }
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int first = index * p->chunk, left = p->n - first;
    const int n = left < p->chunk ? left : p->chunk;
    const void *x = s->in[0]->data;
    void *y = s->out[0]->data;
    if (p->f16)
        apply_f16(s, (const uint16_t *)x + first, (uint16_t *)y + first, n);
    else
        apply(s, (const float *)x + first, (float *)y + first, n);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, (p->n - 1) / p->chunk + 1, task, (void *)s);
}

tsr_status tsr_unary_prepare_float(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->state = p;
    if (!p)
        return TSR_OK;
    p->fn = tsr_unary_f32_best((tsr_unary_fn)function[s->node->kind]);
    p->f16 = s->in[0]->dtype == TSR_F16 ? tsr_convert_f16_best() : NULL;
    p->n = (int)tsr_elements(s->in[0]);
    const int lines = (p->n - 1) / LINE + 1, tasks = tsr_element_tasks(p->n, ctx->workers);
    p->chunk = ((lines - 1) / tasks + 1) * LINE;
    return TSR_OK;
}
