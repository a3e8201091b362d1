/*
 * spawn.h - run another program, without a shell in between, and wait for it or talk
 * to it.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_SPAWN_H
#define CLI_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>
#include "engine/status.h"

typedef struct {
    int start_errno;            /* not 0: the program could not be started, and why */
    int exit_status;            /* of the program; 128 + signal if it was killed    */
    bool interrupted;           /* somebody asked *us* to stop meanwhile            */
} cli_spawn_result;

/* Run argv[0], found along PATH, in directory `dir`, with nothing on standard
 * input, standard output discarded and standard error in the file `log`. */
cli_spawn_result cli_spawn(const char *const *argv, const char *dir, const char *log);

/* Start argv[0], found along PATH, in a process group of its own, so that Ctrl-C on a
 * terminal reaches us only.  Its descriptors 0 to 3 become those in `fd`; -1 is
 * /dev/null, and for 3 nothing.  Gives 0, or an errno: ENOENT, there is no such program. */
int cli_spawn_start(const char *const *argv, const char *dir, const int fd[4], pid_t *pid);

/* Its exit status, or 128 + signal if it was killed. */
int cli_spawn_wait(pid_t pid);

/* From here on SIGINT, SIGTERM and SIGHUP stop the child that is running, not
 * us, so that we can clean up; cli_interrupted says that one came. */
void cli_catch_signals(void);
bool cli_interrupted(void);
int cli_stop_signal(void);                      /* which one; 0: none */

/* A new private directory below $TMPDIR or /tmp, to be freed; NULL after err. */
char *cli_temp_dir_make(tsr_error *err);

/* Remove it with everything in it. */
void cli_temp_dir_remove(const char *dir);

#endif
