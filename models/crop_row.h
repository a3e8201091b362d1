/*
 * crop_row.h - pixels of a turned and scaled part of a picture, a few at a time.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_CROP_ROW_H
#define TSR_CROP_ROW_H

#include "models/vision.h"
#include "ops/kernels/crop_u8.h"

enum { TSR_CROP_ROW = TSR_CROP_U8_MOST };

/* What does not change from pixel to pixel. */
typedef struct {
    const tsr_image *from;
    tsr_affine to_picture;
    const tsr_crop_u8 *kernel;
    int taps;                   /* a sample averages taps x taps pixels */
    int64_t dx, dy;             /* from sample to sample, 16 bits behind the point; 0, 0 in a
                                   map that makes no sense */
} tsr_cropper;

tsr_cropper tsr_cropper_make(const tsr_image *from, const tsr_affine *to_picture);

/* R,G,B of the crop's pixels (x, y) to (x + count - 1, y), count <= TSR_CROP_ROW. */
void tsr_crop_row(const tsr_cropper *c, int x, int y, int count, uint8_t *rgb);

#endif
