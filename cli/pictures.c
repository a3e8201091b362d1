/*
 * pictures.c - see pictures.h.
 *
 *     options -> open the networks once -> for each picture:
 *         load -> look -> [print | draw and save | JSON] -> free
 *
 * A picture's failure is told on standard error (and as a JSON line, so that there
 * is one line for each picture), noted in the exit status, and left behind.  The
 * drawing comes after the looking and spoils the pixels, so it is not in the time.
 * The line comes last: where it stands, all that belongs to the picture is done.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/image.h"
#include "cli/json_line.h"
#include "cli/picture_job.h"
#include "cli/picture_options.h"
#include "cli/spawn.h"

typedef cli_picture_job job;

/* ---- what is said ---------------------------------------------------------------- */

static void write_line(job *j, cJSON *line)
{
    tsr_error err = { 0 };
    if (cli_json_write(j->lines, line, &err) == TSR_OK)
        return;
    j->status = cli_fail(j->task->name, "%s", err.text);
    j->lost = true;
}

void cli_picture_failed(job *j, const char *key, const char *path, const tsr_error *err)
{
    /* Sentences about files name them; the others need to be told which picture. */
    const bool named = strstr(err->text, path) != NULL;
    j->status = named ? cli_fail(j->task->name, "%s", err->text)
                      : cli_fail(j->task->name, "'%s': %s", path, err->text);
    if (j->options.json && !j->lost) {
        cJSON *o = cJSON_CreateObject();
        cli_json_text(o, key, path);
        cli_json_text(o, "error", err->text);
        write_line(j, o);
    }
}

tsr_status cli_picture_tell(job *j, const char *path, const cli_frame *frame, bool video,
                            const void *result, double ms, tsr_error *err)
{
    cJSON *o = cJSON_CreateObject();
    cli_json_text(o, video ? "video" : "image", path);
    if (video) {
        cJSON_AddNumberToObject(o, "frame", (double)frame->number);
        cli_json_number(o, "seconds", frame->seconds, 6);
    }
    cJSON_AddNumberToObject(o, "width", frame->image.width);
    cJSON_AddNumberToObject(o, "height", frame->image.height);
    cJSON_AddStringToObject(o, "task", j->task->name);
    cli_json_text(o, "model", j->task->model(j->state));
    j->task->tell(j->state, result, o);
    cJSON *times = cJSON_AddObjectToObject(o, "ms");
    cli_json_number(times, "inference", j->task->ms(result), 2);
    cli_json_number(times, "total", ms, 2);
    return cli_json_write(j->lines, o, err);
}

void cli_picture_print(const job *j, const char *path, const cli_frame *frame,
                       const void *result)
{
    fputs(cli_style(stdout, CLI_BOLD), stdout);
    cli_print_clean(stdout, path, 0);
    if (frame->seconds >= 0)
        printf(" frame %ld at %.3f s", frame->number, frame->seconds);
    printf("%s  %s%d x %d, %s, %.1f ms%s\n", cli_style(stdout, CLI_PLAIN),
           cli_style(stdout, CLI_DIM), frame->image.width, frame->image.height,
           j->task->model(j->state), j->task->ms(result), cli_style(stdout, CLI_PLAIN));
    j->task->print(j->state, result);
    fflush(stdout);
}

/* ---- one picture ------------------------------------------------------------------ */

static tsr_status draw(job *j, const char *name, const tsr_image *p, tsr_error *err)
{
    j->task->draw(j->state, j->result, p);
    TSR_TRY(cli_image_save(name, p, err));
    if (!j->options.json) {
        printf("  -> ");
        cli_print_clean(stdout, name, 0);
        putchar('\n');
    }
    return TSR_OK;
}

static tsr_status look(job *j, const char *path, const char *name, cli_frame *frame,
                       tsr_error *err)
{
    const double begin = cli_clock_ms();
    TSR_TRY(cli_image_load(path, &frame->image, err));
    if (j->task->restart)
        j->task->restart(j->state);
    TSR_TRY(j->task->look(j->state, frame, j->result, err));
    const double ms = cli_clock_ms() - begin;
    if (!j->options.json)
        cli_picture_print(j, path, frame, j->result);
    if (name)
        TSR_TRY(draw(j, name, &frame->image, err));
    tsr_error broken = { 0 };
    if (j->options.json && cli_picture_tell(j, path, frame, false, j->result, ms, &broken)) {
        j->status = cli_fail(j->task->name, "%s", broken.text);
        j->lost = true;
    }
    return TSR_OK;
}

/* A picture that has its line already still takes the name of its overlay: the next of
 * the same name gets the next number, in all runs alike. */
static void one_picture(job *j, const char *path)
{
    cli_frame frame = { .seconds = -1 };
    tsr_error err = { 0 };
    const char *name = NULL;
    int done = 0;
    tsr_status s = TSR_OK;
    if (j->options.output)
        s = cli_overlay_name(&j->names, path, "png", &name, &err);
    if (s == TSR_OK && j->options.resume)
        s = cli_resume_claim(&j->resume, path, &done, &err);
    if (s == TSR_OK && !done)
        s = look(j, path, name, &frame, &err);
    if (s != TSR_OK)
        cli_picture_failed(j, "image", path, &err);
    cli_image_free(&frame.image);
}

/* ---- all of them ------------------------------------------------------------------ */

static void refuse_resume(job *j, const char *path)
{
    tsr_error err = { 0 };
    (void)tsr_fail(&err, TSR_BAD_ARGUMENT, "'%s' is a video, and --resume is for pictures", path);
    cli_picture_failed(j, "image", path, &err);
}

