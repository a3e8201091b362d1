/*
 * binary_f32 - y = clamp(f(a, b)) over rows of elements.
 *
 * Broadcasting has become strides before it gets here: along a row an input
 * either advances by one or stays (step 0: one value for the whole row), and
 * from row to row it moves by any distance, 0 for a vector that repeats.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_BINARY_F32_H
#define TSR_BINARY_F32_H

#include <stddef.h>

typedef enum {
    TSR_BINARY_ADD, TSR_BINARY_SUB, TSR_BINARY_MUL, TSR_BINARY_DIV,
    TSR_BINARY_MINIMUM, TSR_BINARY_MAXIMUM,     /* NaN when either is NaN */
    TSR_BINARY_SQUARED_DIFFERENCE,
    TSR_BINARY_PRELU,                           /* a < 0 ? a * b : a      */
    TSR_BINARY_POW, TSR_BINARY_FLOOR_DIV,       /* floor(a / b)           */
    TSR_BINARY_COUNT
} tsr_binary_fn;

typedef struct {
    const float *a, *b;
    float *y;                   /* may be exactly a, when a_row == y_row and a_step == 1 */
    ptrdiff_t a_row, b_row, y_row;
    int a_step, b_step;         /* 0 or 1 */
    int rows, n;                /* >= 1 */
    float lo, hi;               /* NaN passes through the clamp */
} tsr_binary_f32_block;

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    void (*fn[TSR_BINARY_COUNT])(const tsr_binary_f32_block *k);    /* NULL: use the C one */
} tsr_binary_f32;

extern const tsr_binary_f32 tsr_binary_f32_c, tsr_binary_f32_avx2, tsr_binary_f32_avx512,
                            tsr_binary_f32_neon, tsr_binary_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_binary_f32 *const tsr_binary_f32_variants[];

/* The fastest code for one function on this CPU. */
typedef void tsr_binary_f32_run(const tsr_binary_f32_block *k);
tsr_binary_f32_run *tsr_binary_f32_best(tsr_binary_fn f);

#endif
