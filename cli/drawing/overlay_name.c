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
#include "cli/drawing/overlay_name.h"
#include "cli/video/video.h"

static bool is_directory(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static tsr_status no_format(const char *target, bool video, tsr_error *err)
{
    return tsr_fail(err, TSR_BAD_ARGUMENT, "cannot tell the format of '%s': %s", target,
                    video ? "for a video, the name should end in .mp4, .mkv, .mov or .y4m"
                          : "the name should end in .png, .jpg or .bmp");
}

tsr_status cli_overlay_names_make(cli_overlay_names *n, const char *target, const char *task,
                                  cli_overlay_kind kind, tsr_error *err)
{
    *n = (cli_overlay_names){ .target = target, .task = task };
    const size_t length = strlen(target);
    const bool slash = length && target[length - 1] == '/';
    n->directory = slash || is_directory(target);
    if (slash)
        TSR_TRY(cli_make_dir(target, err));
    if (n->directory)
        return TSR_OK;
    if (kind == CLI_SEVERAL)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "with several pictures, --output must be a "
                        "directory: '%s/', perhaps", target);
    const bool video = kind == CLI_ONE_VIDEO;
    return (video ? cli_video_can_save : cli_image_can_save)(target) ? TSR_OK
         : no_format(target, video, err);
}

void cli_overlay_names_free(cli_overlay_names *n)
{
    cli_text_count_free(&n->used);
    free(n->last);
    *n = (cli_overlay_names){ 0 };
}

/* "DIRECTORY/NAME-TASK.png", or the same with a number from 2 on. */
static char *compose(const cli_overlay_names *n, const char *picture, const char *ending,
                     unsigned number)
{
    const char *base = cli_path_base(picture), *dot = strrchr(base, '.');
    const int length = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    const size_t room = (size_t)length + strlen(n->task) + strlen(ending) + 32;
    char *file = malloc(room), *path = NULL;
    if (file && number < 2)
        snprintf(file, room, "%.*s-%s.%s", length, base, n->task, ending);
    else if (file)
        snprintf(file, room, "%.*s-%s-%u.%s", length, base, n->task, number, ending);
    if (file)
        path = cli_path_join(n->target, file);
    free(file);
    return path;
}

/* How often a name has been wanted says which number comes next; that one may have been
 * given to a picture that is really called so. */
static char *unused(cli_overlay_names *n, const char *picture, const char *ending)
{
    char *path = compose(n, picture, ending, 1);
    uint32_t *count = path ? cli_text_counter(&n->used, path) : NULL;
    if (!count || ++*count == 1)
        return count ? path : (free(path), NULL);
    for (unsigned number = *count;; number++) {
        free(path);
        path = compose(n, picture, ending, number);
        count = path ? cli_text_counter(&n->used, path) : NULL;
        if (!count || ++*count == 1)
            return count ? path : (free(path), NULL);
    }
}

tsr_status cli_overlay_name(cli_overlay_names *n, const char *picture, const char *ending,
                            const char **name, tsr_error *err)
{
    *name = n->target;
    if (!n->directory)
        return TSR_OK;
    free(n->last);
    *name = n->last = unused(n, picture, ending);
    if (!n->last)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the name of an overlay");
    return TSR_OK;
}
