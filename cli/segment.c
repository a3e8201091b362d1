/*
 * segment.c - `tarsier segment`: which pixels are person, cat, bus.
 *
 * Three kinds of networks: logits of several classes, class numbers, and the
 * probability of one class.  The last is shown as VOC class 15, person.
 *
 * DeepLab ends by making its scores larger.  Of that the picture's own interpolation takes
 * care, so the large map, most of the session's memory, never exists.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/class_names.h"
#include "cli/commands.h"
#include "cli/drawing/overlay.h"
#include "cli/pictures.h"

enum { PERSON = 15, CLASSES = 256 };

typedef struct {
    cli_network net;
    cli_class_names names;
    bool one_class;
    float threshold;            /* of a mask */
} segmenter;

typedef struct {
    tsr_plane labels;           /* class numbers, or a mask */
    size_t room;                /* bytes in labels.pixel */
    int pixels[CLASSES];        /* of each class */
    double ms;
} areas;

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    static const char *const usual[] = { "deeplab", "deeplab_513", "selfie_segmentation", NULL };
    segmenter *s = state;
    const char *model = o->model ? o->model : cli_network_pick(usual);
    TSR_TRY(cli_network_open_maps(model, TSR_TASK_SEGMENT, o->threads, &o->hint, &s->net, err));
    const tsr_tensor *out = tsr_model_output(s->net.model.model, 0);
    const int classes = out->rank == 4 ? out->dim[3] : 1;
    const bool real = out->dtype == TSR_F32 || out->quant.scale > 0;
    s->one_class = classes == 1 && real;
    s->threshold = o->threshold >= 0 ? o->threshold : 0.5f;
    if (out->rank < 3 || out->rank > 4)
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' does not segment: its output '%s' has %d axes",
                        s->net.name, out->name, out->rank);
    const bool voc = s->one_class || classes == TSR_VOC_LABELS || s->net.model.entry;
    return cli_class_names_open(&s->names, o->labels, voc ? TSR_LABELS_PASCAL_VOC
                                                          : TSR_LABELS_NONE, err);
}

/* The plane is kept from picture to picture and grows when it must. */
static tsr_status make_room(areas *a, const tsr_image *picture, tsr_error *err)
{
    const size_t need = (size_t)picture->width * (size_t)picture->height;
    if (need > a->room) {
        free(a->labels.pixel);
        a->labels.pixel = malloc(need);
        a->room = a->labels.pixel ? need : 0;
    }
    a->labels.width = picture->width;
    a->labels.height = picture->height;
    if (!a->labels.pixel)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for a mask of %d x %d pixels",
                        picture->width, picture->height);
    return TSR_OK;
}

/* The least value of a mask that counts as inside. */
static int level_of(const segmenter *s) { return (int)(s->threshold * 255 + 0.5f); }

/* How many pixels each class has.  A mask's values are probabilities: those from the
 * level on are the class. */
static void count_pixels(const segmenter *s, areas *a)
{
    const size_t n = (size_t)a->labels.width * (size_t)a->labels.height;
    const int level = level_of(s);
    memset(a->pixels, 0, sizeof a->pixels);
    for (size_t i = 0; i < n; i++) {
        const int v = a->labels.pixel[i];
        a->pixels[s->one_class ? v >= level && v > 0 ? PERSON : 0 : v]++;
    }
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    segmenter *s = state;
    areas *a = result;
    tsr_affine back;
    TSR_TRY(make_room(a, &frame->image, err));
    TSR_TRY(cli_network_run(&s->net, &frame->image, &back, err));
    tsr_session *session = s->net.session.session;
    const tsr_tensor *out = tsr_output(session, 0);
    const tsr_affine grid = cli_network_grid(&s->net, &back);
    if (s->one_class) {
        TSR_TRY(tsr_segment_mask(out, &grid, &a->labels, err));
    } else {
        TSR_TRY(cli_network_work(&s->net, tsr_segment_bytes(out), err));
        TSR_TRY(tsr_segment_labels(out, &grid, &a->labels, s->net.work, err));
    }
    count_pixels(s, a);
    a->ms = s->net.ms;
    return TSR_OK;
}

static double share_of(const areas *a, int label)
{
    return a->pixels[label] / ((double)a->labels.width * a->labels.height);
}

/* Classes that are there, most pixels first; gives how many. */
static int classes_present(const areas *a, int list[CLASSES])
{
    int n = 0;
    for (int c = 0; c < CLASSES; c++) {
        if (!a->pixels[c])
            continue;
        int at = n++;
        for (; at > 0 && a->pixels[list[at - 1]] < a->pixels[c]; at--)
            list[at] = list[at - 1];
        list[at] = c;
    }
    return n;
}

