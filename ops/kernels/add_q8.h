/*
 * add_q8 - the sum (or difference) of bytes on three scales, XNNPACK's fixed point:
 *
 *     y[i] = clamp((h + ma * (a[i] - za) + mb * (b[i] - zb)) >> shift, lo, hi) + zy
 *
 * with bytes taken as u8: signed ones are flipped (^ 0x80) on the way in and out.  What does
 * not change along a row is added up beforehand, h - ma * za - mb * zb, so
 * that two products are left.  Exact in 32 bits; all variants compute the same bits.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_ADD_Q8_H
#define TSR_ADD_Q8_H

#include <stdint.h>

/* |ma| and |mb| times 255 are below 2^29, |constant| below 2^31 less twice that. */
typedef struct {
    int32_t ma, mb, constant;
    int shift;                  /* 1 .. 30                     */
    int32_t lo, hi, y_zero;     /* bounds less the zero point  */
    uint8_t a_flip, b_flip, y_flip;
} tsr_add_q8_factors;

typedef struct {
    const char *level;          /* "c", "avx2" ...        */
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    /* n numbers each; y may be exactly a or b. */
    void (*rows)(const tsr_add_q8_factors *f, const uint8_t *a, const uint8_t *b, int n,
                 uint8_t *y);
} tsr_add_q8;

extern const tsr_add_q8 tsr_add_q8_c, tsr_add_q8_avx2, tsr_add_q8_avx512, tsr_add_q8_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_add_q8 *const tsr_add_q8_variants[];

/* The fastest variant that this CPU can run. */
const tsr_add_q8 *tsr_add_q8_best(void);

#endif
