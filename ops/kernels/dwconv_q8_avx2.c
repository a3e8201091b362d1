/*
 * dwconv_q8_avx2.c - 16 channels at a time: 2 accumulators, all taps of one
 * pixel.
 *
 * punpck interleaves the bytes of two taps by channel, vpmovzxbw widens them,
 * vpmaddwd multiplies by the weight pairs and adds: 8 vector instructions for
 * 32 multiply-adds.  The last block may have fewer channels; no pointer is read
 * past its end.                                  SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "ops/kernels/dwconv_q8.h"
#include "ops/kernels/requantise_avx2.h"

enum { NR = 16 };

/* n channels at p: all NR, or fewer and the rest 0. */
static inline __attribute__((always_inline)) __m128i load(const uint8_t *p, const int n)
{
    return n == NR ? _mm_loadu_si128((const __m128i *)p) : tsr_load_avx2(p, n);
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
    tsr_store_avx2(y, n, tsr_requantise_avx2(&r->out, (const float *)block + NR, s0, s1));
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
