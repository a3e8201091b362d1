/*
 * overlay_name.h - where the overlay of a picture goes.
 *
 *     -o FILE.png       one picture: exactly there
 *     -o DIRECTORY      DIRECTORY/NAME-TASK.png for each; a directory is what
 *                       exists as one, or ends in '/' and then is made
 *
 * Pictures of the same name from different places get NAME-TASK-2.png and so on.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OVERLAY_NAME_H
#define CLI_OVERLAY_NAME_H

#include <stdbool.h>
#include "engine/status.h"

typedef struct {
    const char *target, *task;
    bool directory;
    char **used;                /* names given out so far, sorted by nothing */
    int count, room;
} cli_overlay_names;

/* `several`: there may be more than one picture, so target must be a directory.
 * TSR_BAD_ARGUMENT: the command line makes no sense. */
TSR_MUST_USE tsr_status cli_overlay_names_make(cli_overlay_names *n, const char *target,
                                               const char *task, bool several, tsr_error *err);
void cli_overlay_names_free(cli_overlay_names *n);

/* The name for a picture; belongs to `n`. */
TSR_MUST_USE tsr_status cli_overlay_name(cli_overlay_names *n, const char *picture,
                                         const char **name, tsr_error *err);

#endif
