/*
 * test_camera.c - a V4L2 camera, played by this file: the linker sends the program's
 * calls of ioctl here (--wrap=ioctl).  The "device" is a file whose pages are the
 * driver's buffers, so open, mmap and poll are the real ones.
 *
 * The driver here is as strict as the kernel's documentation: calls out of order,
 * buffers queued twice, a stream that is not stopped are all failures.
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "tests/fixture.h"
#include <errno.h>
#include <fcntl.h>
#include <stb/stb_image_write.h>
#include <unistd.h>
#include "cli/image.h"
#include "cli/video/video.h"

#ifdef __linux__
#include <linux/videodev2.h>

enum { SLOT = 1 << 16, MOST = 4 };

static struct {
    int fd;
    char path[40];
    unsigned caps, offers, width, height;       /* what it can; the format it has */
    unsigned long fails;                        /* this request fails ... */
    int why, after;                             /* ... with that, after so many */
    int requests;
    bool streams, queued[MOST];
    unsigned buffers, next;
    long frame;
    unsigned flags;                             /* of the next buffers */
    const uint8_t *data;                        /* what every frame holds; NULL: made here */
    unsigned bytes;
} cam;

/* YUYV of frame n: Y counts, U and V are constant. */
static void fill(uint8_t *p, long n)
{
    for (unsigned i = 0; i < cam.width * cam.height; i++) {
        p[2 * i] = (uint8_t)(16 + (n * 7 + i) % 200);
        p[2 * i + 1] = i & 1 ? 90 : 170;
    }
}

static int no(int why)
{
    errno = why;
    return -1;
}

static int set_format(struct v4l2_format *f)
{
    assert_int_equal(f->type, V4L2_BUF_TYPE_VIDEO_CAPTURE);
    assert_int_equal(cam.buffers, 0);           /* EBUSY in a real driver */
    if (cam.offers)
        f->fmt.pix.pixelformat = cam.offers;
    f->fmt.pix.width = cam.width;
    f->fmt.pix.height = cam.height;
    f->fmt.pix.bytesperline = f->fmt.pix.pixelformat == V4L2_PIX_FMT_YUYV ? 2 * cam.width : 0;
    f->fmt.pix.sizeimage = SLOT;
    return 0;
}

static int queue(const struct v4l2_buffer *b)
{
    assert_int_equal(b->memory, V4L2_MEMORY_MMAP);
    assert_true(b->index < cam.buffers && !cam.queued[b->index]);
    cam.queued[b->index] = true;
    return 0;
}

static int dequeue(struct v4l2_buffer *b)
{
    static uint8_t page[SLOT];
    assert_true(cam.streams);
    if (!cam.queued[cam.next])
        return no(EAGAIN);
    *b = (struct v4l2_buffer){ .index = cam.next, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                               .memory = V4L2_MEMORY_MMAP, .flags = cam.flags };
    cam.queued[cam.next] = false;
    cam.next = (cam.next + 1) % cam.buffers;
    b->timestamp.tv_sec = 1000 + cam.frame / 10;
    b->timestamp.tv_usec = cam.frame % 10 * 100000;
    b->bytesused = cam.data ? cam.bytes : 2 * cam.width * cam.height;
    if (cam.data)
        memcpy(page, cam.data, cam.bytes);
    else
        fill(page, cam.frame);
    cam.frame++;
    assert_int_equal(pwrite(cam.fd, page, SLOT, (off_t)b->index * SLOT), SLOT);
    return 0;
}

int __wrap_ioctl(int fd, unsigned long request, void *arg);

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
    struct v4l2_capability *cap = arg;
    struct v4l2_requestbuffers *r = arg;
    struct v4l2_buffer *b = arg;
    struct v4l2_streamparm *p = arg;
    (void)fd;
    if (request == cam.fails && cam.after-- <= 0)
        return no(cam.why);
    cam.requests++;
    switch (request) {
    case VIDIOC_QUERYCAP:
        *cap = (struct v4l2_capability){ .capabilities = cam.caps };
        return 0;
    case VIDIOC_S_FMT: return set_format(arg);
    case VIDIOC_G_PARM:
        p->parm.capture.timeperframe = (struct v4l2_fract){ 1, 10 };
        return 0;
    case VIDIOC_REQBUFS:
        cam.buffers = r->count = r->count < 3 ? r->count : 3;   /* fewer than wished */
        return 0;
    case VIDIOC_QUERYBUF:
        b->length = SLOT;
        b->m.offset = b->index * SLOT;
        return b->index < cam.buffers ? 0 : no(EINVAL);
    case VIDIOC_QBUF: return queue(arg);
    case VIDIOC_DQBUF: return dequeue(arg);
    case VIDIOC_STREAMON: cam.streams = true; return 0;
    case VIDIOC_STREAMOFF: cam.streams = false; return 0;
    default: return no(ENOTTY);
    }
}

static int plug_in(void **state)
{
    (void)state;
    memset(&cam, 0, sizeof cam);
    strcpy(cam.path, "/tmp/tarsier-camera-XXXXXX");
    cam.fd = mkstemp(cam.path);
    cam.caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    cam.width = 64;
    cam.height = 48;
    return cam.fd < 0 || ftruncate(cam.fd, MOST * SLOT);
}

static int unplug(void **state)
{
    (void)state;
    unlink(cam.path);
    return close(cam.fd) || cam.streams;
}

static tsr_status open_camera(cli_video *v, tsr_error *err)
{
    *err = (tsr_error){ 0 };
    return cli_video_open_camera(cam.path, 640, 480, v, err);
}

