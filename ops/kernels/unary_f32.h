/*
 * unary_f32 - y[i] = clamp(f(x[i])) for the functions of one number.
 *
 * exp, logistic, tanh and elu are within 2 units in the last place of the real
 * value where the result is a normal number; the others round as C's functions
 * do.  NaN goes in, NaN comes out.               SPDX-License-Identifier: MIT
 */
#ifndef TSR_UNARY_F32_H
#define TSR_UNARY_F32_H

typedef enum {
    TSR_UNARY_CLAMP,            /* x: only the clamp                          */
    TSR_UNARY_LOGISTIC,         /* 1 / (1 + exp(-x))                          */
    TSR_UNARY_TANH,
    TSR_UNARY_HARD_SWISH,       /* x * clamp(x + 3, 0, 6) / 6                 */
    TSR_UNARY_HARD_SIGMOID,     /* clamp(alpha * x + beta, 0, 1)              */
    TSR_UNARY_LEAKY_RELU,       /* x < 0 ? alpha * x : x                      */
    TSR_UNARY_ELU,              /* x < 0 ? alpha * (exp(x) - 1) : x           */
    TSR_UNARY_EXP, TSR_UNARY_LOG, TSR_UNARY_SQRT, TSR_UNARY_RSQRT,
    TSR_UNARY_ABS, TSR_UNARY_NEG,
    TSR_UNARY_FLOOR, TSR_UNARY_CEIL,
    TSR_UNARY_ROUND,            /* half to even                               */
    TSR_UNARY_COUNT
} tsr_unary_fn;

typedef struct {
    const float *x;
    float *y;                   /* may be exactly x */
    int n;                      /* >= 1 */
    float alpha, beta;
    float lo, hi;               /* NaN passes through the clamp */
} tsr_unary_f32_row;

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    void (*fn[TSR_UNARY_COUNT])(const tsr_unary_f32_row *k);    /* NULL: use the C one */
} tsr_unary_f32;

extern const tsr_unary_f32 tsr_unary_f32_c, tsr_unary_f32_avx2, tsr_unary_f32_avx512,
                           tsr_unary_f32_neon, tsr_unary_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_unary_f32 *const tsr_unary_f32_variants[];

/* The fastest code for one function on this CPU. */
typedef void tsr_unary_f32_run(const tsr_unary_f32_row *k);
tsr_unary_f32_run *tsr_unary_f32_best(tsr_unary_fn f);

#endif
