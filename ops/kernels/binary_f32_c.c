/* binary_f32_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include "ops/kernels/binary_f32.h"

static inline float value(tsr_binary_fn f, float a, float b)
{
    switch (f) {
    case TSR_BINARY_ADD: return a + b;
    case TSR_BINARY_SUB: return a - b;
    case TSR_BINARY_MUL: return a * b;
    case TSR_BINARY_DIV: return a / b;
    case TSR_BINARY_MINIMUM: return isnan(a) || a < b ? a : b;
    case TSR_BINARY_MAXIMUM: return isnan(a) || a > b ? a : b;
    case TSR_BINARY_SQUARED_DIFFERENCE: return (a - b) * (a - b);
    case TSR_BINARY_PRELU: return a < 0.0f ? a * b : a;
    case TSR_BINARY_POW: return powf(a, b);
    case TSR_BINARY_FLOOR_DIV: return floorf(a / b);
    default: return a;
    }
}

/* `f` is a constant at every call, so the switch above folds away. */
static inline void each(const tsr_binary_f32_block *k, tsr_binary_fn f)
{
    for (int r = 0; r < k->rows; r++)
        for (int i = 0; i < k->n; i++) {
            float v = value(f, k->a[r * k->a_row + i * k->a_step],
                            k->b[r * k->b_row + i * k->b_step]);
            if (v < k->lo) v = k->lo;
            if (v > k->hi) v = k->hi;
            k->y[r * k->y_row + i] = v;
        }
}

static void add(const tsr_binary_f32_block *k)       { each(k, TSR_BINARY_ADD); }
static void sub(const tsr_binary_f32_block *k)       { each(k, TSR_BINARY_SUB); }
static void mul(const tsr_binary_f32_block *k)       { each(k, TSR_BINARY_MUL); }
static void quotient(const tsr_binary_f32_block *k)  { each(k, TSR_BINARY_DIV); }
static void minimum(const tsr_binary_f32_block *k)   { each(k, TSR_BINARY_MINIMUM); }
static void maximum(const tsr_binary_f32_block *k)   { each(k, TSR_BINARY_MAXIMUM); }
static void squared(const tsr_binary_f32_block *k)   { each(k, TSR_BINARY_SQUARED_DIFFERENCE); }
static void prelu(const tsr_binary_f32_block *k)     { each(k, TSR_BINARY_PRELU); }
static void power(const tsr_binary_f32_block *k)     { each(k, TSR_BINARY_POW); }
static void floor_div(const tsr_binary_f32_block *k) { each(k, TSR_BINARY_FLOOR_DIV); }

const tsr_binary_f32 tsr_binary_f32_c = {
    .level = "c",
    .fn = {
        [TSR_BINARY_ADD] = add, [TSR_BINARY_SUB] = sub, [TSR_BINARY_MUL] = mul,
        [TSR_BINARY_DIV] = quotient, [TSR_BINARY_MINIMUM] = minimum,
        [TSR_BINARY_MAXIMUM] = maximum, [TSR_BINARY_SQUARED_DIFFERENCE] = squared,
        [TSR_BINARY_PRELU] = prelu, [TSR_BINARY_POW] = power, [TSR_BINARY_FLOOR_DIV] = floor_div,
    },
};
