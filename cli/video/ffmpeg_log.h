/*
 * ffmpeg_log.h - what the ffmpeg program says while it decodes, line by line.
 *
 * Raw frames in a pipe carry no times.  ffmpeg's filter "showinfo" tells them in the
 * log, a line for each frame, just before the frame:
 *
 *     [Parsed_showinfo_0 @ 0x5586] [info] config in time_base: 1/12800, frame_rate: 25/1
 *     [Parsed_showinfo_0 @ 0x5586] [info] n:  1 pts:  512 pts_time:0.04 ... s:320x240 ...
 *
 * and it sees the size of each frame before ffmpeg scales all to that of the first.
 * With "-loglevel level+info" each line also says how serious it is.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FFMPEG_LOG_H
#define CLI_FFMPEG_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum { FFMPEG_LOG_FRAMES = 1024, FFMPEG_LOG_LINE = 512, FFMPEG_LOG_ERROR = 200 };

typedef struct {
    double seconds;             /* NAN: it has no time */
    int width, height;
} ffmpeg_frame;

/* Zeroed at first. */
typedef struct {
    double unit;                /* of "pts", in seconds */
    int rate_num, rate_den;
    double length;              /* in seconds; 0: not told */
    ffmpeg_frame frame[FFMPEG_LOG_FRAMES];      /* told and not taken yet: a ring */
    int first, count;
    char error[FFMPEG_LOG_ERROR];               /* the first one; "": none */
    char line[FFMPEG_LOG_LINE]; /* that is not complete yet */
    size_t used;
} ffmpeg_log;

/* The log goes on.  Never more than fits: room for a frame in each line of it. */
size_t ffmpeg_log_room(const ffmpeg_log *l);
void ffmpeg_log_add(ffmpeg_log *l, const char *text, size_t bytes);

/* The oldest frame that was told, or false. */
bool ffmpeg_log_take(ffmpeg_log *l, ffmpeg_frame *f);

#endif
