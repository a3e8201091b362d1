/*
 * camera.c - frames from a V4L2 camera (Linux).
 *
 * The driver fills a few buffers that are mapped into this program, one after the
 * other: VIDIOC_QBUF hands one to the driver, VIDIOC_DQBUF gets a full one back.  What
 * nearly all cameras offer is YUYV, two pixels in four bytes Y U Y V, and MJPEG, a JPEG
 * a frame.  (Linux Media Infrastructure API, part I: Video for Linux.)
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "cli/image.h"
#include "cli/video/mjpeg.h"
#include "cli/spawn.h"
#include "cli/video/video.h"
#include "cli/video/yuv.h"

#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFERS = 4, LOOK_UP_MS = 100, PATIENCE_MS = 5000 };

typedef struct {
    int fd;
    bool streams;
    struct v4l2_pix_format form;
    int buffers;
    struct { void *start; size_t length; } buffer[BUFFERS];
    uint8_t *jpeg;              /* room for a frame and the tables it may lack */
    double first;               /* time of the first frame; < 0: none yet */
} camera;

static int call(const camera *c, unsigned long request, void *arg)
{
    int r;
    do
        r = ioctl(c->fd, request, arg);
    while (r < 0 && errno == EINTR && !cli_interrupted());
    return r;
}

static tsr_status cannot(const cli_video *v, const char *what, tsr_error *err)
{
    if (errno == EBUSY)
        return tsr_fail(err, TSR_BAD_FILE, "the camera '%s' is busy: another program uses it",
                        v->name);
    return tsr_fail(err, TSR_BAD_FILE, errno == ENODEV ? "the camera '%s' is gone: was it "
                    "unplugged?" : "the camera '%s' %s: %s", v->name, what, strerror(errno));
}

/* ---- opening ----------------------------------------------------------------------- */

static tsr_status check_device(const cli_video *v, const camera *c, tsr_error *err)
{
    struct v4l2_capability cap = { 0 };
    if (call(c, VIDIOC_QUERYCAP, &cap))
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is no camera", v->name);
    const unsigned can = cap.capabilities & V4L2_CAP_DEVICE_CAPS ? cap.device_caps
                                                                 : cap.capabilities;
    if (!(can & V4L2_CAP_VIDEO_CAPTURE))
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' is a video device, but gives no pictures (a "
                        "camera often has a second device for its data: try the one before)",
                        v->name);
    if (!(can & V4L2_CAP_STREAMING))
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' cannot stream", v->name);
    return TSR_OK;
}

