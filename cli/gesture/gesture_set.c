/* gesture_set.c - see gesture_set.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/file.h"
#include "cli/gesture/gesture_set.h"
#include "models/head.h"

typedef struct { char **item; int count, room; } list;

static bool push(list *l, char *item)
{
    if (l->count == l->room) {
        const int room = l->room ? 2 * l->room : 16;
        char **more = realloc(l->item, (size_t)room * sizeof *more);
        if (!more) {
            free(item);
            return false;
        }
        l->item = more, l->room = room;
    }
    l->item[l->count] = item;
    l->count += item != NULL;
    return item != NULL;
}

static void list_free(list *l)
{
    for (int i = 0; i < l->count; i++)
        free(l->item[i]);
    free(l->item);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What lies in a directory: folders or everything else, paths in order of name. */
static tsr_status read_dir(const char *dir, bool folders, list *l, tsr_error *err)
{
    DIR *d = opendir(dir);
    bool good = true;
    *l = (list){ 0 };
    if (!d)
        return tsr_fail(err, TSR_BAD_FILE, "'%s': %s", dir, strerror(errno));
    for (struct dirent *e; good && (e = readdir(d)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.' || !strcmp(e->d_name, "__MACOSX"))
            continue;
        char *path = cli_path_join(dir, e->d_name);
        if (path && (stat(path, &st) ? folders : S_ISDIR(st.st_mode) != folders))
            free(path);
        else
            good = push(l, path);
    }
    closedir(d);
    if (!good) {
        list_free(l);
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the list of '%s'", dir);
    }
    if (l->count)
        qsort(l->item, (size_t)l->count, sizeof *l->item, by_name);
    return TSR_OK;
}

/* Fisher and Yates, so that no order of taking the pictures decides what is held out. */
static void shuffle(char **item, int count, uint32_t seed)
{
    for (int i = count - 1; i > 0; i--) {
        seed = seed * 1664525u + 1013904223u;
        const int k = (int)((uint64_t)seed * (uint64_t)(i + 1) >> 32);
        char *other = item[i];
        item[i] = item[k], item[k] = other;
    }
}

static tsr_status open_class(const char *path, uint32_t seed, cli_class_folder *f, tsr_error *err)
{
    list pictures;
    TSR_TRY(read_dir(path, false, &pictures, err));
    *f = (cli_class_folder){ strdup(cli_path_base(path)), pictures.item, pictures.count };
    if (!f->name)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the class '%s'", path);
    if (!f->count)
        return tsr_fail(err, TSR_BAD_FILE, "the class folder '%s' is empty", path);
    shuffle(f->path, f->count, seed);
    return TSR_OK;
}

static tsr_status open_classes(const list *folders, uint32_t seed, cli_picture_set *s,
                               tsr_error *err)
{
    s->folder = calloc((size_t)folders->count + 1, sizeof *s->folder);
    if (!s->folder)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %d classes", folders->count);
    for (int i = 0; i < folders->count; i++) {
        s->count++;
        TSR_TRY(open_class(folders->item[i], seed, &s->folder[i], err));
        for (int k = 0; k < i; k++)
            if (tsr_head_same_name(s->folder[k].name, s->folder[i].name))
                return tsr_fail(err, TSR_BAD_FILE, "two classes have the same name: '%s' and "
                                "'%s'", s->folder[k].name, s->folder[i].name);
    }
    return TSR_OK;
}

tsr_status cli_picture_set_open(const char *dir, uint32_t seed, cli_picture_set *s,
                                tsr_error *err)
{
    list folders;
    *s = (cli_picture_set){ 0 };
    TSR_TRY(read_dir(dir, true, &folders, err));
    tsr_status status = folders.count ? open_classes(&folders, seed, s, err)
        : tsr_fail(err, TSR_BAD_FILE, "'%s' has no folders: one for each class is wanted", dir);
    list_free(&folders);
    if (status != TSR_OK)
        cli_picture_set_close(s);
    return status;
}

void cli_picture_set_close(cli_picture_set *s)
{
    for (int i = 0; i < s->count; i++) {
        for (int k = 0; k < s->folder[i].count; k++)
            free(s->folder[i].path[k]);
        free(s->folder[i].path);
        free(s->folder[i].name);
    }
    free(s->folder);
    *s = (cli_picture_set){ 0 };
}
