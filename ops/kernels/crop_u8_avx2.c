/*
 * crop_u8_avx2.c - four places at a time.
 *
 * Places are four 64-bit numbers to a register, so offsets and fractions are worked out
 * together; the pixels themselves must be fetched one by one.  They are sorted by colour,
 * and multiply-add-pairs of bytes weighs them across: left and right in one instruction.
 * Places 0 and 2 share a register, and so do 1 and 3, because bytes move freely within
 * each half of a register only.
 * SPDX-License-Identifier: MIT
 */
#include <immintrin.h>
#include <stddef.h>
#include <string.h>
#include "engine/cpu.h"
#include "ops/kernels/crop_u8.h"

enum { MOST = TSR_CROP_U8_MOST, POINT = TSR_CROP_U8_POINT, WHOLE = 32, N = 4 };

typedef struct { __m256i x, y; } places;

static inline places places_from(const tsr_crop_u8_walk *w)
{
    const int64_t dx = w->dx, dy = w->dy;
    return (places){
        _mm256_add_epi64(_mm256_set1_epi64x(w->x), _mm256_setr_epi64x(0, dx, 2 * dx, 3 * dx)),
        _mm256_add_epi64(_mm256_set1_epi64x(w->y), _mm256_setr_epi64x(0, dy, 2 * dy, 3 * dy)),
    };
}

/* Places i to i + 3; behind the last one, the last one again. */
static places places_before(const tsr_crop_u8_walk *w, int i, int last)
{
    long long x[N], y[N];
    for (int k = 0; k < N; k++) {
        const int at = i + k < last ? i + k : last;
        x[k] = w->x + at * w->dx;
        y[k] = w->y + at * w->dy;
    }
    return (places){ _mm256_loadu_si256((const __m256i *)x),
                     _mm256_loadu_si256((const __m256i *)y) };
}

static inline void offsets(const places *p, int stride, long long at[N])
{
    const __m256i x = _mm256_srli_epi64(p->x, POINT), y = _mm256_srli_epi64(p->y, POINT);
    const __m256i row = _mm256_mul_epu32(y, _mm256_set1_epi64x(stride));
    const __m256i x3 = _mm256_add_epi64(x, _mm256_slli_epi64(x, 1));
    _mm256_storeu_si256((__m256i *)at, _mm256_add_epi64(row, x3));
}

/* The first `bits` bits behind the point. */
static inline __m256i fraction(__m256i v, int bits)
{
    const __m256i mask = _mm256_set1_epi64x((1 << bits) - 1);
    return _mm256_and_si256(_mm256_srli_epi64(v, POINT - bits), mask);
}

/* Two or four bytes of each half's lower or upper number, again and again. */
static inline __m256i spread(__m256i v, int upper, int bytes)
{
    const char a = (char)(8 * upper), b = (char)(a + 1);
    const char c = (char)(bytes == 2 ? a : a + 2), d = (char)(bytes == 2 ? b : a + 3);
    const __m128i how = _mm_setr_epi8(a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d);
    return _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(how));
}

/* 16-bit r g b - of four places, none above 255, as 12 bytes; 14 are written. */
static inline void store(__m256i v, uint8_t *y)
{
    const __m128i pack = _mm_setr_epi8(0, 2, 4, 8, 10, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    v = _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(pack));
    _mm_storel_epi64((__m128i *)y, _mm256_castsi256_si128(v));
    _mm_storel_epi64((__m128i *)(y + 6), _mm256_extracti128_si256(v, 1));
}

/* ---- 1 x 1 ----------------------------------------------------------------------- */

/* Eight bytes, of which six are wanted, of two rows. */
static inline __m128i two_rows(const uint8_t *p, int stride)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)p),
                              _mm_loadl_epi64((const __m128i *)(p + stride)));
}

/* Two places, weighed across: r g b - of the upper row, then of the lower one. */
static inline __m256i pair_one(const uint8_t *p, const uint8_t *q, int stride, __m256i weights)
{
    const __m128i sort = _mm_setr_epi8(0, 3, 1, 4, 2, 5, -1, -1, 8, 11, 9, 12, 10, 13, -1, -1);
    const __m256i v = _mm256_setr_m128i(two_rows(p, stride), two_rows(q, stride));
    return _mm256_maddubs_epi16(_mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(sort)), weights);
}

