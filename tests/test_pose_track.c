/*
 * test_pose_track.c - people through a video that is made here: a photograph of five
 * people, panned, zoomed and turned by a known motion, with noise on every pixel.
 *
 * Because the motion is known, every joint of a frame can be carried back into the
 * photograph, where it should stand still: how far it wanders there is the tremble,
 * and its mean against that of unfiltered joints is the lag.
 * SPDX-License-Identifier: MIT
 */
#include "tests/chance.h"
#include "tests/fixture.h"
#include <math.h>
#include "cli/image.h"
#include "cli/pose_networks.h"

enum { FRAMES = 45, WIDTH = 480, HEIGHT = 360, PEOPLE = 5, POINTS = 17, WARM = 10 };

/* Where each joint of each person was, in the photograph. */
typedef struct {
    double x[PEOPLE][POINTS][FRAMES], y[PEOPLE][POINTS][FRAMES];
    bool there[PEOPLE][POINTS][FRAMES];
    int frames_of[PEOPLE];
} history;

/* Frame -> photograph at second t; the photograph is as large as a frame. */
static tsr_affine motion(double t, bool moving)
{
    const double zoom = moving ? 1.0 + 0.03 * sin(1.5 * t) : 1.0;
    const double angle = moving ? 0.05 * sin(2 * t) : 0;
    const double cx = WIDTH / 2 + (moving ? 20 * sin(1.2 * t) : 0);
    const double cy = HEIGHT / 2 + (moving ? 8 * sin(2.1 * t) : 0);
    const double c = zoom * cos(angle), s = zoom * sin(angle);
    return (tsr_affine){ {
        (float)c, (float)-s, (float)(cx - c * WIDTH / 2 + s * HEIGHT / 2),
        (float)s, (float)c, (float)(cy - s * WIDTH / 2 - c * HEIGHT / 2),
    } };
}

/* The photograph, a third as wide. */
static tsr_image small_photo(const char *path)
{
    tsr_image photo;
    tsr_error err = { 0 };
    assert_int_equal(cli_image_load(path, &photo, &err), TSR_OK);
    const tsr_image small = { malloc(WIDTH * HEIGHT * 3), WIDTH, HEIGHT, WIDTH * 3 };
    void *work = malloc(tsr_image_resize_bytes(photo.width, photo.height, WIDTH, HEIGHT));
    tsr_image_resize(&photo, &small, work);
    free(work);
    cli_image_free(&photo);
    return small;
}

/* Through the float pixels of a tensor, which tsr_picture_crop fills; then noise of up
 * to 12 levels either way. */
static void make_frame(const tsr_image *photo, const tsr_affine *a, uint32_t *seed,
                       const tsr_image *frame)
{
    static float pixels[HEIGHT * WIDTH * 3];
    const tsr_preprocess bytes = { .scale = { 1, 1, 1 } };
    tsr_tensor t = { .name = "frame", .dtype = TSR_F32, .rank = 4,
                     .dim = { 1, HEIGHT, WIDTH, 3 }, .data = pixels };
    tsr_error err = { 0 };
    assert_int_equal(tsr_picture_crop(&bytes, photo, a, &t, &err), TSR_OK);
    for (int i = 0; i < HEIGHT * WIDTH * 3; i++) {
        const float v = pixels[i] + (float)test_randu(seed) * 24 - 12;
        frame->rgb[i] = (uint8_t)(v > 0 ? v < 255 ? v : 255 : 0);
    }
}

static void note(history *h, const pose_found *f, const tsr_affine *a, int frame)
{
    for (int i = 0; i < f->count; i++) {
        assert_in_range(f->id[i], 1, PEOPLE);   /* nobody gets a second number */
        const int who = (int)f->id[i] - 1;
        h->frames_of[who]++;
        for (int k = 0; k < POINTS; k++) {
            float x = f->people[i].point[k].x, y = f->people[i].point[k].y;
            tsr_affine_apply(a, &x, &y);
            h->x[who][k][frame] = (double)x;
            h->y[who][k][frame] = (double)y;
            h->there[who][k][frame] = f->people[i].point[k].score >= 0.5f;
        }
    }
}

