/*
 * cast.c - the same numbers in another type.
 *
 *     float -> integer     towards zero, saturated, NaN becomes 0
 *     integer -> integer   the low bits, as a C conversion to unsigned does
 *     anything -> bool     0 or 1: is it not zero?
 *
 * Two hops of a block at a time: any type to double or int64, those to any
 * type.  Integers never pass through double, which holds only 53 of 64 bits.
 * Scales and zero points play no part: that is (de)quantize.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "engine/half.h"
#include "ops/kernels/convert_f16.h"
#include "ops/movers.h"
#include "ops/ops.h"

enum { BLOCK = 256, TASK_BLOCKS = 64 };

static bool is_float(tsr_dtype d) { return d == TSR_F32 || d == TSR_F16; }

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    if ((unsigned)out->dtype >= TSR_DTYPE_COUNT)
        return tsr_fail(err, TSR_BAD_FILE, "cast '%s': unknown type", n->name);
    out->rank = in[0]->rank;
    for (int k = 0; k < in[0]->rank; k++)
        out->dim[k] = in[0]->dim[k];
    return tsr_infer_size(n, "cast", out, err);
}

static void load_floats(const tsr_tensor *t, size_t at, size_t n, double *to)
{
    const float *f = t->data;
    const uint16_t *h = t->data;
    for (size_t i = 0; i < n; i++)
        to[i] = (double)(t->dtype == TSR_F32 ? f[at + i] : tsr_half_to_float(h[at + i]));
}

static void load_integers(const tsr_tensor *t, size_t at, size_t n, int64_t *to)
{
    for (size_t i = 0; i < n; i++)
        switch (t->dtype) {
        case TSR_S8: to[i] = ((const int8_t *)t->data)[at + i]; break;
        case TSR_S16: to[i] = ((const int16_t *)t->data)[at + i]; break;
        case TSR_S32: to[i] = ((const int32_t *)t->data)[at + i]; break;
        case TSR_S64: to[i] = ((const int64_t *)t->data)[at + i]; break;
        default: to[i] = ((const uint8_t *)t->data)[at + i]; break;
        }
}

/* Range of an integer type, as doubles: max + 1 is exact where max is not. */
static double below(tsr_dtype d)
{
    return d == TSR_S8 ? -128.0 : d == TSR_S16 ? -32768.0 : d == TSR_S32 ? -0x1p31
         : d == TSR_S64 ? -0x1p63 : 0.0;
}

static double above(tsr_dtype d)
{
    return d == TSR_S8 ? 128.0 : d == TSR_U8 ? 256.0 : d == TSR_S16 ? 32768.0
         : d == TSR_S32 ? 0x1p31 : 0x1p63;
}

static int64_t truncate_to(double v, tsr_dtype d)
{
    if (isnan(v))
        return 0;
    if (v <= below(d))
        return (int64_t)below(d);
    if (v >= above(d))
        return d == TSR_S64 ? INT64_MAX : (int64_t)above(d) - 1;
    return (int64_t)v;
}

static void store_integers(const int64_t *from, size_t n, const tsr_tensor *t, size_t at)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t v = from[i];
        switch (t->dtype) {
        case TSR_F32: ((float *)t->data)[at + i] = (float)v; break;
        case TSR_F16: ((uint16_t *)t->data)[at + i] = tsr_float_to_half((float)v); break;
        case TSR_BOOL: ((uint8_t *)t->data)[at + i] = v != 0; break;
        case TSR_S64: ((int64_t *)t->data)[at + i] = v; break;
        case TSR_S32: ((uint32_t *)t->data)[at + i] = (uint32_t)v; break;
        case TSR_S16: ((uint16_t *)t->data)[at + i] = (uint16_t)v; break;
        default: ((uint8_t *)t->data)[at + i] = (uint8_t)v; break;
        }
    }
}

static void store_floats(const double *from, size_t n, const tsr_tensor *t, size_t at)
{
    int64_t whole[BLOCK];
    for (size_t i = 0; i < n; i++) {
        if (t->dtype == TSR_F32)
            ((float *)t->data)[at + i] = (float)from[i];
        else if (t->dtype == TSR_F16)
            ((uint16_t *)t->data)[at + i] = tsr_float_to_half((float)from[i]);
        else if (t->dtype == TSR_BOOL)
            ((uint8_t *)t->data)[at + i] = from[i] < 0 || from[i] > 0 || isnan(from[i]);
        else
            whole[i] = truncate_to(from[i], t->dtype);
    }
    if (!is_float(t->dtype) && t->dtype != TSR_BOOL)
        store_integers(whole, n, t, at);
}

/* From one float type to the other: the kernels are many times as fast. */
static void convert(const tsr_tensor *in, const tsr_tensor *out, size_t first, size_t end)
{
    const tsr_convert_f16 *v = tsr_convert_f16_best();
    if (in->dtype == TSR_F32)
        v->narrow((const float *)in->data + first, (uint16_t *)out->data + first, end - first);
    else
        v->widen((const uint16_t *)in->data + first, (float *)out->data + first, end - first);
}

static void cast_blocks(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const tsr_tensor *in = s->in[0], *out = s->out[0];
    const size_t total = tsr_elements(in), chunk = (size_t)BLOCK * TASK_BLOCKS;
    const size_t first = (size_t)index * chunk;
    const size_t end = total - first < chunk ? total : first + chunk;
    if (is_float(in->dtype) && is_float(out->dtype) && in->dtype != out->dtype) {
        convert(in, out, first, end);
        return;
    }
    for (size_t at = first; at < end; at += BLOCK) {
        const size_t n = end - at < BLOCK ? end - at : BLOCK;
        double real[BLOCK];
        int64_t whole[BLOCK];
        if (is_float(in->dtype)) {
            load_floats(in, at, n, real);
            store_floats(real, n, out, at);
        } else {
            load_integers(in, at, n, whole);
            store_integers(whole, n, out, at);
        }
    }
}

static void run(const tsr_step *s)
{
    const size_t chunk = (size_t)BLOCK * TASK_BLOCKS;
    tsr_step copy = *s;
    tsr_parallel(s->threads, (int)((tsr_elements(s->in[0]) + chunk - 1) / chunk), cast_blocks,
                 &copy);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)ctx, (void)err;
    s->run = run;
    return TSR_OK;
}

const tsr_op tsr_op_cast = {
    .name = "cast", .kind = TSR_OP_CAST, .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};