static void test_yuyv(void **state)
{
    (void)state;
    cli_video v;
    tsr_error err;
    tsr_image p;
    assert_int_equal(open_camera(&v, &err), TSR_OK);
    assert_int_equal(v.width, 64);
    assert_int_equal(v.rate.num, 10);
    assert_true(v.live);
    assert_int_equal(cli_image_new(64, 48, &p, &err), TSR_OK);
    for (int n = 0; n < 20; n++) {
        double seconds = -1;
        bool end = false;
        const bool wanted = n % 3 != 1;
        assert_int_equal(v.read(&v, wanted ? &p : NULL, &seconds, &end, &err), TSR_OK);
        assert_false(end);
        assert_true(seconds > n / 10.0 - 1e-6 && seconds < n / 10.0 + 1e-6);
        /* BT.601: R = 1.164 (Y - 16) + 1.596 (V - 128) with V = 90, pixel by pixel */
        for (int i = 0; wanted && i < 64 * 48; i++) {
            const double y = (n * 7 + i) % 200, red = 255 / 219.0 * y + 1.596027 * (90 - 128);
            const double want = red < 0 ? 0 : red > 255 ? 255 : red;
            const double off = p.rgb[3 * i] - want;
            assert_true(off < 0.6 && off > -0.6);
        }
    }
    cli_image_free(&p);
    cli_video_close(&v);
    assert_false(cam.streams);
}

/* ---- MJPEG: with a damaged frame in between --------------------------------------------- */

static uint8_t jpeg[SLOT];
static unsigned jpeg_bytes;

static void append(void *unused, void *bytes, int n)
{
    (void)unused;
    memcpy(jpeg + jpeg_bytes, bytes, (size_t)n);
    jpeg_bytes += (unsigned)n;
}

static void make_jpeg(int width, int height)
{
    static uint8_t rgb[96 * 64 * 3];
    for (int i = 0; i < width * height; i++)
        memcpy(rgb + 3 * i, "\xC8\x64\x32", 3);
    jpeg_bytes = 0;
    assert_true(stbi_write_jpg_to_func(append, NULL, width, height, 3, rgb, 95));
    cam.data = jpeg;
    cam.bytes = jpeg_bytes;
}

static void test_mjpeg(void **state)
{
    (void)state;
    cli_video v;
    tsr_error err;
    tsr_image p;
    double seconds;
    bool end = false;
    cam.offers = V4L2_PIX_FMT_MJPEG;
    make_jpeg(64, 48);
    assert_int_equal(open_camera(&v, &err), TSR_OK);
    assert_int_equal(cli_image_new(64, 48, &p, &err), TSR_OK);
    assert_int_equal(v.read(&v, &p, &seconds, &end, &err), TSR_OK);
    assert_in_range(p.rgb[0], 0xC6, 0xCA);
    assert_in_range(p.rgb[2], 0x30, 0x34);
    cam.flags = V4L2_BUF_FLAG_ERROR;            /* such frames are passed over */
    cam.fails = VIDIOC_DQBUF;
    cam.after = 5;
    cam.why = ENODEV;
    assert_int_equal(v.read(&v, &p, &seconds, &end, &err), TSR_BAD_FILE);
    assert_non_null(strstr(err.text, "is gone: was it unplugged"));
    cam.fails = 0;
    cam.flags = 0;
    err = (tsr_error){ 0 };
    make_jpeg(96, 64);
    assert_int_equal(v.read(&v, &p, &seconds, &end, &err), TSR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "from 64 x 48 to 96 x 64"));
    cli_image_free(&p);
    cli_video_close(&v);
}

/* ---- refusals --------------------------------------------------------------------------- */

static void refused(const char *words)
{
    cli_video v;
    tsr_error err;
    assert_int_not_equal(open_camera(&v, &err), TSR_OK);
    if (!strstr(err.text, words) || !strstr(err.text, cam.path))
        fail_msg("'%s' should say '%s'", err.text, words);
    cli_video_close(&v);
    assert_false(cam.streams);
    cam.buffers = 0;
    memset(cam.queued, 0, sizeof cam.queued);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct { unsigned long request; int why; const char *words; } calls[] = {
        { VIDIOC_QUERYCAP, ENOTTY, "is no camera" },
        { VIDIOC_S_FMT, EBUSY, "is busy: another program uses it" },
        { VIDIOC_S_FMT, EINVAL, "takes no format" },
        { VIDIOC_REQBUFS, EBUSY, "is busy" },
        { VIDIOC_REQBUFS, ENOMEM, "gives no buffers" },
        { VIDIOC_QUERYBUF, EINVAL, "gives no buffers" },
        { VIDIOC_QBUF, EIO, "takes no buffers" },
        { VIDIOC_STREAMON, ENODEV, "is gone" },
        { VIDIOC_STREAMON, ENOSPC, "does not start" },
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (int after = 0; after < 2; after++) {
            cam.fails = calls[i].request;
            cam.why = calls[i].why;
            cam.after = calls[i].request == VIDIOC_QBUF ? after : 0;
            refused(calls[i].words);
        }
    cam.fails = 0;
    cam.offers = V4L2_PIX_FMT_H264;
    refused("gives neither YUYV nor MJPEG");
    cam.offers = 0;
    cam.width = 0;
    refused("pictures of 0 x 48");
    cam.width = 64;
    cam.caps = V4L2_CAP_STREAMING;
    refused("gives no pictures");
    cam.caps = V4L2_CAP_VIDEO_CAPTURE;
    refused("cannot stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_yuyv, plug_in, unplug),
        cmocka_unit_test_setup_teardown(test_mjpeg, plug_in, unplug),
        cmocka_unit_test_setup_teardown(test_refusals, plug_in, unplug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_nothing(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
