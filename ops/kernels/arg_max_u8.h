/*
 * arg_max_u8 - where the largest byte of each row stands.
 *
 *     at[i] = the first k with x[i][k] ^ flip = max over k of x[i][k] ^ flip
 *
 * flip: 0 for unsigned bytes, 0x80 for signed ones, whose order that makes unsigned; and
 * all bits turned over for the smallest.         SPDX-License-Identifier: MIT
 */
#ifndef TSR_ARG_MAX_U8_H
#define TSR_ARG_MAX_U8_H

#include <stdint.h>

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    /* x is count dense rows of n bytes, n >= 1, count >= 0. */
    void (*rows)(const uint8_t *x, int n, int count, uint8_t flip, int32_t *at);
} tsr_arg_max_u8;

extern const tsr_arg_max_u8 tsr_arg_max_u8_c, tsr_arg_max_u8_avx2, tsr_arg_max_u8_neon;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_arg_max_u8 *const tsr_arg_max_u8_variants[];

/* The fastest variant that this CPU can run. */
const tsr_arg_max_u8 *tsr_arg_max_u8_best(void);

#endif
