/*
 * picture_options.c - see picture_options.h.
 *
 * One table has the options of all picture commands; a task's `letters` say which of
 * them it takes.  Options without a letter of their own are numbered from 256, and
 * those about a network's input go together under the letter n.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/class_list.h"
#include "cli/image.h"
#include "cli/picture_options.h"

enum { CLI_MOST = 32 };         /* hands or faces */

static const struct option options[] = {
    { "model", required_argument, NULL, 'm' },
    { "output", required_argument, NULL, 'o' },
    { "json", no_argument, NULL, 'j' },
    { "threads", required_argument, NULL, 't' },
    { "threshold", required_argument, NULL, 'T' },
    { "top", required_argument, NULL, 'k' },
    { "labels", required_argument, NULL, 'l' },
    { "head", required_argument, NULL, 'H' },
    { "most", required_argument, NULL, 'N' },
    { "landmarks", required_argument, NULL, 'L' },
    { "person", required_argument, NULL, 'P' },
    { "flip", no_argument, NULL, 'X' },
    { "resume", required_argument, NULL, 'R' },
    { "camera", required_argument, NULL, 'C' },
    { "camera-size", required_argument, NULL, 'S' },
    { "every", required_argument, NULL, 'E' },
    { "max-fps", required_argument, NULL, 'M' },
    { "in-flight", required_argument, NULL, 'I' },
    { "no-smooth", no_argument, NULL, 'W' },
    CLI_HINT_OPTIONS,
    { NULL, 0, NULL, 0 },
};

/* The network options stand for each other: n in the task's letters allows all. */
static bool takes(const cli_task *task, int c)
{
    if ((c < CLI_BGR && strchr("mjtRCSEMI", c)) || (c == 'o' && task->draw))
        return true;
    return c != 'o' && strchr(task->letters, c >= CLI_BGR ? 'n' : c) != NULL;
}

static int refuse(const cli_task *task, int c)
{
    int i = 0;
    while (options[i].name && options[i].val != c)
        i++;
    return cli_usage(task->name, "no such option: '--%s'", options[i].name);
}

/* "1" or "1,2,3"; finite numbers only. */
static bool parse_triple(const char *text, float v[3])
{
    int n = 0;
    for (;;) {
        char *end;
        v[n] = strtof(text, &end);
        if (end == text || !isfinite(v[n]))
            return false;
        n++;
        if (*end != ',' || n == 3) {
            if (n == 1)
                v[1] = v[2] = v[0];
            return !*end && n != 2;
        }
        text = end + 1;
    }
}

/* "X,Y,S": a centre and a scale above 0. */
static bool parse_person(const char *command, const char *text, cli_person *p)
{
    float v[3];
    p->given = strchr(text, ',') && parse_triple(text, v) && v[2] > 0;
    if (p->given) {
        p->x = v[0];
        p->y = v[1];
        p->scale = v[2];
        return true;
    }
    cli_usage(command, "--person wants X,Y,S: a centre and a scale above 0, not '%s'", text);
    return false;
}

static bool parse_threshold(const char *command, const char *text, float *v)
{
    char *end;
    *v = strtof(text, &end);
    if (end != text && !*end && *v >= 0 && *v <= 1)
        return true;
    cli_usage(command, "--threshold wants a number from 0 to 1, not '%s'", text);
    return false;
}

static bool parse_size(const char *command, const char *text, int *width, int *height)
{
    char rest;
    if (sscanf(text, "%5dx%5d%c", width, height, &rest) == 2 && *width > 0 && *height > 0)
        return true;
    cli_usage(command, "--camera-size wants WIDTHxHEIGHT, not '%s'", text);
    return false;
}

static bool parse_fps(const char *command, const char *text, double *v)
{
    char *end;
    *v = strtod(text, &end);
    if (end != text && !*end && *v >= 0.001 && *v <= 1000)
        return true;
    cli_usage(command, "--max-fps wants a number from 0.001 to 1000, not '%s'", text);
    return false;
}

static bool parse_fit(const char *command, const char *text, tsr_fit *fit)
{
    *fit = !strcmp(text, "letterbox") ? TSR_FIT_LETTERBOX : TSR_FIT_STRETCH;
    if (*fit == TSR_FIT_LETTERBOX || !strcmp(text, "stretch"))
        return true;
    cli_usage(command, "--fit wants 'stretch' or 'letterbox', not '%s'", text);
    return false;
}

bool cli_hint_option(const char *command, int c, cli_network_hint *hint)
{
    hint->has_fit = hint->has_fit || c == CLI_FIT;
    hint->bgr = hint->bgr || c == CLI_BGR;
    hint->has_mean = hint->has_mean || c == CLI_MEAN;
    hint->has_scale = hint->has_scale || c == CLI_SCALE;
    if (c == CLI_FIT)
        return parse_fit(command, optarg, &hint->fit);
    if (c != CLI_BGR && !parse_triple(optarg, c == CLI_MEAN ? hint->mean : hint->scale)) {
        cli_usage(command, "--%s wants one number, or three with commas, not '%s'",
                  c == CLI_MEAN ? "mean" : "scale", optarg);
        return false;
    }
    return true;
}

static bool parse_one(const cli_task *task, int c, cli_picture_options *o)
{
    switch (c) {
    case 'm': o->model = optarg; return true;
    case 'o': o->output = optarg; return true;
    case 'l': o->labels = optarg; return true;
    case 'H': o->head = optarg; return true;
    case 'L': o->landmarks = optarg; return true;
    case 'N': return cli_parse_int(task->name, "--most", optarg, 1, CLI_MOST, &o->most);
    case 'j': o->json = true; return true;
    case 'X': o->person.flip = true; return true;
    case 'W': o->raw = true; return true;
    case 'P': return parse_person(task->name, optarg, &o->person);
    case 't': return cli_parse_int(task->name, "--threads", optarg, 1, 64, &o->threads);
    case 'k': return cli_parse_int(task->name, "--top", optarg, 1, CLI_TOP_MOST, &o->top);
    case 'R': o->resume = optarg; o->json = true; return true;
    case 'C': o->camera = optarg; return true;
    case 'S': return parse_size(task->name, optarg, &o->camera_width, &o->camera_height);
    case 'E': return cli_parse_int(task->name, "--every", optarg, 1, 1000000, &o->every);
    case 'I': return cli_parse_int(task->name, "--in-flight", optarg, 1, 16, &o->in_flight);
    case 'M': return parse_fps(task->name, optarg, &o->max_fps);
    case 'T': return parse_threshold(task->name, optarg, &o->threshold);
    default:  return cli_hint_option(task->name, c, &o->hint);
    }
}

int cli_picture_options_parse(const cli_task *task, int argc, char **argv,
                              cli_picture_options *o)
{
    *o = (cli_picture_options){ .threads = 1, .top = 5, .threshold = -1, .every = 1,
                                .in_flight = 4, .camera_width = 640, .camera_height = 480 };
    for (int c; (c = cli_option(argc, argv, "m:o:jt:k:l:H:N:", options)) != -1;) {
        if (c == '?')
            return CLI_USAGE;
        if (!takes(task, c))
            return refuse(task, c);
        if (!parse_one(task, c, o))
            return CLI_USAGE;
    }
    if (optind == argc && !o->camera)
        return cli_usage(task->name, "which picture?");
    o->picture = argv + optind;
    o->picture_count = argc - optind;
    return CLI_OK;
}
