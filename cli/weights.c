/*
 * weights.c - see weights.h.
 *
 * Looking for a catalogue file compares its size only: that is free, and tells
 * a wrong or older file from the right one well enough to go on searching.  The
 * sha256 is asked where it matters: when something is fetched, and to recognise
 * a file that was given by its path, which happens once a run.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/command.h"
#include "cli/shapes.h"
#include "cli/weights.h"
#include "engine/platform.h"
#include "engine/threads.h"
#include "loaders/tsr_file.h"

void cli_sha256(const void *bytes, size_t size, char hex[CLI_SHA256_HEX])
{
    struct sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    sha256_update(&ctx, size, bytes);
    sha256_digest(&ctx, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* ---- search path ------------------------------------------------------------ */

/* As the XDG base directory specification has it: an empty variable counts as
 * none, and the default is below HOME. */
static char *cache_dir(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache)
        return cli_path_join(cache, "tarsier");
    return cli_path_join(home && *home ? home : ".", ".cache/tarsier");
}

tsr_status cli_search_path_make(cli_search_path *p, tsr_error *err)
{
    const char *list = getenv("TARSIER_MODELS");
    int room = 3;
    for (const char *c = list; c && *c; c++)
        room += *c == ':';
    *p = (cli_search_path){ .dir = calloc((size_t)room, sizeof *p->dir) };
    bool good = p->dir != NULL;
    while (good && list && *list) {
        const size_t n = strcspn(list, ":");
        if (n) {                                /* "a::b" names two, not the root */
            good = (p->dir[p->count] = strndup(list, n)) != NULL;
            p->count += good;
        }
        list += n + (list[n] == ':');
    }
    if (good) {
        p->own = p->count;
        p->dir[p->count++] = strdup("./models/weights");
        p->dir[p->count++] = cache_dir();
        good = p->dir[p->own] && p->dir[p->own + 1];
    }
    if (!good) {
        cli_search_path_free(p);
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the model search path");
    }
    return TSR_OK;
}

void cli_search_path_free(cli_search_path *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->dir[i]);
    free(p->dir);
    *p = (cli_search_path){ 0 };
}

char *cli_search_path_find(const cli_search_path *p, const tsr_catalogue_file *f)
{
    for (int i = 0; i < p->count; i++) {
        struct stat st;
        char *path = cli_path_join(p->dir[i], f->name);
        if (path && !stat(path, &st) && S_ISREG(st.st_mode) && (size_t)st.st_size == f->bytes)
            return path;
        free(path);
    }
    return NULL;
}

/* The command comes before the places: a long search path may be cut off. */
static tsr_status not_here(const tsr_catalogue_entry *e, const cli_search_path *p, tsr_error *err)
{
    char places[sizeof err->text] = "";
    for (int i = 0; i < p->count; i++)
        if (strlen(places) + strlen(p->dir[i]) + 3 < sizeof places) {
            strcat(places, i ? ", " : "");
            strcat(places, p->dir[i]);
        }
    return tsr_fail(err, TSR_BAD_FILE,
                    "the weights of '%s' are not here; 'tarsier models fetch %s' gets them "
                    "(looked for %s of %zu bytes in %s)",
                    e->name, e->name, e->file[0].name, e->file[0].bytes, places);
}

/* All files of an entry must be here; the path is that of the one to load. */
static tsr_status find_entry(const tsr_catalogue_entry *e, char **path, tsr_error *err)
{
    cli_search_path p;
    TSR_TRY(cli_search_path_make(&p, err));
    tsr_status s = TSR_OK;
    for (int i = TSR_CATALOGUE_FILES - 1; i >= 0 && s == TSR_OK; i--) {
        if (!e->file[i].name)
            continue;
        free(*path);                            /* in the end: that of file[0] */
        *path = cli_search_path_find(&p, &e->file[i]);
        if (!*path)
            s = not_here(e, &p, err);
    }
    cli_search_path_free(&p);
    return s;
}

tsr_status cli_model_find(const char *name, char **path, const tsr_catalogue_entry **entry,
                          tsr_error *err)
{
    struct stat st;
    *path = NULL;
    *entry = NULL;
    if (strchr(name, '/') || !stat(name, &st)) {
        *path = strdup(name);
        return *path ? TSR_OK : tsr_fail(err, TSR_NO_MEMORY, "no memory left for '%s'", name);
    }
    *entry = tsr_catalogue_find(name);
    if (!*entry)
        return tsr_fail(err, TSR_BAD_FILE,
                        "'%s' is neither a file nor a model that 'tarsier models' lists", name);
    if (!tsr_format_readable((*entry)->format))     /* before a fetch in vain */
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' is a %s model: this version cannot read those",
                        name, tsr_format_name((*entry)->format));
    return find_entry(*entry, path, err);
}

/* ---- opening ---------------------------------------------------------------- */

/* Who was given a plain file may still have one that we know. */
static const tsr_catalogue_entry *recognise(const cli_file *f)
{
    char hex[CLI_SHA256_HEX];
    for (int i = 0; i < tsr_catalogue_count; i++)
        if (tsr_catalogue[i].file[0].bytes == f->size) {
            cli_sha256(f->bytes, f->size, hex);
            return tsr_catalogue_find_sha256(hex);
        }
    return NULL;
}

