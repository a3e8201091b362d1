/*
 * winograd_f32_simd.h - the transforms of winograd_f32 on vectors of any width; see
 * dwconv_f32_simd.h for how such a file is used.
 *
 * A vector holds neighbouring channels, so a transform along y or x is sums of whole
 * vectors: no shuffles.  The six numbers of a line need 20 additions and multiplications,
 * with common parts taken out.  36 vectors do not fit the registers; the result of the first
 * direction is in memory that stays in the first cache, 1 or 2 KB.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_WINOGRAD_F32_SIMD_H
#define TSR_WINOGRAD_F32_SIMD_H

#include "ops/kernels/winograd_f32.h"

enum { IN = TSR_WINOGRAD_IN, OUT = TSR_WINOGRAD_OUT };

/* B^T times six numbers. */
VF_INLINE void input_line(const vf d[IN], vf to[IN])
{
    const float a = TSR_WINOGRAD_A, b = TSR_WINOGRAD_B;
    const vf aa = vf_set(a * a), bb = vf_set(b * b), va = vf_set(a), vb = vf_set(b);
    const vf aabb = vf_set(a * a * b * b), sum = vf_set(a * a + b * b);
    const vf even_a = vf_sub(d[4], vf_mul(bb, d[2])), odd_a = vf_sub(d[3], vf_mul(bb, d[1]));
    const vf even_b = vf_sub(d[4], vf_mul(aa, d[2])), odd_b = vf_sub(d[3], vf_mul(aa, d[1]));
    to[0] = vf_fma(aabb, d[0], vf_sub(d[4], vf_mul(sum, d[2])));
    to[1] = vf_add(even_a, vf_mul(va, odd_a));
    to[2] = vf_sub(even_a, vf_mul(va, odd_a));
    to[3] = vf_add(even_b, vf_mul(vb, odd_b));
    to[4] = vf_sub(even_b, vf_mul(vb, odd_b));
    to[5] = vf_fma(aabb, d[1], vf_sub(d[5], vf_mul(sum, d[3])));
}

/* A^T times six numbers. */
VF_INLINE void output_line(const vf m[IN], vf to[OUT])
{
    const float a = TSR_WINOGRAD_A, b = TSR_WINOGRAD_B;
    const vf even_a = vf_add(m[1], m[2]), odd_a = vf_sub(m[1], m[2]);
    const vf even_b = vf_add(m[3], m[4]), odd_b = vf_sub(m[3], m[4]);
    to[0] = vf_add(m[0], vf_add(even_a, even_b));
    to[1] = vf_fma(vf_set(a), odd_a, vf_mul(vf_set(b), odd_b));
    to[2] = vf_fma(vf_set(a * a), even_a, vf_mul(vf_set(b * b), even_b));
    to[3] = vf_add(m[5], vf_fma(vf_set(a * a * a), odd_a, vf_mul(vf_set(b * b * b), odd_b)));
}

/* G times three numbers, before G's rows are multiplied by `factor` below. */
VF_INLINE void filter_line(const vf g[3], vf to[IN])
{
    const float a = TSR_WINOGRAD_A, b = TSR_WINOGRAD_B;
    const vf even_a = vf_fma(vf_set(a * a), g[2], g[0]), odd_a = vf_mul(vf_set(a), g[1]);
    const vf even_b = vf_fma(vf_set(b * b), g[2], g[0]), odd_b = vf_mul(vf_set(b), g[1]);
    to[0] = g[0];
    to[1] = vf_add(even_a, odd_a), to[2] = vf_sub(even_a, odd_a);
    to[3] = vf_add(even_b, odd_b), to[4] = vf_sub(even_b, odd_b);
    to[5] = g[2];
}

VF_INLINE vf load(const float *p, const int part)
{
    return part == VF ? vf_load(p) : vf_load_part(p, part);
}

VF_INLINE void store(float *p, vf x, const int part)
{
    if (part == VF)
        vf_store(p, x);
    else
        vf_store_part(p, x, part);
}

