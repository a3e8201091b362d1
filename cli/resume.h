/*
 * resume.h - a file of JSON lines that goes on where an earlier run was stopped.
 *
 * What is in the file as a complete line is done, be it a result or an error: it is
 * neither computed nor written again.  A last line without its end was being written
 * when the run was killed: it is cut off, and its picture is done anew.  So after any
 * number of kills each picture has exactly one line.  A picture that stands in the list
 * several times has as many lines.
 *
 * To try the failed ones again, remove their lines:  sed -i '/"error":/d' OUT.jsonl
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include "cli/text_count.h"
#include "engine/status.h"

typedef struct {
    int fd;                     /* new lines go here, at the end */
    long done;                  /* lines that were there */
    cli_text_count images;      /* lines for each picture that were not claimed yet */
} cli_resume;

/* Open or make the file, and lock it: where another run is at it, wait for its end.
 * Refused: lines that are none of ours, or of another task or model: nothing is changed
 * then. */
TSR_MUST_USE tsr_status cli_resume_open(const char *path, const char *task, const char *model,
                                        cli_resume *r, tsr_error *err);
void cli_resume_close(cli_resume *r);

/* Has this picture a line of its own?  Each call claims one. */
TSR_MUST_USE tsr_status cli_resume_claim(cli_resume *r, const char *image, int *done,
                                         tsr_error *err);

#endif
