/*
 * layout_id.h - a number for how a kernel packs its weights.
 *
 * A sample is packed and the result hashed (FNV-1a; Fowler, Noll, Vo): two kernels have
 * the same number when they put the same things in the same places, and whoever changes
 * a layout changes the number, without having to think of it.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_LAYOUT_ID_H
#define TSR_LAYOUT_ID_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `sample`: n packed floats; different families have different seeds. */
static inline uint64_t tsr_layout_id(uint64_t seed, const float *sample, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ seed ^ n;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &sample[i], sizeof bits);
        h = (h ^ bits) * UINT64_C(1099511628211);
    }
    return h;
}

/* Numbers to pack, all different. */
static inline void tsr_layout_count(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i + 1);
}

#endif
