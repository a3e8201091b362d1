/*
 * gemm_f16_neonf16.c - 64-bit Arm with FEAT_FP16 (ARMv8.2; A55, A75, Neoverse N1 and later).
 *
 * As gemm_f32_neon.c, with vectors of 8: eight k of a row are one vector of inputs, and
 * FMLA takes the scalar it multiplies with from one of its lanes.
 *
 *     tile    sums  inputs  weights  of 32 V registers     instructions for FMLAs
 *     5 x 32   20     5       4                              176 for 160
 *     6 x 24   18     6       4                              156 for 144
 *     8 x 16   16     8       4                              143 for 128
 *     8 x 8     8     8       4                               79 for 64
 *
 * Sums are 16 bits wide.               SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <math.h>
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/gemm_f16.h"

enum { LANES = 8, MR_MAX = 8, SUMS = 20 };

typedef float16x8_t sums[SUMS];

/* The compiler shall not know what is in this register any more ... */
#define HIDE(variable) __asm__("" : "+r"(variable))
/* ... what is in memory. */
#define HIDE_MEMORY() __asm__ volatile("" ::: "memory")
#define INLINE static inline __attribute__((always_inline))

INLINE float16x8_t load(const uint16_t *p) { return vreinterpretq_f16_u16(vld1q_u16(p)); }

INLINE void save(uint16_t *p, float16x8_t x) { vst1q_u16(p, vreinterpretq_u16_f16(x)); }

INLINE float16x8_t load_all(const uint16_t *p) { return vreinterpretq_f16_u16(vld1q_dup_u16(p)); }

/* sum += w * x[lane].  GCC 12 has no FMLA by element of 16-bit floats: it would copy the
 * lane to a whole vector first.  The instruction takes x from V0 .. V15 only ("x"). */
#define FMLA(lane) __asm__("fmla %0.8h, %1.8h, %2.h[" #lane "]" : "+w"(sum) : "w"(w), "x"(x))

INLINE float16x8_t fma_lane(float16x8_t sum, float16x8_t w, float16x8_t x, const int lane)
{
    switch (lane) {             /* after unrolling, one case is left */
    case 0: FMLA(0); break;
    case 1: FMLA(1); break;
    case 2: FMLA(2); break;
    case 3: FMLA(3); break;
    case 4: FMLA(4); break;
    case 5: FMLA(5); break;
    case 6: FMLA(6); break;
    default: FMLA(7); break;
    }
    return sum;
}

/* Eight steps of k, of rows that go on `at` bytes after a[i]; returns what follows the
 * weights.  Eight steps are 2 * `vecs` times four vectors.  `m` and `vecs` are constants
 * at every call.  A hidden pointer's steps stay apart, and each becomes part of its load. */
INLINE const uint16_t *step8(sums sum, const uint16_t *const *a, ptrdiff_t at, const uint16_t *b,
                             const int m, const int vecs)
{
    float16x8_t x[MR_MAX];
    TSR_UNROLL for (int i = 0; i < m; i++)
        x[i] = load((const uint16_t *)(const void *)((const char *)a[i] + at));
    TSR_UNROLL for (int four = 0; four < 2 * vecs; four++) {
        const uint16x8x4_t w = vld1q_u16_x4(b);
        b += 4 * LANES;
        HIDE(b);
        TSR_UNROLL for (int j = 4 * four; j < 4 * four + 4; j++)
            TSR_UNROLL for (int i = 0; i < m; i++)
                sum[i * vecs + j % vecs] = fma_lane(sum[i * vecs + j % vecs],
                                                    vreinterpretq_f16_u16(w.val[j % 4]), x[i],
                                                    j / vecs);
    }
    return b;
}

/* One step of k. */
INLINE void step1(sums sum, const uint16_t *const *a, ptrdiff_t k, const uint16_t *b, const int m,
                  const int vecs)
{
    float16x8_t w[TSR_GEMM_F16_VECS];
    TSR_UNROLL for (int v = 0; v < vecs; v++)
        w[v] = load(b + v * LANES);
    TSR_UNROLL for (int i = 0; i < m; i++) {
        const float16x8_t x = load_all(a[i] + k);
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            sum[i * vecs + v] = vfmaq_f16(sum[i * vecs + v], w[v], x);
    }
}

INLINE float16x8_t clamp(float16x8_t x, float lo, float hi)
{
    return vminq_f16(vmaxq_f16(x, vdupq_n_f16((float16_t)lo)), vdupq_n_f16((float16_t)hi));
}

/* Row by row, where the panel is wider than n: whole vectors, then the odd numbers. */
static __attribute__((noinline))
void store_part(const tsr_gemm_f16_block *t, const uint16_t *sum, int width)
{
    const uint16_t *r = t->residual;
    uint16_t *c = t->c;
    for (int i = 0; i < t->m; i++, sum += width, c += t->ldc, r = r ? r + t->ldr : NULL) {
        int j = 0;
        for (; j + LANES <= t->n; j += LANES) {
            const float16x8_t s = load(sum + j), x = r ? vaddq_f16(s, load(r + j)) : s;
            save(c + j, clamp(x, t->lo, t->hi));
        }
        for (; j < t->n; j++) {
            const float16x8_t s = load_all(sum + j), x = r ? vaddq_f16(s, load_all(r + j)) : s;
            vst1q_lane_u16(c + j, vreinterpretq_u16_f16(clamp(x, t->lo, t->hi)), 0);
        }
    }
}