static history *run(bool moving, bool raw)
{
    char path[FIXTURE_PATH], picture[FIXTURE_PATH];
    fixture_need("TARSIER_MODELS", "tfjs/posenet/posenet.json", path);
    fixture_need("TARSIER_IMAGES", "pexels_3184419_group.jpg", picture);
    const cli_picture_options o = { .model = path, .threads = 1, .threshold = -1, .raw = raw };
    pose_networks *p = calloc(1, sizeof *p);
    pose_found *f = calloc(1, sizeof *f);
    history *h = calloc(1, sizeof *h);
    const tsr_image photo = small_photo(picture);
    const tsr_image frame = { malloc(WIDTH * HEIGHT * 3), WIDTH, HEIGHT, WIDTH * 3 };
    tsr_error err = { 0 };
    uint32_t seed = 3;
    assert_int_equal(pose_networks_open(p, &o, &err), TSR_OK);
    for (int i = 0; i < FRAMES; i++) {
        const double t = i / 30.0;
        const tsr_affine a = motion(t, moving);
        make_frame(&photo, &a, &seed, &frame);
        assert_int_equal(pose_networks_look(p, &(cli_frame){ frame, t }, f, &err), TSR_OK);
        note(h, f, &a, i);
    }
    pose_networks_close(p);
    free(photo.rgb);
    free(frame.rgb);
    free(f);
    free(p);
    return h;
}

typedef struct { double tremble, x, y; int count; } stand;

/* Root mean square step from frame to frame, and mean, of a joint that is there. */
static stand stand_of(const history *h, int who, int k)
{
    stand s = { 0, 0, 0, 0 };
    int steps = 0;
    for (int i = WARM; i < FRAMES; i++) {
        if (!h->there[who][k][i])
            continue;
        s.x += h->x[who][k][i];
        s.y += h->y[who][k][i];
        s.count++;
        if (h->there[who][k][i - 1]) {
            const double dx = h->x[who][k][i] - h->x[who][k][i - 1];
            const double dy = h->y[who][k][i] - h->y[who][k][i - 1];
            s.tremble += dx * dx + dy * dy;
            steps++;
        }
    }
    s.tremble = steps ? sqrt(s.tremble / steps) : 0;
    s.x /= s.count ? s.count : 1;
    s.y /= s.count ? s.count : 1;
    return s;
}

/* Joints that are there nearly always, filtered and not.  A person here is some 200
 * pixels tall, and means may be off by 1 % of that, over all joints: a joint that the
 * network sees now here and now there ends, filtered, between the two. */
static void compare(bool moving)
{
    history *raw = run(moving, true), *smooth = run(moving, false);
    double before = 0, after = 0, off = 0;
    int joints = 0;
    for (int who = 0; who < PEOPLE; who++) {
        assert_true(raw->frames_of[who] >= FRAMES * 9 / 10);
        assert_true(smooth->frames_of[who] >= FRAMES * 9 / 10);
        for (int k = 0; k < POINTS; k++) {
            const stand a = stand_of(raw, who, k), b = stand_of(smooth, who, k);
            if (a.count < (FRAMES - WARM) * 9 / 10)
                continue;
            joints++;
            before += a.tremble;
            after += b.tremble;
            off += hypot(a.x - b.x, a.y - b.y);
        }
    }
    print_message("%d joints tremble by %.2f, filtered %.2f pixels; means differ by %.2f\n",
                  joints, before / joints, after / joints, off / joints);
    assert_true(joints >= 30);
    assert_true(after <= 0.5 * before);
    assert_true(off / joints <= 0.01 * 200);
    free(raw);
    free(smooth);
}

static void test_a_still_camera(void **state)
{
    (void)state;
    compare(false);
}

static void test_a_moving_camera(void **state)
{
    (void)state;
    compare(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_still_camera), cmocka_unit_test(test_a_moving_camera),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
