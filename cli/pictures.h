/*
 * pictures.h - what the commands that look at pictures share: their options, the
 * list of pictures, names of overlays, one line of JSON each, errors that stop one
 * picture and not the next.
 *
 * A command is a cli_task: functions around a state, which lives as long as the
 * command, and results, one for each picture in flight.  While frame t + 1 of a video
 * is looked at, another thread draws and tells the result of frame t.  So
 *
 *     look     writes all that tell, print, draw and ms will want into the result.
 *              One result is used for many frames: look finds in it what the last
 *              look left there, and may reuse or grow what that allocated
 *     tell, print, draw, model
 *              read from the state only what open made and nothing changes later
 *     restart  comes before every picture and before a video's first frame: whatever
 *              was tracked is forgotten
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_PICTURES_H
#define CLI_PICTURES_H

#include "cli/command.h"
#include "cli/json_line.h"
#include "cli/network.h"

/* Which person a network for one should look at, and how. */
typedef struct {
    bool given, flip;
    float x, y, scale;          /* centre, and a box of 200 * scale pixels a side */
} cli_person;

typedef struct {
    const char *model;          /* NULL: the task's own choice */
    const char *output, *labels, *head, *landmarks;
    bool json;
    int threads, top, most;     /* most 0: the task's own */
    float threshold;            /* < 0: the task's own */
    cli_network_hint hint;
    cli_person person;
    bool raw;                   /* in a video: nothing is smoothed */
    char **picture;             /* as on the command line: pictures, videos; "-": a list on
                                   standard input, or a YUV4MPEG2 video */
    int picture_count;
    const char *camera;         /* a device; NULL: none */
    int camera_width, camera_height;
    const char *resume;         /* the file of lines to go on with */
    int every, in_flight;       /* as in cli_pace */
    double max_fps;
} cli_picture_options;

/* What a task looks at: a picture, or a frame of a video. */
typedef struct {
    tsr_image image;
    double seconds;             /* since the video began; < 0: a picture of its own, which
                                   nothing that was seen before says anything about */
    long number;                /* of the video's frames, from 0 */
} cli_frame;

typedef struct {
    const char *name;           /* of the command, and in the names of overlays */
    const char *letters;        /* options of pictures.c that it takes, besides the usual */
    size_t state_bytes;         /* zeroed before open; close gets it, whatever open said */
    size_t result_bytes;        /* zeroed before the first look into it */
    tsr_status (*open)(void *state, const cli_picture_options *o, tsr_error *err);
    void (*restart)(void *state);   /* NULL: a look does not depend on earlier ones */
    tsr_status (*look)(void *state, const cli_frame *frame, void *result, tsr_error *err);
    void (*tell)(const void *state, const void *result, cJSON *line);   /* into the object */
    void (*print)(const void *state, const void *result);               /* as lines of text */
    void (*draw)(const void *state, const void *result,
                 const tsr_image *picture);                     /* NULL: no overlays */
    const char *(*model)(const void *state);
    double (*ms)(const void *result);                           /* of its inference */
    void (*drop)(void *result); /* free what look allocated for it; NULL: nothing */
    void (*close)(void *state);
} cli_task;

/* A whole command; gives CLI_OK ... */
int cli_pictures_run(const cli_task *task, int argc, char **argv);

/* Lines that all of them have in their help, after their own options. */
#define CLI_PICTURES_HELP \
"  -j, --json              one JSON object a line and picture, in pixels of the picture\n" \
"                          (upright: a JPEG is turned first as its EXIF note says)\n" \
"      --resume OUT.jsonl  such lines into this file; pictures that have one, be it a\n" \
"                          result or an error, are done: after a kill, run it again\n" \
"  -t, --threads N         worker threads, 1 to 64 (default 1); results do not depend on it\n"

/* What all of them say about videos, after their own help. */
extern const char cli_video_help[];

/* Lines for networks of the user's own. */
#define CLI_NETWORK_HELP \
"for a FILE that 'tarsier models' does not list (else R,G,B from -1 to 1, or the bytes\n" \
"of the pixels, if that is what it takes):\n" \
"  --bgr                   the network wants B,G,R\n" \
"  --mean X[,Y,Z]          input = (byte - mean) * scale, for red, green, blue;\n" \
"  --scale X[,Y,Z]         u8 and s8 inputs: that number in the input's own scale\n" \
"  --fit stretch|letterbox fill the input, or keep the aspect with black borders\n"

#endif
