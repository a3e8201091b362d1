/*
 * dwconv_f16.h - depthwise convolution of 16-bit floats, one output row at a time.
 *
 *     y[x][c] = clamp(bias[c] + sum over taps of in[..][c] * w[tap][c], lo, hi)
 *
 * The inputs are found through pointers, one for each filter row and each column of the
 * padded image; a column in the padding points to zeros.  So there are no borders:
 *
 *     tap (ky, kx) of output i      x[ky * x_step + i * stride + kx * dilation] + c
 *
 * Weights are packed in blocks of some vectors of channels, bias first, each block as wide
 * as a variant's tiles, the last ones one vector:
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

typedef struct {
    const uint16_t *const *x;   /* kh * x_step pointers to `channels` numbers  */
    ptrdiff_t x_step;
    int kh, kw, stride, dilation;       /* along x; the rows' pointers say the rest */
    const uint16_t *packed;
    uint16_t *y;                /* `outputs` pixels of `channels`; overlaps nothing */
    int outputs, channels;      /* >= 1 */
    float lo, hi;
} tsr_dwconv_f16_line;

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

#endif
