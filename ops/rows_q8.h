/*
 * rows_q8.h - what convolutions on 8-bit data share: gather rows, multiply.
 *
 * A task takes a few output pixels.  For each it gathers the input under the
 * filter as one row of 16-bit numbers, zero point removed, so that padding is
 * 0; then one gemm_q8 turns the rows into output pixels.  The rows live in
 * scratch, small enough to stay in the first-level cache.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_ROWS_Q8_H
#define TSR_ROWS_Q8_H

#include "ops/kernels/gemm_q8.h"
#include "ops/q8.h"

typedef struct {
    const tsr_gemm_q8 *v;
    int rows;                   /* gathered at once                           */
    int stride;                 /* of a gathered row, even                    */
    uint8_t flip;               /* of the input, and its zero point as u8     */
    int x_zero;
    int w_zero;                 /* of the filter, as packed: u8 less 128      */
    tsr_q8_output out;
} tsr_rows_q8;

/* For rows of at most k numbers, of which there are `count` in all. */
tsr_rows_q8 tsr_rows_q8_make(const tsr_step *s, int k, size_t count);

/* Per worker: rows of s16 and their sums. */
size_t tsr_rows_q8_scratch_bytes(const tsr_rows_q8 *p);
int16_t *tsr_rows_q8_buffer(const tsr_rows_q8 *p, void *scratch, int worker);

/* a[i] = x[i] as u8 - zero point */
static inline void tsr_rows_q8_widen(const tsr_rows_q8 *p, const uint8_t *x, size_t n, int16_t *a)
{
    p->v->widen(x, n, p->flip, p->x_zero, a);
}

/* c[m][n], row stride ldc, from m <= rows gathered rows of k numbers in `buffer`
 * (an odd k is made even here) and the packed filter. */
typedef struct {
    int16_t *buffer;
    const void *packed;
    uint8_t *c;
    ptrdiff_t ldc;
    int m, n, k;
} tsr_rows_q8_product;

void tsr_rows_q8_multiply(const tsr_rows_q8 *p, const tsr_rows_q8_product *t);

/* Keep room for a filter of n outputs; NULL while counting. */
void *tsr_rows_q8_keep(const tsr_rows_q8 *p, int n, int k, const tsr_prepare_context *ctx);

/* Pack outputs first .. first + n - 1 of the step's filter; `w` gives geometry,
 * w.w stands at output `first`. */
void tsr_rows_q8_pack(const tsr_rows_q8 *p, const tsr_step *s, tsr_gemm_q8_weights w, int first,
                      int n, void *packed);

#endif
