/*
 * dwconv_f32 - depthwise convolution: every channel has its own small filter.
 *
 *     y[x][c] = clamp(bias[c] + sum over taps of in[x * step + tap][c] * w[tap][c], lo, hi)
 *
 * Channels are contiguous (NHWC), so a vector holds neighbouring channels and
 * the taps are plain loads at fixed distances: no shuffles for any stride or
 * dilation.  A tile keeps several outputs along x in registers; each filter
 * tap is loaded once and multiplied into all of them.
 *
 * Weights are packed in blocks of nr channels, bias first:
 *
 *     block b:  bias[nr]  tap(0,0)[nr]  tap(0,1)[nr] ... tap(kh-1,kw-1)[nr]
 *
 * A last vector that would be partly empty is moved back to end with the last
 * channel, if there are channels enough: the ones before it are then computed
 * twice, to the same bits, and no kernel needs partial loads and stores.
 *
 * The shared code (dwconv_f32.c) cuts an output row into spans in which every
 * window has the same taps inside the image; a variant computes one span.  Most
 * filters are 3, 5 or 7 wide: a variant may have a faster way for whole rows of them.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_DWCONV_F32_H
#define TSR_DWCONV_F32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ops/kernels/window.h"

typedef struct {
    const float *x;             /* pixel under the first tap of the first output */
    ptrdiff_t x_step;           /* from one output's window to the next one's    */
    ptrdiff_t x_row, x_col;     /* from one tap to the next, down and across     */
    int wrap;                   /* after so many rows of taps (0: never) ...     */
    ptrdiff_t x_wrap;           /* ... this takes the place of x_row             */
    const float *bias;          /* packed block 0                                */
    ptrdiff_t w_first;          /* from a block's bias to its first tap in use   */
    ptrdiff_t w_row, w_block;   /* from one filter row, one block to the next    */
    float *y;                   /* count pixels of `channels`; nothing else is written */
    ptrdiff_t y_step;
    int kh, kw;                 /* taps in use; both 0 when the window sees only padding */
    int count, channels;        /* >= 1 */
    float lo, hi;               /* NaN passes through the clamp */
} tsr_dwconv_f32_span;          /* all distances in elements; y overlaps nothing */

/* One image: [h][w][c] to [oh][ow][c].  y.taps and x.taps are the filter's size. */
typedef struct {
    tsr_window y, x;
    ptrdiff_t in_row, in_pixel, out_row, out_pixel;     /* strides, in elements */
    int channels;
    int ring;                   /* 0: the whole image is there; else only so many rows at a
                                   time, row r at r % ring                     */
    const float *packed;
    float lo, hi;               /* NaN passes through the clamp */
} tsr_dwconv_f32_image;

/* In a ring the rows of taps that begin with image row y go round at most once: after how
 * many, and how far it then is to the next. */
static inline int tsr_dwconv_f32_wrap(const tsr_dwconv_f32_image *g, int y)
{
    return g->ring ? (g->ring - y % g->ring - 1) / g->y.dilation + 1 : 0;
}

static inline ptrdiff_t tsr_dwconv_f32_wrap_step(const tsr_dwconv_f32_image *g)
{
    return (g->y.dilation - (ptrdiff_t)g->ring) * g->in_row;
}

static inline const float *tsr_dwconv_f32_row(const tsr_dwconv_f32_image *g, const float *image,
                                              int y)
{
    return image + (g->ring ? y % g->ring : y) * g->in_row;
}

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    int nr;                     /* channels in a packed block ...             */
    int vector;                 /* ... and in a vector of it; 1: no vectors   */
    void (*span)(const tsr_dwconv_f32_span *s);
    /* Output row oy, ow pixels at out, where tsr_dwconv_f32_fits_row(g).  NULL: has
     * none, spans do it. */
    void (*row)(const tsr_dwconv_f32_image *g, const float *image, int oy, float *out);
    /* The same for rows oy and oy + 1, of 3x3 filters with stride 1 and no dilation down.
     * NULL: row by row is faster. */
    void (*two_rows)(const tsr_dwconv_f32_image *g, const float *image, int oy, float *out);
} tsr_dwconv_f32;

extern const tsr_dwconv_f32 tsr_dwconv_f32_c, tsr_dwconv_f32_avx2,
                            tsr_dwconv_f32_avx512, tsr_dwconv_f32_neon, tsr_dwconv_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_dwconv_f32 *const tsr_dwconv_f32_variants[];

/* The fastest variant that this CPU can run. */
const tsr_dwconv_f32 *tsr_dwconv_f32_best(void);

/* The fastest one for that many channels: 8 of them fill no vector of 16. */
const tsr_dwconv_f32 *tsr_dwconv_f32_for(int channels);

size_t tsr_dwconv_f32_packed_size(const tsr_dwconv_f32 *v, int taps, int channels);

/* weights[taps][channels] and bias[channels] (NULL: zeros) -> blocks. */
void tsr_dwconv_f32_pack(const tsr_dwconv_f32 *v, int taps, int channels,
                         const float *weights, const float *bias, float *packed);

/* A number for how this variant packs: layout_id.h. */
uint64_t tsr_dwconv_f32_layout(const tsr_dwconv_f32 *v);

/* Is the filter 3, 5 or 7 wide, its x stride 1 or 2 (7 wide: 1), and do a row's
 * outputs miss at most half of the filter at either end (of every phase, with
 * dilation)?  That is SAME and VALID padding. */
bool tsr_dwconv_f32_fits_row(const tsr_dwconv_f32_image *g);

/* Output rows oy..end-1; out is where row oy goes, the next one out_row further.  Reads
 * image rows oy * stride - pad + t * dilation only; `image` points to row 0. */
void tsr_dwconv_f32_rows(const tsr_dwconv_f32 *v, const tsr_dwconv_f32_image *g,
                         const float *image, int oy, int end, float *out);

#endif
