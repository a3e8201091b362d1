/*
 * gemm_f16_neonf16.c - 64-bit Arm with FEAT_FP16 (ARMv8.2; A55, A75, Neoverse N1 and later).
 *
 * As gemm_f32_neon.c, with vectors of 8: eight k of a row are one vector of inputs, and
 * FMLA takes the scalar it multiplies with from one of its lanes.  A turn is 16 steps of k;
 * rows load both their vectors by one LDP where registers are left for that.
 *
 *     tile    sums  inputs  weights  of 32 V registers     instructions for FMLAs
 *     5 x 32   20    5 + 3    4                              345 for 320
 *     6 x 24   18    6 + 4    4                              310 for 288
 *     8 x 16   16    8        4                              142 for 128
 *     8 x 8     8    8        4                               78 for 64
 *
 * Around the loop a tile takes about two instructions for each sum, and two more where it is
 * clamped.  Sums are 16 bits wide.               SPDX-License-Identifier: MIT
 */
#include <arm_neon.h>
#include <math.h>
#include <stdbool.h>
#include "engine/cpu.h"
#include "engine/half.h"
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

/* The next vector, the next two, four numbers of a row; the load moves the pointer on. */
INLINE void load1(float16x8_t *x, const uint16_t **a)
{
    __asm__("ldr %q0, [%1], #16" : "=w"(*x), "+r"(*a) : : "memory");
}

INLINE void load2(float16x8_t *x, float16x8_t *y, const uint16_t **a)
{
    __asm__("ldp %q0, %q1, [%2], #32" : "=w"(*x), "=w"(*y), "+r"(*a) : : "memory");
}

INLINE void load_half(float16x8_t *x, const uint16_t **a)
{
    __asm__("ldr %d0, [%1], #8" : "=w"(*x), "+r"(*a) : : "memory");
}

/* `steps` of k, 4 or 8: so many numbers of a row are in x[i].  The weights of four steps are
 * `vecs` times four vectors; returns what follows them.  `m`, `vecs` and `steps` are
 * constants at every call.  A hidden pointer's step becomes part of the load. */
