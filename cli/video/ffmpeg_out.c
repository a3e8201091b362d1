/*
 * ffmpeg_out.c - H.264 in .mp4, .mov or .mkv, encoded by the ffmpeg program.
 *
 * Frames go to it with their times (mkv.h).  It writes through a descriptor into the
 * file that a cli_writer has open, which has no name until all is written: whatever
 * happens, there is the complete video or none.
 *
 * A socket takes the place of the pipe, because writing to one whose reader is gone can
 * be asked to give an error and no signal.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "cli/video/mkv.h"
#include "cli/spawn.h"
#include "cli/video/video.h"

enum { STEP = 12 };             /* microseconds; 1/90000 s are 11.1 */

typedef struct {
    cli_writer file;
    FILE *log;                  /* what ffmpeg complains about: a file without a name */
    pid_t pid;
    int frames;
    double first;               /* the video begins with its first frame */
    uint64_t next;              /* the least time of the next one, in microseconds */
} encoder;

/* ---- the program ------------------------------------------------------------------- */

static const char *container_of(const char *path)
{
    const char *dot = strrchr(cli_path_base(path), '.');
    return !dot ? NULL : !strcasecmp(dot, ".mp4") ? "mp4" : !strcasecmp(dot, ".mov") ? "mov"
         : !strcasecmp(dot, ".mkv") ? "matroska" : NULL;
}

/* H.264 as all players take it has pairs of pixels: an odd row or column gets a
 * neighbour.  Times are kept in steps of 1/90000 s, the clock of MPEG. */
static int start(encoder *e, const char *container, int width, int height, int from)
{
    const bool hd = width >= 1280 || height >= 720;     /* as cli_yuv_usual */
    const char *const matrix = hd ? "bt709" : "smpte170m";
    char filter[160];
    snprintf(filter, sizeof filter, "pad=%d:%d,scale=out_color_matrix=%s:out_range=tv,"
             "format=yuv420p", width + width % 2, height + height % 2, matrix);
    const char *const argv[] = {
        "ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror", "-y",
        "-f", "matroska", "-i", "pipe:0", "-vf", filter, "-c:v", "libx264",
        "-preset", "veryfast", "-crf", "20", "-fps_mode", "passthrough",
        "-enc_time_base", "1:90000", "-colorspace", matrix, "-color_primaries", matrix,
        "-color_trc", matrix, "-color_range", "tv", "-movflags", "+faststart",
        "-f", container, "/dev/fd/3", NULL,
    };
    const int fd[4] = { from, -1, fileno(e->log), fileno(e->file.stream) };
    return cli_spawn_start(argv, NULL, fd, &e->pid);
}

static tsr_status connect_program(encoder *e, const char *path, int width, int height,
                                  tsr_error *err)
{
    int end[2];
    e->log = tmpfile();
    if (!e->log || socketpair(AF_UNIX, SOCK_STREAM, 0, end))
        return tsr_fail(err, TSR_BAD_FILE, "'%s': no connection to ffmpeg: %s", path,
                        strerror(errno));
    fcntl(end[0], F_SETFD, FD_CLOEXEC);
    fcntl(end[1], F_SETFD, FD_CLOEXEC);
    e->frames = end[0];
    const int why = start(e, container_of(path), width, height, end[1]);
    close(end[1]);
    if (why == 0)
        return TSR_OK;
    e->pid = 0;
    return tsr_fail(err, TSR_UNSUPPORTED, why == ENOENT ? "the program ffmpeg, which is to write "
                    "'%s', is not installed; .y4m is written without it" : "the program ffmpeg, "
                    "which is to write '%s', cannot be started: %s", path, strerror(why));
}

/* The end of the frames: ffmpeg writes the rest.  Its status. */
static int hang_up(encoder *e)
{
    if (e->frames >= 0)
        close(e->frames);
    e->frames = -1;
    const int status = e->pid > 0 ? cli_spawn_wait(e->pid) : 0;
    e->pid = 0;
    return status;
}

static void release(encoder *e)
{
    cli_writer_abort(&e->file);
    if (e->log)
        fclose(e->log);
    free(e);
}

/* It has ended before its time or with an error: the first line it has left says why. */
static tsr_status complain(encoder *e, tsr_error *err)
{
    char line[200] = "";
    rewind(e->log);
    if (!fgets(line, sizeof line, e->log))
        snprintf(line, sizeof line, "it does not say why");
    line[strcspn(line, "\n")] = 0;
    return tsr_fail(err, TSR_BAD_FILE, "ffmpeg cannot write '%s': %s", e->file.path, line);
}

/* ---- frames ------------------------------------------------------------------------ */

static bool send_all(int to, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n > 0) {
        const ssize_t sent = send(to, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        p += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static tsr_status write_frame(cli_video_out *o, const tsr_image *frame, double seconds,
                              tsr_error *err)
{
    encoder *e = o->self;
    uint8_t head[MKV_FRAME_BYTES];
    const size_t bytes = 3 * (size_t)frame->width * (size_t)frame->height;
    if (e->next == 0)
        e->first = seconds;
    /* Two frames in one step of the clock would be one too many. */
    uint64_t time = (uint64_t)llround(fmax(seconds - e->first, 0) * 1e6);
    time = time < e->next ? e->next : time;
    e->next = time + STEP;
    const size_t n = cli_mkv_frame(time, bytes, head);
    if (send_all(e->frames, head, n) && send_all(e->frames, frame->rgb, bytes))
        return TSR_OK;
    hang_up(e);
    return complain(e, err);
}

static tsr_status finish(cli_video_out *o, tsr_error *err)
{
    encoder *e = o->self;
    const int exit_status = hang_up(e);
    fseek(e->log, 0, SEEK_END);
    tsr_status s = exit_status || ftell(e->log) > 0 ? complain(e, err) : TSR_OK;
    if (s == TSR_OK)
        s = cli_writer_commit(&e->file, err);
    release(e);
    return s;
}

static void abandon(cli_video_out *o)
{
    encoder *e = o->self;
    if (e->pid > 0)
        kill(-e->pid, SIGKILL);
    hang_up(e);
    release(e);
}

tsr_status cli_video_create_ffmpeg(const char *path, int width, int height, cli_rate rate,
                                   cli_video_out *o, tsr_error *err)
{
    *o = (cli_video_out){ 0 };
    encoder *e = calloc(1, sizeof *e);
    if (!e)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for '%s'", path);
    e->frames = -1;
    *o = (cli_video_out){ e, write_frame, finish, abandon };
    tsr_status s = cli_writer_open(path, &e->file, err);
    if (s == TSR_OK)
        s = connect_program(e, path, width, height, err);
    uint8_t head[MKV_HEAD_BYTES];
    const uint64_t frame_ns = rate.num ? (uint64_t)(1e9 * rate.den / rate.num) : 0;
    const size_t n = cli_mkv_head(width, height, frame_ns, head);
    if (s == TSR_OK && !send_all(e->frames, head, n)) {
        hang_up(e);
        s = complain(e, err);
    }
    if (s != TSR_OK)
        cli_video_abandon(o);
    return s;
}
