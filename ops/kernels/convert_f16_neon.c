/*
 * convert_f16_neon.c - FCVTN and FCVTL, which every 64-bit Arm has: 16 numbers a turn.
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include "engine/cpu.h"
#include "engine/half.h"
#include "ops/kernels/convert_f16.h"

static void narrow(const float *x, uint16_t *y, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const float32x4x4_t v = vld1q_f32_x4(x + i);
        const float16x8_t a = vcvt_high_f16_f32(vcvt_f16_f32(v.val[0]), v.val[1]);
        const float16x8_t b = vcvt_high_f16_f32(vcvt_f16_f32(v.val[2]), v.val[3]);
        vst1q_u16(y + i, vreinterpretq_u16_f16(a));
        vst1q_u16(y + i + 8, vreinterpretq_u16_f16(b));
    }
    for (; i < n; i++)
        y[i] = tsr_float_to_half(x[i]);
}

static void widen(const uint16_t *x, float *y, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const float16x8_t a = vreinterpretq_f16_u16(vld1q_u16(x + i));
        const float16x8_t b = vreinterpretq_f16_u16(vld1q_u16(x + i + 8));
        vst1q_f32(y + i, vcvt_f32_f16(vget_low_f16(a)));
        vst1q_f32(y + i + 4, vcvt_high_f32_f16(a));
        vst1q_f32(y + i + 8, vcvt_f32_f16(vget_low_f16(b)));
        vst1q_f32(y + i + 12, vcvt_high_f32_f16(b));
    }
    for (; i < n; i++)
        y[i] = tsr_half_to_float(x[i]);
}

const tsr_convert_f16 tsr_convert_f16_neon = { "neon", TSR_CPU_NEON, narrow, widen };
