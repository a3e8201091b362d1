/*
 * gesture.c - `tarsier gesture`: pictures and videos named by a head that the user
 * trained, or by a published one for the points of a hand.
 *
 * In a video a hand is followed from frame to frame, and scores pass through a low pass:
 * a sign is held for longer than a frame, so a frame that says something else is
 * mistaken.  `tarsier gesture train` is in gesture_train.c.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/class_list.h"
#include "cli/commands.h"
#include "cli/gesture/gesture_head.h"
#include "cli/gesture/gesture_train.h"
#include "cli/drawing/overlay.h"
#include "cli/drawing/overlay_parts.h"

typedef struct {
    cli_gesture_head head;
    int wanted;                 /* classes at most */
    bool raw;                   /* scores of a video as they come */
    float *x, *score;           /* an embedding; scores, smoothed in a video */
    double seconds;             /* of those scores; < 0: there are none yet */
} recogniser;

typedef struct {
    cli_class_list list;
    bool video, hand;
    tsr_point point[TSR_HAND_POINTS];   /* if there is a hand */
} sign;

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    recogniser *r = state;
    TSR_TRY(cli_gesture_head_open(&r->head, o, err));
    const tsr_tensor *out = tsr_output(r->head.session.session, 0);
    r->wanted = o->top;
    r->raw = o->raw;
    r->seconds = -1;
    r->x = malloc((size_t)r->head.features.size * sizeof *r->x);
    r->score = malloc(tsr_elements(out) * sizeof *r->score);
    if (!r->x || !r->score)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %zu scores", tsr_elements(out));
    return TSR_OK;
}

static void restart(void *state)
{
    recogniser *r = state;
    r->seconds = -1;
    cli_features_forget(&r->head.features);
}

/* The scores of this frame into r->score, with those before it.  A fifth of a second is
 * how long a sign must be held to win. */
static void settle(recogniser *r, const tsr_tensor *scores, double seconds)
{
    const double hold = 0.2, past = seconds - r->seconds;
    const bool first = seconds < 0 || r->seconds < 0 || r->raw;
    const float share = first ? 1 : past > 0 ? (float)(1 - exp(-past / hold)) : 0;
    for (size_t i = 0; i < tsr_elements(scores); i++) {
        const float now = ((const float *)scores->data)[i];
        r->score[i] = first || !isfinite(r->score[i]) ? now
                    : r->score[i] + share * (now - r->score[i]);
    }
    r->seconds = seconds;
}

/* In a picture no hand is a failure, as no picture would be; a video goes on. */
static tsr_status see(recogniser *r, const cli_frame *frame, sign *s, bool *seen, tsr_error *err)
{
    cli_features *f = &r->head.features;
    s->video = frame->seconds >= 0;
    s->hand = false;
    *seen = true;
    if (!cli_features_are_hands(f))
        return cli_features_see(f, &frame->image, NULL, 1, 0, r->x, err);
    TSR_TRY(cli_features_follow(f, &frame->image, frame->seconds, s->point, r->x, &s->hand, err));
    *seen = s->hand;
    if (!s->hand && !s->video)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "no hand found");
    return TSR_OK;
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    recogniser *r = state;
    sign *s = result;
    bool seen;
    TSR_TRY(see(r, frame, s, &seen, err));
    s->list.ms = r->head.features.ms;
    s->list.count = 0;
    if (!seen) {
        r->seconds = -1;
        return TSR_OK;
    }
    const tsr_tensor *out = cli_gesture_head_run(&r->head, r->x);
    settle(r, out, frame->seconds);
    tsr_tensor settled = *out;
    settled.data = r->score;
    s->list.count = tsr_top_k(&settled, r->wanted, s->list.top);
    return TSR_OK;
}

static void tell(const void *state, const void *result, cJSON *line)
{
    cli_class_list_tell(&((const recogniser *)state)->head.names, &((const sign *)result)->list,
                        line);
}

static void print(const void *state, const void *result)
{
    const sign *s = result;
    cli_class_list_print(&((const recogniser *)state)->head.names, &s->list);
    if (!s->list.count)
        printf("  no hand\n");
}

/* The likeliest classes in a corner, and the hand, if it is one that is looked at. */
static void draw(const void *state, const void *result, const tsr_image *picture)
{
    enum { ROWS = 3 };
    static const cli_paint swatch[ROWS] = {
        { 72, 219, 200, 1 }, { 255, 196, 61, 1 }, { 242, 78, 104, 1 },
    };
    const recogniser *r = state;
    const sign *s = result;
    char text[ROWS][CLI_CLASS_TEXT];
    cli_legend_row row[ROWS];
    const int rows = s->list.count < ROWS ? s->list.count : ROWS;
    for (int i = 0; i < rows; i++)
        row[i] = (cli_legend_row){
            cli_class_name(&r->head.names, s->list.top[i].index, text[i]), swatch[i],
            s->list.top[i].score,
        };
    if (s->hand)
        cli_overlay_hand(picture, s->point, "");
    if (rows)
        cli_overlay_legend(picture, row, rows);
}

static const char *model(const void *state) { return ((const recogniser *)state)->head.title; }
static double ms(const void *result) { return ((const sign *)result)->list.ms; }

static void close(void *state)
{
    recogniser *r = state;
    cli_gesture_head_close(&r->head);
    free(r->x);
    free(r->score);
}

static const cli_task task = {
    .name = "gesture", .letters = "kHnlW", .state_bytes = sizeof(recogniser),
    .result_bytes = sizeof(sign), .open = open, .restart = restart, .look = look,
    .tell = tell, .print = print, .draw = draw,
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
"       tarsier gesture IMAGE... --head HEAD.tsr [-o OVERLAY.png] [--top 5] [--json]\n"
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
"  -H, --head HEAD.tsr      what 'train' wrote; or keypoint_classifier, or another file that\n"
"                           makes scores of 42 numbers: x and y of the points of a hand from\n"
"                           the wrist, in units of the largest\n"
"  -l, --labels FILE        the names of such a file's classes, one a line\n"
"  -o, --output FILE|DIR    draw the classes, and the hand that was looked at\n"
"  -k, --top N              how many classes, 1 to 1000 (default 5)\n"
"  -m, --model NAME|FILE    the network, if it is a file of your own\n"
"      --no-smooth          in a video: each frame's scores for themselves; else a sign wins\n"
"                           when it is held for a fifth of a second\n"
CLI_PICTURES_HELP
"\n"
CLI_NETWORK_HELP
"What was said while training must be said again.\n"
"\n"
"examples:\n"
"  tarsier gesture train signs/ -o signs.tsr\n"
"  tarsier gesture train signs/ -o signs.tsr --head signs.tsr --add victory\n"
"  tarsier gesture train signs/ -o signs.tsr --features hands\n"
"  tarsier gesture --head signs.tsr --json *.jpg\n"
"  tarsier gesture --head keypoint_classifier -o signs.mp4 hands.mp4\n",
};
