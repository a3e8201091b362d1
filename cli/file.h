/*
 * file.h - reading and writing files so that nothing surprises.
 *
 * Reading: regular files are mapped read-only; anything else that has bytes
 * (a pipe, standard input) is read into memory.  A directory, a missing, empty
 * or unreadable file each give one sentence that names the path.
 *
 * Writing: into a temporary file beside the target, made durable, then renamed.
 * So a target is either the old file or the complete new one, and a full disk
 * is noticed before the old one is gone.         SPDX-License-Identifier: MIT
 */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "engine/status.h"

typedef struct {
    const uint8_t *bytes;
    size_t size;                /* at least 1 after a successful open */
    bool mapped;
} cli_file;

/* "-" is standard input. */
TSR_MUST_USE tsr_status cli_file_open(const char *path, cli_file *f, tsr_error *err);
void cli_file_close(cli_file *f);               /* zeroed struct is fine */

typedef struct {
    FILE *stream;               /* write here; errors may be left to commit */
    char *path, *temporary;     /* temporary NULL: a device or pipe, written directly */
    bool nameless;              /* the temporary file has no name until commit */
} cli_writer;

TSR_MUST_USE tsr_status cli_writer_open(const char *path, cli_writer *w, tsr_error *err);

/* Flush, sync, rename.  Whatever happens, the writer is closed afterwards, and
 * no temporary file is left. */
TSR_MUST_USE tsr_status cli_writer_commit(cli_writer *w, tsr_error *err);
void cli_writer_abort(cli_writer *w);           /* zeroed or committed: does nothing */

/* All of the above for bytes that are there already. */
TSR_MUST_USE tsr_status cli_file_write(const char *path, const void *bytes, size_t size,
                                       tsr_error *err);

/* Make a directory and its parents; one that exists is fine. */
TSR_MUST_USE tsr_status cli_make_dir(const char *path, tsr_error *err);

/* "dir/name" in memory of its own; NULL when there is none left. */
char *cli_path_join(const char *dir, const char *name);

/* The part after the last '/'. */
const char *cli_path_base(const char *path);

#endif
