/*
 * softmax_q8.c - softmax of u8 and s8 along any axis.
 *
 *     p = e[max - x] / sum of e[max - x]       e[d] = exp(-beta * s_in * d)
 *     y = rint(p / s_out) + zp_out
 *
 * Only 256 differences exist, so the exponentials are a table made in prepare.
 * Sums run in float32 in the order of memory, as TFLite's do.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/q8.h"
#include "ops/softmax.h"

typedef struct {
    float e[256];
    int outer, n, inner;
    tsr_q8_output out;
} plan;

/* n numbers, `step` apart. */
static void distribute(const plan *p, const tsr_step *s, const uint8_t *x, uint8_t *y)
{
    const size_t step = (size_t)p->inner;
    const uint8_t flip = tsr_q8_flip(s->in[0]);
    int max = 0;
    for (size_t i = 0; i < (size_t)p->n; i++)
        max = (x[i * step] ^ flip) > max ? x[i * step] ^ flip : max;
    float sum = 0.0f;
    for (size_t i = 0; i < (size_t)p->n; i++)
        sum += p->e[max - (x[i * step] ^ flip)];
    const float factor = 1.0f / (sum * s->out[0]->quant.scale);
    for (size_t i = 0; i < (size_t)p->n; i++)
        y[i * step] = tsr_q8_store(p->e[max - (x[i * step] ^ flip)] * factor, &p->out);
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const size_t at = (size_t)index * (size_t)p->n * (size_t)p->inner;
    for (size_t i = 0; i < (size_t)p->inner; i++)
        distribute(p, s, (const uint8_t *)s->in[0]->data + at + i,
                   (uint8_t *)s->out[0]->data + at + i);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_step copy = *s;
    tsr_parallel(s->threads, p->outer, task, &copy);
}

tsr_status tsr_softmax_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    const tsr_tensor *x = s->in[0];
    const tsr_softmax_attr *a = &s->node->attr.softmax;
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    if (!p)
        return TSR_OK;
    p->outer = p->inner = 1, p->n = x->dim[a->axis];
    for (int i = 0; i < x->rank; i++)
        *(i < a->axis ? &p->outer : &p->inner) *= i == a->axis ? 1 : x->dim[i];
    const float rate = x->quant.scale * a->beta;
    for (int d = 0; d < 256; d++)
        p->e[d] = (float)exp((double)(-rate * (float)d));
    p->out = tsr_q8_output_make(s->node, s->out[0]);
    return TSR_OK;
}