static inline void four_one(const uint8_t *rgb, int stride, const places *at, uint8_t *y)
{
    long long to[N];
    offsets(at, stride, to);
    const __m256i f = fraction(at->x, 6);
    const __m256i weights = _mm256_or_si256(_mm256_sub_epi64(_mm256_set1_epi64x(64), f),
                                            _mm256_slli_epi64(f, 8));
    const __m256i even = pair_one(rgb + to[0], rgb + to[2], stride, spread(weights, 0, 2));
    const __m256i odd = pair_one(rgb + to[1], rgb + to[3], stride, spread(weights, 1, 2));
    const __m256i a = _mm256_unpacklo_epi64(even, odd), b = _mm256_unpackhi_epi64(even, odd);

    const __m256i fy = fraction(at->y, 15);
    const __m256i down = _mm256_unpacklo_epi64(spread(fy, 0, 2), spread(fy, 1, 2));
    const __m256i twice = _mm256_slli_epi16(_mm256_sub_epi16(b, a), 1);
    const __m256i v = _mm256_add_epi16(a, _mm256_mulhi_epi16(twice, down));
    store(_mm256_srli_epi16(_mm256_add_epi16(v, _mm256_set1_epi16(32)), 6), y);
}

/* ---- 2 x 2 ----------------------------------------------------------------------- */

/* One row of two places: weighed across, then by `down`; 32-bit r g b -. */
static inline __m256i row_two(const uint8_t *p, const uint8_t *q, __m256i across, __m256i down)
{
    const __m128i sort = _mm_setr_epi8(0, 3, 6, -1, 1, 4, 7, -1, 2, 5, 8, -1, -1, -1, -1, -1);
    const __m256i v = _mm256_setr_m128i(_mm_loadu_si128((const __m128i *)p),
                                        _mm_loadu_si128((const __m128i *)q));
    const __m256i sorted = _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(sort));
    return _mm256_madd_epi16(_mm256_maddubs_epi16(sorted, across), down);
}

static inline __m256i pair_two(const uint8_t *p, const uint8_t *q, int stride, __m256i across,
                               __m256i fy)
{
    const __m256i whole = _mm256_set1_epi16(WHOLE);
    const ptrdiff_t next = stride;
    __m256i sum = row_two(p, q, across, _mm256_sub_epi16(whole, fy));
    sum = _mm256_add_epi32(sum, row_two(p + next, q + next, across, whole));
    sum = _mm256_add_epi32(sum, row_two(p + 2 * next, q + 2 * next, across, fy));
    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(2048)), 12);
}

static inline void four_two(const uint8_t *rgb, int stride, const places *at, uint8_t *y)
{
    long long to[N];
    offsets(at, stride, to);
    const __m256i f = fraction(at->x, 5), fy = fraction(at->y, 5);
    const __m256i ends = _mm256_or_si256(_mm256_sub_epi64(_mm256_set1_epi64x(WHOLE), f),
                                         _mm256_slli_epi64(f, 16));
    const __m256i across = _mm256_or_si256(ends, _mm256_set1_epi64x(WHOLE << 8));
    const __m256i even = pair_two(rgb + to[0], rgb + to[2], stride, spread(across, 0, 4),
                                  spread(fy, 0, 2));
    const __m256i odd = pair_two(rgb + to[1], rgb + to[3], stride, spread(across, 1, 4),
                                 spread(fy, 1, 2));
    store(_mm256_packus_epi32(even, odd), y);
}

/* ---- a run ------------------------------------------------------------------------ */

typedef void four_places(const uint8_t *rgb, int stride, const places *at, uint8_t *y);

/* Four places write 14 bytes: the last ones of a run go through a buffer. */
static inline __attribute__((always_inline))
void run(four_places *four, const uint8_t *rgb, int stride, const tsr_crop_u8_walk *w, int count,
         uint8_t *y)
{
    const __m256i dx = _mm256_set1_epi64x(N * w->dx), dy = _mm256_set1_epi64x(N * w->dy);
    places at = places_from(w);
    int i = 0;
    for (; i + N < count; i += N) {     /* 12 bytes are these places', 3 the next one's */
        four(rgb, stride, &at, y + 3 * i);
        at.x = _mm256_add_epi64(at.x, dx);
        at.y = _mm256_add_epi64(at.y, dy);
    }
    if (i + N > count)
        at = places_before(w, i, count - 1);
    uint8_t out[3 * N + 2];
    four(rgb, stride, &at, out);
    memcpy(y + 3 * i, out, 3 * (size_t)(count - i));
}

static void one(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    run(four_one, rgb, stride, &w, count, y);
}

static void two(const uint8_t *rgb, int stride, tsr_crop_u8_walk w, int count, uint8_t *y)
{
    run(four_two, rgb, stride, &w, count, y);
}

const tsr_crop_u8 tsr_crop_u8_avx2 = { "avx2", TSR_CPU_AVX2, one, two };
