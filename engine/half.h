/*
 * half.h - IEEE 754 binary16 to and from float, exactly, on any CPU.
 *
 *     1 sign | 5 exponent, bias 15 | 10 fraction
 *
 * Subnormals, infinities and NaN included; rounding is to nearest even.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_HALF_H
#define TSR_HALF_H

#include <stdint.h>
#include <string.h>

/* Without branches, so that a loop of it can be vectorised: both the subnormal's value,
 * fraction * 2^-24, and the other's are made, and one is chosen. */
static inline float tsr_half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    const uint32_t magnitude = (uint32_t)(h & 0x7fffu) << 13;   /* exponent at bit 23 */
    float f = (float)(h & 0x3ffu) * 0x1p-24f;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    /* Another bias, 127 for 15; infinity and NaN go from 31 to 255. */
    const uint32_t bias = magnitude < 31u << 23 ? 112u << 23 : 224u << 23;
    bits = sign | (magnitude < 1u << 23 ? bits : magnitude + bias);
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint16_t tsr_float_to_half(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    const uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);                      /* NaN, quiet */
    if (magnitude >= 0x477ff000u)
        return (uint16_t)(sign | 0x7c00u);                      /* 65520 and up: infinity */
    if (magnitude < 0x38800000u) {
        /* Subnormal result: adding 0.5 puts the units of 2^-24 into the low
         * bits, rounded to even by the addition itself. */
        float m;
        memcpy(&m, &magnitude, sizeof m);
        m += 0.5f;
        memcpy(&bits, &m, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000u));
    }
    const uint32_t odd = magnitude >> 13 & 1;
    return (uint16_t)(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
}

#endif
