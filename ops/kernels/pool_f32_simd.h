/*
 * pool_f32_simd.h - the spans of pool_f32 on vectors of any width; see
 * dwconv_f32_simd.h for how such a file is used.
 *
 * Nothing is shared between neighbouring outputs, so a tile is one pixel by
 * four vectors of channels: four independent chains of adds or maxima.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_POOL_F32_SIMD_H
#define TSR_POOL_F32_SIMD_H

#include <math.h>
#include <stdbool.h>
#include "ops/kernels/pool_f32.h"

enum { VECS = 4 };

VF_INLINE vf load(const float *p, const int part)
{
    return part ? vf_load_part(p, part) : vf_load(p);
}

/* vecs and largest are constants at every call; part > 0: channels of a last,
 * narrow vector. */
VF_INLINE void tile(const tsr_pool_f32_span *s, const float *x, float *y, const int vecs,
                    const int part, const bool largest)
{
    vf acc[VECS], row[VECS];
    for (int v = 0; v < vecs; v++)
        acc[v] = vf_set(largest ? -INFINITY : 0.0f);

    for (int ky = 0; ky < s->kh; ky++, x += s->x_row) {
        if (ky == s->wrap)
            x -= s->back;
        const float *in = x;
        for (int v = 0; v < vecs; v++)
            row[v] = largest ? acc[v] : vf_set(0.0f);
        for (int kx = 0; kx < s->kw; kx++, in += s->x_col)
            for (int v = 0; v < vecs; v++) {
                const vf i = load(in + v * VF, part);
                row[v] = largest ? vf_max_nan(row[v], i) : vf_add(row[v], i);
            }
        for (int v = 0; v < vecs; v++)
            acc[v] = largest ? row[v] : vf_add(acc[v], row[v]);
    }

    const vf lo = vf_set(s->lo), hi = vf_set(s->hi), scale = vf_set(s->scale);
    for (int v = 0; v < vecs; v++) {
        const vf r = vf_clamp(largest ? acc[v] : vf_mul(acc[v], scale), lo, hi);
        if (part)
            vf_store_part(y + v * VF, r, part);
        else
            vf_store(y + v * VF, r);
    }
}

VF_INLINE void pixels(const tsr_pool_f32_span *s, const bool largest)
{
    for (int i = 0; i < s->count; i++) {
        const float *x = s->x + i * s->x_step;
        float *y = s->y + i * s->y_step;
        int c = 0;
        for (; c + VECS * VF <= s->channels; c += VECS * VF)
            tile(s, x + c, y + c, VECS, 0, largest);
        for (; c + VF <= s->channels; c += VF)
            tile(s, x + c, y + c, 1, 0, largest);
        if (c < s->channels)
            tile(s, x + c, y + c, 1, s->channels - c, largest);
    }
}

static void max(const tsr_pool_f32_span *s)     { pixels(s, true); }
static void average(const tsr_pool_f32_span *s) { pixels(s, false); }

#endif
