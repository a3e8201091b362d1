/*
 * frame_loop.h - a video's frames through three stages that overlap:
 *
 *     reader thread        caller's thread        writer thread
 *     read a frame    ->   look at it        ->   tell, draw, encode it
 *
 * Between them goes a small ring of slots, each with room for a frame and what was
 * found in it: memory stays the same however long the video is.  Frames keep their
 * order.  With one slot nothing overlaps.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FRAME_LOOP_H
#define CLI_FRAME_LOOP_H

#include "cli/pictures.h"
#include "cli/video/video.h"

enum { CLI_MAX_SLOTS = 16 };

typedef struct {
    void *user;
    size_t result_bytes;
    /* In the caller's thread, frame after frame. */
    tsr_status (*look)(void *user, const cli_frame *frame, void *result, tsr_error *err);
    /* In the writer's thread; may draw on the frame.  `ms`: what the look took. */
    tsr_status (*write)(void *user, const cli_frame *frame, const void *result, double ms,
                        tsr_error *err);
    void (*drop)(void *result); /* free what look allocated for it; NULL: nothing */
} cli_stages;

typedef struct {
    int slots;                  /* 1 .. CLI_MAX_SLOTS */
    int every;                  /* 1: all frames, 2: each second ... */
    double max_fps;             /* leave out frames that come faster; 0: none */
} cli_pace;

/* Until the video ends, a stage fails, or a signal that cli_catch_signals catches comes:
 * then the frames that have been read are finished.  Where the video turns out to be
 * damaged, the frames before that are done, and the error comes after them.
 * *frames: how many were written. */
TSR_MUST_USE tsr_status cli_frame_loop(cli_video *video, const cli_stages *stages,
                                       const cli_pace *pace, long *frames, tsr_error *err);

#endif
