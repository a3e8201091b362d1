/*
 * dwconv_q8 - depthwise convolution of 8-bit data, one row of output pixels
 *
 *     y[p][c] = requantise(bias[c] + sum over taps t of x[p][t][c] * w[t][c])
 *
 * The caller names the input pixel under every tap by a pointer (padding
 * points at a pixel of zero points), so stride, dilation and padding are
 * settled before: one kernel serves all.  Bytes are taken as u8 (s8 with the
 * top bit flipped) and not corrected: the zero point went into the bias.
 * Weights are 16 bits because u8 weights less their zero point need 9.
 *
 * Taps come in pairs, interleaved by channel, for multiply-add-pairs
 * (pmaddwd): at most 2 * 255 * 255 in a 32-bit lane.  Packed parameters, in
 * blocks of nr channels:
 *
 *     bias[nr] s32   scale[nr] f32
 *     w[0][0] w[1][0]  w[0][1] w[1][1] ...   nr pairs of s16: taps 0 and 1
 *     w[2][0] w[3][0] ...                    (zero padded to even, to nr)
 *
 * Sums are modulo 2^32; the operator has made sure that the total fits.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_Q8_H
#define TSR_DWCONV_Q8_H

#include <stddef.h>
#include <stdint.h>
#include "ops/kernels/requantise.h"

enum { TSR_DWCONV_Q8_NR_MAX = 32 };

typedef struct {
    const uint8_t *const *x;    /* pixels * taps pointers to c bytes each; none
                                   is read past its end                      */
    const void *w;              /* packed, 4-byte aligned                    */
    uint8_t *y;                 /* pixels * c bytes; nothing else is written */
    int pixels, taps, c;        /* >= 1; taps is even (repeat one)           */
    uint8_t flip;               /* 0x80: x is s8                             */
    tsr_q8_output out;
} tsr_dwconv_q8_row;

typedef struct {
    const char *level;
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    int nr;
    void (*row)(const tsr_dwconv_q8_row *r);
} tsr_dwconv_q8;

extern const tsr_dwconv_q8 tsr_dwconv_q8_c, tsr_dwconv_q8_avx2, tsr_dwconv_q8_avx512,
                           tsr_dwconv_q8_neon;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_dwconv_q8 *const tsr_dwconv_q8_variants[];

/* The fastest variant that this CPU can run. */
const tsr_dwconv_q8 *tsr_dwconv_q8_best(void);

size_t tsr_dwconv_q8_packed_bytes(const tsr_dwconv_q8 *v, int taps, int c);

typedef struct {
    const uint8_t *w;           /* taps rows of c bytes, taps of any parity    */
    uint8_t flip;               /* w ^ flip is u8: 0x80 for s8 weights         */
    int w_zero, x_zero;         /* zero points of both, seen as u8             */
    const int32_t *bias;        /* c numbers or NULL                           */
    const float *scale;         /* c numbers                                   */
} tsr_dwconv_q8_weights;

void tsr_dwconv_q8_pack(const tsr_dwconv_q8 *v, int taps, int c,
                        const tsr_dwconv_q8_weights *w, void *packed);

#endif
