/*
 * chance.h - random numbers for tests: the same sequence on every machine.
 *
 * A linear congruential generator (Knuth, The Art of Computer Programming 2, 3.3.4;
 * multiplier and summand of Numerical Recipes), of whose 32 bits the upper 24 are used:
 * as many as a float holds exactly.                SPDX-License-Identifier: MIT
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdint.h>

/* 0 .. 2^24 - 1 */
static inline uint32_t test_bits(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* In [0, 1). */
static inline double test_randu(uint32_t *seed) { return test_bits(seed) / 16777216.0; }

/* In [-1, 1). */
static inline float test_randf(uint32_t *seed) { return (float)test_bits(seed) * 0x1p-23f - 1.0f; }

/* lo .. hi */
static inline int test_rand(uint32_t *seed, int lo, int hi)
{
    return lo + (int)(test_bits(seed) % (uint32_t)(hi - lo + 1));
}

#endif
