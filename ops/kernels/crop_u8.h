/*
 * crop_u8 - pixels of a turned picture: a run of places along a line, each the average of a
 * square of pixels around it.
 *
 *     one:   1 x 1 pixels, which touches 2 x 2: bilinear interpolation.  Across in 1/64,
 *            a = (64 - f) left + f right;  down  v = a + floor((b - a) g / 2^15),
 *            a, b of the upper and the lower row;  y = floor((v + 32) / 64)
 *     two:   2 x 2 pixels, which touches 3 x 3: weights 32 - f, 32, f along both axes;
 *            y = floor((sum + 2048) / 4096)
 *
 * f and g are the bits behind the place's point: as many of them as the weights have.  All
 * arithmetic is exact, so every variant computes the same bits.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_CROP_U8_H
#define TSR_CROP_U8_H

#include <stdint.h>

enum {
    TSR_CROP_U8_MOST = 32,      /* places of a run                                        */
    TSR_CROP_U8_POINT = 16,     /* bits behind the point                                  */
    TSR_CROP_U8_ONE_READS = 3,  /* pixels, from a place's first one, that lie in each row */
    TSR_CROP_U8_TWO_READS = 6,
};

/* Top left pixel of the first place's square, and the step to the next. */
typedef struct { int64_t x, y, dx, dy; } tsr_crop_u8_walk;

/* Places i = 0 .. count - 1 <= TSR_CROP_U8_MOST - 1 of the picture rgb, whose rows are `stride`
 * bytes apart, into y[count][3].  No place is left of or above the picture. */
typedef void tsr_crop_u8_fn(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count,
                            uint8_t *y);

typedef struct {
    const char *level;          /* "c", "avx2" ...        */
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    tsr_crop_u8_fn *one, *two;
} tsr_crop_u8;

extern const tsr_crop_u8 tsr_crop_u8_c, tsr_crop_u8_avx2, tsr_crop_u8_avx512, tsr_crop_u8_neon;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_crop_u8 *const tsr_crop_u8_variants[];

/* The fastest variant that this CPU can run. */
const tsr_crop_u8 *tsr_crop_u8_best(void);

#endif
