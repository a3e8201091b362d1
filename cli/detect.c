/*
 * detect.c - `tarsier detect`: boxes of whatever a detector knows.
 *
 * SSD networks that end in TFLite_Detection_PostProcess name classes; the Blaze family,
 * YuNet and UltraFace know one kind of thing each.  Which it is follows from the shapes
 * of the outputs.  In a video boxes keep their numbers (models/track.h).
 * SPDX-License-Identifier: MIT
 */
#include "cli/box_finder.h"
#include "cli/class_names.h"
#include "cli/commands.h"
#include "cli/follow_networks.h"
#include "cli/drawing/overlay.h"

typedef struct {
    cli_box_finder finder;
    cli_class_names names;
    tsr_tracker tracker;
} detector;

typedef struct {
    tsr_box box[CLI_BOXES];
    int class[CLI_BOXES];
    uint32_t id[CLI_BOXES];
    int count;
    bool video;
    double ms;
} found;

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    static const char *const usual[] = { "pose_detection", "face_detection_short_range", NULL };
    detector *d = state;
    const char *model = o->model ? o->model : cli_network_pick(usual);
    TSR_TRY(cli_box_finder_open(&d->finder, model, false, o, err));
    tsr_tracker_start(&d->tracker);
    const tsr_catalogue_entry *e = d->finder.net.model.entry;
    return cli_class_names_open(&d->names, o->labels, e ? e->labels : TSR_LABELS_NONE, err);
}

static void restart(void *state) { tsr_tracker_reset(&((detector *)state)->tracker); }

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    detector *d = state;
    found *r = result;
    TSR_TRY(cli_box_finder_look(&d->finder, &frame->image, r->box, r->class, &r->count, err));
    r->video = frame->seconds >= 0;
    if (r->video)
        tsr_tracker_step(&d->tracker, r->box, r->count, frame->seconds, r->id);
    r->ms = d->finder.net.ms;
    return TSR_OK;
}

static const char *label_of(const detector *d, const found *r, int i, char text[CLI_CLASS_TEXT])
{
    return d->finder.thing ? d->finder.thing : cli_class_name(&d->names, r->class[i], text);
}

static void tell(const void *state, const void *result, cJSON *line)
{
    const detector *d = state;
    const found *r = result;
    cJSON *list = cJSON_AddArrayToObject(line, "objects");
    for (int i = 0; i < r->count; i++) {
        char text[CLI_CLASS_TEXT];
        cJSON *o = cJSON_CreateObject();
        if (r->video && r->id[i])
            cJSON_AddNumberToObject(o, "id", r->id[i]);
        if (!d->finder.thing)
            cJSON_AddNumberToObject(o, "class", r->class[i]);
        cJSON_AddStringToObject(o, "label", label_of(d, r, i, text));
        cli_box_tell(&r->box[i], o);
        cJSON_AddItemToArray(list, o);
    }
}

static void print(const void *state, const void *result)
{
    const detector *d = state;
    const found *r = result;
    if (!r->count)
        printf("  nothing\n");
    for (int i = 0; i < r->count; i++) {
        char text[CLI_CLASS_TEXT];
        const tsr_box *b = &r->box[i];
        printf("  %5.1f %%  ", 100 * (double)b->score);
        cli_print_clean(stdout, label_of(d, r, i, text), 0);
        if (r->video && r->id[i])
            printf(" %u", (unsigned)r->id[i]);
        printf(" at %.0f, %.0f, %.0f x %.0f pixels\n", (double)b->x0, (double)b->y0,
               (double)(b->x1 - b->x0), (double)(b->y1 - b->y0));
    }
}

static void draw(const void *state, const void *result, const tsr_image *picture)
{
    const detector *d = state;
    const found *r = result;
    for (int i = r->count - 1; i >= 0; i--) {           /* the best ends on top */
        char text[CLI_CLASS_TEXT], caption[64];
        const char *label = label_of(d, r, i, text);
        if (r->video && r->id[i])
            snprintf(caption, sizeof caption, "%.40s %u", label, (unsigned)r->id[i]);
        else
            snprintf(caption, sizeof caption, "%.40s %.0f%%", label,
                     100 * (double)r->box[i].score);
        cli_overlay_box(picture, &r->box[i], caption);
    }
}

static const char *model(const void *state) { return ((const detector *)state)->finder.net.name; }
static double ms(const void *result) { return ((const found *)result)->ms; }

static void close(void *state)
{
    detector *d = state;
    cli_box_finder_close(&d->finder);
    cli_class_names_close(&d->names);
}

static const cli_task task = {
    .name = "detect", .letters = "Tln", .state_bytes = sizeof(detector),
    .result_bytes = sizeof(found), .open = open, .restart = restart, .look = look,
    .tell = tell, .print = print, .draw = draw, .model = model, .ms = ms, .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_detect = {
    .name = "detect",
    .summary = "boxes around what a detector knows, with numbers that stay in videos",
    .more_help = cli_video_help,
    .run = run,
    .help =
"usage: tarsier detect IMAGE... [--model NAME|FILE] [--labels FILE] [-o OVERLAY.png] [--json]\n"
"\n"
"Draw boxes around people, faces, palms, or the classes of an SSD network.  IMAGE may\n"
"be '-': paths are read from standard input, one a line.  A picture that cannot be\n"
"read is reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   a detector (default pose_detection: people; or a face detector\n"
"                          if only that is here).  A FILE is told by its outputs: SSD that\n"
"                          ends in TFLite_Detection_PostProcess, BlazeFace, BlazePalm,\n"
"                          BlazePose, YuNet, UltraFace\n"
"  -l, --labels FILE       names of an SSD's classes, one a line, class 0 first (for COCO:\n"
"                          'tarsier models fetch coco_labels')\n"
"  -o, --output FILE|DIR   draw the boxes and write the picture: .png, .jpg, .bmp;\n"
"                          into a directory as NAME-detect.png (several pictures: must be)\n"
"      --threshold T       least score, 0 to 1 (default 0.5; YuNet 0.6, UltraFace 0.7)\n"
CLI_PICTURES_HELP
"\n"
CLI_NETWORK_HELP
"\n"
"examples:\n"
"  tarsier detect --model ssd_mobilenet.tflite --labels coco_labels.txt street.jpg\n"
"  tarsier detect --model pose_detection --json *.jpg\n",
};
