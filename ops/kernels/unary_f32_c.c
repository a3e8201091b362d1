/* unary_f32_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include "ops/kernels/unary_f32.h"

static inline float clamp(float v, float lo, float hi)
{
    if (v < lo) v = lo;
    if (v > hi) v = hi;
    return v;
}

/* At -inf the gate is 0: keep the product from being a NaN. */
static inline float hard_swish_of(float x)
{
    const float gate = clamp(x + 3.0f, 0.0f, 6.0f);
    return (x < -3.0f ? -3.0f : x) * (gate * (1.0f / 6.0f));
}

static inline float value(tsr_unary_fn f, float x, const tsr_unary_f32_row *k)
{
    switch (f) {
    case TSR_UNARY_LOGISTIC: return 1.0f / (1.0f + expf(-x));
    case TSR_UNARY_TANH: return tanhf(x);
    case TSR_UNARY_HARD_SWISH: return hard_swish_of(x);
    case TSR_UNARY_HARD_SIGMOID: return clamp(k->alpha * x + k->beta, 0.0f, 1.0f);
    case TSR_UNARY_LEAKY_RELU: return x < 0.0f ? k->alpha * x : x;
    case TSR_UNARY_ELU: return x < 0.0f ? k->alpha * expm1f(x) : x;
    case TSR_UNARY_EXP: return expf(x);
    case TSR_UNARY_LOG: return logf(x);
    case TSR_UNARY_SQRT: return sqrtf(x);
    case TSR_UNARY_RSQRT: return 1.0f / sqrtf(x);
    case TSR_UNARY_ABS: return fabsf(x);
    case TSR_UNARY_NEG: return -x;
    case TSR_UNARY_FLOOR: return floorf(x);
    case TSR_UNARY_CEIL: return ceilf(x);
    case TSR_UNARY_ROUND: return rintf(x);
    default: return x;
    }
}

/* `f` is a constant at every call, so the switch above folds away. */
static inline void each(const tsr_unary_f32_row *k, tsr_unary_fn f)
{
    for (int i = 0; i < k->n; i++)
        k->y[i] = clamp(value(f, k->x[i], k), k->lo, k->hi);
}

static void clamped(const tsr_unary_f32_row *k)      { each(k, TSR_UNARY_CLAMP); }
static void logistic(const tsr_unary_f32_row *k)     { each(k, TSR_UNARY_LOGISTIC); }
static void tangent(const tsr_unary_f32_row *k)      { each(k, TSR_UNARY_TANH); }
static void hard_swish(const tsr_unary_f32_row *k)   { each(k, TSR_UNARY_HARD_SWISH); }
static void hard_sigmoid(const tsr_unary_f32_row *k) { each(k, TSR_UNARY_HARD_SIGMOID); }
static void leaky(const tsr_unary_f32_row *k)        { each(k, TSR_UNARY_LEAKY_RELU); }
static void elu(const tsr_unary_f32_row *k)          { each(k, TSR_UNARY_ELU); }
static void exponential(const tsr_unary_f32_row *k)  { each(k, TSR_UNARY_EXP); }
static void logarithm(const tsr_unary_f32_row *k)    { each(k, TSR_UNARY_LOG); }
static void root(const tsr_unary_f32_row *k)         { each(k, TSR_UNARY_SQRT); }
static void one_over_root(const tsr_unary_f32_row *k) { each(k, TSR_UNARY_RSQRT); }
static void absolute(const tsr_unary_f32_row *k)     { each(k, TSR_UNARY_ABS); }
static void negative(const tsr_unary_f32_row *k)     { each(k, TSR_UNARY_NEG); }
static void down(const tsr_unary_f32_row *k)         { each(k, TSR_UNARY_FLOOR); }
static void up(const tsr_unary_f32_row *k)           { each(k, TSR_UNARY_CEIL); }
static void nearest(const tsr_unary_f32_row *k)      { each(k, TSR_UNARY_ROUND); }

const tsr_unary_f32 tsr_unary_f32_c = {
    .level = "c",
    .fn = {
        [TSR_UNARY_CLAMP] = clamped, [TSR_UNARY_LOGISTIC] = logistic, [TSR_UNARY_TANH] = tangent,
        [TSR_UNARY_HARD_SWISH] = hard_swish, [TSR_UNARY_HARD_SIGMOID] = hard_sigmoid,
        [TSR_UNARY_LEAKY_RELU] = leaky, [TSR_UNARY_ELU] = elu, [TSR_UNARY_EXP] = exponential,
        [TSR_UNARY_LOG] = logarithm, [TSR_UNARY_SQRT] = root, [TSR_UNARY_RSQRT] = one_over_root,
        [TSR_UNARY_ABS] = absolute, [TSR_UNARY_NEG] = negative, [TSR_UNARY_FLOOR] = down,
        [TSR_UNARY_CEIL] = up, [TSR_UNARY_ROUND] = nearest,
    },
};
