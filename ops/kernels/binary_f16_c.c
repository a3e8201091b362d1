/*
 * binary_f16_c.c - the reference, and what runs where a CPU has no 16-bit floats: blocks of a
 * row are widened, go through the float32 function of the same CPU level, and are rounded.
 * SPDX-License-Identifier: MIT
 */
#include "ops/kernels/binary_f16.h"
#include "ops/kernels/convert_f16.h"

enum { BLOCK = 256 };           /* numbers: 2 KB of stack */

static void each(const tsr_binary_f16_block *k, tsr_binary_fn f)
{
    const tsr_convert_f16 *convert = tsr_convert_f16_best();
    tsr_binary_f32_run *run = tsr_binary_f32_best(f);
    float a[BLOCK], b[BLOCK];
    for (int r = 0; r < k->rows; r++)
        for (int i = 0; i < k->n; i += BLOCK) {
            const int n = k->n - i < BLOCK ? k->n - i : BLOCK;
            convert->widen(k->a + r * k->a_row + i * k->a_step, a, k->a_step ? (size_t)n : 1);
            convert->widen(k->b + r * k->b_row + i * k->b_step, b, k->b_step ? (size_t)n : 1);
            float y[BLOCK];
            run(&(tsr_binary_f32_block){ .a = a, .b = b, .y = y, .a_step = k->a_step,
                                         .b_step = k->b_step, .rows = 1, .n = n,
                                         .lo = k->lo, .hi = k->hi });
            convert->narrow(y, k->y + r * k->y_row + i, (size_t)n);
        }
}

static void add(const tsr_binary_f16_block *k)       { each(k, TSR_BINARY_ADD); }
static void sub(const tsr_binary_f16_block *k)       { each(k, TSR_BINARY_SUB); }
static void mul(const tsr_binary_f16_block *k)       { each(k, TSR_BINARY_MUL); }
static void quotient(const tsr_binary_f16_block *k)  { each(k, TSR_BINARY_DIV); }
static void minimum(const tsr_binary_f16_block *k)   { each(k, TSR_BINARY_MINIMUM); }
static void maximum(const tsr_binary_f16_block *k)   { each(k, TSR_BINARY_MAXIMUM); }
static void squared(const tsr_binary_f16_block *k)   { each(k, TSR_BINARY_SQUARED_DIFFERENCE); }
static void prelu(const tsr_binary_f16_block *k)     { each(k, TSR_BINARY_PRELU); }
static void power(const tsr_binary_f16_block *k)     { each(k, TSR_BINARY_POW); }
static void floor_div(const tsr_binary_f16_block *k) { each(k, TSR_BINARY_FLOOR_DIV); }

const tsr_binary_f16 tsr_binary_f16_c = {
    .level = "c",
    .fn = {
        [TSR_BINARY_ADD] = add, [TSR_BINARY_SUB] = sub, [TSR_BINARY_MUL] = mul,
        [TSR_BINARY_DIV] = quotient, [TSR_BINARY_MINIMUM] = minimum,
        [TSR_BINARY_MAXIMUM] = maximum, [TSR_BINARY_SQUARED_DIFFERENCE] = squared,
        [TSR_BINARY_PRELU] = prelu, [TSR_BINARY_POW] = power, [TSR_BINARY_FLOOR_DIV] = floor_div,
    },
};
