/*
 * head_features.c - embeddings out of tensors, and other views of the same picture to
 * learn from.
 *
 * Only the direction of an embedding counts (its length says mostly how much contrast
 * a picture has), so all arithmetic behind this file is on vectors of length 1.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/head.h"

bool tsr_embedding_read(const tsr_tensor *e, float *x)
{
    const size_t n = tsr_elements(e);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = tsr_tensor_real(e, i);
        sum += (double)x[i] * (double)x[i];
    }
    if (!(sum > 0) || !isfinite(sum))
        return false;
    const double inverse = 1 / sqrt(sum);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((double)x[i] * inverse);
    return true;
}

/* A linear congruence is random enough to move a picture about. */
float tsr_augment_draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) * 0x1p-24f;
}

tsr_affine tsr_augment_affine(const tsr_augment *how, int w, int h, uint32_t *seed)
{
    const float part = 1 - (1 - how->least) * tsr_augment_draw(seed);
    const float x = (1 - part) * tsr_augment_draw(seed) * (float)w;
    const float y = (1 - part) * tsr_augment_draw(seed) * (float)h;
    const bool mirror = tsr_augment_draw(seed) < 0.5f && how->mirror;
    tsr_affine a = { { part, 0, x, 0, part, y } };
    if (mirror) {               /* from right to left within the same part */
        a.m[0] = -part;
        a.m[2] = x + part * (float)w;
    }
    return a;
}

tsr_affine tsr_affine_chain(const tsr_affine *first, const tsr_affine *then)
{
    const float *a = first->m, *b = then->m;
    return (tsr_affine){ {
        b[0] * a[0] + b[1] * a[3], b[0] * a[1] + b[1] * a[4], b[0] * a[2] + b[1] * a[5] + b[2],
        b[3] * a[0] + b[4] * a[3], b[3] * a[1] + b[4] * a[4], b[3] * a[2] + b[4] * a[5] + b[5],
    } };
}
