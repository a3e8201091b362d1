/*
 * faces.c - `tarsier faces`: faces with eyes, ears, nose and mouth.
 *
 * BlazeFace gives a box and six points for each of its anchors; several anchors see
 * the same face, and their boxes are averaged.  Short range (2 m, 896 anchors) and
 * full range (5 m, 2304) are told apart by that number.
 * SPDX-License-Identifier: MIT
 */
#include "cli/commands.h"
#include "cli/overlay.h"
#include "cli/pictures.h"

enum { CANDIDATES = 256 };

static const char *const point_names[] = {
    "right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear",
};

typedef struct {
    cli_network net;
    tsr_detector detector;
    const tsr_tensor *raw, *scores;
} finder;

typedef struct {
    tsr_box box[CANDIDATES];
    int count;
    double ms;
} found;

/* The outputs of a file stand in any order: the scores have one number an anchor. */
static tsr_status find_outputs(finder *f, tsr_error *err)
{
    static const tsr_detector *const known[] = { &tsr_face_short_range, &tsr_face_full_range };
    const tsr_session *s = f->net.session.session;
    for (int k = 0; k < 2; k++) {
        const size_t anchors = (size_t)tsr_detector_anchors(known[k]);
        f->raw = f->scores = NULL;
        for (int i = 0; tsr_output(s, i); i++) {
            if (tsr_elements(tsr_output(s, i)) == anchors)
                f->scores = tsr_output(s, i);
            if (tsr_elements(tsr_output(s, i)) == anchors * (size_t)(4 + 2 * known[k]->points))
                f->raw = tsr_output(s, i);
        }
        f->detector = *known[k];
        if (f->raw && f->scores)
            return TSR_OK;
    }
    return tsr_fail(err, TSR_UNSUPPORTED, "'%s' has no outputs like a BlazeFace detector's",
                    f->net.name);
}

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    static const char *const usual[] = {
        "face_detection_short_range", "face_detection_full_range", NULL
    };
    finder *f = state;
    const char *model = o->model ? o->model : cli_network_pick(usual);
    TSR_TRY(cli_network_open(model, TSR_TASK_DETECT, o->threads, &o->hint, &f->net, err));
    if (!f->net.model.entry)
        f->net.how.fit = TSR_FIT_LETTERBOX;
    TSR_TRY(find_outputs(f, err));
    if (o->threshold >= 0)
        f->detector.threshold = o->threshold;
    return TSR_OK;
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    finder *f = state;
    found *r = result;
    tsr_affine back;
    TSR_TRY(cli_network_run(&f->net, &frame->image, &back, err));
    TSR_TRY(tsr_boxes_decode(&f->detector, f->raw, f->scores, r->box, CANDIDATES, &r->count, err));
    r->count = tsr_boxes_merge(r->box, r->count, f->detector.overlap);
    for (int i = 0; i < r->count; i++)
        tsr_box_map(&r->box[i], &back);
    r->ms = f->net.ms;
    return TSR_OK;
}

static void tell(const void *state, const void *result, cJSON *line)
{
    (void)state;
    const found *r = result;
    cJSON *list = cJSON_AddArrayToObject(line, "faces");
    for (int i = 0; i < r->count; i++) {
        const tsr_box *b = &r->box[i];
        cJSON *o = cJSON_CreateObject();
        cli_json_number(o, "score", (double)b->score, 4);
        cli_json_number(o, "x", (double)b->x0, 2);
        cli_json_number(o, "y", (double)b->y0, 2);
        cli_json_number(o, "width", (double)(b->x1 - b->x0), 2);
        cli_json_number(o, "height", (double)(b->y1 - b->y0), 2);
        cJSON *points = cJSON_AddArrayToObject(o, "points");
        for (int k = 0; k < b->points; k++) {
            cJSON *p = cJSON_CreateObject();
            cJSON_AddStringToObject(p, "name", point_names[k]);
            cli_json_number(p, "x", (double)b->point[k].x, 2);
            cli_json_number(p, "y", (double)b->point[k].y, 2);
            cJSON_AddItemToArray(points, p);
        }
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
    (void)state;
    const found *r = result;
    for (int i = r->count - 1; i >= 0; i--) {           /* the best ends on top */
        char caption[16];
        snprintf(caption, sizeof caption, "face %.0f%%", 100 * (double)r->box[i].score);
        cli_overlay_box(picture, &r->box[i], caption);
    }
}

static const char *model(const void *state) { return ((const finder *)state)->net.name; }
static double ms(const void *result) { return ((const found *)result)->ms; }
static void close(void *state) { cli_network_close(&((finder *)state)->net); }

static const cli_task task = {
    .name = "faces", .letters = "Tn", .state_bytes = sizeof(finder),
    .result_bytes = sizeof(found), .open = open, .look = look,
    .tell = tell, .print = print, .draw = draw,
    .model = model, .ms = ms, .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_faces = {
    .name = "faces",
    .summary = "faces in a picture, with eyes, ears, nose and mouth",
    .run = run,
    .more_help = cli_video_help,
    .help =
"usage: tarsier faces IMAGE... [--model NAME|FILE] [-o OVERLAY.png] [--json]\n"
"\n"
"Find faces.  IMAGE may be '-': paths are read from standard input, one a line.\n"
"A picture that cannot be read is reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   a BlazeFace detector (default face_detection_short_range:\n"
"                          faces up to two metres away; ..._full_range: up to five)\n"
"  -o, --output FILE|DIR   draw frames on the picture and write it: .png, .jpg, .bmp;\n"
"                          into a directory as NAME-faces.png (several pictures: must be)\n"
"      --threshold T       least score of a face, 0 to 1 (default 0.5; full range 0.6)\n"
CLI_PICTURES_HELP
"\n"
"examples:\n"
"  tarsier faces -o faces.png party.jpg\n"
"  tarsier faces --json *.jpg\n",
};
