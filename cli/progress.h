/* progress.h - how far a video is, on a terminal.   SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

typedef struct {
    bool shown;                 /* standard error is a terminal, and nothing disturbs */
    double begin, last;         /* ms */
} cli_progress;

void cli_progress_begin(cli_progress *p, bool wanted);

/* After a frame; at most five times a second something happens.  `seconds` of `length`
 * are done; length 0: unknown. */
void cli_progress_frame(cli_progress *p, long frames, double seconds, double length);

/* Wipe it out.  Gives the frames a second since the beginning. */
double cli_progress_end(cli_progress *p, long frames);

#endif
