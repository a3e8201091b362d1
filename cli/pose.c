/*
 * pose.c - `tarsier pose`: the joints of people.
 *
 * Hourglass and CPM look at the whole picture and find one person: a heatmap for
 * each joint.  BlazePose is two networks, one that finds people and one that finds
 * 33 points of each.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/overlay.h"
#include "cli/pictures.h"

enum { MAX_PEOPLE = 32, NAME = 24 };

typedef struct {
    cli_network net;            /* heatmaps, or the detector of people */
    cli_network landmarks;      /* BlazePose only */
    bool blaze;
    float threshold;            /* least score of a joint */
    const tsr_skeleton *skeleton;
    tsr_skeleton unknown;       /* a network of the user's: points without limbs */
    const char *unknown_name[TSR_MAX_POINTS];
    char unknown_text[TSR_MAX_POINTS][NAME];
} pose;

typedef struct {
    tsr_person people[MAX_PEOPLE];
    int count;
    double ms;
} found;

/* Both networks are in the catalogue, so there is nothing for a hint to say. */
static tsr_status open_blaze(pose *p, const char *landmarks, int threads, tsr_error *err)
{
    const cli_network_hint none = { 0 };
    TSR_TRY(cli_network_open("pose_detection", TSR_TASK_DETECT, threads, &none, &p->net, err));
    p->blaze = true;
    p->skeleton = &tsr_skeleton_body33;
    return cli_network_open(landmarks, TSR_TASK_LANDMARK, threads, &none, &p->landmarks, err);
}

static void name_points(pose *p, int count)
{
    for (int i = 0; i < count; i++) {
        snprintf(p->unknown_text[i], NAME, "point_%d", i);
        p->unknown_name[i] = p->unknown_text[i];
    }
    p->unknown = (tsr_skeleton){ .points = count, .name = p->unknown_name };
    p->skeleton = &p->unknown;
}

/* Any network with heatmaps will do; the number of joints says which skeleton. */
static tsr_status open_heatmaps(pose *p, const char *model, const cli_picture_options *o,
                                tsr_error *err)
{
    TSR_TRY(cli_network_open(model, TSR_TASK_POSE, o->threads, &o->hint, &p->net, err));
    const tsr_tensor *out = tsr_model_output(p->net.model.model, 0);
    const tsr_catalogue_entry *e = p->net.model.entry;
    if (e && e->post != TSR_POST_HEATMAPS)
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' can be run, but its outputs cannot be turned "
                        "into joints yet", p->net.name);
    if (out->rank != 4 || out->dim[3] > TSR_MAX_POINTS)
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' gives no heatmaps: its output '%s' should be "
                        "[1,h,w,joints] with at most %d joints", p->net.name, out->name,
                        TSR_MAX_POINTS);
    p->skeleton = &tsr_skeleton_body14;
    if (out->dim[3] != p->skeleton->points)
        name_points(p, out->dim[3]);
    return TSR_OK;
}

/* A name for the pair of BlazePose networks, or of its second one. */
static const char *blaze_landmarks(const char *model)
{
    if (!strcmp(model, "blazepose"))
        return "pose_landmark_lite";
    const tsr_catalogue_entry *e = tsr_catalogue_find(model);
    return e && e->labels == TSR_LABELS_JOINTS_33 ? e->name : NULL;
}

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    static const char *const usual[] = {
        "hourglass", "cpm", "pose_landmark_lite", "pose_landmark_full", NULL
    };
    pose *p = state;
    const char *model = o->model ? o->model : cli_network_pick(usual);
    const char *landmarks = blaze_landmarks(model);
    /* Heatmaps of different networks reach different heights, but what is no joint
     * stays below a tenth; BlazePose gives a probability. */
    p->threshold = o->threshold >= 0 ? o->threshold : landmarks ? 0.5f : 0.12f;
    return landmarks ? open_blaze(p, landmarks, o->threads, err)
                     : open_heatmaps(p, model, o, err);
}

/* ---- one picture ---------------------------------------------------------------- */

static int joints_shown(const pose *p, const tsr_person *one)
{
    int n = 0;
    for (int i = 0; i < p->skeleton->points; i++)
        n += one->point[i].score >= p->threshold;
    return n;
}

/* There is always a highest cell somewhere, so a person is there if any joint is
 * surer than the threshold. */
static tsr_status look_heatmaps(pose *p, const tsr_image *picture, found *f, tsr_error *err)
{
    tsr_affine back;
    tsr_session *s = p->net.session.session;
    TSR_TRY(cli_network_run(&p->net, picture, &back, err));
    const tsr_tensor *out = tsr_output(s, 0);
    const tsr_affine grid = tsr_affine_for_grid(&back, tsr_input(s, 0), out->dim[2], out->dim[1]);
    TSR_TRY(cli_network_work(&p->net, tsr_heatmap_bytes(out), err));
    tsr_person *one = &f->people[0];
    const int n = tsr_heatmap_decode(out, &grid, one->point, TSR_MAX_POINTS, p->net.work);
    one->score = 0;
    for (int i = 0; i < n; i++)
        one->score += one->point[i].score / (float)n;
    f->count = joints_shown(p, one) > 0;
    f->ms = p->net.ms;
    return TSR_OK;
}

