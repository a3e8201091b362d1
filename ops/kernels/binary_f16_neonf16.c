/*
 * binary_f16_neonf16.c - 64-bit Arm with FEAT_FP16: 32 numbers a turn, by LD1 and ST1 of four
 * vectors, and two instructions for the clamp of each.  y may be a, so no element may be
 * computed twice: the odd ones go one by one.    SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <stdbool.h>
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/binary_f16.h"

enum { LANES = 8, WIDE = 4 };

#define INLINE static inline __attribute__((always_inline))

typedef struct { float16x8_t lo, hi; } limits;

INLINE float16x8_t as_f16(uint16x8_t x) { return vreinterpretq_f16_u16(x); }

/* f is a constant at every call. */
INLINE float16x8_t value(const tsr_binary_fn f, float16x8_t a, float16x8_t b)
{
    switch (f) {
    case TSR_BINARY_ADD: return vaddq_f16(a, b);
    case TSR_BINARY_SUB: return vsubq_f16(a, b);
    case TSR_BINARY_MUL: return vmulq_f16(a, b);
    case TSR_BINARY_DIV: return vdivq_f16(a, b);
    case TSR_BINARY_MINIMUM: return vminq_f16(a, b);
    case TSR_BINARY_MAXIMUM: return vmaxq_f16(a, b);
    case TSR_BINARY_SQUARED_DIFFERENCE: return vmulq_f16(vsubq_f16(a, b), vsubq_f16(a, b));
    default: return vbslq_f16(vcltzq_f16(a), vmulq_f16(a, b), a);       /* PRELU */
    }
}

INLINE uint16x8_t clamped(const tsr_binary_fn f, uint16x8_t a, uint16x8_t b, limits l)
{
    const float16x8_t y = value(f, as_f16(a), as_f16(b));
    return vreinterpretq_u16_f16(vminq_f16(vmaxq_f16(y, l.lo), l.hi));
}

INLINE uint16x8x4_t load4(const uint16_t *p, const bool moves)
{
    const uint16x8_t all = vld1q_dup_u16(p);
    return moves ? vld1q_u16_x4(p) : (uint16x8x4_t){ { all, all, all, all } };
}

/* One row; f and b_moves are constants at every call. */
INLINE void row(const tsr_binary_f16_block *k, int r, const tsr_binary_fn f, const bool a_moves,
                const bool b_moves)
{
    const uint16_t *a = k->a + r * k->a_row, *b = k->b + r * k->b_row;
    uint16_t *y = k->y + r * k->y_row;
    const limits l = { vdupq_n_f16((float16_t)k->lo), vdupq_n_f16((float16_t)k->hi) };
    int n = k->n;
    for (; n >= WIDE * LANES; n -= WIDE * LANES) {
        const uint16x8x4_t p = load4(a, a_moves), q = load4(b, b_moves);
        uint16x8x4_t s;
        TSR_UNROLL for (int v = 0; v < WIDE; v++)
            s.val[v] = clamped(f, p.val[v], q.val[v], l);
        vst1q_u16_x4(y, s);
        a += a_moves * WIDE * LANES, b += b_moves * WIDE * LANES, y += WIDE * LANES;
    }
    for (; n >= LANES; n -= LANES) {
        vst1q_u16(y, clamped(f, a_moves ? vld1q_u16(a) : vld1q_dup_u16(a),
                             b_moves ? vld1q_u16(b) : vld1q_dup_u16(b), l));
        a += a_moves * LANES, b += b_moves * LANES, y += LANES;
    }
    for (; n > 0; n--, a += a_moves, b += b_moves, y++)
        vst1q_lane_u16(y, clamped(f, vld1q_dup_u16(a), vld1q_dup_u16(b), l), 0);
}

INLINE void each(const tsr_binary_f16_block *k, const tsr_binary_fn f)
{
    for (int r = 0; r < k->rows; r++)
        if (!k->b_step)
            row(k, r, f, k->a_step, false);
        else if (!k->a_step)
            row(k, r, f, false, true);
        else
            row(k, r, f, true, true);
}

static void add(const tsr_binary_f16_block *k)      { each(k, TSR_BINARY_ADD); }
static void sub(const tsr_binary_f16_block *k)      { each(k, TSR_BINARY_SUB); }
static void mul(const tsr_binary_f16_block *k)      { each(k, TSR_BINARY_MUL); }
static void quotient(const tsr_binary_f16_block *k) { each(k, TSR_BINARY_DIV); }
static void minimum(const tsr_binary_f16_block *k)  { each(k, TSR_BINARY_MINIMUM); }
static void maximum(const tsr_binary_f16_block *k)  { each(k, TSR_BINARY_MAXIMUM); }
static void squared(const tsr_binary_f16_block *k)  { each(k, TSR_BINARY_SQUARED_DIFFERENCE); }
static void prelu(const tsr_binary_f16_block *k)    { each(k, TSR_BINARY_PRELU); }

/* pow and floor_div are float32's business. */
const tsr_binary_f16 tsr_binary_f16_neonf16 = {
    .level = "neonf16", .cpu = TSR_CPU_NEONF16,
    .fn = {
        [TSR_BINARY_ADD] = add, [TSR_BINARY_SUB] = sub, [TSR_BINARY_MUL] = mul,
        [TSR_BINARY_DIV] = quotient, [TSR_BINARY_MINIMUM] = minimum,
        [TSR_BINARY_MAXIMUM] = maximum, [TSR_BINARY_SQUARED_DIFFERENCE] = squared,
        [TSR_BINARY_PRELU] = prelu,
    },
};
