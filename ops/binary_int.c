/*
 * binary_int.c - two-input operators on s32 and s64: index arithmetic, mostly.
 *
 * Everything is computed in 64 bits, modulo 2^64, and stored modulo the width
 * of the type.  A division by 0 gives 0: there is no better answer that cannot
 * stop the machine.                              SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/binary.h"
#include "ops/broadcast.h"

typedef struct {
    tsr_broadcast_tasks tasks;
    int64_t lo, hi;
} plan;

/* Arithmetic modulo 2^64 is defined on unsigned numbers only. */
static int64_t wrap(uint64_t x)
{
    int64_t s;
    memcpy(&s, &x, sizeof s);
    return s;
}

static int64_t divide(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? wrap(0 - (uint64_t)a) : a / b;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    const int64_t q = divide(a, b);
    const bool rounded_up = b != 0 && b != -1 && a % b != 0 && (a < 0) != (b < 0);
    return q - rounded_up;
}

/* a^b by squaring; a negative power of anything but 1 and -1 is below 1: 0. */
static int64_t power(int64_t a, int64_t b)
{
    if (b < 0)
        return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    uint64_t base = (uint64_t)a, result = 1;
    for (; b; b >>= 1, base *= base)
        if (b & 1)
            result *= base;
    return wrap(result);
}

static int64_t value(tsr_op_kind kind, int64_t a, int64_t b)
{
    const uint64_t x = (uint64_t)a, y = (uint64_t)b;
    switch (kind) {
    case TSR_OP_ADD: return wrap(x + y);
    case TSR_OP_SUB: return wrap(x - y);
    case TSR_OP_MUL: return wrap(x * y);
    case TSR_OP_DIV: return divide(a, b);
    case TSR_OP_FLOOR_DIV: return floor_divide(a, b);
    case TSR_OP_POW: return power(a, b);
    case TSR_OP_MINIMUM: return a < b ? a : b;
    case TSR_OP_MAXIMUM: return a > b ? a : b;
    default: return wrap((x - y) * (x - y));        /* squared_difference */
    }
}

static int64_t load(const tsr_tensor *t, int i)
{
    return t->dtype == TSR_S64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

static void store(tsr_tensor *t, int i, int64_t v)
{
    if (t->dtype == TSR_S64) {
        ((int64_t *)t->data)[i] = v;
    } else {
        const uint32_t low = (uint32_t)(uint64_t)v;
        memcpy((int32_t *)t->data + i, &low, sizeof low);
    }
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const tsr_broadcast *l = &p->tasks.loops;
    const tsr_broadcast_part part = tsr_broadcast_task(&p->tasks, index);
    for (int r = 0; r < part.rows; r++)
        for (int i = 0; i < part.n; i++) {
            const int64_t a = load(s->in[0], part.a + r * l->a_row + i * l->a_step);
            const int64_t b = load(s->in[1], part.b + r * l->b_row + i * l->b_step);
            int64_t v = value(s->node->kind, a, b);
            if (v < p->lo) v = p->lo;
            if (v > p->hi) v = p->hi;
            store(s->out[0], part.y + r * l->n + i, v);
        }
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_parallel(s->threads, p->tasks.tasks, task, (void *)s);
}

/* A bound outside the type is no bound; 2^63 itself is not an int64_t. */
static int64_t bound(float x, int64_t none)
{
    return x > -0x1p63f && x < 0x1p63f ? (int64_t)x : none;
}

tsr_status tsr_binary_prepare_int(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    plan *p = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    s->state = p;
    if (!p)
        return TSR_OK;
    const tsr_broadcast loops = tsr_broadcast_plan(s->in[0], s->in[1], s->out[0]);
    p->tasks = tsr_broadcast_cut(&loops, ctx->workers);
    p->lo = bound(s->node->lo, INT64_MIN);
    p->hi = bound(s->node->hi, INT64_MAX);
    return TSR_OK;
}
