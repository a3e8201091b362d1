/*
 * softmax_f32_simd.h - softmax on vectors of any width; see dwconv_f32_simd.h
 * for how such a file is used.
 *
 * Three passes: the maximum; exp and its sum; the division.  A single row runs
 * along its numbers and combines the lanes at the end of a pass; side by side
 * rows give every lane a distribution of its own.  SPDX-License-Identifier: MIT
 */
#ifndef TSR_SOFTMAX_F32_SIMD_H
#define TSR_SOFTMAX_F32_SIMD_H

#include <math.h>
#include <stddef.h>
#include "ops/kernels/softmax_f32.h"
#include "ops/kernels/vec_math.h"

/* Numbers behind the end count as -inf: never the maximum, and 0 after exp. */
VF_INLINE vf load_padded(const float *x, int part)
{
    static const float lane[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    return vf_if_less(vf_load(lane), vf_set((float)part), vf_load_part(x, part),
                      vf_set(-INFINITY));
}

static float row_max(const float *x, int n)
{
    vf max = vf_set(-INFINITY);
    int i = 0;
    for (; i + VF <= n; i += VF)
        max = vf_max_nan(max, vf_load(x + i));
    if (i < n)
        max = vf_max_nan(max, load_padded(x + i, n - i));
    return vf_largest(max);
}

static float row_exp(const float *x, float *y, int n, float max, float beta)
{
    const vf m = vf_set(max), b = vf_set(beta);
    vf sum = vf_set(0.0f);
    int i = 0;
    for (; i + VF <= n; i += VF) {
        const vf e = vf_exp(vf_mul(vf_sub(vf_load(x + i), m), b));
        sum = vf_add(sum, e);
        vf_store(y + i, e);
    }
    if (i < n) {
        const vf e = vf_exp(vf_mul(vf_sub(load_padded(x + i, n - i), m), b));
        sum = vf_add(sum, e);
        vf_store_part(y + i, e, n - i);
    }
    return vf_sum(sum);
}

static void row(const float *x, float *y, int n, float beta)
{
    const vf sum = vf_set(row_exp(x, y, n, row_max(x, n), beta));
    int i = 0;
    for (; i + VF <= n; i += VF)
        vf_store(y + i, vf_div(vf_load(y + i), sum));
    if (i < n)
        vf_store_part(y + i, vf_div(vf_load_part(y + i, n - i), sum), n - i);
}

VF_INLINE vf load(const float *x, int part)
{
    return part < VF ? vf_load_part(x, part) : vf_load(x);
}

VF_INLINE void store(float *y, vf v, int part)
{
    if (part < VF)
        vf_store_part(y, v, part);
    else
        vf_store(y, v);
}

/* `part` neighbouring columns of n numbers, `inner` elements apart. */
VF_INLINE void columns(const float *x, float *y, int n, int inner, float beta, int part)
{
    const vf b = vf_set(beta);
    vf max = load(x, part), sum = vf_set(0.0f);
    for (ptrdiff_t i = 1; i < n; i++)
        max = vf_max_nan(max, load(x + i * inner, part));
    for (ptrdiff_t i = 0; i < n; i++) {
        const vf e = vf_exp(vf_mul(vf_sub(load(x + i * inner, part), max), b));
        sum = vf_add(sum, e);
        store(y + i * inner, e, part);
    }
    for (ptrdiff_t i = 0; i < n; i++)
        store(y + i * inner, vf_div(load(y + i * inner, part), sum), part);
}

static void run(const float *x, float *y, int n, int inner, float beta)
{
    if (inner == 1) {
        row(x, y, n, beta);
        return;
    }
    int i = 0;
    for (; i + VF <= inner; i += VF)
        columns(x + i, y + i, n, inner, beta, VF);
    if (i < inner)
        columns(x + i, y + i, n, inner, beta, inner - i);
}

#endif
