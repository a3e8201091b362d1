/*
 * spawn.h - run another program and wait for it, without a shell in between.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_SPAWN_H
#define CLI_SPAWN_H

#include <stdbool.h>
#include "engine/status.h"

typedef struct {
    int start_errno;            /* not 0: the program could not be started, and why */
    int exit_status;            /* of the program; 128 + signal if it was killed    */
    bool interrupted;           /* somebody asked *us* to stop meanwhile            */
} cli_spawn_result;

/* Run argv[0], found along PATH, in directory `dir`, with nothing on standard
 * input, standard output discarded and standard error in the file `log`. */
cli_spawn_result cli_spawn(const char *const *argv, const char *dir, const char *log);

/* From here on SIGINT, SIGTERM and SIGHUP stop the child that is running, not
 * us, so that we can clean up; cli_interrupted says that one came. */
void cli_catch_signals(void);
bool cli_interrupted(void);

/* A new private directory below $TMPDIR or /tmp, to be freed; NULL after err. */
char *cli_temp_dir_make(tsr_error *err);

/* Remove it with everything in it. */
void cli_temp_dir_remove(const char *dir);

#endif
