/*
 * pose.c - `tarsier pose`: the joints of people.  Which network, and how to ask it, is
 * in pose_networks.c; here is what is said and drawn.
 * SPDX-License-Identifier: MIT
 */
#include "cli/commands.h"
#include "cli/drawing/overlay.h"
#include "cli/pose_networks.h"

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    return pose_networks_open(state, o, err);
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    return pose_networks_look(state, frame, result, err);
}

static void restart(void *state) { pose_networks_restart(state); }

/* ---- results ---------------------------------------------------------------------- */

static void tell(const void *state, const void *result, cJSON *line)
{
    const pose_networks *p = state;
    const pose_found *f = result;
    cJSON *people = cJSON_AddArrayToObject(line, "people");
    for (int i = 0; i < f->count; i++) {
        cJSON *o = cJSON_CreateObject();
        if (f->id[i])
            cJSON_AddNumberToObject(o, "id", f->id[i]);
        cli_json_number(o, "score", (double)f->people[i].score, 4);
        cJSON *joints = cJSON_AddArrayToObject(o, "joints");
        for (int k = 0; k < p->skeleton->points; k++) {
            const tsr_point *at = &f->people[i].point[k];
            cJSON *j = cJSON_CreateObject();
            cJSON_AddStringToObject(j, "name", p->skeleton->name[k]);
            cli_json_number(j, "x", (double)at->x, 2);
            cli_json_number(j, "y", (double)at->y, 2);
            if (p->kind == POSE_BLAZE)
                cli_json_number(j, "z", (double)at->z, 2);
            cli_json_number(j, "score", (double)at->score, 4);
            cJSON_AddItemToArray(joints, j);
        }
        cJSON_AddItemToArray(people, o);
    }
}

static void print(const void *state, const void *result)
{
    const pose_networks *p = state;
    const pose_found *f = result;
    if (!f->count)
        printf("  nobody\n");
    for (int i = 0; i < f->count; i++) {
        const tsr_person *one = &f->people[i];
        printf("  person %d: %d of %d joints, score %.2f\n", f->id[i] ? (int)f->id[i] : i + 1,
               pose_joints_shown(p, one), p->skeleton->points, (double)one->score);
        for (int k = 0; k < p->skeleton->points; k++)
            if (one->point[k].score >= p->threshold)
                printf("    %-18s %7.1f %7.1f   %.2f\n", p->skeleton->name[k],
                       (double)one->point[k].x, (double)one->point[k].y,
                       (double)one->point[k].score);
    }
}

/* The number of someone in a video, above the highest joint. */
static void draw_id(const pose_networks *p, const pose_found *f, int i, const tsr_image *picture)
{
    const tsr_point *top = NULL;
    for (int k = 0; k < p->skeleton->points; k++) {
        const tsr_point *at = &f->people[i].point[k];
        if (at->score >= p->threshold && (!top || at->y < top->y))
            top = at;
    }
    char text[12];
    snprintf(text, sizeof text, "%u", f->id[i]);
    if (top && f->id[i])
        cli_overlay_tag(picture, (cli_spot){ top->x, top->y }, text);
}

static void draw(const void *state, const void *result, const tsr_image *picture)
{
    const pose_networks *p = state;
    const pose_found *f = result;
    for (int i = f->count - 1; i >= 0; i--)             /* the first ends on top */
        cli_overlay_skeleton(picture, p->skeleton, f->people[i].point, p->threshold);
    for (int i = f->count - 1; i >= 0; i--)
        draw_id(p, f, i, picture);
}

static const char *model(const void *state) { return pose_networks_name(state); }

static double ms(const void *result) { return ((const pose_found *)result)->ms; }

static void close(void *state) { pose_networks_close(state); }

static const cli_task task = {
    .name = "pose", .letters = "TnNPXW", .state_bytes = sizeof(pose_networks),
    .result_bytes = sizeof(pose_found), .open = open, .restart = restart, .look = look,
    .tell = tell, .print = print, .draw = draw,
    .model = model, .ms = ms, .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_pose = {
    .name = "pose",
    .summary = "joints of the people in a picture or a video",
    .run = run,
    .more_help = cli_video_help,
    .help =
"usage: tarsier pose IMAGE... [--model hourglass|cpm|blazepose|posenet|FILE]\n"
"                    [-o OVERLAY.png] [--json]\n"
"\n"
"Find joints.  hourglass and cpm: 14 joints of one person, who should fill most of\n"
"the picture.  blazepose: 33 points each of several people, one after the other.\n"
"posenet: 17 joints each of everyone at once, however many they are.  IMAGE may be\n"
"'-': paths are read from standard input, one a line.  A picture that cannot be read\n"
"is reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   hourglass, cpm, blazepose, pose_landmark_full (the larger\n"
"                          blazepose), posenet, posenet_coral (its uint8 version) or a\n"
"                          file (default hourglass, or another of these if only that is\n"
"                          here)\n"
"  -o, --output FILE|DIR   draw skeletons on the picture and write it: .png, .jpg, .bmp;\n"
"                          into a directory as NAME-pose.png (several pictures: must be\n"
"                          one; a name that ends in '/' is made)\n"
"  -N, --most N            at most N people, 1 to 32 (default 32).  blazepose searches a\n"
"                          video's frames only while fewer than N are followed\n"
"      --threshold T       least score of a joint that is shown, 0 to 1 (default 0.12;\n"
"                          blazepose 0.5, posenet 0.3); --json lists all joints with\n"
"                          their scores\n"
"      --no-smooth         in a video: joints as the network says, frame by frame; else a\n"
"                          One-Euro filter takes the tremble out of them\n"
CLI_PICTURES_HELP
"\n"
CLI_NETWORK_HELP
"Its output must be heatmaps [1,h,w,joints] or [1,joints,h,w]; 14 are taken for those of\n"
"hourglass and cpm, 16 for MPII's and 17 for COCO's joints, others have numbers.\n"
"Outputs with the channels of PoseNet (17, 34 and twice 32, or 64) are PoseNet.  An input\n"
"of 256x256 and outputs of 16 maps of 64x64 are a stacked hourglass as published: R,G,B\n"
"from 0 to 1, the 16 joints of MPII, and\n"
"  --person X,Y,S          the person's centre and scale: a box of 200*S pixels a side\n"
"                          (default: the whole picture)\n"
"  --flip                  look at the mirror image, too, and average\n"
"\n"
"examples:\n"
"  tarsier pose -o skeleton.png dancer.jpg\n"
"  tarsier pose --model cpm --json *.jpg > joints.jsonl\n"
"  tarsier pose --model posenet -o people.mp4 street.mp4\n",
};
