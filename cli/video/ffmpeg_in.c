/*
 * ffmpeg_in.c - any video file, decoded by the ffmpeg program: raw R,G,B frames in one
 * pipe, its log with their times and sizes in another.
 *
 * ffmpeg turns frames upright as the file's rotation note says, and passes on each
 * frame exactly once, however irregular its time is.  What it calls an error is one
 * here, too: frames come out of damaged files as grey, and nobody should measure grey.
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE             /* F_SETPIPE_SZ, where there is one */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/video/ffmpeg_log.h"
#include "cli/spawn.h"
#include "cli/video/video.h"

enum { LOOK_UP_MS = 100, MAX_SIDE = 1 << 16, MAX_PIXELS = 1 << 28 };

typedef struct {
    pid_t pid;
    int frames, log;            /* our ends of the pipes; -1: at its end */
    long count;
    double last;                /* time of the last frame */
    char *address;              /* what ffmpeg is told to open */
    ffmpeg_log said;
} decoder;

/* ---- the program ------------------------------------------------------------------- */

static bool is_address(const char *path) { return strstr(path, "://") != NULL; }

/* "file:" in front: a name may begin with a dash or have colons in it. */
static char *address_of(const char *path)
{
    const size_t room = strlen(path) + 6;
    char *a = malloc(room);
    if (a)
        snprintf(a, room, "%s%s", is_address(path) ? "" : "file:", path);
    return a;
}

static bool pipe_for_child(int end[2])
{
    if (pipe(end))
        return false;
    fcntl(end[0], F_SETFD, FD_CLOEXEC);
    fcntl(end[1], F_SETFD, FD_CLOEXEC);
    return true;
}

static int start(decoder *d)
{
    /* Behind showinfo, times only have to rise for ffmpeg to be content. */
    static const char filter[] = "showinfo=checksum=0,settb=1/1000000,setpts='"
        "if(isnan(PREV_OUTPTS),PTS,if(gt(PTS,PREV_OUTPTS),PTS,PREV_OUTPTS+1))'";
    const char *const argv[] = {
        "ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-loglevel", "repeat+level+info",
        "-i", d->address, "-map", "0:V:0", "-vf", filter, "-fps_mode", "passthrough",
        "-enc_time_base", "1:1000000", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1", NULL,
    };
    int frames[2], log[2];
    if (!pipe_for_child(frames))
        return errno;
    if (!pipe_for_child(log)) {
        close(frames[0]);
        close(frames[1]);
        return errno;
    }
#ifdef F_SETPIPE_SZ
    /* Fewer changes between the two programs.  If it is refused, that is fine. */
    (void)fcntl(frames[0], F_SETPIPE_SZ, 1 << 20);
#endif
    const int fd[4] = { -1, frames[1], log[1], -1 };
    const int why = cli_spawn_start(argv, NULL, fd, &d->pid);
    if (why)
        d->pid = 0;
    close(frames[1]);
    close(log[1]);
    d->frames = frames[0];
    d->log = log[0];
    return why;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_decoder(cli_video *v)
{
    decoder *d = v->self;
    shut(&d->frames);
    shut(&d->log);
    if (d->pid > 0) {
        kill(-d->pid, SIGKILL);         /* it only reads: there is nothing to lose */
        cli_spawn_wait(d->pid);
    }
    free(d->address);
    free(d);
}

/* ---- both pipes -------------------------------------------------------------------- */

static void read_log(decoder *d)
{
    char text[4096];
    size_t most = ffmpeg_log_room(&d->said);
    most = most < sizeof text ? most : sizeof text;
    const ssize_t n = read(d->log, text, most);
    if (n > 0)
        ffmpeg_log_add(&d->said, text, (size_t)n);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        shut(&d->log);
}

/* Wait until one of the pipes has something.  Up to `want` bytes of a frame go to
 * `to`; gives how many.  want = 0: look at the log only. */
static size_t pump(decoder *d, void *to, size_t want)
{
    struct pollfd p[2] = {
        { .fd = want ? d->frames : -1, .events = POLLIN },
        { .fd = ffmpeg_log_room(&d->said) ? d->log : -1, .events = POLLIN },
    };
    if (poll(p, 2, LOOK_UP_MS) <= 0)
        return 0;
    if (p[1].revents)
        read_log(d);
    if (!p[0].revents)
        return 0;
    const ssize_t n = read(d->frames, to, want);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        shut(&d->frames);
    return n > 0 ? (size_t)n : 0;
}

/* All has been read: what does ffmpeg say at the end?  Its log may be long. */
static int end_of(decoder *d)
{
    ffmpeg_frame unused;
    while (d->log >= 0 && !cli_interrupted()) {
        while (ffmpeg_log_take(&d->said, &unused)) {
        }
        pump(d, NULL, 0);
    }
    if (cli_interrupted() || d->pid <= 0)
        return 0;
    const int status = cli_spawn_wait(d->pid);
    d->pid = 0;
    return status;
}

static tsr_status at_the_end(cli_video *v, bool cut, tsr_error *err)
{
    decoder *d = v->self;
    const int status = end_of(d);
    const char *why = d->said.error;
    if (cli_interrupted())
        return TSR_OK;
    if (strstr(why, "matches no streams"))
        return tsr_fail(err, TSR_BAD_FILE, "'%s' has no pictures in it: it is no video", v->name);
    if (d->count == 0 && !*why && status == 0 && !cut)
        return tsr_fail(err, TSR_BAD_FILE, "'%s' has no frames", v->name);
    if (d->count == 0)
        return tsr_fail(err, TSR_BAD_FILE, "ffmpeg cannot read '%s': %s", v->name,
                        *why ? why : "it does not say why");
    if (status || *why || cut)
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is damaged or cut short: ffmpeg says '%s'; there "
                        "were %ld frames", v->name, *why ? why : "nothing, but stops", d->count);
    return TSR_OK;
}

