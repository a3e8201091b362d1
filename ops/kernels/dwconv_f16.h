/*
 * dwconv_f16.h - depthwise convolution of 16-bit floats, one output row at a time.
 *
 *     y[x][c] = clamp(bias[c] + sum over taps of in[..][c] * w[tap][c], lo, hi)
 *
 * A variant computes one output row.  Filter rows outside the image are left out by the
 * shared code; of columns outside the kernel takes care: tap kx of output i lies on
 *
 *     column   i * stride - before + kx * dilation,   inside: 0 .. columns - 1
 *
 * Weights are packed in blocks of some vectors of channels, bias first, each block as wide
 * as a variant's tiles, the last ones half and a quarter as wide, down to one vector:
 *
 *     block:  bias[w]  tap(0,0)[w]  tap(0,1)[w] ... tap(kh-1,kw-1)[w]
 *
 * A last vector that would be partly empty is moved back to end with the last channel, if
 * there are channels enough for one.  Numbers are IEEE binary16 in uint16_t, sums may be,
 * too: the bound of the error is gamma(taps + 1) as in gemm_f16.h.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_F16_H
#define TSR_DWCONV_F16_H

#include <stddef.h>
#include <stdint.h>
#include "ops/kernels/window.h"

typedef struct {
    const uint16_t *x;          /* column 0 of the first image row in use        */
    ptrdiff_t x_row;            /* from one filter row's image row to the next's */
    tsr_window columns;         /* .in, .out, .taps = kw, .stride, .dilation, .before */
    const uint16_t *packed;     /* the first block                               */
    int taps, tap;              /* of the whole filter; the first one in use     */
    int kh;                     /* filter rows in use; 0: only padding is seen   */
    uint16_t *y;                /* columns.out pixels of `channels`; overlaps nothing */
    int channels;               /* >= 1, and in a pixel of x                     */
    float lo, hi;
} tsr_dwconv_f16_line;          /* all distances in elements */

/* One image: [h][w][c] to [oh][ow][c], dense.  y.taps and x.taps are the filter's size. */
typedef struct {
    tsr_window y, x;
    int channels;
    const uint16_t *packed;
    float lo, hi;
} tsr_dwconv_f16_image;

typedef struct {
    const char *level;          /* "c", "neonf16"                              */
    unsigned cpu;               /* TSR_CPU_* bits it needs                     */
    int vector, wide;           /* channels in a vector, vectors in a block    */
    void (*row)(const tsr_dwconv_f16_line *l);
} tsr_dwconv_f16;

extern const tsr_dwconv_f16 tsr_dwconv_f16_c, tsr_dwconv_f16_neonf16;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_dwconv_f16 *const tsr_dwconv_f16_variants[];

/* The fastest variant that this CPU can run and that takes so many channels. */
const tsr_dwconv_f16 *tsr_dwconv_f16_best(int channels);

/* Numbers of all blocks together. */
size_t tsr_dwconv_f16_packed_size(const tsr_dwconv_f16 *v, int taps, int channels);

/* float weights[taps][channels] and bias[channels] (NULL: zeros), rounded -> blocks. */
void tsr_dwconv_f16_pack(const tsr_dwconv_f16 *v, int taps, int channels, const float *weights,
                         const float *bias, uint16_t *packed);

/* Output row oy; `image` points to row 0. */
void tsr_dwconv_f16_row(const tsr_dwconv_f16 *v, const tsr_dwconv_f16_image *g,
                        const uint16_t *image, int oy, uint16_t *out);

#endif
