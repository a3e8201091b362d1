/*
 * gemm_f32_neon32.c - tiles of 4 x 8, and of other widths for the last panel.
 *
 * Four k at a time: a row's four inputs are one vector, and VMLA takes the scalar it
 * multiplies with from a lane of it, so no value is ever broadcast.  The fused VFMA has
 * no such form: this variant rounds each product, as the reference does.
 *
 *     tile    sums  inputs  weights  of 16 Q registers     loads for VMLAs
 *     4 x 8     8     4        2                              8 for 32
 *     3 x 12    9     3        3                              9 for 36
 *     6 x 4     6     6        1                             10 for 24
 *
 * Lanes can be taken of the lower 8 Q registers only: the inputs have to live there.  The
 * 6 rows of a narrow panel are as many as there are general registers for: 6 rows,
 * weights, counter, of 13.                       SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "engine/platform.h"
#include "ops/kernels/gemm_f32.h"
#include "ops/kernels/vec_neon32.h"

enum { MR_MAX = 6, SUMS = 9 };

typedef vf sums[SUMS];

/* The next vector.  VLD1 moves the pointer on by itself; left to the intrinsic, GCC computes
 * the addresses of four steps beforehand, and has no registers left for them. */
VF_INLINE vf load_next(const float **p)
{
    vf x;
    __asm__("vld1.32 {%e0, %f0}, [%1]!" : "=w"(x), "+r"(*p) : "m"(*(const float (*)[VF])*p));
    return x;
}

/* sum + w * x[lane], rounded twice; lane is a constant at every call. */
VF_INLINE vf multiply_add_lane(vf sum, vf w, vf x, const int lane)
{
    switch (lane) {             /* after unrolling, one case is left */
    case 0: return vmlaq_lane_f32(sum, w, vget_low_f32(x), 0);
    case 1: return vmlaq_lane_f32(sum, w, vget_low_f32(x), 1);
    case 2: return vmlaq_lane_f32(sum, w, vget_high_f32(x), 0);
    default: return vmlaq_lane_f32(sum, w, vget_high_f32(x), 1);
    }
}

/* m and vecs are constants at every call, here and below. */
VF_INLINE const float *step4(sums sum, const float **a, const float *b, const int m,
                             const int vecs)
{
    vf x[MR_MAX];
    TSR_UNROLL for (int i = 0; i < m; i++)
        x[i] = load_next(&a[i]);
    TSR_UNROLL for (int k = 0; k < 4; k++)
        TSR_UNROLL for (int v = 0; v < vecs; v++) {
            const vf w = load_next(&b);
            TSR_UNROLL for (int i = 0; i < m; i++)
                sum[i * vecs + v] = multiply_add_lane(sum[i * vecs + v], w, x[i], k);
        }
    return b;
}

VF_INLINE void step1(sums sum, const float **a, const float *b, const int m, const int vecs)
{
    TSR_UNROLL for (int i = 0; i < m; i++) {
        const vf x = vld1q_dup_f32(a[i]++);
        TSR_UNROLL for (int v = 0; v < vecs; v++)
            sum[i * vecs + v] = vmlaq_f32(sum[i * vecs + v], vf_load(b + v * VF), x);
    }
}

/* + residual, clamped, to c: n columns, perhaps fewer than the panel has. */
VF_INLINE void store(const tsr_gemm_f32_block *t, const vf *sum, const int m, const int vecs)
{
    const vf lo = vf_set(t->lo), hi = vf_set(t->hi);
    const bool whole = t->n == vecs * VF;
    const float *r = t->residual;
    float *c = t->c;
    TSR_UNROLL for (int i = 0; i < m; i++) {
        TSR_UNROLL for (int v = 0; v < vecs; v++) {
            const int left = v + 1 < vecs || whole ? VF : t->n - v * VF;
            vf s = sum[i * vecs + v];
            if (r)
                s = vf_add(s, whole ? vf_load(r + v * VF) : vf_load_part(r + v * VF, left));
            s = vf_clamp(s, lo, hi);
            if (whole)
                vf_store(c + v * VF, s);
            else
                vf_store_part(c + v * VF, s, left);
        }
        c += t->ldc;
        if (r)
            r += t->ldr;
    }
}

/* The sums are registers: every loop over them is short and unrolls away. */
VF_INLINE void tile(const tsr_gemm_f32_block *t, const int m, const int vecs)
{
    sums sum;
    const float *b = t->b;
    TSR_UNROLL for (int v = 0; v < vecs; v++, b += VF)
        TSR_UNROLL for (int i = 0; i < m; i++)
            sum[i * vecs + v] = vf_load(b);
    const float *const *rows = t->a;
    for (int tap = t->taps; tap > 0; tap--, rows += t->a_step) {
        const float *a[MR_MAX];
        TSR_UNROLL for (int i = 0; i < m; i++)
            a[i] = rows[i];
        int k = t->kc;
        for (; k >= 4; k -= 4)
            b = step4(sum, a, b, m, vecs);
        for (; k > 0; k--, b += vecs * VF)
            step1(sum, a, b, m, vecs);
    }
    store(t, sum, m, vecs);
}

/* Tiles of at most `mr` rows, two heights: first the taller ones. */
VF_INLINE void panel(const tsr_gemm_f32_block *block, const int mr, const int vecs)
{
    tsr_gemm_f32_block t = *block;
    const tsr_gemm_f32_share share = tsr_gemm_f32_share_rows(t.m, mr);
    for (int i = 0; i < share.tiles; i++, tsr_gemm_f32_next_rows(&t)) {
        t.m = share.rows + (i < share.longer);
        switch (t.m) {
        case 1: tile(&t, 1, vecs); break;
        case 2: tile(&t, 2, vecs); break;
        case 3: tile(&t, 3, vecs); break;
        case 4: if (mr >= 4) tile(&t, 4, vecs); break;
        case 5: if (mr >= 5) tile(&t, 5, vecs); break;
        default: if (mr >= 6) tile(&t, 6, vecs); break;
        }
    }
}

static void panel1(const tsr_gemm_f32_block *block) { panel(block, 6, 1); }
static void panel2(const tsr_gemm_f32_block *block) { panel(block, 4, 2); }
static void panel3(const tsr_gemm_f32_block *block) { panel(block, 3, 3); }

const tsr_gemm_f32 tsr_gemm_f32_neon32 = {
    .level = "neon32", .cpu = TSR_CPU_NEON32, .lanes = VF, .wide = 2,
    .mr = { 6, 4, 3 }, .panel = { panel1, panel2, panel3 },
};
