/*
 * video.c - which kind of video is it?  See video.h.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stb/stb_image.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "cli/video/video.h"

/* ---- in ---------------------------------------------------------------------------- */

static bool ends_like(const char *path, const char *const *endings)
{
    const char *dot = strrchr(cli_path_base(path), '.');
    for (; dot && *endings; endings++)
        if (!strcasecmp(dot + 1, *endings))
            return true;
    return false;
}

/* What containers of videos begin with. */
static bool begins_like_video(const uint8_t *b, size_t n)
{
    static const struct { int at; const char *bytes; } known[] = {
        { 0, "YUV4MPEG2" }, { 0, "\x1A\x45\xDF\xA3" },          /* Matroska, WebM */
        { 8, "AVI " }, { 0, "FLV\x01" }, { 0, "OggS" }, { 0, "DKIF" },
        { 0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11" },              /* ASF, WMV */
        { 4, "moov" }, { 4, "mdat" }, { 4, "wide" },            /* QuickTime */
    };
    static const char *const still[] = { "heic", "heix", "mif1", "avif" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t length = strlen(known[i].bytes), at = (size_t)known[i].at;
        if (n >= at + length && !memcmp(b + at, known[i].bytes, length))
            return true;
    }
    if (n >= 4 && b[0] == 0 && b[1] == 0 && b[2] == 1 && (b[3] == 0xBA || b[3] == 0xB3))
        return true;                                            /* MPEG program stream */
    bool mp4 = n >= 12 && !memcmp(b + 4, "ftyp", 4);
    for (size_t i = 0; mp4 && i < sizeof still / sizeof *still; i++)
        mp4 = memcmp(b + 8, still[i], 4) != 0;
    return mp4 || (n > 188 && b[0] == 0x47 && b[188] == 0x47);  /* MPEG transport stream */
}

bool cli_is_video(const char *path)
{
    static const char *const endings[] = {
        "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts", "flv",
        "ogv", "wmv", "3gp", "y4m", "ivf", "h264", "264", "hevc", "265", "mxf", "mjpeg", NULL
    };
    uint8_t begin[256];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT && strstr(path, "://");
    const ssize_t n = pread(fd, begin, sizeof begin, 0);        /* a pipe refuses */
    close(fd);
    int w, h, channels;
    if (n > 0 && begins_like_video(begin, (size_t)n))
        return true;
    return n > 0 && ends_like(path, endings) &&
           !stbi_info_from_memory(begin, (int)n, &w, &h, &channels);
}

/* A file, or a pipe with a name, whose stream is closed with the video. */
typedef struct {
    cli_instream from;
    cli_video inner;
    char *header;
} y4m_file;

static tsr_status read_y4m_file(cli_video *v, const tsr_image *to, double *seconds, bool *end,
                                tsr_error *err)
{
    cli_video *inner = &((y4m_file *)v->self)->inner;
    return inner->read(inner, to, seconds, end, err);
}

static void close_y4m_file(cli_video *v)
{
    y4m_file *f = v->self;
    cli_video_close(&f->inner);
    close(f->from.fd);
    free(f->header);
    free(f);
}

static tsr_status open_y4m_file(const char *path, int fd, cli_video *v, tsr_error *err)
{
    y4m_file *f = calloc(1, sizeof *f);
    if (!f) {
        close(fd);
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for '%s'", path);
    }
    size_t room = 0;
    cli_instream_open(&f->from, fd);
    *v = (cli_video){ .self = f, .read = read_y4m_file, .close = close_y4m_file };
    if (cli_instream_line(&f->from, &f->header, &room) < 0)
        return tsr_fail(err, TSR_BAD_FILE, "cannot read '%s'", path);
    const tsr_status s = cli_video_open_y4m(&f->from, f->header, path, &f->inner, err);
    v->name = path;
    v->width = f->inner.width;
    v->height = f->inner.height;
    v->rate = f->inner.rate;
    return s;
}

tsr_status cli_video_open(const char *path, cli_video *v, tsr_error *err)
{
    char begin[9] = "";
    *v = (cli_video){ 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && pread(fd, begin, sizeof begin, 0) == sizeof begin &&
        !memcmp(begin, "YUV4MPEG2", sizeof begin))
        return open_y4m_file(path, fd, v, err);
    if (fd >= 0)
        close(fd);
    return cli_video_open_ffmpeg(path, v, err);
}

void cli_video_close(cli_video *v)
{
    if (v->self)
        v->close(v);
    *v = (cli_video){ 0 };
}

/* ---- out --------------------------------------------------------------------------- */

bool cli_video_can_save(const char *path)
{
    static const char *const endings[] = { "mp4", "mkv", "mov", "y4m", NULL };
    return !strcmp(path, "-") || ends_like(path, endings);
}

tsr_status cli_video_create(const char *path, int width, int height, cli_rate rate,
                            cli_video_out *o, tsr_error *err)
{
    static const char *const y4m[] = { "y4m", NULL };
    *o = (cli_video_out){ 0 };
    if (!cli_video_can_save(path))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "cannot tell the format of '%s': for a video, the "
                        "name should end in .mp4, .mkv, .mov or .y4m", path);
    return !strcmp(path, "-") || ends_like(path, y4m)
         ? cli_video_create_y4m(path, width, height, rate, o, err)
         : cli_video_create_ffmpeg(path, width, height, rate, o, err);
}

tsr_status cli_video_finish(cli_video_out *o, tsr_error *err)
{
    const tsr_status s = o->self ? o->finish(o, err) : TSR_OK;
    *o = (cli_video_out){ 0 };
    return s;
}

void cli_video_abandon(cli_video_out *o)
{
    if (o->self)
        o->abandon(o);
    *o = (cli_video_out){ 0 };
}
