/*
 * faces.c - `tarsier faces`: faces with eyes, ears, nose and mouth, or all of 468 points.
 *
 * A detector gives a box and a few points.  With the weights of the landmark network
 * at hand, each face of a BlazeFace detector is looked at again, from nearer, and
 * followed from frame to frame (models/follow.h).
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/box_finder.h"
#include "cli/commands.h"
#include "cli/follow_networks.h"
#include "cli/drawing/overlay.h"
#include "cli/drawing/overlay_parts.h"

typedef struct {
    bool mesh;
    cli_follow follow;          /* with landmarks    */
    cli_box_finder finder;      /* boxes only        */
} faces;

typedef struct {
    cli_sightings seen;
    tsr_box box[CLI_BOXES];
    int count;
    double ms;
} found;

/* The landmark network, or NULL: none is wanted, or none here and none was asked for. */
static const char *choose_landmarks(const cli_picture_options *o)
{
    const char *usual = "face_landmark";
    if (o->landmarks)
        return strcmp(o->landmarks, "none") ? o->landmarks : NULL;
    char *path = NULL;
    const tsr_catalogue_entry *entry;
    const tsr_status s = cli_model_find(usual, &path, &entry, NULL);
    free(path);
    return s == TSR_OK ? usual : NULL;
}

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    static const char *const usual[] = {
        "face_detection_short_range", "face_detection_full_range", NULL
    };
    faces *f = state;
    const char *landmarks = choose_landmarks(o);
    const char *detector = o->model ? o->model : cli_network_pick(usual);
    TSR_TRY(cli_box_finder_open(&f->finder, detector, true, o, err));
    if (!landmarks)
        return TSR_OK;
    f->mesh = f->finder.kind == CLI_BLAZE;
    if (!f->mesh)               /* its boxes are not those that the landmarks were made for */
        return o->landmarks ? tsr_fail(err, TSR_BAD_ARGUMENT, "'%s' finds no eyes where the "
                                       "landmarks need them: leave --landmarks out",
                                       f->finder.net.name) : TSR_OK;
    cli_box_finder_close(&f->finder);
    const cli_follow_choice choice = { &tsr_follow_faces, detector, landmarks };
    return cli_follow_open(&f->follow, &choice, o, err);
}

static void restart(void *state)
{
    faces *f = state;
    if (f->mesh)
        tsr_following_reset(&f->follow.state);
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    faces *f = state;
    found *r = result;
    if (!f->mesh) {
        TSR_TRY(cli_box_finder_look(&f->finder, &frame->image, r->box, NULL, &r->count, err));
        r->ms = f->finder.net.ms;
        return TSR_OK;
    }
    TSR_TRY(cli_follow_look(&f->follow, frame, &r->seen, err));
    r->count = r->seen.count;
    r->ms = r->seen.ms;
    for (int i = 0; i < r->count; i++) {
        r->box[i] = r->seen.seen[i].box;
        r->box[i].points = TSR_FACE_FEATURES;
        tsr_face_features(r->seen.seen[i].point, r->box[i].point);
    }
    return TSR_OK;
}

static void tell_features(const tsr_box *b, cJSON *face)
{
    cJSON *points = cJSON_AddArrayToObject(face, "points");
    for (int k = 0; k < b->points; k++) {
        cJSON *p = cJSON_CreateObject();
        cJSON_AddStringToObject(p, "name", cli_face_point_name(b->points, k));
        cli_json_number(p, "x", (double)b->point[k].x, 2);
        cli_json_number(p, "y", (double)b->point[k].y, 2);
        cJSON_AddItemToArray(points, p);
    }
}

/* 468 times [x, y, z]: names would make lines of 40 kB. */
static void tell_mesh(const tsr_sighting *s, cJSON *face)
{
    cJSON *all = cJSON_AddArrayToObject(face, "landmarks");
    for (int k = 0; k < TSR_FACE_POINTS; k++) {
        char text[96];
        snprintf(text, sizeof text, "[%.2f,%.2f,%.2f]", (double)s->point[k].x,
                 (double)s->point[k].y, (double)s->point[k].z);
        cJSON_AddItemToArray(all, cJSON_CreateRaw(text));
    }
}

