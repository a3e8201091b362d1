/*
 * add_q8_body.h - the loop of add_q8, which any compiler turns into vectors: there is nothing
 * in it but exact 32-bit arithmetic, lane by lane.
 *
 * Each add_q8_LEVEL.c compiles it with the instructions of its level.  64-bit Arm has
 * vectors always, so there the plain C is as fast as it gets.  The result may be the memory
 * of an input, which keeps compilers from reading ahead: so a block's results wait in a
 * buffer until all of its inputs are read.       SPDX-License-Identifier: MIT
 */
#ifndef TSR_ADD_Q8_BODY_H
#define TSR_ADD_Q8_BODY_H

#include <string.h>
#include "ops/kernels/add_q8.h"

enum { BLOCK = 64 };

/* n <= BLOCK numbers; n is a constant where it can be. */
static inline void block(const tsr_add_q8_factors *factors, const uint8_t *a, const uint8_t *b,
                         int n, uint8_t *y)
{
    const tsr_add_q8_factors f = *factors;
    uint8_t out[BLOCK];
    for (int i = 0; i < n; i++) {
        const int32_t va = a[i] ^ f.a_flip, vb = b[i] ^ f.b_flip;
        int32_t v = (f.constant + va * f.ma + vb * f.mb) >> f.shift;
        v = v < f.lo ? f.lo : v;
        v = v > f.hi ? f.hi : v;
        out[i] = (uint8_t)((v + f.y_zero) ^ f.y_flip);
    }
    memcpy(y, out, (size_t)n);
}

static void rows(const tsr_add_q8_factors *f, const uint8_t *a, const uint8_t *b, int n,
                 uint8_t *y)
{
    int i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        block(f, a + i, b + i, BLOCK, y + i);
    if (i < n)
        block(f, a + i, b + i, n - i, y + i);
}

#endif
