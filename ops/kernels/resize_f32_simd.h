/*
 * resize_f32_simd.h - bilinear interpolation on vectors of any width; see
 * dwconv_f32_simd.h for how such a file is used.
 *
 * Where a row's end does not fill a vector, the last vector is moved back over
 * elements that are already done: they get the same value again, and neither
 * partial loads nor stores are needed.  Only rows shorter than a vector take them.
 * Long rows go VF_TURN vectors a turn.  (With AVX2 four were a tenth slower than one.)
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_RESIZE_F32_SIMD_H
#define TSR_RESIZE_F32_SIMD_H

#include "engine/platform.h"
#include "ops/kernels/resize_f32.h"

VF_INLINE vf between(vf a, vf b, vf f) { return vf_fma(vf_sub(b, a), f, a); }

VF_INLINE void blend(const float *a, const float *b, vf f, int n, float *y)
{
    if (n < VF) {
        vf_store_part(y, between(vf_load_part(a, n), vf_load_part(b, n), f), n);
        return;
    }
    int i = 0;
    for (; i + VF_TURN * VF <= n; i += VF_TURN * VF) {
        vf v[VF_TURN];
        TSR_UNROLL for (int j = 0; j < VF_TURN; j++)
            v[j] = between(vf_load(a + i + j * VF), vf_load(b + i + j * VF), f);
        TSR_UNROLL for (int j = 0; j < VF_TURN; j++)
            vf_store(y + i + j * VF, v[j]);
    }
    for (; i + VF <= n; i += VF)
        vf_store(y + i, between(vf_load(a + i), vf_load(b + i), f));
    if (i < n) {
        i = n - VF;
        vf_store(y + i, between(vf_load(a + i), vf_load(b + i), f));
    }
}

/* One, two or three channels: a vector would stay mostly empty. */
static void across_narrow(const float *x, const tsr_resize_f32_column *columns, int count, int c,
                          float *y)
{
    for (const tsr_resize_f32_column *k = columns; k < columns + count; k++)
        for (int i = 0; i < c; i++) {
            const float l = x[k->left + i], r = x[k->right + i];
            *y++ = l + (r - l) * k->f;
        }
}

static void across(const float *x, const tsr_resize_f32_column *columns, int count, int c,
                   float *y)
{
    if (c < 4) {
        across_narrow(x, columns, count, c, y);
        return;
    }
    for (int i = 0; i < count; i++, y += c)
        blend(x + columns[i].left, x + columns[i].right, vf_set(columns[i].f), c, y);
}

static void down(const float *top, const float *bottom, float f, int n, float *y)
{
    blend(top, bottom, vf_set(f), n, y);
}

#endif
