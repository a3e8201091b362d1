/*
 * pictures.c - see pictures.h.
 *
 *     options -> open the networks once -> for each picture:
 *         load -> look -> [print | draw and save | JSON] -> free
 *
 * A picture's failure is told on standard error (and as a JSON line, so that there
 * is one line for each picture), noted in the exit status, and left behind.  The
 * drawing comes after the looking and spoils the pixels, so it is not in the time.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/image.h"
#include "cli/overlay_name.h"
#include "cli/picture_options.h"

typedef struct {
    const cli_task *task;
    cli_picture_options options;
    cli_overlay_names names;
    void *state, *result;
    int status;                 /* CLI_FAILED once something did */
} job;

void cli_json_number(cJSON *object, const char *key, double value, int decimals)
{
    char text[64];
    if (!isfinite(value)) {
        cJSON_AddNullToObject(object, key);
        return;
    }
    snprintf(text, sizeof text, "%.*f", decimals, value);
    cJSON_AddRawToObject(object, key, text);
}

/* Bytes of the UTF-8 character at `s`, 0 if there is no proper one. */
static int utf8_length(const unsigned char *s)
{
    const int n = *s < 0x80 ? 1 : *s >= 0xC2 && *s < 0xE0 ? 2
                : *s >= 0xE0 && *s < 0xF0 ? 3 : *s >= 0xF0 && *s < 0xF5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

/* File names may hold any bytes, JSON only UTF-8. */
static void add_text(cJSON *object, const char *key, const char *text)
{
    char *clean = strdup(text);
    for (unsigned char *s = (unsigned char *)clean; s && *s; ) {
        const int n = utf8_length(s);
        if (n == 0)
            *s = '?';
        s += n ? n : 1;
    }
    cJSON_AddStringToObject(object, key, clean ? clean : "");
    free(clean);
}

static void print_json(job *j, cJSON *o)
{
    char *text = cJSON_PrintUnformatted(o);
    if (text)
        puts(text);
    else
        j->status = cli_fail(j->task->name, "no memory left for a result");
    fflush(stdout);             /* whoever reads along sees it at once */
    cJSON_free(text);
    cJSON_Delete(o);
}

static void failed(job *j, const char *path, const tsr_error *err)
{
    /* Sentences about files name them; the others need to be told which picture. */
    const bool named = strstr(err->text, path) != NULL;
    j->status = named ? cli_fail(j->task->name, "%s", err->text)
                      : cli_fail(j->task->name, "'%s': %s", path, err->text);
    if (j->options.json) {
        cJSON *o = cJSON_CreateObject();
        add_text(o, "image", path);
        add_text(o, "error", err->text);
        print_json(j, o);
    }
}

static void tell(job *j, const char *path, const tsr_image *p, double ms)
{
    cJSON *o = cJSON_CreateObject();
    add_text(o, "image", path);
    cJSON_AddNumberToObject(o, "width", p->width);
    cJSON_AddNumberToObject(o, "height", p->height);
    cJSON_AddStringToObject(o, "task", j->task->name);
    add_text(o, "model", j->task->model(j->state));
    j->task->tell(j->state, j->result, o);
    cJSON *times = cJSON_AddObjectToObject(o, "ms");
    cli_json_number(times, "inference", j->task->ms(j->result), 2);
    cli_json_number(times, "total", ms, 2);
    print_json(j, o);
}

static void print(const job *j, const char *path, const tsr_image *p)
{
    fputs(cli_style(stdout, CLI_BOLD), stdout);
    cli_print_clean(stdout, path, 0);
    printf("%s  %s%d x %d, %s, %.1f ms%s\n", cli_style(stdout, CLI_PLAIN),
           cli_style(stdout, CLI_DIM), p->width, p->height, j->task->model(j->state),
           j->task->ms(j->result), cli_style(stdout, CLI_PLAIN));
    j->task->print(j->state, j->result);
    fflush(stdout);
}

static tsr_status draw(job *j, const char *path, const tsr_image *p, tsr_error *err)
{
    const char *name;
    TSR_TRY(cli_overlay_name(&j->names, path, &name, err));
    j->task->draw(j->state, j->result, p);
    TSR_TRY(cli_image_save(name, p, err));
    if (!j->options.json) {
        printf("  -> ");
        cli_print_clean(stdout, name, 0);
        putchar('\n');
    }
    return TSR_OK;
}

static void one_picture(job *j, const char *path)
{
    tsr_image p;
    tsr_error err = { 0 };
    const double begin = cli_clock_ms();
    tsr_status s = cli_image_load(path, &p, &err);
    if (j->task->restart)
        j->task->restart(j->state);
    if (s == TSR_OK)
        s = j->task->look(j->state, &(cli_frame){ p, -1 }, j->result, &err);
    const double ms = cli_clock_ms() - begin;
    if (s == TSR_OK && !j->options.json)
        print(j, path, &p);
    if (s == TSR_OK && j->options.output)
        s = draw(j, path, &p, &err);
    if (s != TSR_OK)
        failed(j, path, &err);
    else if (j->options.json)
        tell(j, path, &p, ms);
    cli_image_free(&p);
}

/* One path a line; blank lines do not count. */
static void list_of_pictures(job *j, FILE *list)
{
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, list)) >= 0;) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            line[--n] = '\0';
        if (n > 0)
            one_picture(j, line);
    }
    free(line);
}

static int all_pictures(job *j)
{
    tsr_error err = { 0 };
    if (j->task->open(j->state, &j->options, &err) != TSR_OK)
        return cli_fail(j->task->name, "%s", err.text);
    for (int i = 0; i < j->options.picture_count; i++)
        if (!strcmp(j->options.picture[i], "-"))
            list_of_pictures(j, stdin);
        else
            one_picture(j, j->options.picture[i]);
    return j->status;
}

static bool is_list(const cli_picture_options *o)
{
    bool list = o->picture_count > 1;
    for (int i = 0; i < o->picture_count; i++)
        list = list || !strcmp(o->picture[i], "-");
    return list;
}

int cli_pictures_run(const cli_task *task, int argc, char **argv)
{
    job j = { .task = task };
    int status = cli_picture_options_parse(task, argc, argv, &j.options);
    if (status != CLI_OK)
        return status;
    tsr_error err = { 0 };
    if (j.options.output) {
        const tsr_status s = cli_overlay_names_make(&j.names, j.options.output, task->name,
                                                    is_list(&j.options), &err);
        if (s == TSR_BAD_ARGUMENT)
            return cli_usage(task->name, "%s", err.text);
        if (s != TSR_OK)
            return cli_fail(task->name, "%s", err.text);
    }
    j.state = calloc(1, task->state_bytes);
    j.result = calloc(1, task->result_bytes);
    status = j.state && j.result ? all_pictures(&j) : cli_fail(task->name, "no memory left");
    if (j.state)
        task->close(j.state);
    if (j.result && task->drop)
        task->drop(j.result);
    free(j.state);
    free(j.result);
    cli_overlay_names_free(&j.names);
    return status;
}
