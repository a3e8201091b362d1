/*
 * resample_u8 - rows of R,G,B bytes through a filter, across and down.
 *
 *     across:  y[i][c] = byte(sum_j w[i][j] * x[first[i] + j][c])    j in 0..count[i]
 *     down:    y[k]    = byte(sum_j w[j] * x[j][k])
 *     byte(v)  = min((v + 2^21) >> 22, 255)
 *
 * Weights are whole numbers with 22 bits behind the point, none of them negative, and each
 * set of them sums to 2^22 or a few more or less.  A weight of 22 bits times a byte does not
 * fit the 16-bit multipliers that vector units have most of, so each weight is kept
 * in two parts besides,  w = high * 2^11 + low,  which do.  All arithmetic is exact, so every
 * variant computes the same bits.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_RESAMPLE_U8_H
#define TSR_RESAMPLE_U8_H

#include <stdint.h>

enum { TSR_RESAMPLE_POINT = 22, TSR_RESAMPLE_LOW = 11, TSR_RESAMPLE_GROUP = 4 };

/* One axis.  Output i sees inputs first[i] .. first[i] + count[i] - 1;
 * `first` never descends. */
typedef struct {
    int in, out;                /* pixels                                             */
    int taps;                   /* weights of a row; a multiple of TSR_RESAMPLE_GROUP */
    int *first, *count;         /* [out]; 1 <= count <= taps                          */
    int32_t *weight;            /* [out][taps], 0 from count on                       */
    int16_t *high, *low;        /* [out][taps], the same in two parts                 */
} tsr_resample_u8_filter;

typedef struct {
    const char *level;          /* "c", "avx2" ...        */
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    /* x is [f->in][3], y [f->out][3]; they do not overlap. */
    void (*across)(const tsr_resample_u8_filter *f, const uint8_t *x, uint8_t *y);
    /* Output row i of f, n bytes, out of x, [f->in][n]; sums: room for n. */
    void (*down)(const tsr_resample_u8_filter *f, int i, const uint8_t *x, int n, int32_t *sums,
                 uint8_t *y);
} tsr_resample_u8;

extern const tsr_resample_u8 tsr_resample_u8_c, tsr_resample_u8_avx2, tsr_resample_u8_avx512,
                             tsr_resample_u8_neon;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_resample_u8 *const tsr_resample_u8_variants[];

/* The fastest variant that this CPU can run. */
const tsr_resample_u8 *tsr_resample_u8_best(void);

#endif
