/*
 * peak_simd.h - the loop of peak.h in terms of vf_fma, for every vector width.
 *
 * Sums are named, not an array: a compiler that put them on the stack would measure
 * the stack.                                     SPDX-License-Identifier: MIT
 */
#include "bench/peak.h"

enum { PEAK_FLOPS = 2 * 16 * VF };

static float run(int rounds)
{
    const vf x = vf_set(0.999f), y = vf_set(1e-3f);     /* sums stay near 1 */
    vf a = vf_set(1), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    vf i = vf_set(2), j = i, k = i, l = i, m = i, n = i, o = i, p = i;
    /* Equal sums would be computed once: each chain starts elsewhere. */
    b = vf_add(b, y), c = vf_add(b, y), d = vf_add(c, y), e = vf_add(d, y), f = vf_add(e, y);
    g = vf_add(f, y), h = vf_add(g, y), j = vf_add(i, y), k = vf_add(j, y), l = vf_add(k, y);
    m = vf_add(l, y), n = vf_add(m, y), o = vf_add(n, y), p = vf_add(o, y);
    for (int r = 0; r < rounds; r++) {
        a = vf_fma(a, x, y), b = vf_fma(b, x, y), c = vf_fma(c, x, y), d = vf_fma(d, x, y);
        e = vf_fma(e, x, y), f = vf_fma(f, x, y), g = vf_fma(g, x, y), h = vf_fma(h, x, y);
        i = vf_fma(i, x, y), j = vf_fma(j, x, y), k = vf_fma(k, x, y), l = vf_fma(l, x, y);
        m = vf_fma(m, x, y), n = vf_fma(n, x, y), o = vf_fma(o, x, y), p = vf_fma(p, x, y);
    }
    a = vf_add(vf_add(vf_add(a, b), vf_add(c, d)), vf_add(vf_add(e, f), vf_add(g, h)));
    i = vf_add(vf_add(vf_add(i, j), vf_add(k, l)), vf_add(vf_add(m, n), vf_add(o, p)));
    float sum[VF];
    vf_store(sum, vf_add(a, i));
    return sum[0];
}
