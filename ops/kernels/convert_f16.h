/*
 * convert_f16.h - between float and IEEE binary16, many numbers at once.
 *
 * To 16 bits rounds to nearest, ties to even; what is too large becomes infinity, as the
 * standard says.  From 16 bits is exact.          SPDX-License-Identifier: MIT
 */
#ifndef TSR_CONVERT_F16_H
#define TSR_CONVERT_F16_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *level;          /* "c", "neon", "avx512"                     */
    unsigned cpu;               /* TSR_CPU_* bits it needs                   */
    void (*narrow)(const float *x, uint16_t *y, size_t n);      /* no overlap */
    void (*widen)(const uint16_t *x, float *y, size_t n);
} tsr_convert_f16;

extern const tsr_convert_f16 tsr_convert_f16_c, tsr_convert_f16_avx512, tsr_convert_f16_neon;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_convert_f16 *const tsr_convert_f16_variants[];

/* The fastest variant that this CPU can run. */
const tsr_convert_f16 *tsr_convert_f16_best(void);

#endif
