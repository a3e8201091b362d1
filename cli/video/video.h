/*
 * video.h - pictures that follow each other: where they come from, where they go.
 *
 *     cli_video        a file through the ffmpeg program, a YUV4MPEG2 stream, a camera
 *     cli_video_out    a file through ffmpeg (.mp4, .mkv, .mov), or YUV4MPEG2
 *
 * Both are a few functions around a state of their own.  All frames of a stream have
 * one size.  Memory does not depend on the length.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_VIDEO_H
#define CLI_VIDEO_H

#include "cli/file.h"
#include "cli/instream.h"
#include "models/vision.h"

typedef struct { int num, den; } cli_rate;      /* frames a second; num 0: unknown */

typedef struct cli_video {
    const char *name;           /* as in errors; belongs to the caller */
    int width, height;
    cli_rate rate;              /* the usual one: frames may come irregularly */
    double length;              /* in seconds; 0: unknown */
    bool live;                  /* frames that nobody fetches in time are lost */
    void *self;
    /* The next frame and its time since the video's beginning.  `to` NULL: pass over
     * it.  *end: there was none, because the video ends or somebody interrupts. */
    tsr_status (*read)(struct cli_video *v, const tsr_image *to, double *seconds, bool *end,
                       tsr_error *err);
    void (*close)(struct cli_video *v);
} cli_video;

/* Is this the name of a video: by what the file begins with, by its ending, or an
 * address ("rtsp://...")?  What stb_image reads is a picture. */
bool cli_is_video(const char *path);

/* A YUV4MPEG2 stream is read here, everything else by ffmpeg. */
TSR_MUST_USE tsr_status cli_video_open(const char *path, cli_video *v, tsr_error *err);
TSR_MUST_USE tsr_status cli_video_open_ffmpeg(const char *path, cli_video *v, tsr_error *err);

/* `header` is the stream's first line; `from` goes on after it, and stays the caller's. */
TSR_MUST_USE tsr_status cli_video_open_y4m(cli_instream *from, const char *header,
                                           const char *name, cli_video *v, tsr_error *err);
bool cli_is_y4m(const char *header);

/* A V4L2 device, near the given size. */
TSR_MUST_USE tsr_status cli_video_open_camera(const char *device, int width, int height,
                                              cli_video *v, tsr_error *err);
void cli_video_close(cli_video *v);             /* zeroed is fine */

typedef struct cli_video_out {
    void *self;
    /* Times must not go backwards. */
    tsr_status (*write)(struct cli_video_out *o, const tsr_image *frame, double seconds,
                        tsr_error *err);
    /* Everything is written, and the file gets its name; or it leaves nothing. */
    tsr_status (*finish)(struct cli_video_out *o, tsr_error *err);
    void (*abandon)(struct cli_video_out *o);
} cli_video_out;

/* .mp4 .mkv .mov .y4m, or "-": YUV4MPEG2 on standard output. */
bool cli_video_can_save(const char *path);
TSR_MUST_USE tsr_status cli_video_create(const char *path, int width, int height, cli_rate rate,
                                         cli_video_out *o, tsr_error *err);
TSR_MUST_USE tsr_status cli_video_create_ffmpeg(const char *path, int width, int height,
                                                cli_rate rate, cli_video_out *o, tsr_error *err);
TSR_MUST_USE tsr_status cli_video_create_y4m(const char *path, int width, int height,
                                             cli_rate rate, cli_video_out *o, tsr_error *err);
TSR_MUST_USE tsr_status cli_video_finish(cli_video_out *o, tsr_error *err);
void cli_video_abandon(cli_video_out *o);       /* zeroed or finished: does nothing */

#endif
