/*
 * dwconv_f16_neonf16.c - 64-bit Arm with FEAT_FP16: 4 outputs x 32 channels.
 *
 * LD1 fetches the four vectors of 32 channels by one instruction.  Filters 3 wide without
 * dilation load each column once, and multiply it into all outputs that see it: 16 sums,
 * 12 taps of a filter row and 4 inputs are all 32 registers.  Others load a column for each
 * tap and output: 16 sums, 4 taps, 4 inputs.     SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/dwconv_f16.h"

enum { LANES = 8, WIDE = 4, PX = 4, ROW_KW = 3 };

#define INLINE static inline __attribute__((always_inline))

typedef struct { float16x8_t v[WIDE]; } vectors;

/* `vecs` neighbouring vectors: 1 or 4. */
INLINE vectors load(const uint16_t *p, const int vecs)
{
    vectors x;
    if (vecs == WIDE) {
        const uint16x8x4_t all = vld1q_u16_x4(p);
        TSR_UNROLL for (int v = 0; v < WIDE; v++)
            x.v[v] = vreinterpretq_f16_u16(all.val[v]);
    } else {
        x.v[0] = x.v[1] = x.v[2] = x.v[3] = vreinterpretq_f16_u16(vld1q_u16(p));
    }
    return x;
}

/* The same by LDP, into registers that need not be neighbours: for what stays a while. */
INLINE vectors load_apart(const uint16_t *p, const int vecs)
{
    vectors x = load(p, 1);
    TSR_UNROLL for (int v = 1; v < vecs; v++)
        x.v[v] = vreinterpretq_f16_u16(vld1q_u16(p + v * LANES));
    return x;
}

/* As an instruction that the compiler leaves where it is: see gemm_f32_neon.c. */
INLINE void multiply_add(vectors *sum, const vectors *x, const vectors *w, const int vecs)
{
    TSR_UNROLL for (int v = 0; v < vecs; v++)
        __asm__("fmla %0.8h, %1.8h, %2.8h" : "+w"(sum->v[v]) : "w"(x->v[v]), "w"(w->v[v]));
}

INLINE void store(const tsr_dwconv_f16_line *l, uint16_t *y, vectors *sum, const int px,
                  const int vecs)
{
    const float16x8_t lo = vdupq_n_f16((float16_t)l->lo), hi = vdupq_n_f16((float16_t)l->hi);
    TSR_UNROLL for (int i = 0; i < px; i++)
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            sum[i].v[v] = vminq_f16(vmaxq_f16(sum[i].v[v], lo), hi);
    const ptrdiff_t step = l->channels;
    TSR_UNROLL for (int i = 0; i < px; i++, y += step)
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            vst1q_u16(y + v * LANES, vreinterpretq_u16_f16(sum[i].v[v]));
}

/* px outputs of `vecs` vectors from channel c on; x: the pointers of the first output.
 * px, vecs and stride are constants at every call. */
INLINE void tile_3(const tsr_dwconv_f16_line *l, const uint16_t *const *x, ptrdiff_t c,
                   const uint16_t *w, const int px, const int vecs, const int stride)
{
    vectors sum[PX], tap[ROW_KW];
    const int width = vecs * LANES, columns = (px - 1) * stride + ROW_KW;
    TSR_UNROLL for (int i = 0; i < px; i++)
        sum[i] = load_apart(w, vecs);
    w += width;
    for (int ky = l->kh; ky > 0; ky--, x += l->x_step, w += ROW_KW * width) {
        TSR_UNROLL for (int t = 0; t < ROW_KW; t++)
            tap[t] = load_apart(w + t * width, vecs);
        TSR_UNROLL for (int j = 0; j < columns; j++) {
            const vectors in = load(x[j] + c, vecs);
            TSR_UNROLL for (int t = 0; t < ROW_KW; t++)
                if (j >= t && (j - t) % stride == 0 && j - t <= (px - 1) * stride)
                    multiply_add(&sum[(j - t) / stride], &in, &tap[t], vecs);
        }
    }
    store(l, l->y + c, sum, px, vecs);
}

INLINE void tile_any(const tsr_dwconv_f16_line *l, const uint16_t *const *x, ptrdiff_t c,
                     const uint16_t *w, const int px, const int vecs)
{
    vectors sum[PX];
    const int width = vecs * LANES;
    TSR_UNROLL for (int i = 0; i < px; i++)
        sum[i] = load(w, vecs);
    for (int ky = l->kh; ky > 0; ky--, x += l->x_step)
        for (int kx = 0; kx < l->kw; kx++) {
            const vectors tap = load(w += width, vecs);
            const uint16_t *const *column = x + kx * l->dilation;
            TSR_UNROLL for (int i = 0; i < px; i++) {
                const vectors in = load(column[i * l->stride] + c, vecs);
                multiply_add(&sum[i], &in, &tap, vecs);
            }
        }
    store(l, l->y + c, sum, px, vecs);
}

/* All channels of px outputs.  stride 0: any filter. */
INLINE void pixels(const tsr_dwconv_f16_line *l, const int px, const int stride)
{
    const ptrdiff_t block = l->kh * l->kw + 1;
    const uint16_t *w = l->packed;
    int c = 0;
    for (; c + WIDE * LANES <= l->channels; c += WIDE * LANES, w += block * WIDE * LANES)
        if (stride)
            tile_3(l, l->x, c, w, px, WIDE, stride);
        else
            tile_any(l, l->x, c, w, px, WIDE);
    for (; c < l->channels; c += LANES, w += block * LANES) {
        const int at = c + LANES <= l->channels ? c : l->channels - LANES;
        if (stride)
            tile_3(l, l->x, at, w, px, 1, stride);
        else
            tile_any(l, l->x, at, w, px, 1);
    }
}

INLINE void outputs(const tsr_dwconv_f16_line *line, const int stride)
{
    tsr_dwconv_f16_line l = *line;
    int tiles = (l.outputs + PX - 1) / PX;
    for (int left = l.outputs, px; left > 0; left -= px, tiles--) {
        px = (left + tiles - 1) / tiles;                /* about equal: no single left over */
        switch (px) {
        case 1: pixels(&l, 1, stride); break;
        case 2: pixels(&l, 2, stride); break;
        case 3: pixels(&l, 3, stride); break;
        default: pixels(&l, PX, stride); break;
        }
        l.x += px * l.stride, l.y += (ptrdiff_t)px * l.channels;
    }
}

static void row_3(const tsr_dwconv_f16_line *l)          { outputs(l, 1); }
static void row_3_stride_2(const tsr_dwconv_f16_line *l) { outputs(l, 2); }
static void row_any(const tsr_dwconv_f16_line *l)        { outputs(l, 0); }

static void row(const tsr_dwconv_f16_line *l)
{
    if (l->kw != ROW_KW || l->dilation > 1 || l->stride > 2)
        row_any(l);
    else if (l->stride == 1)
        row_3(l);
    else
        row_3_stride_2(l);
}

const tsr_dwconv_f16 tsr_dwconv_f16_neonf16 = { "neonf16", TSR_CPU_NEONF16, LANES, WIDE, row };
