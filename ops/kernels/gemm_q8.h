/*
 * gemm_q8 - C[m,n] = requantise(bias[n] + A[m,k] * B[k,n]), 8-bit data
 *
 * The inner loop of conv2d, transposed conv and dense layers on u8 and s8.
 *
 * A is the activations less their zero point, widened to 16 bits while they
 * are gathered: -255..255.  Padding is then simply 0.  k is even (pad with 0).
 * B is the weights as s8; u8 weights w with zero point z become w - 128, and
 * what is missing, -(z - 128) * sum(A row), stands ready in row_sum.  So one
 * kernel serves every combination, and weights stay one byte each.
 *
 * Two products of such numbers sum to at most 2 * 255 * 128 in a 32-bit lane:
 * multiply-add-pairs (pmaddwd) never saturates, unlike the 8 x 8 -> 16 bit
 * instructions, and the result is exact.  So kr = 2 numbers of a column lie side
 * by side:
 *
 *     panel p:  bias[nr] s32   scale[nr] f32
 *               B[0][0] B[1][0]  B[0][1] B[1][1] ... B[0][nr-1] B[1][nr-1]
 *               B[2][0] B[3][0]  ...                          (zero padded)
 *
 * or, for the C reference, whole columns: compilers know how to vectorise the
 * dot product of two runs of memory.
 *
 * Sums are modulo 2^32; the operator has made sure that the total fits.
 * Requantisation is the `float` rule of requantise.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_GEMM_Q8_H
#define TSR_GEMM_Q8_H

#include <stddef.h>
#include <stdint.h>
#include "ops/kernels/requantise.h"

enum { TSR_GEMM_Q8_MR_MAX = 16, TSR_GEMM_Q8_NR_MAX = 32 };

typedef struct {
    const int16_t *a;           /* m rows of k; never read past a row's end     */
    const int32_t *row_sum;     /* m numbers to add to every sum of their row   */
    const void *b;              /* one packed panel, 4-byte aligned             */
    uint8_t *c;                 /* m rows of n; nothing else is written         */
    ptrdiff_t lda, ldc;         /* row strides, in elements                     */
    int m, n, k;                /* 1..mr, 1..nr, >= 0 and even                  */
    tsr_q8_output out;
} tsr_gemm_q8_tile;

typedef struct {
    const char *level;
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    int mr, nr, kr;             /* kr 0: all of k */
    void (*tile)(const tsr_gemm_q8_tile *t);
    /* a[i] = (x[i] ^ flip) - zero, i < n: how A is made.  No overlap. */
    void (*widen)(const uint8_t *x, size_t n, uint8_t flip, int zero, int16_t *a);
} tsr_gemm_q8;

extern const tsr_gemm_q8 tsr_gemm_q8_c, tsr_gemm_q8_avx2, tsr_gemm_q8_avx512, tsr_gemm_q8_neon;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_gemm_q8 *const tsr_gemm_q8_variants[];

/* The fastest variant that this CPU can run. */
const tsr_gemm_q8 *tsr_gemm_q8_best(void);

/* Weights as they stand in a filter: n rows, each of ty x tx taps of c bytes,
 * of which a transposed conv takes only every second or so. */
typedef struct {
    const uint8_t *w;
    ptrdiff_t row, y, x;        /* strides, in elements                         */
    int ty, tx, c;
    uint8_t flip;               /* w ^ flip is the weight as s8: 0x80 for u8    */
} tsr_gemm_q8_weights;

static inline int tsr_gemm_q8_even(int k) { return k + (k & 1); }

size_t tsr_gemm_q8_panel_bytes(const tsr_gemm_q8 *v, int k);
size_t tsr_gemm_q8_packed_bytes(const tsr_gemm_q8 *v, int n, int k);

/* k = ty * tx * c of w.  bias NULL: zeros.  scale has n numbers. */
void tsr_gemm_q8_pack(const tsr_gemm_q8 *v, int n, const tsr_gemm_q8_weights *w,
                      const int32_t *bias, const float *scale, void *packed);

/* C = A * B for any m and n: `t` describes the whole product, t->b is all panels. */
void tsr_gemm_q8_run(const tsr_gemm_q8 *v, const tsr_gemm_q8_tile *t);

#endif
