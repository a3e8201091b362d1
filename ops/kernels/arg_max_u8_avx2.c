/*
 * arg_max_u8_avx2.c - the largest byte first, then the first byte that equals it.
 *
 * The largest of 16 bytes is one instruction: PHMINPOSUW finds the smallest of eight 16-bit
 * numbers, so the bytes are turned over (255 - x) and folded upon each other once.
 * Comparing all bytes with it gives a bit for each, and the lowest bit is the answer.
 * A row of 16 to 32 bytes, such as the 21 classes of PASCAL VOC, is two registers, the
 * second moved back to end where the row ends; shorter rows are filled up with 0, which
 * never stands before the largest byte.  Longer ones are read twice.
 *
 * Registers: 2 of bytes and 5 more of 16.  Rows do not depend on each other, so the CPU
 * overlaps their chains of about 25 cycles.  Wider registers would hold nothing more.
 * SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "ops/kernels/arg_max_u8.h"
#include "ops/kernels/requantise_avx2.h"

enum { BYTES = 16 };

static inline __m128i load(const uint8_t *x, __m128i flip)
{
    return _mm_xor_si128(_mm_loadu_si128((const __m128i *)x), flip);
}

/* The largest of 16 bytes, 16 times. */
static inline __m128i largest(__m128i v)
{
    const __m128i turned = _mm_xor_si128(v, _mm_set1_epi8(-1));
    const __m128i words = _mm_min_epu8(turned, _mm_srli_epi16(turned, 8));
    const __m128i least = _mm_minpos_epu16(_mm_and_si128(words, _mm_set1_epi16(0xff)));
    return _mm_xor_si128(_mm_shuffle_epi8(least, _mm_setzero_si128()), _mm_set1_epi8(-1));
}

/* A bit for each byte of v that equals `best`. */
static inline uint32_t equal(__m128i v, __m128i best)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, best));
}

static void short_rows(const uint8_t *x, int n, int count, __m128i flip, int32_t *at)
{
    const __m128i lane = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    flip = _mm_and_si128(flip, _mm_cmpgt_epi8(_mm_set1_epi8((char)n), lane));
    for (int i = 0; i < count; i++, x += n) {
        const __m128i v = _mm_xor_si128(tsr_load_avx2(x, n), flip);
        at[i] = __builtin_ctz(equal(v, largest(v)));
    }
}

/* 16 to 32 bytes: the two registers share 32 - n of them, which have the same place in both. */
static void two_registers(const uint8_t *x, int n, int count, __m128i flip, int32_t *at)
{
    const int back = n - BYTES;
    for (int i = 0; i < count; i++, x += n) {
        const __m128i a = load(x, flip), b = load(x + back, flip);
        const __m128i best = largest(_mm_max_epu8(a, b));
        const uint64_t bits = equal(a, best) | (uint64_t)equal(b, best) << back;
        at[i] = __builtin_ctzll(bits);
    }
}

static int32_t long_row(const uint8_t *x, int n, __m128i flip)
{
    __m128i most = load(x + n - BYTES, flip);
    for (int k = 0; k + BYTES <= n; k += BYTES)
        most = _mm_max_epu8(most, load(x + k, flip));
    most = largest(most);
    for (int k = 0; k + BYTES <= n; k += BYTES) {
        const uint32_t bits = equal(load(x + k, flip), most);
        if (bits)
            return k + __builtin_ctz(bits);
    }
    return n - BYTES + __builtin_ctz(equal(load(x + n - BYTES, flip), most));
}

static void rows(const uint8_t *x, int n, int count, uint8_t flip, int32_t *at)
{
    const __m128i f = _mm_set1_epi8((char)flip);
    if (n < BYTES) {
        short_rows(x, n, count, f, at);
    } else if (n <= 2 * BYTES) {
        two_registers(x, n, count, f, at);
    } else {
        for (int i = 0; i < count; i++, x += n)
            at[i] = long_row(x, n, f);
    }
}

const tsr_arg_max_u8 tsr_arg_max_u8_avx2 = { "avx2", TSR_CPU_AVX2, rows };