INLINE const uint16_t *step(sums sum, const float16x8_t *x, const uint16_t *b, const int m,
                            const int vecs, const int steps)
{
    TSR_UNROLL for (int four = 0; four < vecs * steps / 4; four++) {
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

INLINE const uint16_t *step8(sums sum, const uint16_t **a, const uint16_t *b, const int m,
                             const int vecs)
{
    float16x8_t x[MR_MAX];
    TSR_UNROLL for (int i = 0; i < m; i++)
        load1(&x[i], &a[i]);
    return step(sum, x, b, m, vecs, 8);
}

/* As many rows as registers are left for load both their vectors at once. */
INLINE const uint16_t *step16(sums sum, const uint16_t **a, const uint16_t *b, const int m,
                              const int vecs)
{
    const int both = vecs == 3 ? 2 : 32 - 4 - m * vecs - m;
    float16x8_t x[MR_MAX], next[MR_MAX];
    TSR_UNROLL for (int i = 0; i < m; i++)
        if (i < both)
            load2(&x[i], &next[i], &a[i]);
        else
            load1(&x[i], &a[i]);
    b = step(sum, x, b, m, vecs, 8);
    TSR_UNROLL for (int i = both; i < m; i++)
        load1(&next[i], &a[i]);
    return step(sum, next, b, m, vecs, 8);
}

/* Less than 8 steps of k: 4 by lanes, the others one by one. */
INLINE const uint16_t *last_steps(sums sum, const uint16_t **a, int k, const uint16_t *b,
                                  const int m, const int vecs)
{
    float16x8_t x[MR_MAX], w[TSR_GEMM_F16_VECS];
    if (k & 4) {
        TSR_UNROLL for (int i = 0; i < m; i++)
            load_half(&x[i], &a[i]);
        b = step(sum, x, b, m, vecs, 4);
        k -= 4;
    }
    for (; k > 0; k--, b += vecs * LANES) {
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            w[v] = load(b + v * LANES);
        TSR_UNROLL for (int i = 0; i < m; i++) {
            x[0] = load_all(a[i]++);
            TSR_UNROLL for (int v = 0; v < vecs; v++)
                sum[i * vecs + v] = vfmaq_f16(sum[i * vecs + v], w[v], x[0]);
        }
    }
    return b;
}

/* What is left of a panel: every tile moves a, c and residual on by its rows. */
typedef struct {
    tsr_gemm_f16_block b;
    uint16_t lo, hi;            /* rounded */
    bool clamps;                /* one of them is finite */
} tiling;

INLINE float16x8_t clamp(float16x8_t x, const tiling *t)
{
    return vminq_f16(vmaxq_f16(x, load_all(&t->lo)), load_all(&t->hi));
}

/* m rows, where the panel is wider than n: whole vectors, then the odd numbers. */
static __attribute__((noinline))
void store_part(const tiling *t, const uint16_t *sum, int m, int width)
{
    const uint16_t *r = t->b.residual;
    uint16_t *c = t->b.c;
    for (int i = 0; i < m; i++, sum += width, c += t->b.ldc, r = r ? r + t->b.ldr : NULL) {
        int j = 0;
        for (; j + LANES <= t->b.n; j += LANES) {
            const float16x8_t s = load(sum + j), x = r ? vaddq_f16(s, load(r + j)) : s;
            save(c + j, clamp(x, t));
        }
        for (; j < t->b.n; j++) {
            const float16x8_t s = load_all(sum + j), x = r ? vaddq_f16(s, load_all(r + j)) : s;
            vst1q_lane_u16(c + j, vreinterpretq_u16_f16(clamp(x, t)), 0);
        }
    }
}

/* + residual, clamped, to c, which moves on, as residual does.  All stores at the end: they
 * pair up. */
INLINE void store(tiling *t, sums sum, const int m, const int vecs)
{
    const ptrdiff_t ldr = t->b.ldr, ldc = t->b.ldc;
    const uint16_t *r = t->b.residual;
    uint16_t *c = t->b.c;
    if (t->b.n < vecs * LANES) {
        const tiling copy = *t;                 /* *t itself stays in registers */
        uint16_t part[SUMS * LANES];
        TSR_UNROLL for (int s = 0; s < m * vecs; s++)
            save(part + s * LANES, sum[s]);
        store_part(&copy, part, m, vecs * LANES);
        t->b.c = c + m * ldc, t->b.residual = r ? r + m * ldr : NULL;
        return;
    }
    if (r) {
        TSR_UNROLL for (int i = 0; i < m; i++, r += ldr) {
            HIDE(r);
            TSR_UNROLL for (int v = 0; v < vecs; v++)
                sum[i * vecs + v] = vaddq_f16(sum[i * vecs + v], load(r + v * LANES));
        }
        t->b.residual = r;
    }
    if (t->clamps) {
        const float16x8_t lo = load_all(&t->lo), hi = load_all(&t->hi);
        TSR_UNROLL for (int s = 0; s < m * vecs; s++)
            sum[s] = vminq_f16(vmaxq_f16(sum[s], lo), hi);
    }
    TSR_UNROLL for (int i = 0; i < m; i++, c += ldc) {
        HIDE(c);
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            save(c + v * LANES, sum[i * vecs + v]);
    }
    t->b.c = c;
}

/* The sums are registers: every loop over them is short and unrolls away. */
INLINE void tile(tiling *t, const int m, const int vecs)
{
    sums sum;
    const uint16_t *b = t->b.b;
    TSR_UNROLL for (int i = 0; i < m; i++) {
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            sum[i * vecs + v] = load(b + v * LANES);
        HIDE_MEMORY();                          /* load pairs, not copies of row 0 */
    }
    b += vecs * LANES;
    const int turn = vecs > 2 ? 16 : 8;         /* of k; for 8 rows more cost registers */
    const uint16_t *const *rows = t->b.a;
    t->b.a = rows + m;
    for (int taps = t->b.taps;; rows += t->b.a_step) {
        const uint16_t *a[MR_MAX];
        TSR_UNROLL for (int i = 0; i < m; i++)
            a[i] = rows[i];
        int k = t->b.kc - turn;                 /* below 0: too few for one more turn */
        while (k >= 0) {
            HIDE(k);                            /* SUBS and a branch, no other count */
            b = turn == 16 ? step16(sum, a, b, m, vecs) : step8(sum, a, b, m, vecs);
            k -= turn;
        }
        if (turn > 8 && k & 8)
            b = step8(sum, a, b, m, vecs);
        if (k & 7)
            b = last_steps(sum, a, k & 7, b, m, vecs);
        if (--taps == 0)
            break;
    }
    store(t, sum, m, vecs);
}

INLINE void tiles(tiling *t, int count, const int m, const int vecs)
{
    HIDE(t);
    for (; count > 0; count--) {
        HIDE_MEMORY();                          /* no general registers for what is in *t */
        tile(t, m, vecs);
    }
}

/* Rows shared out evenly over tiles of at most `mr`: first the taller ones. */
INLINE void panel(const tsr_gemm_f16_block *block, const int mr, const int vecs)
{
    tiling t = { *block, tsr_float_to_half(block->lo), tsr_float_to_half(block->hi),
                 block->lo > -INFINITY || block->hi < INFINITY };
    const int all = (block->m + mr - 1) / mr, least = block->m / all, longer = block->m % all;
    for (int taller = 1; taller >= 0; taller--) {
        const int count = taller ? longer : all - longer;
        switch (least + taller) {
        case 1: tiles(&t, count, 1, vecs); break;
        case 2: tiles(&t, count, 2, vecs); break;
        case 3: tiles(&t, count, 3, vecs); break;
        case 4: tiles(&t, count, 4, vecs); break;
        case 5: tiles(&t, count, 5, vecs); break;
        case 6: if (mr >= 6) tiles(&t, count, 6, vecs); break;
        case 7: if (mr >= 7) tiles(&t, count, 7, vecs); break;
        case 8: if (mr >= 8) tiles(&t, count, 8, vecs); break;
        }
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
