/*
 * binary_f16 - binary_f32 on 16-bit floats: y = clamp(f(a, b)) over rows of elements.
 *
 * Numbers are IEEE binary16, in uint16_t.  The result is what float32 would give, rounded to
 * 16 bits; that is also what 16-bit arithmetic gives where f is one operation (24 bits are
 * enough that rounding twice does no harm: Figueroa, "When is double rounding innocuous?",
 * 1995).  squared_difference may be rounded in between as well.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_BINARY_F16_H
#define TSR_BINARY_F16_H

#include <stddef.h>
#include <stdint.h>
#include "ops/kernels/binary_f32.h"     /* the functions' names */

/* As tsr_binary_f32_block. */
typedef struct {
    const uint16_t *a, *b;
    uint16_t *y;                /* may be exactly a, when a_row == y_row and a_step == 1 */
    ptrdiff_t a_row, b_row, y_row;
    int a_step, b_step;         /* 0 or 1 */
    int rows, n;                /* >= 1 */
    float lo, hi;               /* NaN passes through the clamp */
} tsr_binary_f16_block;

typedef struct {
    const char *level;          /* "c", "neonf16"                             */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    void (*fn[TSR_BINARY_COUNT])(const tsr_binary_f16_block *k);    /* NULL: use the C one */
} tsr_binary_f16;

extern const tsr_binary_f16 tsr_binary_f16_c, tsr_binary_f16_neonf16;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_binary_f16 *const tsr_binary_f16_variants[];

/* The fastest code for one function on this CPU. */
typedef void tsr_binary_f16_run(const tsr_binary_f16_block *k);
tsr_binary_f16_run *tsr_binary_f16_best(tsr_binary_fn f);

#endif
