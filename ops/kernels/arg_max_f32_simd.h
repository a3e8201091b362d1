/*
 * arg_max_f32_simd.h - the place of a row's largest number, on vectors of any width; see
 * dwconv_f32_simd.h for how such a file is used.
 *
 * Along a row each lane keeps the largest number it has met and where that was:
 *
 *     best = max(best, x),  at = x larger ? place : at       strictly: the first stays
 *
 * Then the lanes are compared.  Of those that hold the largest number the one with the
 * smallest place has met the row's first one.  Where a row's end does not fill a vector,
 * the last vector is moved back: numbers met twice have the same place both times.
 * Places are floats, which are exact below 2^24.
 *
 * Registers: best, at, place, x and a constant.  Rows do not depend on each other, so the
 * CPU has several in flight.  x86 has bits for comparisons, and with them a shorter way
 * for rows of up to 64 numbers: arg_max_f32_bits.h.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_ARG_MAX_F32_SIMD_H
#define TSR_ARG_MAX_F32_SIMD_H

#include <math.h>
#include "ops/kernels/arg_max_f32.h"

typedef struct { vf best, at; } leaders;

/* A NaN is not larger than anything, and so never gets in. */
VF_INLINE void meet(leaders *l, vf x, vf place)
{
    l->at = vf_if_less(l->best, x, place, l->at);
    l->best = vf_if_less(l->best, x, x, l->best);
}

VF_INLINE int32_t first_of(const leaders *l)
{
    const vf most = vf_set(vf_largest(l->best));
    const vf place = vf_if_less(l->best, most, vf_set(-INFINITY), vf_neg(l->at));
    return -(int32_t)vf_largest(place);
}

VF_INLINE int32_t row(const float *x, int n, vf sign, vf lane)
{
    leaders l = { vf_set(-INFINITY), lane };
    if (x[0] != x[0])
        return 0;
    if (n < VF) {
        const vf v = vf_mul(vf_load_part(x, n), sign);
        meet(&l, vf_if_less(lane, vf_set((float)n), v, vf_set(-INFINITY)), lane);
        return first_of(&l);
    }
    int k = 0;
    for (; k + VF <= n; k += VF)
        meet(&l, vf_mul(vf_load(x + k), sign), vf_add(lane, vf_set((float)k)));
    if (k < n)
        meet(&l, vf_mul(vf_load(x + n - VF), sign), vf_add(lane, vf_set((float)(n - VF))));
    return first_of(&l);
}

VF_INLINE vf lanes(void)
{
    static const float lane[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    return vf_load(lane);
}

static void any_rows(const float *x, int n, int count, float sign, int32_t *at)
{
    const vf s = vf_set(sign), lane = lanes();
    for (int i = 0; i < count; i++, x += n)
        at[i] = row(x, n, s, lane);
}

#endif
