/*
 * overlay_name.h - where the overlay of a picture goes.
 *
 *     -o FILE.png       one picture: exactly there; one video: FILE.mp4
 *     -o DIRECTORY      DIRECTORY/NAME-TASK.png or .mp4 for each; a directory is
 *                       what exists as one, or ends in '/' and then is made
 *
 * Pictures of the same name from different places get NAME-TASK-2.png and so on.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OVERLAY_NAME_H
#define CLI_OVERLAY_NAME_H

#include <stdbool.h>
#include "cli/text_count.h"
#include "engine/status.h"

typedef struct {
    const char *target, *task;
    bool directory;
    cli_text_count used;        /* names given out so far */
    char *last;                 /* the one given out last */
} cli_overlay_names;

typedef enum {
    CLI_SEVERAL,                /* there may be more than one: target must be a directory */
    CLI_ONE_PICTURE, CLI_ONE_VIDEO,
} cli_overlay_kind;

/* TSR_BAD_ARGUMENT: the command line makes no sense. */
TSR_MUST_USE tsr_status cli_overlay_names_make(cli_overlay_names *n, const char *target,
                                               const char *task, cli_overlay_kind kind,
                                               tsr_error *err);
void cli_overlay_names_free(cli_overlay_names *n);

/* The name for a picture or video, with that ending; good until the next call. */
TSR_MUST_USE tsr_status cli_overlay_name(cli_overlay_names *n, const char *picture,
                                         const char *ending, const char **name, tsr_error *err);

#endif
