/*
 * resize_q8_body.h - the loops of resize_q8, which any compiler turns into vectors: there is
 * nothing in them but exact 32-bit arithmetic, lane by lane.
 *
 * Each resize_q8_LEVEL.c compiles them with the instructions of its level.  64-bit Arm has
 * vectors always, so there the plain C is as fast as it gets.  `down` is where
 * the time goes when a picture grows: two loads of 4 bytes, 6 operations and a store
 * of 1 byte each number.  Measured on a Zen 5 in 10^9 numbers a second, c / avx2 / avx512:
 * down 3.8 / 11.8 / 19, across 21 channels 2.8 / 5.4 / 10.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_RESIZE_Q8_BODY_H
#define TSR_RESIZE_Q8_BODY_H

#include "ops/kernels/resize_q8.h"

/* Interpolate n numbers of two pixels. */
static inline void mix(const uint8_t *left, const uint8_t *right, int32_t f, uint8_t flip, int n,
                       int32_t *restrict y)
{
    for (int k = 0; k < n; k++) {
        const int32_t l = left[k] ^ flip, r = right[k] ^ flip;
        y[k] = l * 2048 + (r - l) * f;
    }
}

/* `block` is a constant at every call; where c does not fill the last block it is moved
 * back, over numbers that get the same value again. */
static inline void in_blocks(const uint8_t *left, const uint8_t *right, int32_t f, uint8_t flip,
                             int c, const int block, int32_t *y)
{
    int k = 0;
    for (; k + block <= c; k += block)
        mix(left + k, right + k, f, flip, block, y + k);
    if (k < c) {
        k = c - block;
        mix(left + k, right + k, f, flip, block, y + k);
    }
}

static void across(const uint8_t *x, const tsr_resize_q8_column *columns, int count, int c,
                   uint8_t flip, int32_t *y)
{
    for (int i = 0; i < count; i++, y += c) {
        const uint8_t *left = x + columns[i].left, *right = x + columns[i].right;
        if (c >= 16)
            in_blocks(left, right, columns[i].f, flip, c, 16, y);
        else if (c >= 8)
            in_blocks(left, right, columns[i].f, flip, c, 8, y);
        else
            mix(left, right, columns[i].f, flip, c, y);
    }
}

static void down(const int32_t *top, const int32_t *bottom, int32_t f, int n, uint8_t flip,
                 uint8_t *restrict y)
{
    for (int i = 0; i < n; i++) {
        const int32_t t = top[i], b = bottom[i];
        y[i] = (uint8_t)(((t * 2048 + (b - t) * f + (1 << 21)) >> 22) ^ flip);
    }
}

#endif