/* + residual, clamped, to c.  All stores at the end: they pair up. */
INLINE void store(const tsr_gemm_f16_block *t, sums sum, const int m, const int vecs)
{
    if (t->n < vecs * LANES) {
        const tsr_gemm_f16_block copy = *t;
        uint16_t part[SUMS * LANES];
        TSR_UNROLL for (int s = 0; s < m * vecs; s++)
            save(part + s * LANES, sum[s]);
        store_part(&copy, part, vecs * LANES);
        return;
    }
    const ptrdiff_t ldr = t->ldr, ldc = t->ldc;
    const uint16_t *r = t->residual;
    if (r)
        TSR_UNROLL for (int i = 0; i < m; i++, r += ldr) {
            HIDE(r);
            TSR_UNROLL for (int v = 0; v < vecs; v++)
                sum[i * vecs + v] = vaddq_f16(sum[i * vecs + v], load(r + v * LANES));
        }
    if (t->lo > -INFINITY || t->hi < INFINITY)
        TSR_UNROLL for (int s = 0; s < m * vecs; s++)
            sum[s] = clamp(sum[s], t->lo, t->hi);
    uint16_t *c = t->c;
    TSR_UNROLL for (int i = 0; i < m; i++, c += ldc) {
        HIDE(c);
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            save(c + v * LANES, sum[i * vecs + v]);
    }
}

/* The sums are registers: every loop over them is short and unrolls away. */
INLINE void tile(const tsr_gemm_f16_block *t, const int m, const int vecs)
{
    sums sum;
    const uint16_t *b = t->b;
    TSR_UNROLL for (int i = 0; i < m; i++) {
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            sum[i * vecs + v] = load(b + v * LANES);
        HIDE_MEMORY();                          /* load pairs, not copies of row 0 */
    }
    b += vecs * LANES;
    const uint16_t *const *rows = t->a;
    const ptrdiff_t kc = t->kc, whole = kc & -8;
    for (int tap = t->taps; tap > 0; tap--, rows += t->a_step) {
        const uint16_t *a[MR_MAX];
        TSR_UNROLL for (int i = 0; i < m; i++)
            a[i] = rows[i] + whole;
        for (ptrdiff_t k = -2 * whole; k < 0;) {        /* in bytes, up to 0: one test */
            b = step8(sum, a, k, b, m, vecs);
            k += 2 * LANES;
            HIDE(k);
        }
        for (ptrdiff_t k = 0; k < kc - whole; k++, b += vecs * LANES)
            step1(sum, a, k, b, m, vecs);
    }
    store(t, sum, m, vecs);
}

INLINE void tiles(const tsr_gemm_f16_block *first, int count, const int m, const int vecs)
{
    tsr_gemm_f16_block next = *first, *t = &next;
    for (t->m = m; count > 0; count--) {
        __asm__("" : "+r"(t) :: "memory");      /* no general registers for what is in *t */
        tile(t, m, vecs);
        t->a += m, t->c += m * t->ldc;
        t->residual = t->residual ? t->residual + m * t->ldr : NULL;
    }
}

/* Rows shared out evenly over tiles of at most `mr`: first the taller ones. */
INLINE void panel(const tsr_gemm_f16_block *block, const int mr, const int vecs)
{
    tsr_gemm_f16_block t = *block;
    const int all = (t.m + mr - 1) / mr, least = t.m / all, longer = t.m % all;
    for (int taller = 1; taller >= 0; taller--) {
        const int count = taller ? longer : all - longer, rows = count > 0 ? least + taller : 0;
        switch (rows) {
        case 1: tiles(&t, count, 1, vecs); break;
        case 2: tiles(&t, count, 2, vecs); break;
        case 3: tiles(&t, count, 3, vecs); break;
        case 4: tiles(&t, count, 4, vecs); break;
        case 5: tiles(&t, count, 5, vecs); break;
        case 6: if (mr >= 6) tiles(&t, count, 6, vecs); break;
        case 7: if (mr >= 7) tiles(&t, count, 7, vecs); break;
        case 8: if (mr >= 8) tiles(&t, count, 8, vecs); break;
        }
        const ptrdiff_t done = (ptrdiff_t)count * rows;
        t.a += done, t.c += done * t.ldc;
        t.residual = t.residual ? t.residual + done * t.ldr : NULL;
    }
}

static void panel1(const tsr_gemm_f16_block *block) { panel(block, 8, 1); }
static void panel2(const tsr_gemm_f16_block *block) { panel(block, 8, 2); }
static void panel3(const tsr_gemm_f16_block *block) { panel(block, 6, 3); }
static void panel4(const tsr_gemm_f16_block *block) { panel(block, 5, 4); }

const tsr_gemm_f16 tsr_gemm_f16_neonf16 = {
    .level = "neonf16", .cpu = TSR_CPU_NEONF16, .lanes = LANES, .wide = 4, .rows = 5,
    .panel = { panel1, panel2, panel3, panel4 },
};
