/*
 * crop_u8_avx512.c - eight places at a time, where interpolation touches 2 x 2 pixels.
 *
 * As crop_u8_avx2.c, whose lanes of 128 bits these are, four instead of two: lane k holds
 * places 2k and 2k + 1, sorted and weighed in a register for the even ones and one for the
 * odd ones.  The pixels must still be fetched one by one, so twice the width is not twice the
 * speed; 3 x 3 pixels, which are fetched most of the time, are left to AVX2.
 *
 * Registers: 14 or so of 32.  Measured on a Zen 5: 1.28 times AVX2.
 * SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/crop_u8.h"

enum { POINT = TSR_CROP_U8_POINT, N = 8 };

typedef struct { __m512i x, y; } places;

/* Places i to i + 7; behind the last one, the last one again. */
static inline places places_at(const tsr_crop_u8_walk *w, int i, int last)
{
    const __m512i lane = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    const __m512i at = _mm512_min_epi64(_mm512_add_epi64(_mm512_set1_epi64(i), lane),
                                        _mm512_set1_epi64(last));
    return (places){
        _mm512_add_epi64(_mm512_set1_epi64(w->x), _mm512_mullo_epi64(at, _mm512_set1_epi64(w->dx))),
        _mm512_add_epi64(_mm512_set1_epi64(w->y), _mm512_mullo_epi64(at, _mm512_set1_epi64(w->dy))),
    };
}

static inline void offsets(const places *p, int stride, long long at[N])
{
    const __m512i x = _mm512_srli_epi64(p->x, POINT), y = _mm512_srli_epi64(p->y, POINT);
    const __m512i row = _mm512_mul_epu32(y, _mm512_set1_epi64(stride));
    const __m512i x3 = _mm512_add_epi64(x, _mm512_slli_epi64(x, 1));
    _mm512_storeu_si512(at, _mm512_add_epi64(row, x3));
}

/* The first `bits` bits behind the point. */
static inline __m512i fraction(__m512i v, int bits)
{
    const __m512i mask = _mm512_set1_epi64((1 << bits) - 1);
    return _mm512_and_si512(_mm512_srli_epi64(v, (unsigned)(POINT - bits)), mask);
}

/* The two lowest bytes of each lane's lower or upper number, again and again. */
static inline __m512i spread(__m512i v, int upper)
{
    return _mm512_shuffle_epi8(v, _mm512_set1_epi16((short)(upper ? 0x0908 : 0x0100)));
}

/* Eight bytes, of which six are wanted, of two rows. */
static inline __m128i two_rows(const uint8_t *p, int stride)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)p),
                              _mm_loadl_epi64((const __m128i *)(p + stride)));
}

/* Four places, weighed across: r g b - of the upper row, then of the lower one. */
static inline __m512i four(const uint8_t *rgb, int stride, const long long *to, __m512i weights)
{
    const __m128i sort = _mm_setr_epi8(0, 3, 1, 4, 2, 5, -1, -1, 8, 11, 9, 12, 10, 13, -1, -1);
    const __m256i low = _mm256_setr_m128i(two_rows(rgb + to[0], stride),
                                          two_rows(rgb + to[2], stride));
    const __m256i high = _mm256_setr_m128i(two_rows(rgb + to[4], stride),
                                           two_rows(rgb + to[6], stride));
    const __m512i v = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    return _mm512_maddubs_epi16(_mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(sort)), weights);
}

/* Writes 26 bytes, of which 24 are wanted. */
static inline void eight(const uint8_t *rgb, int stride, const places *at, uint8_t *y)
{
    long long to[N];
    offsets(at, stride, to);
    const __m512i f = fraction(at->x, 6), fy = fraction(at->y, 15);
    const __m512i weights = _mm512_or_si512(_mm512_sub_epi64(_mm512_set1_epi64(64), f),
                                            _mm512_slli_epi64(f, 8));
    const __m512i even = four(rgb, stride, to, spread(weights, 0));
    const __m512i odd = four(rgb, stride, to + 1, spread(weights, 1));
    const __m512i a = _mm512_unpacklo_epi64(even, odd), b = _mm512_unpackhi_epi64(even, odd);
    const __m512i down = _mm512_unpacklo_epi64(spread(fy, 0), spread(fy, 1));
    const __m512i twice = _mm512_slli_epi16(_mm512_sub_epi16(b, a), 1);
    __m512i v = _mm512_add_epi16(a, _mm512_mulhi_epi16(twice, down));
    v = _mm512_srli_epi16(_mm512_add_epi16(v, _mm512_set1_epi16(32)), 6);

    const __m128i pack = _mm_setr_epi8(0, 2, 4, 8, 10, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    v = _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(pack));
    _mm_storel_epi64((__m128i *)y, _mm512_castsi512_si128(v));
    _mm_storel_epi64((__m128i *)(y + 6), _mm512_extracti32x4_epi32(v, 1));
    _mm_storel_epi64((__m128i *)(y + 12), _mm512_extracti32x4_epi32(v, 2));
    _mm_storel_epi64((__m128i *)(y + 18), _mm512_extracti32x4_epi32(v, 3));
}

/* The last places of a run go through a buffer: eight write more than they are. */
static void one(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    const __m512i dx = _mm512_set1_epi64(N * w.dx), dy = _mm512_set1_epi64(N * w.dy);
    places at = places_at(&w, 0, count - 1);
    int i = 0;
    for (; i + N < count; i += N) {
        eight(rgb, stride, &at, y + 3 * i);
        at.x = _mm512_add_epi64(at.x, dx);
        at.y = _mm512_add_epi64(at.y, dy);
    }
    if (i > 0 && i + N > count)
        at = places_at(&w, i, count - 1);
    uint8_t out[3 * N + 2];
    eight(rgb, stride, &at, out);
    memcpy(y + 3 * i, out, 3 * (size_t)(count - i));
}

static void two(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    tsr_crop_u8_avx2.two(rgb, stride, w, count, y);
}

const tsr_crop_u8 tsr_crop_u8_avx512 = { "avx512", TSR_CPU_AVX512, one, two };
