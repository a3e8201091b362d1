/*
 * y4m.h - YUV4MPEG2, the simplest container for raw video: a line of text with the
 * size, then for each frame the line "FRAME" and its planes Y, U, V.
 *
 *     YUV4MPEG2 W640 H480 F30000:1001 Ip A1:1 C420jpeg
 *
 * Read: 8 bits; C420 (any siting), C422, C444, C411, Cmono; XCOLORRANGE.  The frame rate
 * is all that the format knows about time.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_Y4M_H
#define CLI_Y4M_H

#include "cli/video/video.h"
#include "cli/video/yuv.h"

typedef struct {
    int width, height;
    cli_rate rate;
    bool grey;
    int shift_x, shift_y;       /* as in cli_yuv */
    cli_yuv_color color;
} cli_y4m;

/* The first line, without its end; `name` is for errors. */
TSR_MUST_USE tsr_status cli_y4m_parse(const char *name, const char *line, cli_y4m *y,
                                      tsr_error *err);

/* Of one frame's planes, and the planes in that many bytes. */
size_t cli_y4m_bytes(const cli_y4m *y);
cli_yuv cli_y4m_planes(const cli_y4m *y, const uint8_t *frame);

#endif
