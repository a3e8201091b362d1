/*
 * quantize.c - real numbers to stored ones, and stored ones to another scale.
 *
 *     f32 -> u8 s8 s16          rint(x * (1 / scale)) + zp, saturated; ONNX, whose
 *                               attribute `divide` is set, rint(x / scale)
 *     u8 -> u8, s8 -> s8        ((x - zp_in) * rint(256 s_in / s_out) + 128 >> 8) + zp_out
 *     u8 <-> s8                 fixed31: (x - zp_in) * (s_in / s_out) + zp_out;
 *                               with one scale and zero points 128 apart, a flip
 *                               of the top bit
 *
 * The second is XNNPACK's, where it takes the factor (2^-8 to 2^7); the third
 * is TFLite's own kernel.                        SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/ops.h"
#include "ops/q8.h"

enum { TASK = 1 << 14 };        /* elements */

/* ---- infer ------------------------------------------------------------------ */

static tsr_status check_s16(const tsr_node *n, const tsr_tensor *t, tsr_error *err)
{
    const tsr_quant *q = &t->quant;
    if (q->scales || !(q->scale > 0.0f) || isinf(q->scale) || q->zero_point != 0)
        return tsr_fail(err, TSR_UNSUPPORTED, "quantize '%s': s16 with scale %g, zero point %d",
                        n->name, (double)q->scale, q->zero_point);
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    const tsr_tensor *x = in[0];
    out->rank = x->rank;
    for (int i = 0; i < x->rank; i++)
        out->dim[i] = x->dim[i];
    if (x->dtype == TSR_F32 && out->dtype == TSR_S16)
        return check_s16(n, out, err);
    if (x->dtype != TSR_F32)
        TSR_TRY(tsr_q8_check("quantize", n, "input", x, err));
    TSR_TRY(tsr_q8_check("quantize", n, "output", out, err));
    const float ratio = x->quant.scale / out->quant.scale;
    if (x->dtype != TSR_F32 && !(ratio <= 0x1p20f))
        return tsr_fail(err, TSR_UNSUPPORTED, "quantize '%s': scale %g to %g", n->name,
                        (double)x->quant.scale, (double)out->quant.scale);
    return TSR_OK;
}

/* ---- f32 -> integers --------------------------------------------------------- */

typedef struct {
    float scale, inverse;       /* x * inverse, or x / scale: the other one is 1 */
    float lo, hi;               /* bounds less zero point */
    int zero_point;
} real_plan;

static void real_task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const real_plan *p = s->state;
    const tsr_tensor *y = s->out[0];
    const float *x = s->in[0]->data;
    const size_t n = tsr_elements(y), first = (size_t)index * TASK;
    const size_t end = n - first < TASK ? n : first + TASK;
    const tsr_q8_output out = { p->lo, p->hi, p->zero_point };
    if (y->dtype == TSR_S16) {
        int16_t *to = y->data;
        for (size_t i = first; i < end; i++) {
            float v = x[i] / p->scale * p->inverse;
            v = v > p->lo ? v : p->lo;
            to[i] = (int16_t)tsr_q8_rint(v < p->hi ? v : p->hi);
        }
        return;
    }
    uint8_t *to = y->data;
    for (size_t i = first; i < end && p->scale == 1.0f; i++)
        to[i] = tsr_q8_store(x[i] * p->inverse, &out);
    for (size_t i = first; i < end && p->scale != 1.0f; i++)
        to[i] = tsr_q8_store(x[i] / p->scale, &out);
}

static void real_run(const tsr_step *s)
{
    tsr_step copy = *s;
    tsr_parallel(s->threads, (int)((tsr_elements(s->out[0]) + TASK - 1) / TASK), real_task, &copy);
}

static void prepare_real(tsr_step *s, const tsr_prepare_context *ctx)
{
    const tsr_tensor *y = s->out[0];
    const int zp = y->quant.zero_point;
    real_plan *p = s->state = tsr_arena_keep(ctx->arena, sizeof *p, _Alignof(real_plan));
    s->run = real_run;
    if (!p)
        return;
    const int min = y->dtype == TSR_S16 ? INT16_MIN : tsr_q8_min(y->dtype);
    const int max = y->dtype == TSR_S16 ? INT16_MAX : tsr_q8_max(y->dtype);
    const float scale = y->quant.scale;
    const bool divide = s->node->attr.quantize.divide;
    *p = (real_plan){ divide ? scale : 1.0f, divide ? 1.0f : 1.0f / scale, (float)(min - zp),
                      (float)(max - zp), zp };
}

/* ---- 8 bits -> 8 bits: a table ------------------------------------------------ */

static int rescaled(const tsr_step *s, int v)
{
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const float ratio = x->quant.scale / y->quant.scale;
    /* 8 bits of fraction in the factor: XNNPACK's choice, and coarse. */
    if (x->dtype == y->dtype && ratio >= 0x1p-8f && ratio <= 0x1p7f)
        return (v * (int)rintf(256.0f * ratio) + 128) >> 8;
    return tsr_fixed31_scale(
        tsr_fixed31_make((double)x->quant.scale / (double)y->quant.scale), v);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    if (x->dtype == TSR_F32) {
        prepare_real(s, ctx);
        return TSR_OK;
    }
    tsr_q8_table *t = tsr_q8_table_keep(s, ctx);
    const int64_t lo = tsr_q8_min(y->dtype), hi = tsr_q8_max(y->dtype);
    for (int i = 0; t && i < 256; i++) {
        const int v = tsr_q8_value(x->dtype, (uint8_t)i) - x->quant.zero_point;
        const int64_t stored = (int64_t)rescaled(s, v) + y->quant.zero_point;
        t->y[i] = (uint8_t)(stored < lo ? lo : stored > hi ? hi : stored);
    }
    return TSR_OK;
}

const tsr_op tsr_op_quantize = {
    .name = "quantize", .kind = TSR_OP_QUANTIZE, .flags = TSR_OP_IN_PLACE,
    .min_in = 1, .max_in = 1, .infer = infer, .prepare = prepare,
};