/* Cropping and the second network belong to the inference here: there is one run of
 * it for each person. */
static tsr_status look_blaze(pose *p, const tsr_image *picture, found *f, tsr_error *err)
{
    const tsr_body_finder finder = { p->net.session.session, p->landmarks.session.session, 0.5f };
    TSR_TRY(cli_network_work(&p->net, tsr_people_bytes(&finder, picture), err));
    const double begin = cli_clock_ms();
    TSR_TRY(tsr_people_find(&finder, picture, p->net.work, f->people, MAX_PEOPLE, &f->count, err));
    f->ms = cli_clock_ms() - begin;
    return TSR_OK;
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    pose *p = state;
    return p->blaze ? look_blaze(p, &frame->image, result, err)
                    : look_heatmaps(p, &frame->image, result, err);
}

/* ---- results ---------------------------------------------------------------------- */

static void tell(const void *state, const void *result, cJSON *line)
{
    const pose *p = state;
    const found *f = result;
    cJSON *people = cJSON_AddArrayToObject(line, "people");
    for (int i = 0; i < f->count; i++) {
        cJSON *o = cJSON_CreateObject();
        cli_json_number(o, "score", (double)f->people[i].score, 4);
        cJSON *joints = cJSON_AddArrayToObject(o, "joints");
        for (int k = 0; k < p->skeleton->points; k++) {
            const tsr_point *at = &f->people[i].point[k];
            cJSON *j = cJSON_CreateObject();
            cJSON_AddStringToObject(j, "name", p->skeleton->name[k]);
            cli_json_number(j, "x", (double)at->x, 2);
            cli_json_number(j, "y", (double)at->y, 2);
            if (p->blaze)
                cli_json_number(j, "z", (double)at->z, 2);
            cli_json_number(j, "score", (double)at->score, 4);
            cJSON_AddItemToArray(joints, j);
        }
        cJSON_AddItemToArray(people, o);
    }
}

static void print(const void *state, const void *result)
{
    const pose *p = state;
    const found *f = result;
    if (!f->count)
        printf("  nobody\n");
    for (int i = 0; i < f->count; i++) {
        const tsr_person *one = &f->people[i];
        printf("  person %d: %d of %d joints, score %.2f\n", i + 1, joints_shown(p, one),
               p->skeleton->points, (double)one->score);
        for (int k = 0; k < p->skeleton->points; k++)
            if (one->point[k].score >= p->threshold)
                printf("    %-18s %7.1f %7.1f   %.2f\n", p->skeleton->name[k],
                       (double)one->point[k].x, (double)one->point[k].y,
                       (double)one->point[k].score);
    }
}

static void draw(const void *state, const void *result, const tsr_image *picture)
{
    const pose *p = state;
    const found *f = result;
    for (int i = f->count - 1; i >= 0; i--)             /* the surest ends on top */
        cli_overlay_skeleton(picture, p->skeleton, f->people[i].point, p->threshold);
}

static const char *model(const void *state)
{
    const pose *p = state;
    return p->blaze ? p->landmarks.name : p->net.name;
}

static double ms(const void *result) { return ((const found *)result)->ms; }

static void close(void *state)
{
    pose *p = state;
    cli_network_close(&p->net);
    cli_network_close(&p->landmarks);
}

static const cli_task task = {
    .name = "pose", .letters = "Tn", .state_bytes = sizeof(pose),
    .result_bytes = sizeof(found), .open = open, .look = look,
    .tell = tell, .print = print, .draw = draw,
    .model = model, .ms = ms, .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_pose = {
    .name = "pose",
    .summary = "joints of the people in a picture",
    .run = run,
    .help =
"usage: tarsier pose IMAGE... [--model hourglass|cpm|blazepose|FILE] [-o OVERLAY.png]\n"
"                    [--json]\n"
"\n"
"Find joints.  hourglass and cpm: 14 joints of one person, who should fill most of\n"
"the picture.  blazepose: 33 points each of several people.  IMAGE may be '-': paths\n"
"are read from standard input, one a line.  A picture that cannot be read is\n"
"reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   hourglass, cpm, blazepose, pose_landmark_full (the larger\n"
"                          blazepose) or a file (default hourglass, or another of these\n"
"                          if only that is here)\n"
"  -o, --output FILE|DIR   draw skeletons on the picture and write it: .png, .jpg, .bmp;\n"
"                          into a directory as NAME-pose.png (several pictures: must be\n"
"                          one; a name that ends in '/' is made)\n"
"      --threshold T       least score of a joint that is shown, 0 to 1 (default 0.12;\n"
"                          blazepose 0.5); --json lists all joints with their scores\n"
CLI_PICTURES_HELP
"\n"
CLI_NETWORK_HELP
"Its output must be heatmaps [1,h,w,joints]; 14 of them are taken for the usual ones.\n"
"\n"
"examples:\n"
"  tarsier pose -o skeleton.png dancer.jpg\n"
"  tarsier pose --model cpm --json *.jpg > joints.jsonl\n",
};
