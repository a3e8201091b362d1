/*
 * dot.h - sum a[i] b[i].
 *
 * Eight partial sums, always in the same order: a compiler makes vector code of
 * them without being allowed to reorder anything, and every machine gets the same
 * result.                                        SPDX-License-Identifier: MIT
 */
#ifndef TSR_DOT_H
#define TSR_DOT_H

static inline float tsr_dot(const float *a, const float *b, int n)
{
    enum { LANES = 8 };
    float part[LANES] = { 0 }, sum = 0;
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            part[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (int k = 0; k < LANES; k++)
        sum += part[k];
    return sum;
}

#endif