/* ---- frames ------------------------------------------------------------------------ */

static tsr_status check_frame(cli_video *v, const ffmpeg_frame *f, double *seconds,
                              tsr_error *err)
{
    decoder *d = v->self;
    if (f->width != v->width || f->height != v->height)
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' changes its size at frame %ld, from %d x %d "
                        "to %d x %d pixels", v->name, d->count, v->width, v->height, f->width,
                        f->height);
    /* A frame without a time follows the last one as usual. */
    const double usual = v->rate.num ? (double)v->rate.den / v->rate.num : 0;
    *seconds = isfinite(f->seconds) ? f->seconds : d->count ? d->last + usual : 0;
    d->last = *seconds;
    d->count++;
    return TSR_OK;
}

static tsr_status read_frame(cli_video *v, const tsr_image *to, double *seconds, bool *end,
                             tsr_error *err)
{
    decoder *d = v->self;
    uint8_t unwanted[1 << 14];
    const size_t bytes = 3 * (size_t)v->width * (size_t)v->height;
    size_t got = 0;
    while ((got < bytes || !d->said.count) && d->frames >= 0 && !cli_interrupted()) {
        size_t want = bytes - got;
        if (!to && want > sizeof unwanted)
            want = sizeof unwanted;
        got += pump(d, to ? to->rgb + got : unwanted, want);
    }
    ffmpeg_frame f;
    if (got == bytes && ffmpeg_log_take(&d->said, &f))
        return check_frame(v, &f, seconds, err);
    *end = true;
    return at_the_end(v, got > 0, err);
}

/* The first frame is told before it comes, and says how large all of them are. */
static tsr_status learn_size(cli_video *v, tsr_error *err)
{
    decoder *d = v->self;
    while (!d->said.count && d->log >= 0 && !cli_interrupted())
        pump(d, NULL, 0);
    if (!d->said.count) {
        const tsr_status s = at_the_end(v, false, err);
        return s != TSR_OK ? s : tsr_fail(err, TSR_BAD_FILE, "'%s': interrupted", v->name);
    }
    const ffmpeg_frame *f = &d->said.frame[d->said.first];
    if (f->width < 1 || f->height < 1 || f->width > MAX_SIDE || f->height > MAX_SIDE ||
        (long long)f->width * f->height > MAX_PIXELS)
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' has frames of %d x %d pixels", v->name,
                        f->width, f->height);
    v->width = f->width;
    v->height = f->height;
    v->rate = (cli_rate){ d->said.rate_num, d->said.rate_num ? d->said.rate_den : 1 };
    v->length = d->said.length;
    return TSR_OK;
}

tsr_status cli_video_open_ffmpeg(const char *path, cli_video *v, tsr_error *err)
{
    *v = (cli_video){ .name = path, .live = is_address(path), .read = read_frame,
                      .close = close_decoder };
    decoder *d = calloc(1, sizeof *d);
    char *address = address_of(path);
    if (!d || !address) {
        free(d);
        free(address);
        *v = (cli_video){ 0 };
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for '%s'", path);
    }
    *d = (decoder){ .frames = -1, .log = -1, .address = address };
    v->self = d;
    const int why = start(d);
    if (why)
        return tsr_fail(err, TSR_UNSUPPORTED, why == ENOENT ? "'%s' is a video, and the program "
                        "ffmpeg, which reads videos, is not installed" : "'%s': the program "
                        "ffmpeg, which reads videos, cannot be started: %s", path, strerror(why));
    return learn_size(v, err);
}
