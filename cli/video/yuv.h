/*
 * yuv.h - pixels as cameras and video files have them, to and from R,G,B bytes.
 *
 * Y is brightness, U and V say how far blue and red stand off from it.  Eyes see less
 * detail in colour, so U and V often have a sample for 2 x 2 (420) or 2 x 1 (422)
 * pixels only.  Which brightness red, green and blue have is said by a matrix, and
 * which bytes are black and white by a range.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_YUV_H
#define CLI_YUV_H

#include <stdbool.h>
#include "models/vision.h"

typedef enum { CLI_BT601, CLI_BT709 } cli_yuv_matrix;

typedef struct {
    cli_yuv_matrix matrix;
    bool full;                  /* false: black is 16, white 235, colours 16..240 */
} cli_yuv_color;

/* What players take for granted where a stream does not say: the matrix of HD video
 * from 720 lines on. */
cli_yuv_color cli_yuv_usual(int width, int height);

/* Planes, or one buffer in which they alternate.  Steps and strides are in bytes. */
typedef struct {
    const uint8_t *y, *u, *v;   /* u, v NULL: grey */
    int y_step, y_stride;
    int c_step, c_stride;       /* of U and V alike */
    int shift_x, shift_y;       /* one sample of U and V for 2^shift pixels, or rows */
} cli_yuv;

/* As many pixels as `to` has.  Colours between samples are those of the nearest one. */
void cli_yuv_to_rgb(const cli_yuv *from, cli_yuv_color color, const tsr_image *to);

/* Three planes without gaps, U and V of (width + 1) / 2 x (height + 1) / 2: averages
 * over 2 x 2 pixels.  `to` has cli_yuv420_bytes(). */
size_t cli_yuv420_bytes(int width, int height);
void cli_rgb_to_yuv420(const tsr_image *from, cli_yuv_color color, uint8_t *to);

#endif
