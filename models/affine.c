/*
 * affine.c - maps between the pixels of a picture, of a network's input and of
 * its outputs.  All of them are x' = A x + b, so they chain and invert.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"

tsr_affine tsr_affine_invert(const tsr_affine *a)
{
    const float *m = a->m;
    const float det = m[0] * m[4] - m[1] * m[3];
    tsr_affine r = { { 0 } };
    if (!(fabsf(det) > 0) || !isfinite(1 / det))
        return r;
    r.m[0] = m[4] / det;
    r.m[1] = -m[1] / det;
    r.m[3] = -m[3] / det;
    r.m[4] = m[0] / det;
    r.m[2] = -(r.m[0] * m[2] + r.m[1] * m[5]);
    r.m[5] = -(r.m[3] * m[2] + r.m[4] * m[5]);
    return r;
}

tsr_affine tsr_affine_for_grid(const tsr_affine *input_to_picture, const tsr_tensor *input,
                               int width, int height)
{
    /* A grid that covers the input is the input, stretched. */
    int in_h, in_w;
    tsr_picture_size(input, &in_h, &in_w);
    tsr_affine r = *input_to_picture;
    const float sx = (float)in_w / (float)width, sy = (float)in_h / (float)height;
    r.m[0] *= sx;
    r.m[3] *= sx;
    r.m[1] *= sy;
    r.m[4] *= sy;
    return r;
}

tsr_affine tsr_affine_for_corners(const tsr_affine *fine_to_picture, float factor_x, float factor_y)
{
    /* Cell k, whose centre is k + 0.5, is cell factor * k of the finer grid. */
    const float dx = 0.5f - 0.5f * factor_x, dy = 0.5f - 0.5f * factor_y;
    const float *m = fine_to_picture->m;
    return (tsr_affine){ {
        m[0] * factor_x, m[1] * factor_y, m[0] * dx + m[1] * dy + m[2],
        m[3] * factor_x, m[4] * factor_y, m[3] * dx + m[4] * dy + m[5],
    } };
}
