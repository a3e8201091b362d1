/*
 * dequantize.c - stored numbers to real ones.
 *
 *     u8 s8 s16 s32 -> f32      (x - zero_point) * scale, in float32; the scale
 *                               may differ along one axis
 *     f16 -> f32                exact
 *
 * Half-precision weights come as constants behind this operator: the graph
 * builder then computes it while loading.        SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/convert_f16.h"
#include "ops/ops.h"
#include "ops/q8.h"

enum { TASK = 1 << 14 };        /* elements */

/* ---- infer ------------------------------------------------------------------ */

static tsr_status check_scale(const tsr_node *n, float scale, tsr_error *err)
{
    if (!(scale > 0.0f) || isinf(scale))
        return tsr_fail(err, TSR_BAD_FILE, "dequantize '%s': input scale %g", n->name,
                        (double)scale);
    return TSR_OK;
}

static tsr_status check_scales(const tsr_node *n, const tsr_tensor *x, tsr_error *err)
{
    const tsr_quant *q = &x->quant;
    if (!q->scales)
        return check_scale(n, q->scale, err);
    if (q->axis < 0 || q->axis >= x->rank)
        return tsr_fail(err, TSR_BAD_FILE, "dequantize '%s': scales along axis %d of %d", n->name,
                        q->axis, x->rank);
    for (int i = 0; i < x->dim[q->axis]; i++)
        TSR_TRY(check_scale(n, q->scales[i], err));
    return TSR_OK;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    const tsr_tensor *x = in[0];
    const bool integer = tsr_is_q8(x->dtype) || x->dtype == TSR_S16 || x->dtype == TSR_S32;
    if (out->dtype != TSR_F32 || (!integer && x->dtype != TSR_F16))
        return tsr_fail(err, TSR_UNSUPPORTED, "dequantize '%s': %s to %s", n->name,
                        tsr_dtype_name(x->dtype), tsr_dtype_name(out->dtype));
    if (integer)
        TSR_TRY(check_scales(n, x, err));
    out->rank = x->rank;
    for (int i = 0; i < x->rank; i++)
        out->dim[i] = x->dim[i];
    return TSR_OK;
}

/* ---- run -------------------------------------------------------------------- */

/* Elements first .. end - 1, all of one scale. */
static void convert(const tsr_tensor *t, float scale, size_t first, size_t end, float *y)
{
    /* One subtraction in integers, one product in float32: a single rounding
     * (two for s32 beyond 24 bits). */
    const int zp = t->quant.zero_point;
    switch (t->dtype) {
    case TSR_U8: {
        const uint8_t *x = t->data;
        for (size_t i = first; i < end; i++)
            y[i] = (float)(x[i] - zp) * scale;
        break;
    }
    case TSR_S8: {
        const int8_t *x = t->data;
        for (size_t i = first; i < end; i++)
            y[i] = (float)(x[i] - zp) * scale;
        break;
    }
    case TSR_S16: {
        const int16_t *x = t->data;
        for (size_t i = first; i < end; i++)
            y[i] = (float)((int64_t)x[i] - zp) * scale;
        break;
    }
    case TSR_S32: {
        const int32_t *x = t->data;
        for (size_t i = first; i < end; i++)
            y[i] = (float)((int64_t)x[i] - zp) * scale;
        break;
    }
    default:
        tsr_convert_f16_best()->widen((const uint16_t *)t->data + first, y + first, end - first);
    }
}

/* Elements first .. end - 1, cut where the scale changes. */
static void convert_per_channel(const tsr_tensor *t, size_t first, size_t end, float *y)
{
    size_t inner = 1;           /* elements that share a scale in a row */
    for (int i = t->quant.axis + 1; i < t->rank; i++)
        inner *= (size_t)t->dim[i];
    const size_t channels = (size_t)t->dim[t->quant.axis];
    while (first < end) {
        const size_t stop = (first / inner + 1) * inner;
        const size_t until = stop < end ? stop : end;
        convert(t, t->quant.scales[first / inner % channels], first, until, y);
        first = until;
    }
}

static void task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const tsr_tensor *x = s->in[0];
    const size_t n = tsr_elements(x), first = (size_t)index * TASK;
    const size_t end = n - first < TASK ? n : first + TASK;
    if (x->quant.scales && x->dtype != TSR_F16)
        convert_per_channel(x, first, end, s->out[0]->data);
    else
        convert(x, x->quant.scale, first, end, s->out[0]->data);
}

static void run(const tsr_step *s)
{
    tsr_step copy = *s;
    tsr_parallel(s->threads, (int)((tsr_elements(s->out[0]) + TASK - 1) / TASK), task, &copy);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)ctx, (void)err;       /* infer has asked everything */
    s->run = run;
    return TSR_OK;
}

const tsr_op tsr_op_dequantize = {
    .name = "dequantize", .kind = TSR_OP_DEQUANTIZE,
    .min_in = 1, .max_in = 1, .infer = infer, .prepare = prepare,
};