static void one_video(job *j, const char *path, tsr_status s, cli_video *v, tsr_error *err)
{
    if (s == TSR_OK)
        cli_picture_video(j, path, v);
    else if (!cli_interrupted())
        cli_picture_failed(j, "video", path, err);
    cli_video_close(v);
}

static void one_input(job *j, const char *path)
{
    if (!cli_is_video(path)) {
        one_picture(j, path);
        return;
    }
    if (j->options.resume) {
        refuse_resume(j, path);
        return;
    }
    cli_video v;
    tsr_error err = { 0 };
    cli_catch_signals();
    const tsr_status s = cli_video_open(path, &v, &err);
    one_video(j, path, s, &v, &err);
}

static void camera(job *j)
{
    cli_video v;
    tsr_error err = { 0 };
    const cli_picture_options *o = &j->options;
    cli_catch_signals();
    const tsr_status s = cli_video_open_camera(o->camera, o->camera_width, o->camera_height,
                                               &v, &err);
    one_video(j, o->camera, s, &v, &err);
}

static bool may_go_on(const job *j) { return !j->lost && !cli_interrupted(); }

/* One path a line; blank lines do not count.  Or a video. */
static void standard_input(job *j)
{
    static const char name[] = "standard input";
    if (j->first && cli_is_y4m(j->first)) {
        cli_video v;
        tsr_error err = { 0 };
        cli_catch_signals();
        const tsr_status s = cli_video_open_y4m(j->list, j->first, name, &v, &err);
        one_video(j, name, s, &v, &err);
        return;
    }
    while (j->first && may_go_on(j)) {
        size_t n = strlen(j->first);
        while (n > 0 && j->first[n - 1] == '\r')
            j->first[--n] = '\0';
        if (n > 0)
            one_input(j, j->first);
        if (cli_instream_line(j->list, &j->first, &j->first_room) < 0)
            break;
    }
}

static int all_pictures(job *j)
{
    tsr_error err = { 0 };
    if (j->task->open(j->state, &j->options, &err) != TSR_OK)
        return cli_fail(j->task->name, "%s", err.text);
    if (j->options.resume) {
        const char *model = j->task->model(j->state);
        if (cli_resume_open(j->options.resume, j->task->name, model, &j->resume, &err) != TSR_OK)
            return cli_fail(j->task->name, "%s", err.text);
        j->lines = j->resume.fd;
    }
    if (j->options.camera)
        camera(j);
    for (int i = 0; i < j->options.picture_count && may_go_on(j); i++)
        if (!strcmp(j->options.picture[i], "-"))
            standard_input(j);
        else
            one_input(j, j->options.picture[i]);
    return cli_interrupted() ? 128 + cli_stop_signal() : j->status;
}

/* ---- before all --------------------------------------------------------------------- */

/* What comes on standard input is seen by its first line. */
static tsr_status peek(job *j, tsr_error *err)
{
    bool wanted = false;
    for (int i = 0; i < j->options.picture_count; i++)
        wanted = wanted || !strcmp(j->options.picture[i], "-");
    if (!wanted)
        return TSR_OK;
    j->list = malloc(sizeof *j->list);
    if (!j->list)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the list of pictures");
    cli_instream_open(j->list, STDIN_FILENO);
    if (cli_instream_line(j->list, &j->first, &j->first_room) < 0) {
        free(j->first);
        j->first = NULL;
    }
    return TSR_OK;
}

/* One output for one input: which of the two kinds it must be is known. */
static tsr_status name_overlays(job *j, tsr_error *err)
{
    const cli_picture_options *o = &j->options;
    const bool list = o->picture_count && !strcmp(o->picture[0], "-");
    const bool y4m = list && j->first && cli_is_y4m(j->first);
    const bool several = o->picture_count + (o->camera != NULL) > 1 || (list && !y4m);
    const bool video = y4m || o->camera || (!several && cli_is_video(o->picture[0]));
    if (!strcmp(o->output, "-") && (o->json || !video || several))
        return tsr_fail(err, TSR_BAD_ARGUMENT, o->json ? "standard output cannot be both, a video "
                        "and JSON" : "only a video can go to standard output, and one only");
    return cli_overlay_names_make(&j->names, o->output, j->task->name,
                                  several ? CLI_SEVERAL : video ? CLI_ONE_VIDEO : CLI_ONE_PICTURE,
                                  err);
}

static void release(job *j)
{
    if (j->state)
        j->task->close(j->state);
    if (j->result && j->task->drop)
        j->task->drop(j->result);
    free(j->state);
    free(j->result);
    free(j->first);
    free(j->list);
    cli_resume_close(&j->resume);
    cli_overlay_names_free(&j->names);
}

int cli_pictures_run(const cli_task *task, int argc, char **argv)
{
    job j = { .task = task, .lines = STDOUT_FILENO, .resume = { .fd = -1 } };
    int status = cli_picture_options_parse(task, argc, argv, &j.options);
    if (status != CLI_OK)
        return status;
    tsr_error err = { 0 };
    tsr_status s = peek(&j, &err);
    if (s == TSR_OK && j.options.output)
        s = name_overlays(&j, &err);
    if (s != TSR_OK) {
        status = s == TSR_BAD_ARGUMENT ? cli_usage(task->name, "%s", err.text)
                                       : cli_fail(task->name, "%s", err.text);
    } else {
        j.state = calloc(1, task->state_bytes);
        j.result = calloc(1, task->result_bytes);
        status = j.state && j.result ? all_pictures(&j) : cli_fail(task->name, "no memory left");
    }
    release(&j);
    return status;
}
