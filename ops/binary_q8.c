/*
 * binary_q8.c - two-input operators on u8 and s8.
 *
 *     add, sub   ((h + ma*(a - za) + mb*(b - zb)) >> sh) + zy      h = 2^(sh-1)
 *                ma = rint(2^sh * sa/sy), and so for b; sh makes the larger
 *                of them about 2^20: XNNPACK's fixed point, not exactly sa/sy
 *     mul        the `float` rule: float((a - za)*(b - zb)) * (sa*sb / sy)
 *     prelu      fixed31: a - za times sa/sy, or (a - za)*(b - zb) times
 *                sa*sb/sy where a - za < 0; TFLite never hands it to XNNPACK
 *     squared_difference   fixed31 in three steps, as TFLite's kernel has it
 *     minimum, maximum     of stored numbers: one scale for all three
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "ops/binary.h"
#include "ops/broadcast.h"
#include "ops/kernels/add_q8.h"
#include "ops/q8.h"

enum { SAME = 256 };            /* copies of a single element */

typedef struct plan plan;

/* n results; steps are 1 or 0.  Inputs may be the output's memory. */
typedef void row_fn(const plan *p, const uint8_t *a, int a_step, const uint8_t *b, int b_step,
                    uint8_t *y, int n);

struct plan {
    tsr_broadcast_tasks tasks;
    row_fn *row;
    uint8_t a_flip, b_flip, y_flip;
    int a_zero, b_zero, y_zero; /* as u8 */
    int lo, hi;                 /* bounds as u8, less y_zero */
    const tsr_add_q8 *kernel;   /* add, sub */
    tsr_add_q8_factors sum;
    bool smaller;               /* minimum */
    float scale;                /* mul */
    tsr_q8_output out;
    tsr_fixed31 fa, fb, fy;     /* prelu, squared_difference */
};

/* sh and the two multipliers; false: scales too far apart for 32 bits. */
static bool sum_factors(const tsr_tensor *a, const tsr_tensor *b, const tsr_tensor *y,
                        tsr_add_q8_factors *f)
{
    const float ra = a->quant.scale / y->quant.scale, rb = b->quant.scale / y->quant.scale;
    int exponent = 0;
    /* Beyond these the shift would leave 1 .. 30.  Each product is below 2^29,
     * so their sum with the half fits an int. */
    if (!(fmaxf(ra, rb) <= 0x1p18f) || !(fmaxf(ra, rb) >= 0x1p-10f))
        return false;
    frexpf(fmaxf(ra, rb), &exponent);           /* 2^(exponent-1) <= ratio */
    f->shift = 20 - (exponent - 1);
    f->ma = (int32_t)rint(ldexp((double)ra, f->shift));
    f->mb = (int32_t)rint(ldexp((double)rb, f->shift));
    return true;
}

/* A result without its zero point, as the byte to store. */
static inline uint8_t clamped(const plan *p, int v)
{
    v = v < p->lo ? p->lo : v;
    v = v > p->hi ? p->hi : v;
    return (uint8_t)((v + p->y_zero) ^ p->y_flip);
}

/* A step of 0, one number for the whole row, goes through a block of copies of it. */
static void add_row(const plan *p, const uint8_t *a, int a_step, const uint8_t *b, int b_step,
                    uint8_t *y, int n)
{
    if (a_step && b_step) {
        p->kernel->rows(&p->sum, a, b, n, y);
        return;
    }
    uint8_t same_a[SAME], same_b[SAME];
    const size_t copies = (size_t)(n < SAME ? n : SAME);
    memset(same_a, *a, copies);
    memset(same_b, *b, copies);
    for (int i = 0; i < n; i += SAME) {
        const int some = n - i < SAME ? n - i : SAME;
        p->kernel->rows(&p->sum, a_step ? a + i : same_a, b_step ? b + i : same_b, some, y + i);
    }
}

