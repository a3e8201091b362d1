/*
 * unary_q8.c - operators of one input on u8 and s8: a table of 256 results.
 *
 *     most         rint(f(s_in * (x - zp)) / s_out) + zp_out: what TFLite's and
 *                  XNNPACK's own tables hold
 *     leaky_relu   ((x - zp) * m + 128 >> 8) + zp_out, m = rint(256 * s_in / s_out),
 *                  times alpha below 0: XNNPACK's
 *     clamp, abs   fixed31: (x - zp) * (s_in / s_out)
 *     hard_swish   TFLite's kernel in 16-bit fixed point, step by step
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/q8.h"
#include "ops/unary.h"

/* ---- real functions --------------------------------------------------------- */

static double limit(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }

static double real(const tsr_node *n, double x)
{
    const double alpha = (double)n->attr.unary.alpha, beta = (double)n->attr.unary.beta;
    switch (n->kind) {
    case TSR_OP_LOGISTIC: return 1.0 / (1.0 + exp(-x));
    case TSR_OP_TANH: return tanh(x);
    case TSR_OP_ELU: return x < 0.0 ? alpha * expm1(x) : x;
    case TSR_OP_HARD_SIGMOID: return limit(alpha * x + beta, 0.0, 1.0);
    case TSR_OP_EXP: return exp(x);
    case TSR_OP_LOG: return x > 0.0 ? log(x) : -HUGE_VAL;
    case TSR_OP_SQRT: return x > 0.0 ? sqrt(x) : 0.0;
    case TSR_OP_RSQRT: return x > 0.0 ? 1.0 / sqrt(x) : HUGE_VAL;
    case TSR_OP_NEG: return -x;
    case TSR_OP_FLOOR: return floor(x);
    case TSR_OP_CEIL: return ceil(x);
    default: return rint(x);            /* round */
    }
}

static uint8_t real_entry(const tsr_step *s, int v)
{
    const tsr_q8_output o = tsr_q8_output_make(s->node, s->out[0]);
    const float y = (float)real(s->node, (double)s->in[0]->quant.scale * v);
    return tsr_q8_store(y * (1.0f / s->out[0]->quant.scale), &o);
}

/* ---- integer functions: result less zero point ------------------------------ */

/* XNNPACK takes factors between 2^-8 and 2^7; the others stay with TFLite. */
static bool is_xnnpack_factor(float f) { return fabsf(f) >= 0x1p-8f && fabsf(f) <= 0x1p7f; }

static int leaky_relu(const tsr_step *s, int v)
{
    const float ratio = s->in[0]->quant.scale / s->out[0]->quant.scale;
    const float below = ratio * s->node->attr.unary.alpha;
    if (is_xnnpack_factor(ratio) && is_xnnpack_factor(below))
        return (v * (int)rintf(256.0f * (v < 0 ? below : ratio)) + 128) >> 8;
    const float f = v < 0 ? below : ratio;
    const int scaled = tsr_fixed31_scale(tsr_fixed31_make((double)fabsf(f)), v);
    return f < 0.0f ? -scaled : scaled;
}

/* x * y / 2^15 for 16-bit numbers, rounded to nearest, halves away from zero. */
static int high_16(int x, int y)
{
    const int product = x * y;
    return (product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15);
}

static int saturate_16(int x) { return x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x; }

/* The upper 16 bits of a 31-bit multiplier, rounded. */
static int multiplier_16(tsr_fixed31 f)
{
    return saturate_16((int)(((int64_t)f.multiplier + (1 << 15)) >> 16));
}

static int divide_by_power(int x, int exponent)     /* halves away from zero */
{
    const int unit = 1 << exponent;
    return (x >= 0 ? x + unit / 2 : x - unit / 2) / unit;
}

/* x * relu6(x + 3) / 6.  The second factor is formed as 3 * 2^-15 units: then
 * -3 .. 3 fills 16 bits, and saturation is the relu6. */
