/*
 * dwconv_q8_avx2.c - 16 channels at a time: 2 accumulators, all taps of one
 * pixel.
 *
 * punpck interleaves the bytes of two taps by channel, vpmovzxbw widens them,
 * vpmaddwd multiplies by the weight pairs and adds: 8 vector instructions for
 * 32 multiply-adds.  A last block of fewer channels works on copies, so that
 * no pointer is read past its end.               SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/dwconv_q8.h"

enum { NR = 16 };

/* 16 sums -> 16 bytes, in order; see gemm_q8_avx2.c. */
static inline __m128i requantise(const tsr_q8_output *o, const float *scale, __m256i s0, __m256i s1)
{
    const __m256 lo = _mm256_set1_ps(o->lo), hi = _mm256_set1_ps(o->hi);
    const __m256i zero_point = _mm256_set1_epi32(o->zero_point);
    __m256 f0 = _mm256_mul_ps(_mm256_cvtepi32_ps(s0), _mm256_loadu_ps(scale));
    __m256 f1 = _mm256_mul_ps(_mm256_cvtepi32_ps(s1), _mm256_loadu_ps(scale + 8));
    f0 = _mm256_min_ps(_mm256_max_ps(f0, lo), hi);
    f1 = _mm256_min_ps(_mm256_max_ps(f1, lo), hi);
    const __m256i i0 = _mm256_add_epi32(_mm256_cvtps_epi32(f0), zero_point);
    const __m256i i1 = _mm256_add_epi32(_mm256_cvtps_epi32(f1), zero_point);
    const __m256i words = _mm256_and_si256(
        _mm256_permute4x64_epi64(_mm256_packs_epi32(i0, i1), 0xd8), _mm256_set1_epi16(0xff));
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* n channels at p: all NR, or fewer and the rest 0. */
static inline __attribute__((always_inline)) __m128i load(const uint8_t *p, int n)
{
    if (n == NR)
        return _mm_loadu_si128((const __m128i *)p);
    uint8_t part[NR] = { 0 };
    memcpy(part, p, (size_t)n);
    return _mm_loadu_si128((const __m128i *)part);
}

static inline __attribute__((always_inline))
void pixel(const tsr_dwconv_q8_row *r, const uint8_t *const *x, int c, const void *block,
           const int n, uint8_t *y)
{
    const int32_t *bias = block;
    const int16_t *w = (const int16_t *)block + 4 * NR;
    const __m128i flip = _mm_set1_epi8((char)r->flip);
    __m256i s0 = _mm256_loadu_si256((const __m256i *)bias);
    __m256i s1 = _mm256_loadu_si256((const __m256i *)(bias + 8));
    for (int t = 0; t < r->taps; t += 2, w += 2 * NR) {
        const __m128i x0 = _mm_xor_si128(load(x[t] + c, n), flip);
        const __m128i x1 = _mm_xor_si128(load(x[t + 1] + c, n), flip);
        const __m256i a0 = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(x0, x1));
        const __m256i a1 = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(x0, x1));
        const __m256i w0 = _mm256_loadu_si256((const __m256i *)w);
        const __m256i w1 = _mm256_loadu_si256((const __m256i *)(w + NR));
        s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(a0, w0));
        s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(a1, w1));
    }
    const __m128i bytes = requantise(&r->out, (const float *)block + NR, s0, s1);
    if (n == NR) {
        _mm_storeu_si128((__m128i *)y, bytes);
    } else {
        uint8_t part[NR];
        _mm_storeu_si128((__m128i *)part, bytes);
        memcpy(y, part, (size_t)n);
    }
}

static void row(const tsr_dwconv_q8_row *r)
{
    const uint8_t *block = r->w;
    const size_t taps = (size_t)r->taps, channels = (size_t)r->c;
    int c = 0;
    for (; c + NR <= r->c; c += NR, block += NR * (8 + 2 * r->taps))
        for (int p = 0; p < r->pixels; p++)
            pixel(r, r->x + (size_t)p * taps, c, block, NR, r->y + (size_t)p * channels + c);
    if (c < r->c)
        for (int p = 0; p < r->pixels; p++)
            pixel(r, r->x + (size_t)p * taps, c, block, r->c - c, r->y + (size_t)p * channels + c);
}

const tsr_dwconv_q8 tsr_dwconv_q8_avx2 = { "avx2", TSR_CPU_AVX2, NR, row };
