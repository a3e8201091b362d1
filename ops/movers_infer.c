/*
 * movers_infer.c - checks and encodings that the data-moving operations share.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <math.h>
#include <string.h>
#include "engine/half.h"
#include "ops/movers.h"

bool tsr_equal_quant(const tsr_tensor *a, const tsr_tensor *b)
{
    const tsr_quant *p = &a->quant, *q = &b->quant;
    if (p->scales || q->scales)     /* per channel: filters, which nobody moves */
        return p->scales == q->scales && p->axis == q->axis;
    /* Bit-equal scales, except that all kinds of "none" are alike. */
    const bool none_p = !(p->scale > 0), none_q = !(q->scale > 0);
    if (none_p || none_q)
        return none_p && none_q;
    return !(p->scale < q->scale) && !(p->scale > q->scale) && p->zero_point == q->zero_point;
}

static bool carries_quant(tsr_dtype d) { return d == TSR_S8 || d == TSR_U8 || d == TSR_S16; }

tsr_status tsr_infer_same_type(const tsr_node *n, const char *op, const tsr_tensor *in,
                               const tsr_tensor *out, tsr_error *err)
{
    if (in->dtype != out->dtype)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s input, %s output", op, n->name,
                        tsr_dtype_name(in->dtype), tsr_dtype_name(out->dtype));
    if (carries_quant(in->dtype) && !tsr_equal_quant(in, out))
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "%s '%s': input scale %g, zero point %d; output scale %g, zero point %d",
                        op, n->name, (double)in->quant.scale, in->quant.zero_point,
                        (double)out->quant.scale, out->quant.zero_point);
    return TSR_OK;
}

tsr_status tsr_infer_size(const tsr_node *n, const char *op, const tsr_tensor *out,
                          tsr_error *err)
{
    size_t room = INT_MAX / tsr_dtype_bytes(out->dtype);
    for (int i = 0; i < out->rank; i++) {
        if (out->dim[i] < 1)
            return tsr_fail(err, TSR_BAD_FILE, "%s '%s': dimension %d of the output is %d", op,
                            n->name, i, out->dim[i]);
        room /= (size_t)out->dim[i];
        if (room == 0)
            return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': the output exceeds 2 GiB", op,
                            n->name);
    }
    return TSR_OK;
}

static int64_t saturate(double v, int64_t lo, int64_t hi)
{
    if (!(v > (double)lo))          /* NaN goes here, too */
        return lo;
    return v >= (double)hi ? hi : (int64_t)v;
}

void tsr_encode_value(const tsr_tensor *t, float value, uint8_t bytes[8])
{
    const bool quantised = carries_quant(t->dtype) && t->quant.scale > 0;
    const double scale = quantised ? (double)t->quant.scale : 1;
    const double v = rint((double)value / scale) + (quantised ? t->quant.zero_point : 0);
    const float f = value;
    const uint16_t f16 = tsr_float_to_half(value);
    const int8_t s8 = (int8_t)saturate(v, INT8_MIN, INT8_MAX);
    const uint8_t u8 = (uint8_t)saturate(v, 0, t->dtype == TSR_BOOL ? 1 : UINT8_MAX);
    const int16_t s16 = (int16_t)saturate(v, INT16_MIN, INT16_MAX);
    const int32_t s32 = (int32_t)saturate(v, INT32_MIN, INT32_MAX);
    const int64_t s64 = saturate(v, INT64_MIN, INT64_MAX);
    switch (t->dtype) {
    case TSR_F32: memcpy(bytes, &f, 4); break;
    case TSR_F16: memcpy(bytes, &f16, 2); break;
    case TSR_S8: memcpy(bytes, &s8, 1); break;
    case TSR_U8: case TSR_BOOL: memcpy(bytes, &u8, 1); break;
    case TSR_S16: memcpy(bytes, &s16, 2); break;
    case TSR_S32: memcpy(bytes, &s32, 4); break;
    case TSR_S64: memcpy(bytes, &s64, 8); break;
    case TSR_DTYPE_COUNT: break;
    }
}
