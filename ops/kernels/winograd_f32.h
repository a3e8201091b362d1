/*
 * winograd_f32 - the two transforms around a 3x3 convolution done as 36 small gemms.
 *
 * Winograd's F(4x4, 3x3) computes a tile of 4 x 4 outputs of a 3x3 filter from the 6 x 6
 * inputs d under it with 36 multiplications a channel instead of 144:
 *
 *     y = A^T [ sum over channels of (G g G^T) * (B^T d B) ] A         * element by element
 *
 *           | aabb    0   -aa-bb    0     1  0 |             | 1/aabb   0      0   |
 *           |   0   -abb    -bb     a     1  0 |             |   p      ap    aap   |
 *     B^T = |   0    abb    -bb    -a     1  0 |         G = |   p     -ap    aap   |
 *           |   0   -aab    -aa     b     1  0 |             |   q      bq    bbq   |
 *           |   0    aab    -aa    -b     1  0 |             |   q     -bq    bbq   |
 *           |   0   aabb      0  -aa-bb   0  1 |             |   0      0      1    |
 *
 *           | 1   1    1    1    1   0 |
 *     A^T = | 0   a   -a    b   -b   0 |         p = 1 / 2aa(aa - bb)
 *           | 0  aa   aa   bb   bb   0 |         q = 1 / 2bb(bb - aa)
 *           | 0 aaa -aaa  bbb -bbb   1 |
 *
 * Polynomials are multiplied by way of their values at 0, a, -a, b, -b and infinity.  The
 * sum over channels is, for each of the 36 elements, a gemm: tiles x channels times channels
 * x output channels.
 *
 * The price is accuracy: large terms cancel out again.  Textbooks take a = 1, b = 2 for their
 * easy numbers.  With a = 3/4, b = 3/2 the terms are of one size: the error is a quarter of
 * that, hardly more than that of a direct sum, and all factors are still exact in float.
 *
 * Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016,
 * arXiv 1509.09308.                              SPDX-License-Identifier: MIT
 */
#ifndef TSR_WINOGRAD_F32_H
#define TSR_WINOGRAD_F32_H

#include <stddef.h>

enum { TSR_WINOGRAD_IN = 6, TSR_WINOGRAD_OUT = 4, TSR_WINOGRAD_PRODUCTS = 36 };
#define TSR_WINOGRAD_A 0.75f
#define TSR_WINOGRAD_B 1.5f

/* B^T d B of one tile, all channels: element (i, j) of the result to v[(6i + j) * v_step]. */
typedef struct {
    const float *x;             /* 6 x 6 pixels, all of which exist */
    ptrdiff_t x_row, x_col;     /* to the next row, the next pixel; in floats, as all here */
    float *v;
    ptrdiff_t v_step;
    int channels;               /* >= 1 */
} tsr_winograd_f32_input;

/* A^T m A + bias + residual, clamped, of one tile. */
typedef struct {
    const float *m;             /* element (i, j) at m[(6i + j) * m_step] */
    ptrdiff_t m_step;
    const float *bias;
    const float *residual;      /* as y, or NULL; may be y itself */
    float *y;
    ptrdiff_t y_row, y_col;     /* of residual, too */
    int rows, columns;          /* 1..4: the part of the tile that lies in the image */
    int channels;               /* >= 1 */
    float lo, hi;               /* NaN passes through the clamp */
} tsr_winograd_f32_output;

/* G g G^T of `count` filters, each of one input and one output channel. */
typedef struct {
    const float *g;             /* element (ky, kx) at g[(3ky + kx) * g_step] */
    ptrdiff_t g_step;
    float *u;                   /* element (i, j) to u[(6i + j) * u_step] */
    ptrdiff_t u_step;
    int count;                  /* >= 1; neighbours in g and in u */
} tsr_winograd_f32_filter;

typedef struct {
    const char *level;
    unsigned cpu;               /* TSR_CPU_* bits it needs */
    void (*filter)(const tsr_winograd_f32_filter *t);
    void (*input)(const tsr_winograd_f32_input *t);
    void (*output)(const tsr_winograd_f32_output *t);
} tsr_winograd_f32;

extern const tsr_winograd_f32 tsr_winograd_f32_c, tsr_winograd_f32_avx2,
                              tsr_winograd_f32_avx512, tsr_winograd_f32_neon,
                              tsr_winograd_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_winograd_f32 *const tsr_winograd_f32_variants[];

/* The fastest variant that this CPU can run. */
const tsr_winograd_f32 *tsr_winograd_f32_best(void);

#endif