static void mul_row(const plan *p, const uint8_t *a, int a_step, const uint8_t *b, int b_step,
                    uint8_t *y, int n)
{
    for (int i = 0; i < n; i++) {
        const int va = (a[i * a_step] ^ p->a_flip) - p->a_zero;
        const int vb = (b[i * b_step] ^ p->b_flip) - p->b_zero;
        y[i] = tsr_q8_store((float)(va * vb) * p->scale, &p->out);
    }
}

/* Two multipliers: the slope brings a scale of its own. */
static void prelu_row(const plan *p, const uint8_t *a, int a_step, const uint8_t *b, int b_step,
                      uint8_t *y, int n)
{
    for (int i = 0; i < n; i++) {
        const int va = (a[i * a_step] ^ p->a_flip) - p->a_zero;
        const int vb = (b[i * b_step] ^ p->b_flip) - p->b_zero;
        y[i] = clamped(p, va >= 0 ? tsr_fixed31_scale(p->fa, va)
                                  : tsr_fixed31_scale(p->fb, va * vb));
    }
}

/* Both inputs on one scale, twice the larger of theirs, with 7 bits to spare;
 * the difference stays below 2^15, so that its square fits. */
static void squared_difference_row(const plan *p, const uint8_t *a, int a_step, const uint8_t *b,
                                   int b_step, uint8_t *y, int n)
{
    for (int i = 0; i < n; i++) {
        const int va = (a[i * a_step] ^ p->a_flip) - p->a_zero;
        const int vb = (b[i * b_step] ^ p->b_flip) - p->b_zero;
        const int d = tsr_fixed31_scale(p->fa, va * 128) - tsr_fixed31_scale(p->fb, vb * 128);
        y[i] = clamped(p, tsr_fixed31_scale(p->fy, d * d));
    }
}

static void extremum_row(const plan *p, const uint8_t *a, int a_step, const uint8_t *b,
                         int b_step, uint8_t *y, int n)
{
    for (int i = 0; i < n; i++) {
        const int va = (a[i * a_step] ^ p->a_flip) - p->a_zero;
        const int vb = (b[i * b_step] ^ p->b_flip) - p->b_zero;
        y[i] = clamped(p, (va > vb) != p->smaller ? va : vb);
    }
}

static row_fn *row_for(tsr_op_kind kind)
{
    switch (kind) {
    case TSR_OP_ADD: case TSR_OP_SUB: return add_row;
    case TSR_OP_MUL: return mul_row;
    case TSR_OP_PRELU: return prelu_row;
    case TSR_OP_SQUARED_DIFFERENCE: return squared_difference_row;
    case TSR_OP_MINIMUM: case TSR_OP_MAXIMUM: return extremum_row;
    default: return NULL;
    }
}

tsr_status tsr_binary_check_q8(const char *op, const tsr_node *n, const tsr_tensor *const *in,
                               const tsr_tensor *out, tsr_error *err)
{
    TSR_TRY(tsr_q8_check(op, n, "first input", in[0], err));
    TSR_TRY(tsr_q8_check(op, n, "second input", in[1], err));
    TSR_TRY(tsr_q8_check(op, n, "output", out, err));
    if (in[1]->dtype != in[0]->dtype || out->dtype != in[0]->dtype || !row_for(n->kind))
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s and %s to %s", op, n->name,
                        tsr_dtype_name(in[0]->dtype), tsr_dtype_name(in[1]->dtype),
                        tsr_dtype_name(out->dtype));
    if (n->kind == TSR_OP_MINIMUM || n->kind == TSR_OP_MAXIMUM) {
        TSR_TRY(tsr_q8_check_same(op, n, in[0], in[1], err));
        return tsr_q8_check_same(op, n, in[0], out, err);
    }
    tsr_add_q8_factors f;
    const float a = in[0]->quant.scale, b = in[1]->quant.scale, y = out->quant.scale;
    const bool is_sum = n->kind == TSR_OP_ADD || n->kind == TSR_OP_SUB;
    if (is_sum ? !sum_factors(in[0], in[1], out, &f) : !isfinite(a * b / y))
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': scales %g and %g to %g", op, n->name,
                        (double)a, (double)b, (double)y);
    return TSR_OK;
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const plan *p = s->state;
    const tsr_broadcast *l = &p->tasks.loops;
    const tsr_broadcast_part t = tsr_broadcast_task(&p->tasks, index);
    const uint8_t *a = (const uint8_t *)s->in[0]->data + t.a;
    const uint8_t *b = (const uint8_t *)s->in[1]->data + t.b;
    uint8_t *y = (uint8_t *)s->out[0]->data + t.y;
    for (int r = 0; r < t.rows; r++, a += l->a_row, b += l->b_row, y += l->n)
        p->row(p, a, l->a_step, b, l->b_step, y, t.n);
}

