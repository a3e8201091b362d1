/*
 * arg_max_f32 - where the largest number of each row stands.
 *
 *     at[i] = the first k with sign * x[i][k] = max over k of sign * x[i][k]
 *
 * A NaN never wins, but for one in front, which nothing beats: at[i] is 0 then.  That is
 * what a scan does that keeps its first number until a larger one comes.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_ARG_MAX_F32_H
#define TSR_ARG_MAX_F32_H

#include <stdint.h>

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    /* x is count dense rows of n numbers, 1 <= n < 2^24, count >= 0; sign is 1, or -1 for
     * the smallest. */
    void (*rows)(const float *x, int n, int count, float sign, int32_t *at);
} tsr_arg_max_f32;

extern const tsr_arg_max_f32 tsr_arg_max_f32_c, tsr_arg_max_f32_avx2, tsr_arg_max_f32_avx512,
                             tsr_arg_max_f32_neon, tsr_arg_max_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_arg_max_f32 *const tsr_arg_max_f32_variants[];

/* The fastest variant that this CPU can run. */
const tsr_arg_max_f32 *tsr_arg_max_f32_best(void);

#endif