static int hard_swish(const tsr_step *s, int v)
{
    const float fine = s->in[0]->quant.scale / 128.0f;      /* scale of v * 128 */
    const tsr_fixed31 to_out = tsr_fixed31_make((double)(fine / s->out[0]->quant.scale));
    const tsr_fixed31 to_gate = tsr_fixed31_make((double)(fine / (3.0f / 32768.0f)));
    const int up = to_gate.shift > 0 ? (to_gate.shift < 16 ? to_gate.shift : 16) : 0;
    const int down = to_gate.shift < 0 ? (to_gate.shift > -16 ? -to_gate.shift : 16) : 0;
    int gate = v * 128;
    if (up)                     /* all but one place before, one after: accuracy */
        gate = saturate_16(gate * (1 << (up - 1)));
    gate = high_16(gate, multiplier_16(to_gate));
    if (up)
        gate = saturate_16(gate * 2);
    gate = (divide_by_power(gate, down) + (1 << 15)) >> 1;  /* 0 .. 1 as 0 .. 2^15 */
    const int y = gate * high_16(v * 128, multiplier_16(to_out)) / (1 << 15);
    /* Its scale is a little above the output's: a shift to the right remains. */
    return to_out.shift > 0 ? y * (1 << (to_out.shift < 14 ? to_out.shift : 14))
                            : divide_by_power(y, to_out.shift > -30 ? -to_out.shift : 30);
}

static uint8_t integer_entry(const tsr_step *s, int v)
{
    const tsr_tensor *y = s->out[0];
    const float ratio = s->in[0]->quant.scale / y->quant.scale;
    int lo, hi, result;
    tsr_fixed31_bounds(s->node, y, &lo, &hi);
    switch (s->node->kind) {
    case TSR_OP_LEAKY_RELU: result = leaky_relu(s, v); break;
    case TSR_OP_HARD_SWISH: result = hard_swish(s, v); break;
    case TSR_OP_ABS:
        result = tsr_fixed31_scale(tsr_fixed31_make((double)ratio), v < 0 ? -v : v);
        break;
    default: result = tsr_fixed31_scale(tsr_fixed31_make((double)ratio), v); break;  /* clamp */
    }
    const int64_t stored = (int64_t)result + y->quant.zero_point;
    return (uint8_t)(stored < lo ? lo : stored > hi ? hi : stored);
}

static bool is_integer(tsr_op_kind kind)
{
    return kind == TSR_OP_LEAKY_RELU || kind == TSR_OP_HARD_SWISH || kind == TSR_OP_ABS
        || kind == TSR_OP_CLAMP;
}

tsr_status tsr_unary_check_q8(const char *op, const tsr_node *n, const tsr_tensor *in,
                              const tsr_tensor *out, tsr_error *err)
{
    TSR_TRY(tsr_q8_check(op, n, "input", in, err));
    TSR_TRY(tsr_q8_check(op, n, "output", out, err));
    const float ratio = in->quant.scale / out->quant.scale, alpha = n->attr.unary.alpha;
    if (n->kind == TSR_OP_LEAKY_RELU && !(fabsf(alpha * ratio) <= 0x1p20f))
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': slope %g between scales %g and %g", op,
                        n->name, (double)alpha, (double)in->quant.scale, (double)out->quant.scale);
    if (is_integer(n->kind) && !(ratio <= 0x1p20f))     /* keeps every step within int */
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': scales %g to %g", op, n->name,
                        (double)in->quant.scale, (double)out->quant.scale);
    return TSR_OK;
}

tsr_status tsr_unary_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    tsr_q8_table *t = tsr_q8_table_keep(s, ctx);
    const tsr_tensor *x = s->in[0];
    for (int i = 0; t && i < 256; i++) {
        const int v = tsr_q8_value(x->dtype, (uint8_t)i) - x->quant.zero_point;
        t->y[i] = is_integer(s->node->kind) ? integer_entry(s, v) : real_entry(s, v);
    }
    return TSR_OK;
}
