/* q8.c - see q8.h.   SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include "ops/q8.h"

/* ---- float rule ------------------------------------------------------------ */

/* A bound of the fused activation as a stored number.  The zero point is added
 * before rounding, as XNNPACK does: it decides which way an exact half goes. */
static int bound(float v, const tsr_tensor *t)
{
    const float q = v / t->quant.scale + (float)t->quant.zero_point;
    const int min = tsr_q8_min(t->dtype), max = tsr_q8_max(t->dtype);
    return q <= (float)min ? min : q >= (float)max ? max : (int)tsr_q8_rint(q);
}

tsr_q8_output tsr_q8_output_make(const tsr_node *n, const tsr_tensor *out)
{
    const int zp = out->quant.zero_point;
    /* An activation that bounds nothing still saturates at the type's range; in
     * the older u8 networks that saturation is their RELU6. */
    const int lo = n->lo > -FLT_MAX ? bound(n->lo, out) : tsr_q8_min(out->dtype);
    const int hi = n->hi < FLT_MAX ? bound(n->hi, out) : tsr_q8_max(out->dtype);
    return (tsr_q8_output){ (float)(lo - zp), (float)(hi - zp), zp };
}

float tsr_q8_multiplier(const tsr_tensor *in, const tsr_tensor *filter, const tsr_tensor *out,
                        int channel)
{
    const tsr_quant *w = &filter->quant;
    /* Two roundings, in this order: part of the rule. */
    const float product = in->quant.scale * (w->scales ? w->scales[channel] : w->scale);
    return product / out->quant.scale;
}

/* ---- questions -------------------------------------------------------------- */

/* False for NaN, too.  Subnormal scales pass: the products are checked later. */
static bool usable(float scale) { return scale > 0.0f && scale <= FLT_MAX; }

static tsr_status check_zero(const char *op, const tsr_node *n, const char *what,
                             const tsr_tensor *t, tsr_error *err)
{
    const int zp = t->quant.zero_point;
    if (zp < tsr_q8_min(t->dtype) || zp > tsr_q8_max(t->dtype))
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': %s has zero point %d, outside %s", op,
                        n->name, what, zp, tsr_dtype_name(t->dtype));
    return TSR_OK;
}

tsr_status tsr_q8_check(const char *op, const tsr_node *n, const char *what,
                        const tsr_tensor *t, tsr_error *err)
{
    if (!tsr_is_q8(t->dtype))
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s is %s, wants u8 or s8", op, n->name,
                        what, tsr_dtype_name(t->dtype));
    if (t->quant.scales)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s has a scale per channel", op, n->name,
                        what);
    if (!usable(t->quant.scale))
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': %s is %s with scale %g", op, n->name, what,
                        tsr_dtype_name(t->dtype), (double)t->quant.scale);
    return check_zero(op, n, what, t, err);
}

tsr_status tsr_q8_check_same(const char *op, const tsr_node *n, const tsr_tensor *in,
                             const tsr_tensor *out, tsr_error *err)
{
    const tsr_quant *a = &in->quant, *b = &out->quant;
    if (in->dtype != out->dtype)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s to %s", op, n->name,
                        tsr_dtype_name(in->dtype), tsr_dtype_name(out->dtype));
    if (a->scale != b->scale || a->zero_point != b->zero_point)
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "%s '%s': scale %g zero point %d to scale %g zero point %d", op, n->name,
                        (double)a->scale, a->zero_point, (double)b->scale, b->zero_point);
    return TSR_OK;
}

/* A scale per channel goes with s8 and zero point 0 only: TFLite's rule, and
 * what lets the kernels correct for one zero point per filter. */
