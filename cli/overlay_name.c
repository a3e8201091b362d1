/*
 * overlay_name.c - see overlay_name.h.
 *
 * Names given out in this run are remembered: holiday/1.jpg and work/1.jpg must not
 * end in the same file.  What an earlier run left is replaced, as with any output.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/file.h"
#include "cli/image.h"
#include "cli/overlay_name.h"

static bool is_directory(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

tsr_status cli_overlay_names_make(cli_overlay_names *n, const char *target, const char *task,
                                  bool several, tsr_error *err)
{
    *n = (cli_overlay_names){ .target = target, .task = task };
    const size_t length = strlen(target);
    const bool slash = length && target[length - 1] == '/';
    n->directory = slash || is_directory(target);
    if (slash)
        TSR_TRY(cli_make_dir(target, err));
    if (!n->directory && several)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "with several pictures, --output must be a "
                        "directory: '%s/', perhaps", target);
    if (!n->directory && !cli_image_can_save(target))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "cannot tell the format of '%s': the name should "
                        "end in .png, .jpg or .bmp", target);
    return TSR_OK;
}

void cli_overlay_names_free(cli_overlay_names *n)
{
    for (int i = 0; i < n->count; i++)
        free(n->used[i]);
    free(n->used);
    *n = (cli_overlay_names){ 0 };
}

static bool is_used(const cli_overlay_names *n, const char *name)
{
    for (int i = 0; i < n->count; i++)
        if (!strcmp(n->used[i], name))
            return true;
    return false;
}

/* "DIRECTORY/NAME-TASK.png", or the same with a number from 2 on. */
static char *compose(const cli_overlay_names *n, const char *picture, int number)
{
    const char *base = cli_path_base(picture), *dot = strrchr(base, '.');
    const int length = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    const size_t room = (size_t)length + strlen(n->task) + 32;
    char *file = malloc(room), *path = NULL;
    if (file && number < 2)
        snprintf(file, room, "%.*s-%s.png", length, base, n->task);
    else if (file)
        snprintf(file, room, "%.*s-%s-%d.png", length, base, n->task, number);
    if (file)
        path = cli_path_join(n->target, file);
    free(file);
    return path;
}

static bool remember(cli_overlay_names *n, char *name)
{
    if (n->count == n->room) {
        const int room = n->room ? 2 * n->room : 16;
        char **more = realloc(n->used, (size_t)room * sizeof *more);
        if (!more)
            return false;
        n->used = more;
        n->room = room;
    }
    n->used[n->count++] = name;
    return true;
}

tsr_status cli_overlay_name(cli_overlay_names *n, const char *picture, const char **name,
                            tsr_error *err)
{
    *name = n->target;
    if (!n->directory)
        return TSR_OK;
    char *path = compose(n, picture, 1);
    for (int number = 2; path && is_used(n, path); number++) {
        free(path);
        path = compose(n, picture, number);
    }
    if (!path || !remember(n, path)) {
        free(path);
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the name of an overlay");
    }
    *name = path;
    return TSR_OK;
}