#define AA ((double)TSR_WINOGRAD_A * (double)TSR_WINOGRAD_A)
#define BB ((double)TSR_WINOGRAD_B * (double)TSR_WINOGRAD_B)
static const double factor[IN] = {
    1 / (AA * BB), 1 / (2 * AA * (AA - BB)), 1 / (2 * AA * (AA - BB)),
    1 / (2 * BB * (BB - AA)), 1 / (2 * BB * (BB - AA)), 1,
};

/* `part` filters from filter c: a whole vector, or what is left. */
VF_INLINE void filter_vector(const tsr_winograd_f32_filter *t, const int c, const int part)
{
    vf half[IN][3];             /* G g */
    for (int j = 0; j < 3; j++) {
        vf g[3], to[IN];
        for (int i = 0; i < 3; i++)
            g[i] = load(t->g + (3 * i + j) * t->g_step + c, part);
        filter_line(g, to);
        for (int i = 0; i < IN; i++)
            half[i][j] = to[i];
    }
    float *u = t->u + c;
    for (int i = 0; i < IN; i++) {
        vf to[IN];
        filter_line(half[i], to);
        for (int j = 0; j < IN; j++, u += t->u_step)
            store(u, vf_mul(to[j], vf_set((float)(factor[i] * factor[j]))), part);
    }
}

static void filter(const tsr_winograd_f32_filter *t)
{
    int c = 0;
    for (; c + VF <= t->count; c += VF)
        filter_vector(t, c, VF);
    if (c < t->count)
        filter_vector(t, c, t->count - c);
}

/* `part` channels from channel c, likewise. */
VF_INLINE void input_vector(const tsr_winograd_f32_input *t, const int c, const int part)
{
    vf half[IN][IN];            /* B^T d */
    for (int j = 0; j < IN; j++) {
        vf d[IN], to[IN];
        for (int i = 0; i < IN; i++)
            d[i] = load(t->x + i * t->x_row + j * t->x_col + c, part);
        input_line(d, to);
        for (int i = 0; i < IN; i++)
            half[i][j] = to[i];
    }
    float *v = t->v + c;
    for (int i = 0; i < IN; i++) {
        vf to[IN];
        input_line(half[i], to);
        for (int j = 0; j < IN; j++, v += t->v_step)
            store(v, to[j], part);
    }
}

static void input(const tsr_winograd_f32_input *t)
{
    int c = 0;
    for (; c + VF <= t->channels; c += VF)
        input_vector(t, c, VF);
    if (c < t->channels)
        input_vector(t, c, t->channels - c);
}

VF_INLINE void output_vector(const tsr_winograd_f32_output *t, const int c, const int part)
{
    vf half[OUT][IN];           /* A^T m */
    for (int j = 0; j < IN; j++) {
        vf m[IN], to[OUT];
        for (int i = 0; i < IN; i++)
            m[i] = load(t->m + (i * IN + j) * t->m_step + c, part);
        output_line(m, to);
        for (int i = 0; i < OUT; i++)
            half[i][j] = to[i];
    }
    const vf bias = load(t->bias + c, part), lo = vf_set(t->lo), hi = vf_set(t->hi);
    for (int i = 0; i < t->rows; i++) {
        vf to[OUT];
        output_line(half[i], to);
        for (int j = 0; j < OUT && j < t->columns; j++) {
            const ptrdiff_t at = i * t->y_row + j * t->y_col + c;
            vf x = vf_add(to[j], bias);
            if (t->residual)
                x = vf_add(x, load(t->residual + at, part));
            store(t->y + at, vf_clamp(x, lo, hi), part);
        }
    }
}

static void output(const tsr_winograd_f32_output *t)
{
    int c = 0;
    for (; c + VF <= t->channels; c += VF)
        output_vector(t, c, VF);
    if (c < t->channels)
        output_vector(t, c, t->channels - c);
}

#endif
