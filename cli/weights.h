/*
 * weights.h - from what a user types after --model to an open session.
 *
 * A name with a '/' in it, or of a file that exists, is a file; anything else
 * is looked up in the catalogue, whose files are searched in $TARSIER_MODELS
 * (directories separated by ':'), ./models/weights and $XDG_CACHE_HOME/tarsier.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_WEIGHTS_H
#define CLI_WEIGHTS_H

#include "cli/file.h"
#include "engine/tsr.h"
#include "models/catalogue.h"

typedef struct {
    const tsr_catalogue_entry *entry;   /* NULL: not a file that we know (by its sha256) */
    char *path;
    cli_file file;
    tsr_model *model;
    uint64_t sibling_sum;               /* of the other files it was loaded from; 0: none */
} cli_model;

/* Find, map and load.  Errors name the file, or the command that gets it. */
TSR_MUST_USE tsr_status cli_model_open(const char *name, cli_model *m, tsr_error *err);
/* The same with options: the loader's own (siblings, shapes) are filled in. */
TSR_MUST_USE tsr_status cli_model_open_with(const char *name, const tsr_options *options,
                                            cli_model *m, tsr_error *err);
/* The same with every tensor kept: nothing fused, nothing overwritten. */
TSR_MUST_USE tsr_status cli_model_open_whole(const char *name, cli_model *m, tsr_error *err);
/* The same cut where a classifier pools its last maps: its output is the embedding. */
TSR_MUST_USE tsr_status cli_model_open_embedding(const char *name, cli_model *m, tsr_error *err);
void cli_model_close(cli_model *m);                     /* zeroed is fine */

/* Load the open file once more, with other options; *model is the caller's. */
TSR_MUST_USE tsr_status cli_model_load(const cli_model *m, const tsr_options *options,
                                       tsr_model **model, tsr_error *err);

/* The value of --fuse: auto, never or memory; else a usage error. */
bool cli_parse_fuse(const char *command, const char *text, tsr_fuse *fuse);

/* Find only; *path is to be freed.  *entry NULL: a plain file. */
TSR_MUST_USE tsr_status cli_model_find(const char *name, char **path,
                                       const tsr_catalogue_entry **entry, tsr_error *err);

typedef struct {
    tsr_threads *threads;
    void *memory;
    size_t memory_bytes;
    tsr_session *session;
} cli_session;

TSR_MUST_USE tsr_status cli_session_open(const tsr_model *model, int threads, cli_session *s,
                                         tsr_error *err);
void cli_session_close(cli_session *s);                 /* before the model's; zeroed is fine */

/* ---- the search path, for `tarsier models` --------------------------------- */

typedef struct {
    char **dir;
    int count;
    int own;                    /* dir[own], dir[own + 1] are where fetched files may go */
} cli_search_path;

TSR_MUST_USE tsr_status cli_search_path_make(cli_search_path *p, tsr_error *err);
void cli_search_path_free(cli_search_path *p);

/* Path of a catalogue file with the right size, to be freed; NULL if it is nowhere. */
char *cli_search_path_find(const cli_search_path *p, const tsr_catalogue_file *f);

enum { CLI_SHA256_HEX = 65 };
void cli_sha256(const void *bytes, size_t size, char hex[CLI_SHA256_HEX]);

#endif
