/*
 * unary_f32_simd.h - the rows of unary_f32 on vectors of any width; see
 * dwconv_f32_simd.h for how such a file is used.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_UNARY_F32_SIMD_H
#define TSR_UNARY_F32_SIMD_H

#include "ops/kernels/unary_f32.h"
#include "ops/kernels/vec_math.h"

VF_INLINE vf hard_swish_of(vf x)
{
    const vf gate = vf_clamp(vf_add(x, vf_set(3.0f)), vf_set(0.0f), vf_set(6.0f));
    /* At -inf the gate is 0: keep the product from being a NaN. */
    return vf_mul(vf_max(vf_set(-3.0f), x), vf_mul(gate, vf_set(1.0f / 6.0f)));
}

VF_INLINE vf value(const tsr_unary_fn f, vf x, vf alpha, vf beta)
{
    const vf zero = vf_set(0.0f), one = vf_set(1.0f);
    switch (f) {
    case TSR_UNARY_LOGISTIC: return vf_logistic(x);
    case TSR_UNARY_TANH: return vf_tanh(x);
    case TSR_UNARY_HARD_SWISH: return hard_swish_of(x);
    case TSR_UNARY_HARD_SIGMOID: return vf_clamp(vf_add(vf_mul(alpha, x), beta), zero, one);
    case TSR_UNARY_LEAKY_RELU: return vf_if_less(x, zero, vf_mul(alpha, x), x);
    case TSR_UNARY_ELU:
        return vf_if_less(x, zero, vf_mul(alpha, vf_expm1(vf_min(zero, x))), x);
    case TSR_UNARY_EXP: return vf_exp(x);
    case TSR_UNARY_SQRT: return vf_sqrt(x);
    case TSR_UNARY_RSQRT: return vf_div(one, vf_sqrt(x));
    case TSR_UNARY_ABS: return vf_abs(x);
    case TSR_UNARY_NEG: return vf_neg(x);
    case TSR_UNARY_FLOOR: return vf_floor(x);
    case TSR_UNARY_CEIL: return vf_ceil(x);
    case TSR_UNARY_ROUND: return vf_round(x);
    default: return x;
    }
}

/* `f` is a constant at every call.  Partial loads and stores at the end: y may
 * be x, so no element may be computed twice. */
VF_INLINE void each(const tsr_unary_f32_row *k, const tsr_unary_fn f)
{
    const vf alpha = vf_set(k->alpha), beta = vf_set(k->beta);
    const vf lo = vf_set(k->lo), hi = vf_set(k->hi);
    int i = 0;
    for (; i + VF <= k->n; i += VF)
        vf_store(k->y + i, vf_clamp(value(f, vf_load(k->x + i), alpha, beta), lo, hi));
    const int part = k->n - i;
    if (part)
        vf_store_part(k->y + i, vf_clamp(value(f, vf_load_part(k->x + i, part), alpha, beta),
                                         lo, hi), part);
}

static void clamped(const tsr_unary_f32_row *k)      { each(k, TSR_UNARY_CLAMP); }
static void logistic(const tsr_unary_f32_row *k)     { each(k, TSR_UNARY_LOGISTIC); }
static void tangent(const tsr_unary_f32_row *k)      { each(k, TSR_UNARY_TANH); }
static void hard_swish(const tsr_unary_f32_row *k)   { each(k, TSR_UNARY_HARD_SWISH); }
static void hard_sigmoid(const tsr_unary_f32_row *k) { each(k, TSR_UNARY_HARD_SIGMOID); }
static void leaky(const tsr_unary_f32_row *k)        { each(k, TSR_UNARY_LEAKY_RELU); }
static void elu(const tsr_unary_f32_row *k)          { each(k, TSR_UNARY_ELU); }
static void exponential(const tsr_unary_f32_row *k)  { each(k, TSR_UNARY_EXP); }
static void root(const tsr_unary_f32_row *k)         { each(k, TSR_UNARY_SQRT); }
static void one_over_root(const tsr_unary_f32_row *k) { each(k, TSR_UNARY_RSQRT); }
static void absolute(const tsr_unary_f32_row *k)     { each(k, TSR_UNARY_ABS); }
static void negative(const tsr_unary_f32_row *k)     { each(k, TSR_UNARY_NEG); }
static void down(const tsr_unary_f32_row *k)         { each(k, TSR_UNARY_FLOOR); }
static void up(const tsr_unary_f32_row *k)           { each(k, TSR_UNARY_CEIL); }
static void nearest(const tsr_unary_f32_row *k)      { each(k, TSR_UNARY_ROUND); }

/* log stays with the C library. */
#define UNARY_F32_FUNCTIONS {                                                              \
        [TSR_UNARY_CLAMP] = clamped, [TSR_UNARY_LOGISTIC] = logistic,                      \
        [TSR_UNARY_TANH] = tangent, [TSR_UNARY_HARD_SWISH] = hard_swish,                   \
        [TSR_UNARY_HARD_SIGMOID] = hard_sigmoid, [TSR_UNARY_LEAKY_RELU] = leaky,           \
        [TSR_UNARY_ELU] = elu, [TSR_UNARY_EXP] = exponential, [TSR_UNARY_SQRT] = root,     \
        [TSR_UNARY_RSQRT] = one_over_root, [TSR_UNARY_ABS] = absolute,                     \
        [TSR_UNARY_NEG] = negative, [TSR_UNARY_FLOOR] = down, [TSR_UNARY_CEIL] = up,       \
        [TSR_UNARY_ROUND] = nearest,                                                       \
    }

#endif
