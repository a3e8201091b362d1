/* softmax_float.c - softmax in float32; threads share the distributions.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/softmax_f32.h"
#include "ops/softmax.h"

enum { GRAIN = 4096 };          /* elements per task, or one block of n * inner */

typedef struct {
    const tsr_softmax_f32 *kernel;
    int outer, n, inner, per_task;
} plan;

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const int block = p->n * p->inner;
    int end = (index + 1) * p->per_task;
    if (end > p->outer)
        end = p->outer;
    for (int i = index * p->per_task; i < end; i++)
        p->kernel->run((const float *)s->in[0]->data + (ptrdiff_t)i * block,
                       (float *)s->out[0]->data + (ptrdiff_t)i * block,
                       p->n, p->inner, s->node->attr.softmax.beta);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, (p->outer - 1) / p->per_task + 1, task, (void *)s);
}

tsr_status tsr_softmax_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    const tsr_tensor *x = s->in[0];
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->state = p;
    if (!p)
        return TSR_OK;
    *p = (plan){ .kernel = tsr_softmax_f32_best(), .outer = 1, .n = 1, .inner = 1 };
    for (int i = 0; i < x->rank; i++)
        *(i < s->node->attr.softmax.axis ? &p->outer
          : i == s->node->attr.softmax.axis ? &p->n : &p->inner) *= x->dim[i];
    p->per_task = p->n * p->inner < GRAIN ? GRAIN / (p->n * p->inner) : 1;
    return TSR_OK;
}