static void run(const tsr_step *s)
{
    const plan *p = s->state;
    tsr_step copy = *s;
    tsr_parallel(s->threads, p->tasks.tasks, task, &copy);
}

/* The multipliers of each operator; see the formulas above. */
static void plan_factors(const tsr_step *s, plan *p)
{
    const tsr_tensor *a = s->in[0], *b = s->in[1], *y = s->out[0];
    const float sa = a->quant.scale, sb = b->quant.scale, sy = y->quant.scale;
    switch (s->node->kind) {
    case TSR_OP_ADD: case TSR_OP_SUB:
        p->kernel = tsr_add_q8_best();
        sum_factors(a, b, y, &p->sum);
        p->sum.mb = s->node->kind == TSR_OP_SUB ? -p->sum.mb : p->sum.mb;
        p->sum.constant = ((int32_t)1 << (p->sum.shift - 1)) - p->sum.ma * p->a_zero
                        - p->sum.mb * p->b_zero;
        p->sum.a_flip = p->a_flip, p->sum.b_flip = p->b_flip, p->sum.y_flip = p->y_flip;
        break;
    case TSR_OP_MINIMUM:
    case TSR_OP_MAXIMUM:
        p->smaller = s->node->kind == TSR_OP_MINIMUM;
        break;
    case TSR_OP_SQUARED_DIFFERENCE: {
        const double twice = 2.0 * (double)fmaxf(sa, sb);
        p->fa = tsr_fixed31_make((double)sa / twice);
        p->fb = tsr_fixed31_make((double)sb / twice);
        p->fy = tsr_fixed31_make(twice * twice / (128.0 * 128.0 * (double)sy));
        break;
    }
    default:
        p->scale = sa * sb / sy;
        p->fa = tsr_fixed31_make((double)(sa / sy));
        p->fb = tsr_fixed31_make((double)p->scale);
    }
}

/* XNNPACK and TFLite's own kernels round a bound that falls on a half apart. */
static void plan_bounds(const tsr_step *s, plan *p)
{
    const tsr_tensor *y = s->out[0];
    p->out = tsr_q8_output_make(s->node, y);
    p->lo = (int)p->out.lo, p->hi = (int)p->out.hi;
    if (p->row != add_row && p->row != mul_row) {
        tsr_fixed31_bounds(s->node, y, &p->lo, &p->hi);
        p->lo -= y->quant.zero_point, p->hi -= y->quant.zero_point;
    }
    p->sum.lo = p->lo, p->sum.hi = p->hi, p->sum.y_zero = p->y_zero;
}

tsr_status tsr_binary_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    const tsr_tensor *a = s->in[0], *b = s->in[1], *y = s->out[0];
    plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(plan));
    s->run = run;
    if (!p)
        return TSR_OK;
    const tsr_broadcast loops = tsr_broadcast_plan(a, b, y);
    p->tasks = tsr_broadcast_cut(&loops, ctx->workers);
    p->row = row_for(s->node->kind);
    p->a_flip = tsr_q8_flip(a), p->b_flip = tsr_q8_flip(b), p->y_flip = tsr_q8_flip(y);
    p->a_zero = tsr_q8_zero(a), p->b_zero = tsr_q8_zero(b), p->y_zero = tsr_q8_zero(y);
    plan_factors(s, p);
    plan_bounds(s, p);
    return TSR_OK;
}