static void tell(const void *state, const void *result, cJSON *line)
{
    const faces *f = state;
    const found *r = result;
    cJSON *list = cJSON_AddArrayToObject(line, "faces");
    for (int i = 0; i < r->count; i++) {
        cJSON *o = cJSON_CreateObject();
        if (f->mesh && r->seen.video)
            cJSON_AddNumberToObject(o, "id", r->seen.seen[i].id);
        cli_box_tell(&r->box[i], o);
        tell_features(&r->box[i], o);
        if (f->mesh)
            tell_mesh(&r->seen.seen[i], o);
        cJSON_AddItemToArray(list, o);
    }
}

static void print(const void *state, const void *result)
{
    (void)state;
    const found *r = result;
    if (!r->count)
        printf("  no face\n");
    for (int i = 0; i < r->count; i++) {
        const tsr_box *b = &r->box[i];
        printf("  %5.1f %%  face at %.0f, %.0f, %.0f x %.0f pixels\n", 100 * (double)b->score,
               (double)b->x0, (double)b->y0, (double)(b->x1 - b->x0), (double)(b->y1 - b->y0));
    }
}

static void draw(const void *state, const void *result, const tsr_image *picture)
{
    const faces *f = state;
    const found *r = result;
    for (int i = r->count - 1; i >= 0; i--) {           /* the best ends on top */
        char caption[32];
        snprintf(caption, sizeof caption, "face %.0f%%", 100 * (double)r->box[i].score);
        if (f->mesh && r->seen.video)
            snprintf(caption, sizeof caption, "%u", (unsigned)r->seen.seen[i].id);
        if (f->mesh)
            cli_overlay_face(picture, r->seen.seen[i].point, r->seen.video ? caption : "");
        else
            cli_overlay_box(picture, &r->box[i], caption);
    }
}

static const char *model(const void *state)
{
    const faces *f = state;
    return f->mesh ? f->follow.names : f->finder.net.name;
}

static double ms(const void *result) { return ((const found *)result)->ms; }
static void drop(void *result) { cli_sightings_drop(&((found *)result)->seen); }

static void close(void *state)
{
    faces *f = state;
    cli_follow_close(&f->follow);
    cli_box_finder_close(&f->finder);
}

static const cli_task task = {
    .name = "faces", .letters = "TnNL", .state_bytes = sizeof(faces),
    .result_bytes = sizeof(found), .open = open, .restart = restart, .look = look,
    .tell = tell, .print = print, .draw = draw, .model = model, .ms = ms, .drop = drop,
    .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_faces = {
    .name = "faces",
    .summary = "faces and the 468 points of each, followed through videos",
    .run = run,
    .more_help = cli_video_help,
    .help =
"usage: tarsier faces IMAGE... [--model NAME|FILE] [-o OVERLAY.png] [--json]\n"
"\n"
"Find faces, and 468 points of each where the weights of face_landmark are at hand\n"
"('tarsier models fetch face_landmark'); else eyes, ears, nose and mouth.  IMAGE may be\n"
"'-': paths are read from standard input, one a line.  A picture that cannot be read is\n"
"reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   a detector (default face_detection_short_range: faces up to\n"
"                          two metres away; ..._full_range: up to five); a FILE may be\n"
"                          BlazeFace, YuNet or UltraFace, and is told by its outputs\n"
"      --landmarks NAME|FILE|none\n"
"                          the landmark network (default face_landmark), or none at all\n"
"  -N, --most N            with landmarks at most N faces, 1 to 32 (default: 32 in a\n"
"                          picture, 2 in a video, where nothing is searched while N are\n"
"                          followed)\n"
"  -o, --output FILE|DIR   draw faces on the picture and write it: .png, .jpg, .bmp;\n"
"                          into a directory as NAME-faces.png (several pictures: must be)\n"
"      --threshold T       least score of a face, 0 to 1 (default 0.5; full range and\n"
"                          YuNet 0.6, UltraFace 0.7)\n"
CLI_PICTURES_HELP
"\n"
"examples:\n"
"  tarsier faces -o faces.png party.jpg\n"
"  tarsier faces --json *.jpg\n"
"  tarsier faces --model yunet_n_320_320.onnx crowd.jpg\n"
CLI_NETWORK_HELP,
};
