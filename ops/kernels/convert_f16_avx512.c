/*
 * convert_f16_avx512.c - VCVTPH2PS and VCVTPS2PH, 16 numbers at a time; the end is a mask.
 *
 * AVX-512 F has both for whole registers.  (For half of one they are an extension of their
 * own, F16C, which AVX2 does not imply: there the reference works.)
 * SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include "engine/cpu.h"
#include "ops/kernels/convert_f16.h"

enum { LANES = 16, NEAREST_EVEN = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

static void narrow(const float *x, uint16_t *y, size_t n)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        _mm256_storeu_si256((__m256i *)(y + i),
                            _mm512_cvtps_ph(_mm512_loadu_ps(x + i), NEAREST_EVEN));
    if (i < n) {
        const __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
        const __m512 v = _mm512_maskz_loadu_ps(rest, x + i);
        _mm256_mask_storeu_epi16(y + i, rest, _mm512_cvtps_ph(v, NEAREST_EVEN));
    }
}

static void widen(const uint16_t *x, float *y, size_t n)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(x + i))));
    if (i < n) {
        const __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
        const __m256i v = _mm256_maskz_loadu_epi16(rest, x + i);
        _mm512_mask_storeu_ps(y + i, rest, _mm512_cvtph_ps(v));
    }
}

const tsr_convert_f16 tsr_convert_f16_avx512 = { "avx512", TSR_CPU_AVX512, narrow, widen };
