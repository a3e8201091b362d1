/*
 * dwconv_q8_avx512.c - 32 channels at a time: 2 accumulators of 16 sums, all
 * taps of one pixel.
 *
 * The bytes of two taps are widened to 32 bits and joined, x0 | x1 << 16: the
 * same pairs as interleaving would give, without a shuffle across lanes.  The
 * last block uses byte masks: AVX-512 does not touch what they leave out.
 * SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include "engine/cpu.h"
#include "ops/kernels/dwconv_q8.h"

enum { NR = 32 };

static inline __m128i requantise(const tsr_q8_output *o, const float *scale, __m512i sum)
{
    __m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(scale));
    f = _mm512_min_ps(_mm512_max_ps(f, _mm512_set1_ps(o->lo)), _mm512_set1_ps(o->hi));
    return _mm512_cvtepi32_epi8(
        _mm512_add_epi32(_mm512_cvtps_epi32(f), _mm512_set1_epi32(o->zero_point)));
}

/* 16 channels of two taps as pairs of words. */
static inline __m512i pairs(__m128i x0, __m128i x1)
{
    return _mm512_or_si512(_mm512_cvtepu8_epi32(x0),
                           _mm512_slli_epi32(_mm512_cvtepu8_epi32(x1), 16));
}

/* mask: one bit per channel that exists. */
static inline void pixel(const tsr_dwconv_q8_row *r, const uint8_t *const *x, int c,
                         const void *block, __mmask32 mask, uint8_t *y)
{
    const int32_t *bias = block;
    const int16_t *w = (const int16_t *)block + 4 * NR;
    const __m256i flip = _mm256_set1_epi8((char)r->flip);
    __m512i s0 = _mm512_loadu_si512(bias), s1 = _mm512_loadu_si512(bias + 16);
    for (int t = 0; t < r->taps; t += 2, w += 2 * NR) {
        const __m256i x0 = _mm256_xor_si256(_mm256_maskz_loadu_epi8(mask, x[t] + c), flip);
        const __m256i x1 = _mm256_xor_si256(_mm256_maskz_loadu_epi8(mask, x[t + 1] + c), flip);
        const __m512i a0 = pairs(_mm256_castsi256_si128(x0), _mm256_castsi256_si128(x1));
        const __m512i a1 = pairs(_mm256_extracti128_si256(x0, 1), _mm256_extracti128_si256(x1, 1));
        s0 = _mm512_add_epi32(s0, _mm512_madd_epi16(a0, _mm512_loadu_si512(w)));
        s1 = _mm512_add_epi32(s1, _mm512_madd_epi16(a1, _mm512_loadu_si512(w + NR)));
    }
    const float *scale = (const float *)block + NR;
    const __m128i y0 = requantise(&r->out, scale, s0), y1 = requantise(&r->out, scale + 16, s1);
    _mm256_mask_storeu_epi8(y, mask, _mm256_set_m128i(y1, y0));
}

static void row(const tsr_dwconv_q8_row *r)
{
    const uint8_t *block = r->w;
    for (int c = 0; c < r->c; c += NR, block += NR * (8 + 2 * r->taps)) {
        const int n = r->c - c;
        const __mmask32 mask = n >= NR ? 0xffffffffu : (1u << n) - 1;
        for (int p = 0; p < r->pixels; p++)
            pixel(r, r->x + (size_t)p * (size_t)r->taps, c, block, mask,
                  r->y + (size_t)p * (size_t)r->c + c);
    }
}

const tsr_dwconv_q8 tsr_dwconv_q8_avx512 = { "avx512", TSR_CPU_AVX512, NR, row };
