/*
 * gemv_f32 - y[j] = clamp(bias[j] + sum W[j,k] * x[k] + residual[j], lo, hi)
 *
 * A gemm of one row: dense layers, and convolutions that see the whole image once.
 * Each weight is used once, so the speed is that of memory, and packing could only
 * cost: W stays as it lies in the file, one row of k per output.
 *
 * Each dot product adds up in lanes (the variant's own number of them, in k order),
 * then the lanes, then the odd end.  That order depends on k alone, so results do not
 * depend on how rows are shared among threads.   SPDX-License-Identifier: MIT
 */
#ifndef TSR_GEMV_F32_H
#define TSR_GEMV_F32_H

#include <stddef.h>

/* Nothing needs more alignment than a float; nothing outside is read or written.
 * y may be the same memory as residual, but must not overlap x. */
typedef struct {
    const float *w;             /* n rows of k                     */
    ptrdiff_t ldw;              /* from row to row, in elements    */
    const float *x;             /* k                               */
    const float *bias, *residual; /* n each; NULL: zeros           */
    float *y;                   /* n                               */
    int n, k;                   /* both >= 1                       */
    float lo, hi;
} tsr_gemv_f32_args;

typedef struct {
    const char *level;
    unsigned cpu;
    /* Dot products of 4 consecutive rows; sum[0..3].  Rows may be equal (ldw 0). */
    void (*dot4)(const float *w, ptrdiff_t ldw, const float *x, int k, float *sum);
} tsr_gemv_f32;

extern const tsr_gemv_f32 tsr_gemv_f32_c, tsr_gemv_f32_avx2,
                          tsr_gemv_f32_avx512, tsr_gemv_f32_neon, tsr_gemv_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_gemv_f32 *const tsr_gemv_f32_variants[];

/* The fastest variant that this CPU can run. */
const tsr_gemv_f32 *tsr_gemv_f32_best(void);

/* Outputs first .. last-1. */
void tsr_gemv_f32_run(const tsr_gemv_f32 *v, const tsr_gemv_f32_args *g, int first, int last);

#endif
