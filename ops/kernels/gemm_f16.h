/*
 * gemm_f16.h - gemm_f32 on 16-bit floats: C = clamp(bias + A * B + residual, lo, hi).
 *
 * Rows of A are found through pointers, one for each filter tap, as in gemm_f32.h, which
 * explains the idea.  All numbers are IEEE binary16, in uint16_t; the weights were rounded
 * to it when they were packed.  Twice as many lanes fit a vector, so a CPU that calculates
 * with them needs half the instructions and half the memory traffic.
 *
 * The price is accuracy: a variant may keep its sums in binary16, too, and then rounds
 * every step of k to 11 bits.  The error is at most
 *
 *     gamma(k + 2) * (|bias| + sum |a||b| + |residual|),  gamma(n) = n u / (1 - n u), u = 2^-11
 *
 * (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1), and
 * but rounding errors mostly cancel: about sqrt(k) u of the sum of sizes is typical.
 *
 * A panel is `wide` vectors wide, the last one as few as are needed:
 *
 *     panel:  bias[w]  B[0][w]  B[1][w]  ...  B[k-1][w]          (zero padded)
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_GEMM_F16_H
#define TSR_GEMM_F16_H

#include <stddef.h>
#include <stdint.h>

/* As tsr_gemm_f32_block; distances count elements. */
typedef struct {
    const uint16_t *const *a;   /* taps * a_step pointers to kc inputs each   */
    ptrdiff_t a_step;           /* from one tap's pointers to the next's; >= m */
    int taps, kc;               /* k = taps * kc; both >= 1                   */
    const uint16_t *b;          /* all panels, or one                         */
    const uint16_t *residual;   /* m rows of n, or NULL                       */
    uint16_t *c;                /* m rows of n; may be residual's memory, nothing of a's */
    ptrdiff_t ldr, ldc;
    int m, n;                   /* >= 1 */
    float lo, hi;
} tsr_gemm_f16_block;

enum { TSR_GEMM_F16_VECS = 4 };

typedef struct {
    const char *level;          /* "c", "neonf16"                             */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    int lanes, wide;            /* numbers in a vector, vectors in a panel    */
    int rows;                   /* of a tile of `wide` vectors                */
    /* All rows of one panel of 1 .. wide vectors: b is the panel, n <= its width. */
    void (*panel[TSR_GEMM_F16_VECS])(const tsr_gemm_f16_block *block);
} tsr_gemm_f16;

extern const tsr_gemm_f16 tsr_gemm_f16_c, tsr_gemm_f16_neonf16;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_gemm_f16 *const tsr_gemm_f16_variants[];

/* The fastest variant that this CPU can run. */
const tsr_gemm_f16 *tsr_gemm_f16_best(void);

int tsr_gemm_f16_panels(const tsr_gemm_f16 *v, int n);

/* Numbers of all panels together. */
size_t tsr_gemm_f16_packed_size(const tsr_gemm_f16 *v, int n, size_t k);

/* float weights[n][k] and bias[n] (NULL: zeros), rounded -> panels. */
void tsr_gemm_f16_pack(const tsr_gemm_f16 *v, int n, size_t k, const float *weights,
                       const float *bias, uint16_t *packed);

/* Compute the columns of panels first .. last-1 of the block. */
void tsr_gemm_f16_run(const tsr_gemm_f16 *v, const tsr_gemm_f16_block *block, int first,
                      int last);

#endif