static tsr_status check_filter(const char *op, const tsr_node *n, const tsr_tensor *f, int axis,
                               tsr_error *err)
{
    if (!f->data)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': an 8-bit filter that is not a constant",
                        op, n->name);
    if (!f->quant.scales)
        return tsr_q8_check(op, n, "filter", f, err);
    if (f->dtype != TSR_S8 || f->quant.zero_point != 0)
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "%s '%s': per-channel filter is %s with zero point %d, wants s8 and 0", op,
                        n->name, tsr_dtype_name(f->dtype), f->quant.zero_point);
    if (f->quant.axis != axis)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': filter scales lie along axis %d, not %d",
                        op, n->name, f->quant.axis, axis);
    for (int i = 0; i < f->dim[axis]; i++)
        if (!usable(f->quant.scales[i]))
            return tsr_fail(err, TSR_BAD_FILE, "%s '%s': filter scale %d is %g", op, n->name, i,
                            (double)f->quant.scales[i]);
    return TSR_OK;
}

/* The largest |sum| any input can give is |bias| + max|x| * sum|w|. */
static tsr_status check_sum(const char *op, const tsr_node *n, const tsr_tensor *const *in,
                            int axis, int channel, tsr_error *err)
{
    const tsr_tensor *f = in[1], *b = n->in_count > 2 ? in[2] : NULL;
    const int zero = tsr_q8_zero(in[0]), reach = zero > 255 - zero ? zero : 255 - zero;
    /* Channels lie along `axis`: outer runs of inner weights belong to one. */
    size_t inner = 1, outer = 1;
    for (int i = 0; i < f->rank; i++)
        *(i < axis ? &outer : &inner) *= i == axis ? 1 : (size_t)f->dim[i];
    const size_t row = inner * (size_t)f->dim[axis];
    const uint8_t *w = (const uint8_t *)f->data + (size_t)channel * inner;
    const int64_t bias = b ? ((const int32_t *)b->data)[channel] : 0;
    /* Few weights cannot overflow, whatever they are: no need to look at them. */
    if ((uint64_t)inner * outer <= 32768 && (bias < 0 ? -bias : bias) <= 1 << 20)
        return TSR_OK;                          /* 2^15 * 255 * 255 + 2^20 < 2^31 */
    int64_t sum = 0;
    for (size_t o = 0; o < outer; o++, w += row)
        for (size_t i = 0; i < inner; i++) {
            const int x = tsr_q8_value(f->dtype, w[i]) - f->quant.zero_point;
            sum += x < 0 ? -x : x;
        }
    /* The first test keeps the product in the second within 64 bits. */
    if (sum > (INT64_C(1) << 31) / 255 || (bias < 0 ? -bias : bias) + sum * reach > INT32_MAX)
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "%s '%s': sums of channel %d can exceed 32 bits (bias %lld, weights %lld)",
                        op, n->name, channel, (long long)bias, (long long)sum);
    return TSR_OK;
}

tsr_status tsr_q8_check_weights(const char *op, const tsr_node *n, const tsr_tensor *const *in,
                                const tsr_tensor *out, int axis, tsr_error *err)
{
    const tsr_tensor *b = n->in_count > 2 ? in[2] : NULL;
    TSR_TRY(tsr_q8_check(op, n, "input", in[0], err));
    TSR_TRY(tsr_q8_check(op, n, "output", out, err));
    TSR_TRY(check_filter(op, n, in[1], axis, err));
    if (b && (b->dtype != TSR_S32 || !b->data))
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': bias is %s, wants %s", op, n->name,
                        b->data ? tsr_dtype_name(b->dtype) : "not a constant",
                        b->data ? "s32" : "one");
    if (n->in_count > 3 && in[3])
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': a fourth input with 8-bit data", op,
                        n->name);
    for (int c = 0; c < in[1]->dim[axis]; c++) {
        const float s = tsr_q8_multiplier(in[0], in[1], out, c);
        if (!(s <= FLT_MAX))
            return tsr_fail(err, TSR_BAD_FILE, "%s '%s': scales of channel %d multiply to %g", op,
                            n->name, c, (double)s);
        TSR_TRY(check_sum(op, n, in, axis, c, err));
    }
    return TSR_OK;
}

