/*
 * y4m_in.c - YUV4MPEG2 read; see y4m.h.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/spawn.h"
#include "cli/video/y4m.h"

enum { MAX_PIXELS = 1 << 28, MAX_SIDE = 1 << 16 };

bool cli_is_y4m(const char *header) { return !strncmp(header, "YUV4MPEG2", 9); }

/* ---- the first line ---------------------------------------------------------------- */

static bool parse_ratio(const char *s, cli_rate *r)
{
    char *end;
    const long n = strtol(s, &end, 10), d = *end == ':' ? strtol(end + 1, &end, 10) : 0;
    const bool sane = n > 0 && d > 0 && n <= 100000000 && d <= 100000000;
    *r = sane ? (cli_rate){ (int)n, (int)d } : (cli_rate){ 0, 1 };
    return n >= 0 && d >= 0;
}

static bool parse_colors(const char *s, cli_y4m *y)
{
    static const struct { const char *name; int x, y; bool grey; } known[] = {
        { "420", 1, 1, false }, { "420jpeg", 1, 1, false }, { "420mpeg2", 1, 1, false },
        { "420paldv", 1, 1, false }, { "422", 1, 0, false }, { "444", 0, 0, false },
        { "411", 2, 0, false }, { "mono", 0, 0, true },
    };
    const size_t n = strcspn(s, " ");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == n && !strncmp(s, known[i].name, n)) {
            y->shift_x = known[i].x;
            y->shift_y = known[i].y;
            y->grey = known[i].grey;
            return true;
        }
    return false;
}

static int side_of(const char *s)
{
    char *end;
    const long v = strtol(s, &end, 10);
    return (*end == ' ' || !*end) && v >= 1 && v <= MAX_SIDE ? (int)v : 0;
}

tsr_status cli_y4m_parse(const char *name, const char *line, cli_y4m *y, tsr_error *err)
{
    bool full = false, good = cli_is_y4m(line);
    *y = (cli_y4m){ .shift_x = 1, .shift_y = 1, .rate = { 0, 1 } };
    for (const char *s = strchr(line, ' '); s; s = strchr(s, ' ')) {
        s++;
        switch (*s) {
        case 'W': y->width = side_of(s + 1); break;
        case 'H': y->height = side_of(s + 1); break;
        case 'F': good = good && parse_ratio(s + 1, &y->rate); break;
        case 'C':
            if (!parse_colors(s + 1, y))
                return tsr_fail(err, TSR_UNSUPPORTED, "'%s': its pixels are not of a kind that is "
                                "read (420, 422, 444, 411, mono with 8 bits), but 'C%.20s'",
                                name, s + 1);
            break;
        case 'X': full = full || !strncmp(s, "XCOLORRANGE=FULL", 16); break;
        default: break;                         /* interlacing, aspect: as they come */
        }
    }
    if (!good || !y->width || !y->height || (long long)y->width * y->height > MAX_PIXELS)
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is no proper YUV4MPEG2 video: its first line "
                        "is '%.60s'", name, line);
    y->color = cli_yuv_usual(y->width, y->height);
    y->color.full = full;
    return TSR_OK;
}

/* ---- frames ------------------------------------------------------------------------ */

static size_t chroma_width(const cli_y4m *y)
{
    return ((size_t)y->width + (1u << y->shift_x) - 1) >> y->shift_x;
}

static size_t chroma_bytes(const cli_y4m *y)
{
    return chroma_width(y) * (((size_t)y->height + (1u << y->shift_y) - 1) >> y->shift_y);
}

size_t cli_y4m_bytes(const cli_y4m *y)
{
    return (size_t)y->width * (size_t)y->height + (y->grey ? 0 : 2 * chroma_bytes(y));
}

cli_yuv cli_y4m_planes(const cli_y4m *y, const uint8_t *frame)
{
    const uint8_t *u = frame + (size_t)y->width * (size_t)y->height;
    return (cli_yuv){
        .y = frame, .y_step = 1, .y_stride = y->width,
        .u = y->grey ? NULL : u, .v = y->grey ? NULL : u + chroma_bytes(y),
        .c_step = 1, .c_stride = (int)chroma_width(y),
        .shift_x = y->shift_x, .shift_y = y->shift_y,
    };
}

typedef struct {
    cli_instream *from;
    cli_y4m form;
    long frames;
    char *line;
    size_t room;
    uint8_t frame[];            /* the planes */
} stream;

static tsr_status ended(cli_video *v, bool *end, tsr_error *err)
{
    const stream *s = v->self;
    *end = true;
    if (s->from->error)
        return tsr_fail(err, TSR_BAD_FILE, "cannot read '%s': %s", v->name,
                        strerror(s->from->error));
    if (s->frames == 0 && !cli_interrupted())
        return tsr_fail(err, TSR_BAD_FILE, "'%s' has no frames", v->name);
    return TSR_OK;
}

static tsr_status read_frame(cli_video *v, const tsr_image *to, double *seconds, bool *end,
                             tsr_error *err)
{
    stream *s = v->self;
    const size_t bytes = cli_y4m_bytes(&s->form);
    if (cli_instream_line(s->from, &s->line, &s->room) < 0)
        return ended(v, end, err);
    if (cli_is_y4m(s->line))
        return tsr_fail(err, TSR_BAD_FILE, "'%s': after frame %ld another video begins ('%.60s')",
                        v->name, s->frames, s->line);
    if (strncmp(s->line, "FRAME", 5))
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is damaged: there is no frame %ld where it "
                        "should begin", v->name, s->frames);
    if (cli_instream_read(s->from, s->frame, bytes) < bytes) {
        if (s->from->error || cli_interrupted())
            return ended(v, end, err);
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is cut short: frame %ld is not complete",
                        v->name, s->frames);
    }
    const cli_yuv planes = cli_y4m_planes(&s->form, s->frame);
    if (to)
        cli_yuv_to_rgb(&planes, s->form.color, to);
    *seconds = (double)s->frames++ * v->rate.den / v->rate.num;
    return TSR_OK;
}

static void close_stream(cli_video *v)
{
    free(((stream *)v->self)->line);
    free(v->self);
}

tsr_status cli_video_open_y4m(cli_instream *from, const char *header, const char *name,
                              cli_video *v, tsr_error *err)
{
    cli_y4m form;
    *v = (cli_video){ 0 };
    TSR_TRY(cli_y4m_parse(name, header, &form, err));
    if (!form.rate.num)
        form.rate = (cli_rate){ 25, 1 };
    stream *s = calloc(1, sizeof *s + cli_y4m_bytes(&form));
    if (!s)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for a frame of %d x %d pixels",
                        form.width, form.height);
    s->from = from;
    s->form = form;
    *v = (cli_video){ .name = name, .width = form.width, .height = form.height,
                      .rate = form.rate, .self = s, .read = read_frame, .close = close_stream };
    return TSR_OK;
}
