/*
 * picture_job.h - one run of a picture command: what pictures.c, which walks through
 * the inputs, shares with picture_video.c, which does a video among them.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PICTURE_JOB_H
#define CLI_PICTURE_JOB_H

#include "cli/drawing/overlay_name.h"
#include "cli/pictures.h"
#include "cli/resume.h"
#include "cli/video/video.h"

typedef struct {
    const cli_task *task;
    cli_picture_options options;
    cli_overlay_names names;
    cli_resume resume;
    void *state, *result;
    int lines;                  /* the descriptor that lines of JSON go to */
    int status;                 /* CLI_FAILED once something did */
    bool lost;                  /* results cannot be written: there is no use in more */
    cli_instream *list;         /* standard input, if "-" is among the pictures, */
    char *first;                /* its first line, NULL at its end, */
    size_t first_room;
} cli_picture_job;

/* An input failed: a line on standard error, and one of JSON under `key`, "image" or
 * "video". */
void cli_picture_failed(cli_picture_job *j, const char *key, const char *path,
                        const tsr_error *err);

/* A line of JSON with what all have: key, size, task, model; then the task's own, and
 * the times.  `video` adds number and seconds. */
tsr_status cli_picture_tell(cli_picture_job *j, const char *path, const cli_frame *frame,
                            bool video, const void *result, double ms, tsr_error *err);

/* The same as text: one line of it is the picture's, the others are the task's. */
void cli_picture_print(const cli_picture_job *j, const char *path, const cli_frame *frame,
                       const void *result);

/* All frames of an open video, which is closed afterwards. */
void cli_picture_video(cli_picture_job *j, const char *path, cli_video *v);

#endif
