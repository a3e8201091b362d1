/*
 * gemm_q8_neon.c - 8 x 8 tile: 16 accumulators + 4 rows of weights + 1 pair of
 * A per row of the 32 V registers.
 *
 * ld2 takes the pairs of k apart: 8 columns of the even row of B, 8 of the odd.
 * smlal multiplies four of them by one 16-bit lane of A and adds in 32 bits:
 * exact, and there on every AArch64, without the dot-product extension.
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/gemm_q8.h"

enum { MR = 8, NR = 8 };

/* 8 sums -> 8 bytes. */
static inline uint8x8_t requantise(const tsr_gemm_q8_tile *t, int32x4_t s0, int32x4_t s1)
{
    const float *scale = (const float *)t->b + NR;
    const float32x4_t lo = vdupq_n_f32(t->out.lo), hi = vdupq_n_f32(t->out.hi);
    const int32x4_t zero_point = vdupq_n_s32(t->out.zero_point);
    float32x4_t f0 = vmulq_f32(vcvtq_f32_s32(s0), vld1q_f32(scale));
    float32x4_t f1 = vmulq_f32(vcvtq_f32_s32(s1), vld1q_f32(scale + 4));
    f0 = vminq_f32(vmaxq_f32(f0, lo), hi);
    f1 = vminq_f32(vmaxq_f32(f1, lo), hi);
    /* fcvtns: to nearest, ties to even, whatever the rounding mode. */
    const int32x4_t i0 = vaddq_s32(vcvtnq_s32_f32(f0), zero_point);
    const int32x4_t i1 = vaddq_s32(vcvtnq_s32_f32(f1), zero_point);
    const int16x8_t words = vcombine_s16(vmovn_s32(i0), vmovn_s32(i1));
    return vmovn_u16(vreinterpretq_u16_s16(words));
}

/* `m` is a constant at every call, so the row loops unroll away. */
static inline __attribute__((always_inline))
void rows(const tsr_gemm_q8_tile *t, const int m)
{
    const int32_t *bias = t->b;
    int32x4_t acc[MR][2];
    for (int i = 0; i < m; i++) {
        const int32x4_t row = vdupq_n_s32(t->row_sum[i]);
        acc[i][0] = vaddq_s32(vld1q_s32(bias), row);
        acc[i][1] = vaddq_s32(vld1q_s32(bias + 4), row);
    }

    const int8_t *b = (const int8_t *)t->b + 8 * NR;
    for (int k = 0; k < t->k; k += 2, b += 2 * NR) {
        const int8x8x2_t pairs = vld2_s8(b);
        const int16x8_t even = vmovl_s8(pairs.val[0]), odd = vmovl_s8(pairs.val[1]);
        for (int i = 0; i < m; i++) {
            const int16_t *a = t->a + i * t->lda + k;
            acc[i][0] = vmlal_n_s16(acc[i][0], vget_low_s16(even), a[0]);
            acc[i][1] = vmlal_n_s16(acc[i][1], vget_high_s16(even), a[0]);
            acc[i][0] = vmlal_n_s16(acc[i][0], vget_low_s16(odd), a[1]);
            acc[i][1] = vmlal_n_s16(acc[i][1], vget_high_s16(odd), a[1]);
        }
    }

    for (int i = 0; i < m; i++) {
        uint8_t out[NR];        /* a narrow last panel must not write past n */
        uint8_t *c = t->c + i * t->ldc, *dst = t->n == NR ? c : out;
        vst1_u8(dst, requantise(t, acc[i][0], acc[i][1]));
        if (dst == out)
            memcpy(c, out, (size_t)t->n);
    }
}

static void tile(const tsr_gemm_q8_tile *t)
{
    switch (t->m) {
    case 1: rows(t, 1); break;
    case 2: rows(t, 2); break;
    case 3: rows(t, 3); break;
    case 4: rows(t, 4); break;
    case 5: rows(t, 5); break;
    case 6: rows(t, 6); break;
    case 7: rows(t, 7); break;
    case 8: rows(t, 8); break;
    }
}

static void widen(const uint8_t *x, size_t n, uint8_t flip, int zero, int16_t *a)
{
    const uint8x8_t flips = vdup_n_u8(flip);
    const int16x8_t zeros = vdupq_n_s16((int16_t)zero);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const uint16x8_t words = vmovl_u8(veor_u8(vld1_u8(x + i), flips));
        vst1q_s16(a + i, vsubq_s16(vreinterpretq_s16_u16(words), zeros));
    }
    for (; i < n; i++)
        a[i] = (int16_t)((x[i] ^ flip) - zero);
}

const tsr_gemm_q8 tsr_gemm_q8_neon = { "neon", TSR_CPU_NEON, MR, NR, 2, tile, widen };