/* Files beside a model that consists of several, open while it is loaded. */
enum { MAX_SIBLINGS = 64 };
typedef struct {
    const char *model_path;
    cli_file file[MAX_SIBLINGS];
    int count;
    uint64_t sum;               /* of all of them, in the order of asking */
} siblings;

/* A name leads nowhere but into the model's own folder. */
static const void *open_sibling(void *ctx, const char *name, size_t *bytes)
{
    siblings *s = ctx;
    if (s->count == MAX_SIBLINGS || strchr(name, '/') || !*name)
        return NULL;
    char *dir = strdup(s->model_path);
    char *path = NULL;
    if (dir) {
        char *slash = strrchr(dir, '/');
        if (slash)
            *slash = '\0';
        path = cli_path_join(slash ? dir : ".", name);
    }
    cli_file *f = &s->file[s->count];
    const bool good = path && cli_file_open(path, f, NULL) == TSR_OK;
    free(path);
    free(dir);
    if (!good)
        return NULL;
    s->count++;
    s->sum = s->sum * 31 + tsr_file_sum(f->bytes, f->size);
    *bytes = f->size;
    return f->bytes;
}

static tsr_status load_bytes(const cli_model *m, const tsr_options *options, tsr_model **model,
                             uint64_t *sibling_sum, tsr_error *err)
{
    siblings s = { .model_path = m->path };
    tsr_options with_siblings = options ? *options : (tsr_options){ 0 };
    with_siblings.sibling = open_sibling;
    with_siblings.sibling_ctx = &s;
    with_siblings.shapes = cli_shapes(&with_siblings.shape_count);
    tsr_error inner = { 0 };
    const tsr_status status = tsr_model_load(m->file.bytes, m->file.size, &with_siblings, model,
                                             &inner);
    *sibling_sum = s.sum;
    while (s.count)
        cli_file_close(&s.file[--s.count]);
    return status == TSR_OK ? TSR_OK : tsr_fail(err, status, "'%s': %s", m->path, inner.text);
}

tsr_status cli_model_load(const cli_model *m, const tsr_options *options, tsr_model **model,
                          tsr_error *err)
{
    uint64_t unused;
    return load_bytes(m, options, model, &unused, err);
}

static tsr_status load(const char *name, const tsr_options *options, cli_model *m, tsr_error *err)
{
    TSR_TRY(cli_model_find(name, &m->path, &m->entry, err));
    TSR_TRY(cli_file_open(m->path, &m->file, err));
    if (!m->entry)
        m->entry = recognise(&m->file);
    return load_bytes(m, options, &m->model, &m->sibling_sum, err);
}

static tsr_status open_model(const char *name, const tsr_options *options, cli_model *m,
                             tsr_error *err)
{
    *m = (cli_model){ 0 };
    const tsr_status s = load(name, options, m, err);
    if (s != TSR_OK)
        cli_model_close(m);
    return s;
}

tsr_status cli_model_open(const char *name, cli_model *m, tsr_error *err)
{
    return open_model(name, NULL, m, err);
}

tsr_status cli_model_open_with(const char *name, const tsr_options *options, cli_model *m,
                               tsr_error *err)
{
    return open_model(name, options, m, err);
}

tsr_status cli_model_open_whole(const char *name, cli_model *m, tsr_error *err)
{
    return open_model(name, &(tsr_options){ .keep_all = true }, m, err);
}

tsr_status cli_model_open_embedding(const char *name, cli_model *m, tsr_error *err)
{
    return open_model(name, &(tsr_options){ .output = "" }, m, err);
}

bool cli_parse_fuse(const char *command, const char *text, tsr_fuse *fuse)
{
    static const char *const names[] = { "auto", "never", "memory" };
    for (int i = 0; i < 3; i++)
        if (!strcmp(text, names[i])) {
            *fuse = (tsr_fuse)i;
            return true;
        }
    cli_usage(command, "--fuse wants auto, never or memory, not '%s'", text);
    return false;
}

void cli_model_close(cli_model *m)
{
    tsr_model_free(m->model);
    cli_file_close(&m->file);
    free(m->path);
    *m = (cli_model){ 0 };
}

/* A failure leaves what was opened so far in *s for cli_session_close. */
static tsr_status open_session(const tsr_model *model, int threads, cli_session *s, tsr_error *err)
{
    if (threads > 1)
        TSR_TRY(tsr_threads_start(threads, &s->threads, err));
    s->memory_bytes = tsr_session_bytes(model, s->threads);
    s->memory = tsr_platform_allocator().alloc(NULL, s->memory_bytes);
    if (!s->memory)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left: a session needs %zu bytes",
                        s->memory_bytes);
    return tsr_session_open(model, s->threads, s->memory, s->memory_bytes, &s->session, err);
}

tsr_status cli_session_open(const tsr_model *model, int threads, cli_session *s, tsr_error *err)
{
    *s = (cli_session){ 0 };
    const tsr_status status = open_session(model, threads, s, err);
    if (status != TSR_OK)
        cli_session_close(s);
    return status;
}

void cli_session_close(cli_session *s)
{
    tsr_threads_stop(s->threads);
    tsr_platform_allocator().release(NULL, s->memory);
    *s = (cli_session){ 0 };
}
