/*
 * vec_math.h - exp, exp - 1 and their relatives on vectors; included after a
 * vec_*.h.
 *
 *     x = n ln2 + r,  n integral,  |r| <= ln2/2        exp(x) = 2^n (1 + p(r))
 *
 * ln2 is the sum of two floats, so that r keeps all its bits (Cody & Waite,
 * "Software Manual for the Elementary Functions", 1980).  p(r) = exp(r) - 1 =
 * r + r^2 q(r), where q is a polynomial of degree 4 fitted to the least
 * largest error of r q(r) over |r| <= 0.3476: 1.4e-8, a quarter of a rounding.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_VEC_MATH_H
#define TSR_VEC_MATH_H

typedef struct { vf n, p; } vf_reduced;         /* exp(x) = 2^n (1 + p) */

VF_INLINE vf_reduced vf_reduce(vf x)
{
    const vf n = vf_round(vf_mul(x, vf_set(0x1.715476p+0f)));           /* 1 / ln2 */
    vf r = vf_fma(n, vf_set(-0x1.62e43p-1f), x);
    r = vf_fma(n, vf_set(0x1.05c61p-29f), r);
    vf q = vf_fma(r, vf_set(0x1.6d9b5ap-10f), vf_set(0x1.1229a8p-7f));
    q = vf_fma(q, r, vf_set(0x1.555484p-5f));
    q = vf_fma(q, r, vf_set(0x1.5554aep-3f));
    q = vf_fma(q, r, vf_set(0.5f));
    return (vf_reduced){ n, vf_fma(vf_mul(r, r), q, r) };
}

/* The whole range: subnormal results round once, large ones become infinite.
 * 2^n is applied in two halves, since 2^-150 and 2^128 are no floats. */
VF_INLINE vf vf_exp(vf x)
{
    const vf_reduced e = vf_reduce(vf_clamp(x, vf_set(-104.0f), vf_set(89.0f)));
    const vf half = vf_floor(vf_mul(e.n, vf_set(0.5f)));
    const vf s = vf_power_of_two(half);
    return vf_mul(vf_fma(s, e.p, s), vf_power_of_two(vf_sub(e.n, half)));
}

/* exp(x) - 1 without cancellation near 0.  x <= 80; below -25 it is -1. */
VF_INLINE vf vf_expm1(vf x)
{
    const vf_reduced e = vf_reduce(vf_max(vf_set(-25.0f), x));
    const vf s = vf_power_of_two(e.n);
    return vf_fma(s, e.p, vf_sub(s, vf_set(1.0f)));
}

VF_INLINE vf vf_logistic(vf x)
{
    return vf_div(vf_set(1.0f), vf_add(vf_set(1.0f), vf_exp(vf_neg(x))));
}

/* tanh(x) = m / (m + 2) with m = exp(2x) - 1; beyond 10 it is 1 in float. */
VF_INLINE vf vf_tanh(vf x)
{
    const vf c = vf_clamp(x, vf_set(-10.0f), vf_set(10.0f));
    const vf m = vf_expm1(vf_add(c, c));
    return vf_div(m, vf_add(m, vf_set(2.0f)));
}

#endif
