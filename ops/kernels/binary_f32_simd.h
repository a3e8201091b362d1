/*
 * binary_f32_simd.h - the rows of binary_f32 on vectors of any width; see
 * dwconv_f32_simd.h for how such a file is used.
 *
 * An input that stays along a row is spread over a vector once per row.  VF_TURN
 * vectors a turn, none stored before all are loaded, so that loads and stores pair up.  The
 * last elements of a row go through partial loads and stores: y may be a, so no element
 * may be computed twice.                         SPDX-License-Identifier: MIT
 */
#ifndef TSR_BINARY_F32_SIMD_H
#define TSR_BINARY_F32_SIMD_H

#include <stdbool.h>
#include "engine/platform.h"
#include "ops/kernels/binary_f32.h"

VF_INLINE vf value(const tsr_binary_fn f, vf a, vf b)
{
    switch (f) {
    case TSR_BINARY_ADD: return vf_add(a, b);
    case TSR_BINARY_SUB: return vf_sub(a, b);
    case TSR_BINARY_MUL: return vf_mul(a, b);
    case TSR_BINARY_DIV: return vf_div(a, b);
    case TSR_BINARY_MINIMUM: return vf_min_nan(a, b);
    case TSR_BINARY_MAXIMUM: return vf_max_nan(a, b);
    case TSR_BINARY_SQUARED_DIFFERENCE: return vf_mul(vf_sub(a, b), vf_sub(a, b));
    case TSR_BINARY_FLOOR_DIV: return vf_floor(vf_div(a, b));
    default: return vf_if_less(a, vf_set(0.0f), vf_mul(a, b), a);       /* PRELU */
    }
}

/* One row; f, a_moves and b_moves are constants at every call. */
VF_INLINE void row(const tsr_binary_f32_block *k, int r, const tsr_binary_fn f,
                   const bool a_moves, const bool b_moves)
{
    const float *a = k->a + r * k->a_row, *b = k->b + r * k->b_row;
    float *y = k->y + r * k->y_row;
    const vf lo = vf_set(k->lo), hi = vf_set(k->hi), a0 = vf_set(*a), b0 = vf_set(*b);
    const int n = k->n;
    int i = 0;
    for (; i + VF_TURN * VF <= n; i += VF_TURN * VF) {
        vf v[VF_TURN];
        TSR_UNROLL for (int j = 0; j < VF_TURN; j++)
            v[j] = vf_clamp(value(f, a_moves ? vf_load(a + i + j * VF) : a0,
                                  b_moves ? vf_load(b + i + j * VF) : b0), lo, hi);
        TSR_UNROLL for (int j = 0; j < VF_TURN; j++)
            vf_store(y + i + j * VF, v[j]);
    }
    for (; i + VF <= n; i += VF)
        vf_store(y + i, vf_clamp(value(f, a_moves ? vf_load(a + i) : a0,
                                       b_moves ? vf_load(b + i) : b0), lo, hi));
    const int part = n - i;
    if (part)
        vf_store_part(y + i, vf_clamp(value(f, a_moves ? vf_load_part(a + i, part) : a0,
                                            b_moves ? vf_load_part(b + i, part) : b0), lo, hi),
                      part);
}

VF_INLINE void each(const tsr_binary_f32_block *k, const tsr_binary_fn f)
{
    for (int r = 0; r < k->rows; r++)
        if (!k->b_step)
            row(k, r, f, k->a_step, false);
        else if (!k->a_step)
            row(k, r, f, false, true);
        else
            row(k, r, f, true, true);
}

static void add(const tsr_binary_f32_block *k)       { each(k, TSR_BINARY_ADD); }
static void sub(const tsr_binary_f32_block *k)       { each(k, TSR_BINARY_SUB); }
static void mul(const tsr_binary_f32_block *k)       { each(k, TSR_BINARY_MUL); }
static void quotient(const tsr_binary_f32_block *k)  { each(k, TSR_BINARY_DIV); }
static void minimum(const tsr_binary_f32_block *k)   { each(k, TSR_BINARY_MINIMUM); }
static void maximum(const tsr_binary_f32_block *k)   { each(k, TSR_BINARY_MAXIMUM); }
static void squared(const tsr_binary_f32_block *k)   { each(k, TSR_BINARY_SQUARED_DIFFERENCE); }
static void prelu(const tsr_binary_f32_block *k)     { each(k, TSR_BINARY_PRELU); }
static void floor_div(const tsr_binary_f32_block *k) { each(k, TSR_BINARY_FLOOR_DIV); }

/* pow stays with the C library. */
#define BINARY_F32_FUNCTIONS {                                                             \
        [TSR_BINARY_ADD] = add, [TSR_BINARY_SUB] = sub, [TSR_BINARY_MUL] = mul,            \
        [TSR_BINARY_DIV] = quotient, [TSR_BINARY_MINIMUM] = minimum,                       \
        [TSR_BINARY_MAXIMUM] = maximum, [TSR_BINARY_SQUARED_DIFFERENCE] = squared,         \
        [TSR_BINARY_PRELU] = prelu, [TSR_BINARY_FLOOR_DIV] = floor_div,                    \
    }

#endif