/* ---- fixed31 ----------------------------------------------------------------- */

tsr_fixed31 tsr_fixed31_make(double real)
{
    tsr_fixed31 f = { 0, 0 };
    /* 31 bits of the fraction; rounding up to 1.0 moves the point. */
    const double fraction = frexp(real, &f.shift);     /* 0.5 <= fraction < 1 */
    const double scaled = floor(fraction * 0x1p31 + 0.5);
    if (scaled >= 0x1p31)
        f.multiplier = 1 << 30, f.shift++;
    else
        f.multiplier = (int32_t)scaled;
    if (f.shift < -31 || real == 0.0)                   /* smaller than any result */
        f = (tsr_fixed31){ 0, 0 };
    if (f.shift > 30)                                   /* larger than any result  */
        f = (tsr_fixed31){ INT32_MAX, 30 };
    return f;
}

static int64_t saturate32(int64_t x)
{
    return x < INT32_MIN ? INT32_MIN : x > INT32_MAX ? INT32_MAX : x;
}

int32_t tsr_fixed31_scale(tsr_fixed31 f, int32_t x)
{
    /* Large factors shift before the multiplication, small ones after it. */
    const int left = f.shift > 0 ? f.shift : 0, right = f.shift > 0 ? 0 : -f.shift;
    const int64_t product = saturate32((int64_t)x * (INT64_C(1) << left)) * f.multiplier;
    /* Division truncates, so a nudge with the product's sign rounds away from 0. */
    const int64_t high = (product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (INT64_C(1) << 31);
    /* The second rounding: of the multiplied number, again away from 0. */
    const int64_t unit = INT64_C(1) << right, half = unit / 2;
    return (int32_t)((high >= 0 ? high + half : high - half) / unit);
}

static int fixed_bound(float v, const tsr_tensor *t)
{
    const float q = v / t->quant.scale;
    const float away = floorf(fabsf(q) + 0.5f);
    const int min = tsr_q8_min(t->dtype), max = tsr_q8_max(t->dtype), zp = t->quant.zero_point;
    if (!(away < 512.0f))       /* beyond any zero point's reach, or NaN */
        return q < 0.0f ? min : max;
    const int y = zp + (q < 0.0f ? -(int)away : (int)away);
    return y < min ? min : y > max ? max : y;
}

void tsr_fixed31_bounds(const tsr_node *n, const tsr_tensor *out, int *lo, int *hi)
{
    *lo = n->lo > -FLT_MAX ? fixed_bound(n->lo, out) : tsr_q8_min(out->dtype);
    *hi = n->hi < FLT_MAX ? fixed_bound(n->hi, out) : tsr_q8_max(out->dtype);
}

/* ---- tables ------------------------------------------------------------------- */

enum { TABLE_TASK = 1 << 15 };

static void apply_task(void *arg, int index, int worker)
{
    (void)worker;
    const tsr_step *s = arg;
    const tsr_q8_table *t = s->state;
    const size_t n = tsr_elements(s->out[0]), first = (size_t)index * TABLE_TASK;
    const size_t end = n - first < TABLE_TASK ? n : first + TABLE_TASK;
    const uint8_t *x = s->in[0]->data;
    uint8_t *y = s->out[0]->data;
    for (size_t i = first; i < end; i++)        /* x may be y */
        y[i] = t->y[x[i]];
}

static void apply(const tsr_step *s)
{
    tsr_step copy = *s;
    const size_t n = tsr_elements(s->out[0]);
    tsr_parallel(s->threads, (int)((n + TABLE_TASK - 1) / TABLE_TASK), apply_task, &copy);
}

tsr_q8_table *tsr_q8_table_keep(tsr_step *s, const tsr_prepare_context *ctx)
{
    s->run = apply;
    return s->state = tsr_arena_keep(ctx->arena, sizeof(tsr_q8_table), 64);
}
