/*
 * gesture.c - `tarsier gesture`: pictures named by a head that the user trained.
 *
 * The head says what it was trained on; features of that identity are opened, or
 * nothing is.  `tarsier gesture train` is in gesture_train.c.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/class_list.h"
#include "cli/commands.h"
#include "cli/gesture_features.h"
#include "cli/gesture_train.h"
#include "cli/pictures.h"

typedef struct {
    cli_model head;
    cli_session session;
    tsr_head_info info;
    cli_features features;
    cli_class_names names;
    int wanted;                 /* classes at most */
    char model[CLI_FEATURES_TEXT];
} recogniser;

/* The names in the head as the lines of a file would be. */
static tsr_status take_names(recogniser *r, tsr_error *err)
{
    const size_t bytes = strlen(r->info.names) + 1;
    r->names.text = malloc(bytes);
    r->names.line = malloc((size_t)r->info.classes * sizeof *r->names.line);
    if (!r->names.text || !r->names.line)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %d names", r->info.classes);
    char *at = r->names.text;
    for (int k = 0; k < r->info.classes; k++) {
        r->names.line[r->names.count++] = at;
        at += tsr_head_class(&r->info, k, at, bytes - (size_t)(at - r->names.text)) + 1;
    }
    return TSR_OK;
}

static tsr_status open_features(recogniser *r, const cli_picture_options *o, tsr_error *err)
{
    char name[CLI_FEATURES_TEXT];
    if (!cli_features_name(r->info.features, name) && !o->model)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the head '%s' was trained on a network of your "
                        "own ('%s'): --model names it", o->head, r->info.features);
    TSR_TRY(cli_features_open(o->model ? o->model : name, o->threads, &o->hint, &r->features,
                              err));
    return tsr_head_fits(&r->info, r->features.identity, r->features.size, err);
}

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    recogniser *r = state;
    if (!o->head)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "--head HEAD.tsr is missing: 'tarsier gesture "
                        "train' makes one");
    TSR_TRY(cli_model_open(o->head, &r->head, err));
    tsr_error inner = { 0 };
    const tsr_status s = tsr_head_read(r->head.model, &r->info, &inner);
    if (s != TSR_OK)
        return tsr_fail(err, s, "'%s': %s", o->head, inner.text);
    TSR_TRY(open_features(r, o, err));
    TSR_TRY(cli_session_open(r->head.model, 1, &r->session, err));
    TSR_TRY(take_names(r, err));
    r->wanted = o->top;
    snprintf(r->model, sizeof r->model, "%s", cli_path_base(o->head));
    return TSR_OK;
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    recogniser *r = state;
    cli_class_list *list = result;
    TSR_TRY(cli_features_see(&r->features, &frame->image, NULL, 1, 0,
                             tsr_input(r->session.session, 0)->data, err));
    tsr_run(r->session.session);
    list->count = tsr_top_k(tsr_output(r->session.session, 0), r->wanted, list->top);
    list->ms = r->features.ms;
    return TSR_OK;
}

static void tell(const void *state, const void *result, cJSON *line)
{
    cli_class_list_tell(&((const recogniser *)state)->names, result, line);
}

static void print(const void *state, const void *result)
{
    cli_class_list_print(&((const recogniser *)state)->names, result);
}

static const char *model(const void *state) { return ((const recogniser *)state)->model; }
static double ms(const void *result) { return ((const cli_class_list *)result)->ms; }

static void close(void *state)
{
    recogniser *r = state;
    cli_session_close(&r->session);
    cli_model_close(&r->head);
    cli_features_close(&r->features);
    cli_class_names_close(&r->names);
}

static const cli_task task = {
    .name = "gesture", .letters = "kHn", .state_bytes = sizeof(recogniser),
    .result_bytes = sizeof(cli_class_list), .open = open, .look = look,
    .tell = tell, .print = print,
    .model = model, .ms = ms, .close = close,
};

static int run(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "train"))
        return cli_gesture_train(argc - 1, argv + 1);
    return cli_pictures_run(&task, argc, argv);
}

const cli_command cli_gesture = {
    .name = "gesture",
    .summary = "what is in a picture: classes of your own, learned from a few pictures",
    .run = run,
    .more_help = cli_video_help,
    .help =
"usage: tarsier gesture train DIR -o HEAD.tsr [--method imprint|softmax] [--json]\n"
"       tarsier gesture train DIR -o HEAD.tsr --head OLD.tsr --add CLASS\n"
"       tarsier gesture IMAGE... --head HEAD.tsr [--top 5] [--json]\n"
"\n"
"train: DIR has one folder of pictures for each class.  A network that knows pictures\n"
"turns each into some hundred numbers, and a head is trained to tell the classes apart\n"
"by them.  Some pictures are held out and show how well that works.  HEAD.tsr is a\n"
"model of its own that runs behind the network, on a microcontroller, too.\n"
"\n"
"  -o, --output HEAD.tsr    where to; an existing file is replaced when all is trained\n"
"  -F, --features NAME|FILE the network: any classifier; it is cut where it pools its\n"
"                           last maps (default mobilenet_v2, or another MobileNet)\n"
"      --features hands     the 21 points of the hand in the picture instead: for signs,\n"
"                           with a few dozen pictures; pictures without one are left out\n"
"      --method imprint     the mean direction of each class: three pictures do (default)\n"
"      --method softmax     softmax regression with early stopping: for many pictures,\n"
"                           and for hands (there it is the default)\n"
"      --train N            learn from N pictures of each class, hold out the others\n"
"                           (default: hold out a fifth of each class of 3 and more)\n"
"      --views N            learn from N views of each picture, 1 to 64: other parts of\n"
"                           it, mirrored (default 4)\n"
"      --no-mirror          left and right matter\n"
"      --seed N             what is held out, and the first weights (default 1)\n"
"      --epochs N, --l2 X   softmax: steps at most (2000), weight of the penalty (0.001)\n"
"      --head OLD.tsr       start from this imprinted head, of the same features\n"
"      --add CLASS          ... and add this class of DIR to it; may be repeated\n"
"      --more CLASS         ... and let this one, which it knows, learn from more pictures\n"
"  -j, --json               the report as one JSON object\n"
"  -t, --threads N          worker threads, 1 to 64 (default 1)\n"
"\n"
"IMAGE may be '-': paths are read from standard input, one a line.\n"
"\n"
"  -H, --head HEAD.tsr      what 'train' wrote\n"
"  -k, --top N              how many classes, 1 to 1000 (default 5)\n"
"  -m, --model NAME|FILE    the network, if it is a file of your own\n"
CLI_PICTURES_HELP
"\n"
CLI_NETWORK_HELP
"What was said while training must be said again.\n"
"\n"
"examples:\n"
"  tarsier gesture train signs/ -o signs.tsr\n"
"  tarsier gesture train signs/ -o signs.tsr --head signs.tsr --add victory\n"
"  tarsier gesture train signs/ -o signs.tsr --features hands\n"
"  tarsier gesture --head signs.tsr --json *.jpg\n",
};