/* The driver gives what comes nearest to the wish. */
static tsr_status choose_format(cli_video *v, camera *c, int width, int height, tsr_error *err)
{
    static const unsigned wish[] = { V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG };
    struct v4l2_format f = { 0 };
    bool good = false;
    for (int i = 0; i < 2 && !good; i++) {
        f = (struct v4l2_format){ .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
        f.fmt.pix.width = (unsigned)width;
        f.fmt.pix.height = (unsigned)height;
        f.fmt.pix.pixelformat = wish[i];
        f.fmt.pix.field = V4L2_FIELD_ANY;
        if (call(c, VIDIOC_S_FMT, &f))
            return cannot(v, "takes no format", err);
        good = f.fmt.pix.pixelformat == V4L2_PIX_FMT_YUYV ||
               f.fmt.pix.pixelformat == V4L2_PIX_FMT_MJPEG ||
               f.fmt.pix.pixelformat == V4L2_PIX_FMT_JPEG;
    }
    c->form = f.fmt.pix;
    if (!good)
        return tsr_fail(err, TSR_UNSUPPORTED, "the camera '%s' gives neither YUYV nor MJPEG",
                        v->name);
    if (c->form.width < 1 || c->form.height < 1 || c->form.width > 1 << 14 ||
        c->form.height > 1 << 14)
        return tsr_fail(err, TSR_UNSUPPORTED, "the camera '%s' gives pictures of %u x %u pixels",
                        v->name, c->form.width, c->form.height);
    if (c->form.pixelformat == V4L2_PIX_FMT_YUYV && c->form.bytesperline < 2 * c->form.width)
        c->form.bytesperline = 2 * c->form.width;
    v->width = (int)c->form.width;
    v->height = (int)c->form.height;
    return TSR_OK;
}

/* How many frames a second it means to give; not all drivers know. */
static cli_rate usual_rate(const camera *c)
{
    struct v4l2_streamparm p = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
    if (call(c, VIDIOC_G_PARM, &p))
        return (cli_rate){ 0, 1 };
    const struct v4l2_fract t = p.parm.capture.timeperframe;
    const bool sane = t.numerator > 0 && t.denominator > 0 && t.numerator <= 1u << 24 &&
                      t.denominator <= 1u << 24;
    return sane ? (cli_rate){ (int)t.denominator, (int)t.numerator } : (cli_rate){ 0, 1 };
}

static struct v4l2_buffer buffer_number(int i)
{
    return (struct v4l2_buffer){ .index = (unsigned)i, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                 .memory = V4L2_MEMORY_MMAP };
}

static tsr_status map_buffers(const cli_video *v, camera *c, tsr_error *err)
{
    struct v4l2_requestbuffers r = { .count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                     .memory = V4L2_MEMORY_MMAP };
    size_t largest = 0;
    if (call(c, VIDIOC_REQBUFS, &r))
        return cannot(v, "gives no buffers", err);
    if (r.count < 1)
        return tsr_fail(err, TSR_BAD_FILE, "the camera '%s' gives no buffers", v->name);
    const int count = r.count < BUFFERS ? (int)r.count : BUFFERS;
    while (c->buffers < count) {
        struct v4l2_buffer b = buffer_number(c->buffers);
        if (call(c, VIDIOC_QUERYBUF, &b))
            return cannot(v, "gives no buffers", err);
        void *start = mmap(NULL, b.length, PROT_READ, MAP_SHARED, c->fd, (off_t)b.m.offset);
        if (start == MAP_FAILED)
            return cannot(v, "gives buffers that cannot be mapped", err);
        c->buffer[c->buffers].start = start;
        c->buffer[c->buffers++].length = b.length;
        largest = b.length > largest ? b.length : largest;
        if (call(c, VIDIOC_QBUF, &b))
            return cannot(v, "takes no buffers", err);
    }
    c->jpeg = malloc(largest + CLI_MJPEG_TABLES);
    return c->jpeg ? TSR_OK : tsr_fail(err, TSR_NO_MEMORY, "no memory left for a frame");
}

/* ---- frames ------------------------------------------------------------------------ */

static void convert(const camera *c, const uint8_t *bytes, const tsr_image *to)
{
    const cli_yuv yuyv = {
        .y = bytes, .u = bytes + 1, .v = bytes + 3, .y_step = 2, .c_step = 4, .shift_x = 1,
        .y_stride = (int)c->form.bytesperline, .c_stride = (int)c->form.bytesperline,
    };
    const bool hd = c->form.ycbcr_enc == V4L2_YCBCR_ENC_709 ||
                    (c->form.ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT &&
                     c->form.colorspace == V4L2_COLORSPACE_REC709);
    const cli_yuv_color color = { hd ? CLI_BT709 : CLI_BT601,
                                  c->form.quantization == V4L2_QUANTIZATION_FULL_RANGE };
    cli_yuv_to_rgb(&yuyv, color, to);
}

static tsr_status decode(const cli_video *v, const camera *c, const struct v4l2_buffer *b,
                         const tsr_image *to, bool *good, tsr_error *err)
{
    const uint8_t *bytes = c->buffer[b->index].start;
    *good = false;
    if (c->form.pixelformat == V4L2_PIX_FMT_YUYV) {
        const size_t line = c->form.bytesperline;
        *good = b->bytesused >= line * (c->form.height - 1) + 2 * c->form.width;
        if (*good)
            convert(c, bytes, to);
        return TSR_OK;
    }
    tsr_image p;
    const size_t n = cli_mjpeg_complete(bytes, b->bytesused, c->jpeg);
    if (cli_image_decode(v->name, c->jpeg, n, &p, NULL) != TSR_OK)
        return TSR_OK;                          /* cameras drop bytes now and then */
    const bool same = p.width == v->width && p.height == v->height;
    for (int y = 0; same && y < p.height; y++)
        memcpy(to->rgb + (size_t)y * (size_t)to->stride, p.rgb + (size_t)y * (size_t)p.stride,
               3 * (size_t)p.width);
    const int width = p.width, height = p.height;
    cli_image_free(&p);
    *good = same;
    return same ? TSR_OK : tsr_fail(err, TSR_UNSUPPORTED, "the camera '%s' changes the size of "
                                    "its pictures from %d x %d to %d x %d", v->name, v->width,
                                    v->height, width, height);
}

/* Wait for a full buffer.  *end: somebody interrupts. */
static tsr_status take(const cli_video *v, const camera *c, struct v4l2_buffer *b, bool *end,
                       tsr_error *err)
{
    for (int waited = 0; waited < PATIENCE_MS && !cli_interrupted(); waited += LOOK_UP_MS) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };
        const int ready = poll(&p, 1, LOOK_UP_MS);
        if (ready <= 0)
            continue;
        *b = buffer_number(0);
        if (!call(c, VIDIOC_DQBUF, b) && b->index < (unsigned)c->buffers)
            return TSR_OK;
        if (errno != EAGAIN)
            return cannot(v, "gives no more pictures", err);
    }
    *end = cli_interrupted();
    return *end ? TSR_OK : tsr_fail(err, TSR_BAD_FILE, "the camera '%s' has given no picture for "
                                    "%d seconds", v->name, PATIENCE_MS / 1000);
}

