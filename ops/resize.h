/*
 * resize.h - source coordinates of a resize, and its preparations.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_RESIZE_H
#define TSR_RESIZE_H

#include "engine/op.h"

typedef struct {
    int in, out;                /* pixels */
    tsr_coord coord;
    float scale;                /* out / in when 0 */
} tsr_resize_axis;

tsr_resize_axis tsr_resize_vertical(const tsr_step *s);
tsr_resize_axis tsr_resize_horizontal(const tsr_step *s);

/* The two neighbours of output pixel d and the weight of the second one. */
typedef struct { int first, second; float f; } tsr_resize_pair;
tsr_resize_pair tsr_resize_linear(const tsr_resize_axis *a, int d);

/* The one source pixel of output pixel d. */
int tsr_resize_nearest(const tsr_resize_axis *a, tsr_nearest_mode mode, int d);

tsr_status tsr_resize_prepare_bilinear(tsr_step *s, const tsr_prepare_context *ctx,
                                       tsr_error *err);      /* f32                */
tsr_status tsr_resize_prepare_nearest(tsr_step *s, const tsr_prepare_context *ctx,
                                      tsr_error *err);       /* any type: it copies */

#endif
