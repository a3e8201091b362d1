/* binary_float.c - two-input operators on floats, 32 and 16 bits wide: broadcasting into
 * strided rows.                                  SPDX-License-Identifier: MIT */
#include "ops/binary.h"
#include "ops/broadcast.h"
#include "ops/kernels/binary_f16.h"
#include "ops/kernels/binary_f32.h"

typedef struct {
    tsr_binary_f32_run *fn;
    tsr_binary_f16_run *f16;    /* of 16-bit floats, else NULL */
    tsr_broadcast_tasks tasks;
    tsr_broadcast row;          /* of a picture, for a band: one block */
    ptrdiff_t x_row, b_row;     /* from one to the next, in elements   */
} plan;

static const unsigned char function[TSR_OP_COUNT] = {
    [TSR_OP_ADD] = TSR_BINARY_ADD, [TSR_OP_SUB] = TSR_BINARY_SUB, [TSR_OP_MUL] = TSR_BINARY_MUL,
    [TSR_OP_DIV] = TSR_BINARY_DIV, [TSR_OP_MINIMUM] = TSR_BINARY_MINIMUM,
    [TSR_OP_MAXIMUM] = TSR_BINARY_MAXIMUM, [TSR_OP_POW] = TSR_BINARY_POW,
    [TSR_OP_FLOOR_DIV] = TSR_BINARY_FLOOR_DIV,
    [TSR_OP_SQUARED_DIFFERENCE] = TSR_BINARY_SQUARED_DIFFERENCE,
    [TSR_OP_PRELU] = TSR_BINARY_PRELU,
};

static void part_f16(const tsr_step *s, const tsr_broadcast_part *part)
{
    const plan *p = s->state;
    const tsr_broadcast *l = &p->tasks.loops;
    p->f16(&(tsr_binary_f16_block){
        .a = (const uint16_t *)s->in[0]->data + part->a,
        .b = (const uint16_t *)s->in[1]->data + part->b,
        .y = (uint16_t *)s->out[0]->data + part->y,
        .a_row = l->a_row, .b_row = l->b_row, .y_row = l->n,
        .a_step = l->a_step, .b_step = l->b_step, .rows = part->rows, .n = part->n,
        .lo = s->node->lo, .hi = s->node->hi,
    });
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const tsr_broadcast *l = &p->tasks.loops;
    const tsr_broadcast_part part = tsr_broadcast_task(&p->tasks, index);
    if (p->f16) {
        part_f16(s, &part);
        return;
    }
    p->fn(&(tsr_binary_f32_block){
        .a = (const float *)s->in[0]->data + part.a,
        .b = (const float *)s->in[1]->data + part.b,
        .y = (float *)s->out[0]->data + part.y,
        .a_row = l->a_row, .b_row = l->b_row, .y_row = l->n,
        .a_step = l->a_step, .b_step = l->b_step, .rows = part.rows, .n = part.n,
        .lo = s->node->lo, .hi = s->node->hi,
    });
}

static void rows(const tsr_step *s, const tsr_band *band, int worker)
{
    (void)worker;
    const plan *p = s->state;
    float *y = band->y;
    for (int r = band->out.first; r < band->out.end; r++, y += p->x_row)
        p->fn(&(tsr_binary_f32_block){
            .a = (const float *)band->x + (ptrdiff_t)tsr_band_row(band, r) * p->x_row,
            .b = (const float *)s->in[1]->data + r * p->b_row, .y = y,
            .a_row = p->row.a_row, .b_row = p->row.b_row, .y_row = p->row.n,
            .a_step = p->row.a_step, .b_step = p->row.b_step,
            .rows = p->row.rows, .n = p->row.n, .lo = s->node->lo, .hi = s->node->hi,
        });
}

/* Pictures of one row; what else `needs` refuses is planned and never used. */
static void plan_row(const tsr_step *s, plan *p)
{
    tsr_tensor y = *s->out[0], b = *s->in[1];
    p->b_row = tsr_broadcast_same(&b, &y) ? (ptrdiff_t)y.dim[2] * y.dim[3] : 0;
    p->x_row = (ptrdiff_t)y.dim[2] * y.dim[3];
    y.dim[1] = 1;
    b.dim[1] = p->b_row ? 1 : b.dim[1];
    p->row = tsr_broadcast_plan(&y, &b, &y);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, p->tasks.tasks, task, (void *)s);
}

tsr_status tsr_binary_prepare_float(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->rows = rows;
    s->state = p;
    if (!p)
        return TSR_OK;
    const tsr_broadcast loops = tsr_broadcast_plan(s->in[0], s->in[1], s->out[0]);
    const tsr_binary_fn f = (tsr_binary_fn)function[s->node->kind];
    p->fn = tsr_binary_f32_best(f);
    p->f16 = s->in[0]->dtype == TSR_F16 ? tsr_binary_f16_best(f) : NULL;
    p->tasks = tsr_broadcast_cut(&loops, ctx->workers);
    if (s->out[0]->rank == 4)
        plan_row(s, p);
    return TSR_OK;
}
