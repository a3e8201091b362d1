/*
 * picture_video.c - a video among the inputs of a picture command; see picture_job.h.
 *
 * The frame loop calls look in this thread and write in another.  What both touch is
 * said in pictures.h; all else here belongs to the writer until the loop is over.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/video/frame_loop.h"
#include "cli/picture_job.h"
#include "cli/progress.h"
#include "cli/spawn.h"

const char cli_video_help[] =
"\n"
"videos, alone or among pictures, through the program ffmpeg (YUV4MPEG2 without it):\n"
"  IMAGE may be a video file or an address (rtsp://...), '-' YUV4MPEG2 on standard input.\n"
"  --json gives a line a frame, with its number and seconds.  -o makes a video: .mp4,\n"
"  .mkv, .mov (H.264), .y4m, or '-', YUV4MPEG2 on standard output.  Ctrl-C ends it so\n"
"  that what is done can be played (exit status 130).\n"
"      --camera DEVICE     a V4L2 camera, such as /dev/video0\n"
"      --camera-size WxH   of its pictures (default 640x480); the nearest it has\n"
"      --every N           look at each N-th frame only\n"
"      --max-fps F         leave out frames that come faster than that\n"
"      --in-flight N       frames in work at once, 1 to 16 (default 4): reading, looking\n"
"                          and writing overlap, with 1 they do not\n";

typedef struct {
    cli_picture_job *job;
    const char *path, *name;    /* of the video, and of what is drawn */
    double length;
    cli_video_out out;
    cli_progress bar;
    long frames;
} run;

static tsr_status look(void *user, const cli_frame *frame, void *result, tsr_error *err)
{
    const cli_picture_job *j = ((run *)user)->job;
    return j->task->look(j->state, frame, result, err);
}

static tsr_status write_frame(void *user, const cli_frame *frame, const void *result, double ms,
                              tsr_error *err)
{
    run *r = user;
    cli_picture_job *j = r->job;
    if (j->options.json) {
        const tsr_status s = cli_picture_tell(j, r->path, frame, true, result, ms, err);
        j->lost = s != TSR_OK;
        TSR_TRY(s);
    } else if (!r->name) {
        cli_picture_print(j, r->path, frame, result);
    }
    if (r->name) {
        j->task->draw(j->state, result, &frame->image);
        TSR_TRY(r->out.write(&r->out, &frame->image, frame->seconds, err));
    }
    cli_progress_frame(&r->bar, ++r->frames, frame->seconds, r->length);
    return TSR_OK;
}

/* The usual rate of what is written, given what is left out. */
static cli_rate rate_of(const cli_video *v, const cli_picture_options *o)
{
    cli_rate r = v->rate;
    if (r.num && r.den <= 1 << 24)
        r.den *= o->every;
    if (o->max_fps > 0 && (!r.num || (double)r.num / r.den > o->max_fps))
        r = (cli_rate){ (int)(1000 * o->max_fps + 0.5), 1000 };
    return r;
}

static void summary(const run *r, const cli_video *v, double fps)
{
    const cli_picture_job *j = r->job;
    if (j->options.json || !r->name || !strcmp(r->name, "-"))
        return;
    cli_print_clean(stdout, r->path, 0);
    printf("  %d x %d, %s, %ld frames, %.1f frames a second\n  -> ", v->width, v->height,
           j->task->model(j->state), r->frames, fps);
    cli_print_clean(stdout, r->name, 0);
    putchar('\n');
    fflush(stdout);
}

static tsr_status all_frames(run *r, cli_video *v, tsr_error *err)
{
    cli_picture_job *j = r->job;
    const cli_picture_options *o = &j->options;
    const cli_stages stages = { r, j->task->result_bytes, look, write_frame, j->task->drop };
    const cli_pace pace = { o->in_flight, o->every, o->max_fps };
    if (o->output) {
        TSR_TRY(cli_overlay_name(&j->names, r->path, "mp4", &r->name, err));
        TSR_TRY(cli_video_create(r->name, v->width, v->height, rate_of(v, o), &r->out, err));
    }
    if (j->task->restart)
        j->task->restart(j->state);
    long frames;
    const bool printing = !o->json && !o->output;
    cli_progress_begin(&r->bar, !printing);
    tsr_status s = cli_frame_loop(v, &stages, &pace, &frames, err);
    const double fps = cli_progress_end(&r->bar, frames);
    if (s == TSR_OK && frames > 0)
        s = cli_video_finish(&r->out, err);
    if (s == TSR_OK && frames > 0)
        summary(r, v, fps);
    return s;
}

void cli_picture_video(cli_picture_job *j, const char *path, cli_video *v)
{
    run r = { .job = j, .path = path, .length = v->length };
    tsr_error err = { 0 };
    const tsr_status s = all_frames(&r, v, &err);
    cli_video_abandon(&r.out);              /* of a failed one nothing is left */
    if (s != TSR_OK)
        cli_picture_failed(j, "video", path, &err);
    if (cli_interrupted())
        cli_fail(j->task->name, "stopped by a signal after %ld frames of '%s'%s", r.frames, path,
                 r.name && r.frames && s == TSR_OK ? ", which are written" : "");
}
