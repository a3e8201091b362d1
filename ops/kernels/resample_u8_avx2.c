/*
 * resample_u8_avx2.c - four pixels at a time across, eight bytes at a time down.
 *
 * Across: the bytes of four neighbouring pixels are sorted by colour and widened to 16 bits,
 *
 *     r0 g0 b0 r1 g1 b1 r2 ...  ->  r0 r1 r2 r3  g0 g1 g2 g3 | b0 b1 b2 b3  -  -  -  -
 *
 * and multiply-add-pairs weighs them with w0 w1 w2 w3, repeated: once with the weights' high
 * parts, once with the low ones.  A load of 16 bytes touches four more than it needs, so the
 * last pixels of a row, whose loads would leave it, are the reference's.
 * SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/resample_u8_end.h"

enum { HALF = 1 << (TSR_RESAMPLE_POINT - 1), GROUP = TSR_RESAMPLE_GROUP };

/* Four 16-bit weights, repeated four times. */
static inline __m256i four(const int16_t *w)
{
    long long all;
    memcpy(&all, w, sizeof all);
    return _mm256_set1_epi64x(all);
}

/* Four sums to bytes, the lowest first. */
static inline uint32_t to_bytes(__m128i sum)
{
    sum = _mm_srli_epi32(sum, TSR_RESAMPLE_POINT);
    sum = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
    return (uint32_t)_mm_cvtsi128_si32(sum);
}

/* One pixel out of `groups` groups of four; the fourth byte means nothing. */
static inline uint32_t pixel(const uint8_t *x, const int16_t *high, const int16_t *low, int groups)
{
    const __m128i sort = _mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1);
    __m256i upper = _mm256_setzero_si256(), lower = upper;
    for (int g = 0; g < groups; g++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(x + 3 * GROUP * g));
        const __m256i v = _mm256_cvtepu8_epi16(_mm_shuffle_epi8(bytes, sort));
        upper = _mm256_add_epi32(upper, _mm256_madd_epi16(v, four(high + GROUP * g)));
        lower = _mm256_add_epi32(lower, _mm256_madd_epi16(v, four(low + GROUP * g)));
    }
    const __m256i both = _mm256_add_epi32(_mm256_slli_epi32(upper, TSR_RESAMPLE_LOW), lower);
    const __m128i rg = _mm256_castsi256_si128(both), b = _mm256_extracti128_si256(both, 1);
    return to_bytes(_mm_add_epi32(_mm_hadd_epi32(rg, b), _mm_set1_epi32(HALF)));
}

/* The first `count` pixels, whose loads stay within the row.  Each is stored as four bytes;
 * the next one overwrites the fourth. */
static inline void pixels(const tsr_resample_u8_filter *f, const uint8_t *x, int count, int groups,
                          uint8_t *y)
{
    const int16_t *high = f->high, *low = f->low;
    for (int i = 0; i < count; i++, y += 3, high += f->taps, low += f->taps) {
        const uint32_t rgb = pixel(x + 3 * (ptrdiff_t)f->first[i], high, low, groups);
        memcpy(y, &rgb, 4);
    }
}

static void across(const tsr_resample_u8_filter *f, const uint8_t *x, uint8_t *y)
{
    tsr_resample_u8_across(pixels, 1, f, x, y);
}

/* Eight bytes of a row, and `count` such rows below each other. */
static inline __m256i column(const uint8_t *x, size_t stride, const int32_t *w, int count)
{
    __m256i sum = _mm256_set1_epi32(HALF);
    for (int j = 0; j < count; j++, x += stride) {
        const __m256i v = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)x));
        sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(v, _mm256_set1_epi32(w[j])));
    }
    return sum;
}

static inline uint8_t byte_down(const uint8_t *x, size_t stride, const int32_t *w, int count)
{
    int32_t sum = HALF;
    for (int j = 0; j < count; j++, x += stride)
        sum += w[j] * *x;
    sum >>= TSR_RESAMPLE_POINT;
    return (uint8_t)(sum > 255 ? 255 : sum);
}

static void down(const tsr_resample_u8_filter *f, int i, const uint8_t *x, int n, int32_t *sums,
                 uint8_t *y)
{
    const int32_t *w = f->weight + (size_t)i * (size_t)f->taps;
    const size_t stride = (size_t)n;
    const int count = f->count[i];
    int k = 0;
    (void)sums;
    x += (size_t)f->first[i] * stride;
    for (; k + 8 <= n; k += 8) {
        const __m256i sum = column(x + k, stride, w, count);
        const uint32_t left = to_bytes(_mm256_castsi256_si128(sum));
        const uint32_t right = to_bytes(_mm256_extracti128_si256(sum, 1));
        memcpy(y + k, &left, 4);
        memcpy(y + k + 4, &right, 4);
    }
    for (; k < n; k++)
        y[k] = byte_down(x + k, stride, w, count);
}

const tsr_resample_u8 tsr_resample_u8_avx2 = { "avx2", TSR_CPU_AVX2, across, down };