static void tell(const void *state, const void *result, cJSON *line)
{
    const segmenter *s = state;
    const areas *a = result;
    int list[CLASSES];
    const int n = classes_present(a, list);
    cJSON *classes = cJSON_AddArrayToObject(line, "classes");
    for (int i = 0; i < n; i++) {
        char text[CLI_CLASS_TEXT];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "index", list[i]);
        cJSON_AddStringToObject(o, "label", cli_class_name(&s->names, list[i], text));
        cJSON_AddNumberToObject(o, "pixels", a->pixels[list[i]]);
        cli_json_number(o, "share", share_of(a, list[i]), 5);
        cJSON_AddItemToArray(classes, o);
    }
}

static void print(const void *state, const void *result)
{
    const segmenter *s = state;
    const areas *a = result;
    int list[CLASSES];
    const int n = classes_present(a, list);
    for (int i = 0; i < n; i++) {
        char text[CLI_CLASS_TEXT];
        printf("  %5.1f %%  ", 100 * share_of(a, list[i]));
        cli_print_clean(stdout, cli_class_name(&s->names, list[i], text), 0);
        putchar('\n');
    }
}

static cli_paint paint_of(int label, float alpha)
{
    uint8_t c[3];
    tsr_voc_color(label, c);
    return (cli_paint){ c[0], c[1], c[2], alpha };
}

static void draw(const void *state, const void *result, const tsr_image *picture)
{
    /* Specks are more likely errors than things: neither drawn nor in the legend. */
    static const double speck = 0.001;
    const float tint = 0.5f;
    const segmenter *s = state;
    const areas *a = result;
    cli_paint palette[CLASSES] = { { 0, 0, 0, 0 } };
    cli_legend_row rows[CLASSES];
    char text[CLASSES][CLI_CLASS_TEXT];
    int list[CLASSES], legend = 0;
    const int n = classes_present(a, list);
    for (int i = 0; i < n; i++) {
        const int c = list[i];
        if (c == 0 || share_of(a, c) < speck)
            continue;
        palette[c] = paint_of(c, tint);
        rows[legend++] = (cli_legend_row){ cli_class_name(&s->names, c, text[i]), paint_of(c, 1),
                                           (float)share_of(a, c) };
    }
    const float cell = (float)picture->width / (float)s->net.width;
    if (s->one_class)
        cli_overlay_mask(picture, &a->labels, level_of(s), cell, paint_of(PERSON, tint));
    else
        cli_overlay_labels(picture, &a->labels, cell, palette);
    cli_overlay_legend(picture, rows, legend);
}

static const char *model(const void *state) { return ((const segmenter *)state)->net.name; }
static double ms(const void *result) { return ((const areas *)result)->ms; }
static void drop(void *result) { free(((areas *)result)->labels.pixel); }

static void close(void *state)
{
    segmenter *s = state;
    cli_network_close(&s->net);
    cli_class_names_close(&s->names);
}

static const cli_task task = {
    .name = "segment", .letters = "Tln", .state_bytes = sizeof(segmenter),
    .result_bytes = sizeof(areas), .drop = drop, .open = open, .look = look,
    .tell = tell, .print = print, .draw = draw,
    .model = model, .ms = ms, .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_segment = {
    .name = "segment",
    .summary = "which pixels of a picture are person, cat, bus ...",
    .run = run,
    .more_help = cli_video_help,
    .help =
"usage: tarsier segment IMAGE... [--model NAME|FILE] [-o OVERLAY.png] [--json]\n"
"\n"
"Give every pixel a class: PASCAL VOC's twenty with DeepLab, people with\n"
"selfie_segmentation.  IMAGE may be '-': paths are read from standard input, one a\n"
"line.  A picture that cannot be read is reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   deeplab, deeplab_513, selfie_segmentation or a file (default\n"
"                          deeplab, or another of these if only that is here)\n"
"  -o, --output FILE|DIR   colour the picture, with a legend, and write it: .png, .jpg,\n"
"                          .bmp; into a directory as NAME-segment.png (several pictures:\n"
"                          must be one; a name that ends in '/' is made)\n"
"      --threshold T       networks of one class: least probability, 0 to 1 (default 0.5)\n"
"  -l, --labels FILE       names of the classes, one a line\n"
CLI_PICTURES_HELP
"\n"
CLI_NETWORK_HELP
"Its output may be logits [1,h,w,classes], class numbers [1,h,w], or one probability\n"
"[1,h,w,1].\n"
"\n"
"examples:\n"
"  tarsier segment -o mask.png street.jpg\n"
"  tarsier segment --model selfie_segmentation -o masks/ *.jpg\n",
};
