/*
 * softmax_f32 - y[i] = exp(beta * (x[i] - max)) / sum over i of the same
 *
 * n numbers `inner` elements apart form one distribution, and `inner` of them
 * lie side by side: inner = 1 is the usual row.  Subtracting the maximum first
 * keeps exp from overflowing and changes nothing else.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_SOFTMAX_F32_H
#define TSR_SOFTMAX_F32_H

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    /* x and y are n * inner dense elements, each at least 1; y may be exactly x. */
    void (*run)(const float *x, float *y, int n, int inner, float beta);
} tsr_softmax_f32;

extern const tsr_softmax_f32 tsr_softmax_f32_c, tsr_softmax_f32_avx2, tsr_softmax_f32_avx512,
                             tsr_softmax_f32_neon, tsr_softmax_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_softmax_f32 *const tsr_softmax_f32_variants[];

/* The fastest variant that this CPU can run. */
const tsr_softmax_f32 *tsr_softmax_f32_best(void);

#endif
