/*
 * requantise.h - from an exact 32-bit sum back to 8 bits, the `float` rule:
 *
 *     y = clamp(rint(float(sum) * scale), lo, hi) + zero_point
 *
 * Clamping before rounding gives the same: the bounds are integers.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_REQUANTISE_H
#define TSR_REQUANTISE_H

#include <stdint.h>

/* Bounds less the zero point, as floats holding integers. */
typedef struct {
    float lo, hi;
    int zero_point;
} tsr_q8_output;

/* Halves to even, for |v| < 2^22: adding 1.5 * 2^23 leaves no room for a
 * fraction.  Unlike rintf it vectorises everywhere; like all float arithmetic
 * it counts on the default rounding mode. */
static inline float tsr_q8_rint(float v) { return (v + 12582912.0f) - 12582912.0f; }

/* The byte to store: its bits are the same for u8 and s8.  NaN becomes lo. */
static inline uint8_t tsr_q8_store(float v, const tsr_q8_output *o)
{
    v = v > o->lo ? v : o->lo;
    v = v < o->hi ? v : o->hi;
    return (uint8_t)((int)tsr_q8_rint(v) + o->zero_point);
}

#endif
