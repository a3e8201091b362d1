/*
 * y4m_out.c - YUV4MPEG2 written, to a file or to standard output; see y4m.h.
 * Anything reads it: `tarsier pose ... -o - | ffplay -`.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/video/y4m.h"

typedef struct {
    cli_writer file;
    FILE *to;                   /* file.stream, or standard output */
    cli_yuv_color color;
    uint8_t planes[];
} sink;

static tsr_status cannot(tsr_error *err)
{
    return tsr_fail(err, TSR_BAD_FILE, "cannot write to standard output: %s", strerror(errno));
}

/* A file's errors are noted in its stream, and commit names it; they are not waited
 * for: a full disk ends the work at once. */
static tsr_status write_frame(cli_video_out *o, const tsr_image *frame, double seconds,
                              tsr_error *err)
{
    (void)seconds;
    sink *s = o->self;
    cli_rgb_to_yuv420(frame, s->color, s->planes);
    fputs("FRAME\n", s->to);
    fwrite(s->planes, 1, cli_yuv420_bytes(frame->width, frame->height), s->to);
    if (!fflush(s->to) && !ferror(s->to))
        return TSR_OK;
    return s->to == stdout ? cannot(err)
         : tsr_fail(err, TSR_BAD_FILE, "cannot write '%s': %s", s->file.path, strerror(errno));
}

static tsr_status finish(cli_video_out *o, tsr_error *err)
{
    sink *s = o->self;
    tsr_status status = TSR_OK;
    if (s->to != stdout)
        status = cli_writer_commit(&s->file, err);
    else if (fflush(stdout) || ferror(stdout))
        status = cannot(err);
    free(s);
    return status;
}

static void abandon(cli_video_out *o)
{
    cli_writer_abort(&((sink *)o->self)->file);
    free(o->self);
}

tsr_status cli_video_create_y4m(const char *path, int width, int height, cli_rate rate,
                                cli_video_out *o, tsr_error *err)
{
    *o = (cli_video_out){ 0 };
    sink *s = calloc(1, sizeof *s + cli_yuv420_bytes(width, height));
    if (!s)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for a frame of %d x %d pixels",
                        width, height);
    if (strcmp(path, "-")) {
        const tsr_status status = cli_writer_open(path, &s->file, err);
        if (status != TSR_OK) {
            free(s);
            return status;
        }
    }
    s->to = s->file.stream ? s->file.stream : stdout;
    s->color = cli_yuv_usual(width, height);
    fprintf(s->to, "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n", width, height,
            rate.num ? rate.num : 25, rate.num ? rate.den : 1);
    *o = (cli_video_out){ s, write_frame, finish, abandon };
    return TSR_OK;
}