static tsr_status read_frame(cli_video *v, const tsr_image *to, double *seconds, bool *end,
                             tsr_error *err)
{
    camera *c = v->self;
    for (;;) {
        struct v4l2_buffer b;
        bool good = !to;
        TSR_TRY(take(v, c, &b, end, err));
        if (*end)
            return TSR_OK;
        tsr_status s = TSR_OK;
        if (to && !(b.flags & V4L2_BUF_FLAG_ERROR))
            s = decode(v, c, &b, to, &good, err);
        const double now = (double)b.timestamp.tv_sec + (double)b.timestamp.tv_usec / 1e6;
        if (call(c, VIDIOC_QBUF, &b) && s == TSR_OK)
            s = cannot(v, "takes its buffers back no more", err);
        if (c->first < 0)
            c->first = now;
        *seconds = now - c->first;
        if (good || s != TSR_OK)
            return s;
    }
}

static void close_camera(cli_video *v)
{
    camera *c = v->self;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (c->streams)
        call(c, VIDIOC_STREAMOFF, &type);
    for (int i = 0; i < c->buffers; i++)
        munmap(c->buffer[i].start, c->buffer[i].length);
    if (c->fd >= 0)
        close(c->fd);
    free(c->jpeg);
    free(c);
}

static tsr_status start(cli_video *v, camera *c, int width, int height, tsr_error *err)
{
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    c->fd = open(v->name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (c->fd < 0 && errno == EBUSY)
        return cannot(v, "", err);
    if (c->fd < 0)
        return tsr_fail(err, TSR_BAD_FILE, "cannot open the camera '%s': %s", v->name,
                        strerror(errno));
    TSR_TRY(check_device(v, c, err));
    TSR_TRY(choose_format(v, c, width, height, err));
    v->rate = usual_rate(c);
    TSR_TRY(map_buffers(v, c, err));
    if (call(c, VIDIOC_STREAMON, &type))
        return cannot(v, "does not start", err);
    c->streams = true;
    return TSR_OK;
}

tsr_status cli_video_open_camera(const char *device, int width, int height, cli_video *v,
                                 tsr_error *err)
{
    camera *c = calloc(1, sizeof *c);
    *v = (cli_video){ 0 };
    if (!c)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the camera '%s'", device);
    c->fd = -1;
    c->first = -1;
    *v = (cli_video){ .name = device, .live = true, .self = c, .read = read_frame,
                      .close = close_camera };
    return start(v, c, width, height, err);
}

#else

tsr_status cli_video_open_camera(const char *device, int width, int height, cli_video *v,
                                 tsr_error *err)
{
    (void)width, (void)height;
    *v = (cli_video){ 0 };
    return tsr_fail(err, TSR_UNSUPPORTED, "cannot open the camera '%s': cameras are read on Linux "
                    "only", device);
}

#endif
