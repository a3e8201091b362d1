/*
 * resume.c - see resume.h.
 *
 * The file may be as long as millions of pictures make it, so lines are not parsed as
 * JSON as a whole: ours begin with {"image":"...", and a result says further on
 * "task":"pose","model":"hourglass".
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE             /* flock */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/instream.h"
#include "cli/json_line.h"
#include "cli/resume.h"

static const char begin[] = "{\"image\":\"";

static tsr_status no_memory(tsr_error *err)
{
    return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the names of the pictures");
}

/* The text behind `begin`, unescaped, as an item to be deleted; NULL: no such line. */
static cJSON *image_of(const char *line)
{
    if (strncmp(line, begin, sizeof begin - 1))
        return NULL;
    const char *text = line + sizeof begin - 2, *end = NULL;     /* at its quote */
    return cJSON_ParseWithOpts(text, &end, 0);
}

static tsr_status one_line(cli_resume *r, const char *path, const char *line, const char *sign,
                           tsr_error *err)
{
    cJSON *image = image_of(line);
    if (!image || line[strlen(line) - 1] != '}') {
        cJSON_Delete(image);
        return tsr_fail(err, TSR_BAD_FILE, "line %ld of '%s' is no result of a picture: --resume "
                        "wants a file that an earlier run wrote", r->done + 1, path);
    }
    const bool ours = strstr(line, sign) || strstr(line, ",\"error\":\"");
    uint32_t *count = ours ? cli_text_counter(&r->images, image->valuestring) : NULL;
    cJSON_Delete(image);
    if (!ours)
        return tsr_fail(err, TSR_BAD_FILE, "line %ld of '%s' is of another task or model than "
                        "this run's (%s)", r->done + 1, path, sign);
    if (!count)
        return no_memory(err);
    ++*count;
    r->done++;
    return TSR_OK;
}

/* Up to the last end of a line; *length: where that is. */
static tsr_status read_lines(cli_resume *r, const char *path, const char *sign, off_t *length,
                             tsr_error *err)
{
    char *line = NULL;
    size_t room = 0;
    tsr_status s = TSR_OK;
    cli_instream *in = malloc(sizeof *in);
    struct stat st;
    if (!in)
        return no_memory(err);
    cli_instream_open(in, r->fd);
    const bool known = !fstat(r->fd, &st);
    for (ssize_t n; s == TSR_OK && (n = cli_instream_line(in, &line, &room)) >= 0;) {
        if (known && *length + n + 1 > st.st_size)
            break;                              /* it has no end */
        s = one_line(r, path, line, sign, err);
        *length += n + 1;
    }
    if (s == TSR_OK && (!known || in->error))
        s = tsr_fail(err, TSR_BAD_FILE, "cannot read '%s': %s", path,
                     strerror(in->error ? in->error : errno));
    free(line);
    free(in);
    return s;
}

/* "task":"pose","model":"hourglass", as a line has it. */
static char *sign_of(const char *task, const char *model)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "task", task);
    cli_json_text(o, "model", model);
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    if (text) {                                 /* without its braces */
        memmove(text, text + 1, strlen(text));
        text[strlen(text) - 1] = 0;
    }
    return text;
}

/* Another run may be at it: one whose caller was killed and who is done soon, perhaps. */
static tsr_status wait_for_others(int fd, const char *path, tsr_error *err)
{
    if (!flock(fd, LOCK_EX | LOCK_NB))
        return TSR_OK;
    fprintf(stderr, "another run writes '%s': waiting for its end\n", path);
    while (flock(fd, LOCK_EX))
        if (errno != EINTR)
            return tsr_fail(err, TSR_BAD_FILE, "cannot lock '%s': %s", path, strerror(errno));
    return TSR_OK;
}

static tsr_status prepare(cli_resume *r, const char *path, const char *sign, tsr_error *err)
{
    struct stat st;
    off_t length = 0;
    r->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (r->fd < 0)
        return tsr_fail(err, TSR_BAD_FILE, "cannot open '%s': %s", path, strerror(errno));
    if (fstat(r->fd, &st) || !S_ISREG(st.st_mode))
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is no file that a run could go on with", path);
    TSR_TRY(wait_for_others(r->fd, path, err));
    TSR_TRY(read_lines(r, path, sign, &length, err));
    if (ftruncate(r->fd, length))
        return tsr_fail(err, TSR_BAD_FILE, "cannot cut '%s': %s", path, strerror(errno));
    return TSR_OK;
}

tsr_status cli_resume_open(const char *path, const char *task, const char *model, cli_resume *r,
                           tsr_error *err)
{
    *r = (cli_resume){ .fd = -1 };
    char *sign = sign_of(task, model);
    const tsr_status s = sign ? prepare(r, path, sign, err) : no_memory(err);
    cJSON_free(sign);
    if (s != TSR_OK)
        cli_resume_close(r);
    return s;
}

void cli_resume_close(cli_resume *r)
{
    if (r->fd >= 0)
        close(r->fd);
    cli_text_count_free(&r->images);
    r->fd = -1;
}

tsr_status cli_resume_claim(cli_resume *r, const char *image, int *done, tsr_error *err)
{
    char *clean = cli_utf8_copy(image);
    uint32_t *count = clean ? cli_text_counter(&r->images, clean) : NULL;
    free(clean);
    if (!count)
        return no_memory(err);
    *done = *count > 0;
    *count -= *done ? 1 : 0;
    return TSR_OK;
}
