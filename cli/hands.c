/*
 * hands.c - `tarsier hands`: 21 points of each hand, and which hand it is.
 *
 * One network finds palms, another the points in a turned square around each.  In a
 * video the square comes from the points of the frame before, and the first network
 * rests while as many hands are followed as were asked for.
 * SPDX-License-Identifier: MIT
 */
#include "cli/commands.h"
#include "cli/follow_networks.h"
#include "cli/drawing/overlay_parts.h"

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    static const char *const palms[] = { "palm_detection_lite", "palm_detection_full", NULL };
    static const char *const points[] = { "hand_landmark_lite", "hand_landmark_full", NULL };
    const cli_follow_choice choice = {
        &tsr_follow_hands, o->model ? o->model : cli_network_pick(palms),
        o->landmarks ? o->landmarks : cli_network_pick(points),
    };
    return cli_follow_open(state, &choice, o, err);
}

static void restart(void *state) { tsr_following_reset(&((cli_follow *)state)->state); }

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    return cli_follow_look(state, frame, result, err);
}

/* In words; with a question mark where it is anybody's guess. */
static const char *hand_name(const tsr_sighting *s)
{
    const bool sure = s->right >= 0.75f || s->right <= 0.25f;
    return s->right >= 0.5f ? sure ? "right" : "right?" : sure ? "left" : "left?";
}

static bool is_right(const tsr_sighting *s) { return s->right >= 0.5f; }

/* How sure the network is of the hand that it names. */
static double sureness(const tsr_sighting *s)
{
    return (double)(is_right(s) ? s->right : 1 - s->right);
}

static void tell(const void *state, const void *result, cJSON *line)
{
    (void)state;
    const cli_sightings *r = result;
    const tsr_skeleton *hand = &tsr_skeleton_hand21;
    cJSON *list = cJSON_AddArrayToObject(line, "hands");
    for (int i = 0; i < r->count; i++) {
        const tsr_sighting *s = &r->seen[i];
        cJSON *o = cJSON_CreateObject();
        if (r->video)
            cJSON_AddNumberToObject(o, "id", s->id);
        cli_box_tell(&s->box, o);
        cJSON_AddStringToObject(o, "hand", is_right(s) ? "right" : "left");
        cli_json_number(o, "hand_score", sureness(s), 4);
        cJSON *points = cJSON_AddArrayToObject(o, "points");
        for (int k = 0; k < hand->points; k++) {
            cJSON *p = cJSON_CreateObject();
            cJSON_AddStringToObject(p, "name", hand->name[k]);
            cli_json_number(p, "x", (double)s->point[k].x, 2);
            cli_json_number(p, "y", (double)s->point[k].y, 2);
            cli_json_number(p, "z", (double)s->point[k].z, 2);
            cJSON_AddItemToArray(points, p);
        }
        cJSON_AddItemToArray(list, o);
    }
}

static void print(const void *state, const void *result)
{
    (void)state;
    const cli_sightings *r = result;
    if (!r->count)
        printf("  no hand\n");
    for (int i = 0; i < r->count; i++) {
        const tsr_sighting *s = &r->seen[i];
        printf("  %5.1f %%  %s hand", 100 * (double)s->score, hand_name(s));
        if (r->video)
            printf(" %u", (unsigned)s->id);
        printf(" at %.0f, %.0f, %.0f x %.0f pixels\n", (double)s->box.x0, (double)s->box.y0,
               (double)(s->box.x1 - s->box.x0), (double)(s->box.y1 - s->box.y0));
    }
}

static void draw(const void *state, const void *result, const tsr_image *picture)
{
    (void)state;
    const cli_sightings *r = result;
    for (int i = r->count - 1; i >= 0; i--) {           /* the first ends on top */
        const tsr_sighting *s = &r->seen[i];
        char caption[32];
        snprintf(caption, sizeof caption, r->video ? "%s %u" : "%s",
                 hand_name(s), (unsigned)s->id);
        cli_overlay_hand(picture, s->point, caption);
    }
}

static const char *model(const void *state) { return ((const cli_follow *)state)->names; }
static double ms(const void *result) { return ((const cli_sightings *)result)->ms; }
static void drop(void *result) { cli_sightings_drop(result); }
static void close(void *state) { cli_follow_close(state); }

static const cli_task task = {
    .name = "hands", .letters = "TnNL", .state_bytes = sizeof(cli_follow),
    .result_bytes = sizeof(cli_sightings), .open = open, .restart = restart, .look = look,
    .tell = tell, .print = print, .draw = draw, .model = model, .ms = ms, .drop = drop,
    .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_hands = {
    .name = "hands",
    .summary = "21 points of each hand, left or right, followed through videos",
    .more_help = cli_video_help,
    .run = run,
    .help =
"usage: tarsier hands IMAGE... [-o OVERLAY.png] [--json] [--most N]\n"
"\n"
"Find hands and the 21 points of each: wrist, and four of every finger.  IMAGE may\n"
"be '-': paths are read from standard input, one a line.  A picture that cannot be\n"
"read is reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   finds palms: palm_detection_lite (default), ..._full, ..._2020\n"
"      --landmarks NAME|FILE\n"
"                          finds the points: hand_landmark_lite (default), ..._full\n"
"  -N, --most N            at most N hands, 1 to 32 (default: 32 in a picture, 2 in a\n"
"                          video, where nothing is searched while N are followed)\n"
"  -o, --output FILE|DIR   draw the hands on the picture and write it: .png, .jpg, .bmp;\n"
"                          into a directory as NAME-hands.png (several pictures: must be)\n"
"      --threshold T       least score of a palm, 0 to 1 (default 0.5)\n"
CLI_PICTURES_HELP
"\n"
"'left' and 'right' are the person's own; a mirrored picture swaps them.\n"
"\n"
"examples:\n"
"  tarsier hands -o hands.png wave.jpg\n"
"  tarsier hands --json *.jpg\n"
CLI_NETWORK_HELP,
};
