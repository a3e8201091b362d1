/*
 * test_follow_video.c - hands, faces and bodies in videos whose motion is known exactly.
 *
 * Each video is made here: a photograph that pans, zooms and turns on a frame of its
 * own, with noise as a camera has.  What the networks say of the photograph at rest,
 * moved by the same map, is where the points must be:
 *
 *     error    |p(t) - M(t) p_still| / size of the hand, averaged over points and frames
 *     tremble  root mean square of the second difference of p(t) - M(t) p_still in time:
 *              what the eye sees as shaking; motion and lag are smooth and hardly count
 *
 * p_still is where the points come to rest on the photograph, because the square in
 * which the network looks depends on its own last answer and settles in some frames.
 * SPDX-License-Identifier: MIT
 */
#include "tests/chance.h"
#include "tests/follow_fixture.h"
#include <malloc.h>
#include <math.h>

enum { W = 320, H = 240, FRAMES = 90, MOST_POINTS = TSR_FACE_POINTS };
static const double fps = 30;

/* Where a sanitizer or a lowered level makes each frame slow, half of a video will do. */
static bool is_slow(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return getenv("TSR_CPU") != NULL;
#endif
}

static int frames_watched(void) { return is_slow() ? FRAMES / 2 : FRAMES; }

typedef struct { double m[6]; } map;        /* from the photograph to the frame */

static void apply(const map *a, double x, double y, double *u, double *v)
{
    *u = a->m[0] * x + a->m[1] * y + a->m[2];
    *v = a->m[3] * x + a->m[4] * y + a->m[5];
}

/* The point (cx, cy) of the photograph goes to (u, v). */
static map turned(double cx, double cy, double u, double v, double scale, double angle)
{
    const double c = scale * cos(angle), s = scale * sin(angle);
    return (map){ { c, -s, u - c * cx + s * cy, s, c, v - s * cx - c * cy } };
}

static uint32_t seed;
static double draw(void) { return test_randu(&seed); }

/* Sum of 4 uniform numbers: nearly Gaussian, of this standard deviation. */
static double noise(double deviation)
{
    return (draw() + draw() + draw() + draw() - 2) * deviation * 1.7320508;
}

/* Four bilinear samples a pixel; grey outside. */
static void sample(const tsr_image *p, double x, double y, double sum[3])
{
    const int ix = (int)floor(x - 0.5), iy = (int)floor(y - 0.5);
    const double fx = x - 0.5 - ix, fy = y - 0.5 - iy;
    for (int k = 0; k < 4; k++) {
        const int px = ix + (k & 1), py = iy + (k >> 1);
        const double share = 0.25 * (k & 1 ? fx : 1 - fx) * (k >> 1 ? fy : 1 - fy);
        const bool in = px >= 0 && py >= 0 && px < p->width && py < p->height;
        for (int c = 0; c < 3; c++)
            sum[c] += share * (in ? p->rgb[(size_t)py * (size_t)p->stride + (size_t)(3 * px + c)]
                                  : 128);
    }
}

static void render(const tsr_image *photo, const map *a, double deviation, uint8_t *rgb)
{
    const double det = a->m[0] * a->m[4] - a->m[1] * a->m[3];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double sum[3] = { 0 };
            for (int k = 0; k < 4; k++) {
                const double u = x + 0.25 + 0.5 * (k & 1) - a->m[2];
                const double v = y + 0.25 + 0.5 * (k >> 1) - a->m[5];
                sample(photo, (a->m[4] * u - a->m[1] * v) / det,
                       (a->m[0] * v - a->m[3] * u) / det, sum);
            }
            for (int c = 0; c < 3; c++) {
                const double v = sum[c] + (deviation > 0 ? noise(deviation) : 0);
                *rgb++ = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
            }
        }
}

typedef struct {
    const char *photo;
    double cx, cy;              /* middle of what is to be seen, in the photograph */
    double size, scale;         /* its size there; so that it fills half the frame */
} scene;

/* Three seconds: to and fro by 0.3 of its size, up and down by 0.18, smaller by a quarter,
 * a turn of 20 degrees either way. */
static map motion_at(const scene *s, int frame)
{
    const double t = 2 * 3.14159265358979 * frame / FRAMES;
    const double far = s->size * s->scale;
    return turned(s->cx, s->cy, W / 2 + 0.3 * far * sin(t), H / 2 + 0.18 * far * sin(2 * t),
                  s->scale * (1 - 0.125 * (1 - cos(t))), 0.35 * sin(t));
}

/* Where the points come to rest, in the photograph. */
static double rest(follow_fixture *f, const tsr_image *photo, const scene *s, double *still)
{
    static uint8_t rgb[W * H * 3];
    const map a = motion_at(s, 0);
    const tsr_image frame = { rgb, W, H, 3 * W };
    const double det = a.m[0] * a.m[4] - a.m[1] * a.m[3];
    f->follower.smooth = false;
    tsr_following_reset(&f->state);
    render(photo, &a, 0, rgb);
    for (int i = 0; i < 25; i++)
        fixture_frame(f, &frame, i / fps);
    assert_int_equal(f->count, 1);
    for (int k = 0; k < f->follower.what->points; k++) {
        const double u = (double)f->seen[0].point[k].x - a.m[2];
        const double v = (double)f->seen[0].point[k].y - a.m[5];
        still[2 * k] = (a.m[4] * u - a.m[1] * v) / det;
        still[2 * k + 1] = (a.m[0] * v - a.m[3] * u) / det;
    }
    const tsr_box *b = &f->seen[0].box;
    return fmax((double)(b->x1 - b->x0), (double)(b->y1 - b->y0)) / s->scale;
}

/* One follower's answers, less where the points must be: this frame's and the last two. */
typedef struct {
    double off[3][2 * MOST_POINTS];
    double error, tremble;      /* sums */
    uint32_t id;
} record;

/* The first frames, while the square settles, do not count. */
static void judge(record *r, const follow_fixture *f, const map *a, const double *still,
                  double size, int frame)
{
    enum { SETTLED = 15 };
    double *now = r->off[frame % 3];
    const double *one = r->off[(frame + 2) % 3], *two = r->off[(frame + 1) % 3];
    assert_int_equal(f->count, 1);
    assert_true(frame == 0 || f->seen[0].id == r->id);
    r->id = f->seen[0].id;
    for (int k = 0; k < f->follower.what->points; k++) {
        double u, v;
        apply(a, still[2 * k], still[2 * k + 1], &u, &v);
        now[2 * k] = ((double)f->seen[0].point[k].x - u) / size;
        now[2 * k + 1] = ((double)f->seen[0].point[k].y - v) / size;
        if (frame < SETTLED)
            continue;
        const double n = (double)(frames_watched() - SETTLED) * f->follower.what->points;
        r->error += hypot(now[2 * k], now[2 * k + 1]) / n;
        for (int c = 2 * k; c < 2 * k + 2; c++)
            r->tremble += pow(now[c] - 2 * one[c] + two[c], 2) / n;
    }
}

/* The whole video through two followers, the second of which smooths. */
static void check_video(const tsr_follow_kind *what, const scene *s)
{
    static uint8_t rgb[W * H * 3];
    static double still[2 * MOST_POINTS];
    static record r[2];
    follow_fixture f[2];
    const tsr_image frame = { rgb, W, H, 3 * W };
    tsr_image photo = fixture_picture(s->photo);
    memset(r, 0, sizeof r);
    seed = 5;
    for (int k = 0; k < 2; k++)
        fixture_follow(&f[k], what, 1);
    const double size = rest(&f[0], &photo, s, still);
    tsr_following_reset(&f[0].state);
    f[0].state.detector_runs = 0;
    for (int i = 0; i < frames_watched(); i++) {
        const map a = motion_at(s, i);
        render(&photo, &a, 4, rgb);
        for (int k = 0; k < 2; k++) {
            fixture_frame(&f[k], &frame, i / fps);
            judge(&r[k], &f[k], &a, still, size * hypot(a.m[0], a.m[3]), i);
        }
    }
    const double raw = sqrt(r[0].tremble), smooth = sqrt(r[1].tremble);
    print_message("%s: error %.2f %%, smoothed %.2f %%; tremble %.3f %%, smoothed %.3f %%\n",
                  s->photo, 100 * r[0].error, 100 * r[1].error, 100 * raw, 100 * smooth);
    assert_true(r[0].error <= 0.03);
    assert_true(r[1].error <= 0.03);
    assert_true(smooth <= 0.5 * raw);
    for (int k = 0; k < 2; k++) {       /* found once, and not looked for again */
        assert_int_equal(f[k].state.detector_runs, 1);
        fixture_unfollow(&f[k]);
    }
    cli_image_free(&photo);
}

static void test_hand_that_moves(void **state)
{
    (void)state;
    check_video(&tsr_follow_hands, &(scene){ "pexels_1578238_hand.jpg", 520, 480, 620, 0.22 });
}

static void test_another_hand(void **state)
{
    (void)state;
    check_video(&tsr_follow_hands, &(scene){ "tfjs_two_hands.jpg", 190, 190, 330, 0.45 });
}

static void test_face_that_moves(void **state)
{
    (void)state;
    check_video(&tsr_follow_faces, &(scene){ "grace_hopper.png", 262, 235, 200, 0.6 });
}

static void test_body_that_moves(void **state)
{
    (void)state;
    if (fixture_has_bodies())
        check_video(&tsr_follow_bodies, &(scene){ "squat.png", 245, 390, 420, 0.35 });
}

/* ---- how many people ---------------------------------------------------------------------- */

/* Frames in which somebody was seen who is not there, and in which somebody was missed. */
typedef struct { int frames, with_false, with_missed; } tally;

/* People who move side by side, each in a share of the frame, like windows on a screen. */
static tally count_people(const scene *s, int people)
{
    static uint8_t rgb[W * H * 3], other[W * H * 3];
    const tsr_image frame = { rgb, W, H, 3 * W };
    tally t = { frames_watched(), 0, 0 };
    tsr_image photo[2];
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_bodies, 2);
    for (int k = 0; k < people; k++)
        photo[k] = fixture_picture(s[k].photo);
    seed = 5;
    for (int i = 0; i < t.frames; i++) {
        for (int k = 0; k < people; k++) {
            map a = motion_at(&s[k], i);
            a.m[2] += people == 1 ? 0 : k == 0 ? -W / 4 : W / 4;
            render(&photo[k], &a, 4, k ? other : rgb);
        }
        for (int y = 0; y < H && people == 2; y++)
            memcpy(rgb + (y * W + W / 2) * 3, other + (y * W + W / 2) * 3, W / 2 * 3);
        fixture_frame(&f, &frame, i / fps);
        t.with_false += f.count > people;
        t.with_missed += f.count < people;
    }
    for (int k = 0; k < people; k++)
        cli_image_free(&photo[k]);
    fixture_unfollow(&f);
    print_message("%s, %s: of %d frames %d with somebody false, %d with somebody missed\n",
                  s[0].photo, people == 1 ? "alone" : s[1].photo, t.frames, t.with_false,
                  t.with_missed);
    return t;
}

/* Face and shoulders, the hips far below the picture: two networks guess where they are,
 * and their squares drift apart.  It remains one person, whoever looks for a second. */
static void test_close_ups_of_one(void **state)
{
    (void)state;
    static const scene close[] = {
        { "grace_hopper.png", 256, 300, 600, 0.72 }, { "grace_hopper.png", 256, 300, 600, 0.88 },
    };
    for (size_t i = 0; i < sizeof close / sizeof *close && fixture_has_bodies(); i++) {
        const tally t = count_people(&close[i], 1);
        assert_int_equal(t.with_false, 0);
        assert_true(t.with_missed <= FRAMES / 6);   /* one gap, which may lie in the first half */
    }
}

/* And two are not taken for one. */
static void test_two_people(void **state)
{
    (void)state;
    static const scene pair[][2] = {
        { { "squat.png", 250, 305, 610, 0.39 }, { "squat.png", 250, 305, 610, 0.39 } },
        { { "squat.png", 250, 305, 610, 0.28 }, { "grace_hopper.png", 256, 300, 600, 0.28 } },
    };
    for (size_t i = 0; i < sizeof pair / sizeof *pair && fixture_has_bodies(); i++) {
        const tally t = count_people(pair[i], 2);
        assert_int_equal(t.with_false, 0);
        assert_true(t.with_missed <= t.frames / 10);
    }
}

/* Out through the left edge, away for half a second, and back in another place. */
static void test_hand_that_leaves_and_returns(void **state)
{
    (void)state;
    enum { GOES = 8, AWAY = 14, BACK = 29, END = 45 };
    static uint8_t rgb[W * H * 3];
    const scene s = { "pexels_1578238_hand.jpg", 520, 480, 620, 0.22 };
    const tsr_image frame = { rgb, W, H, 3 * W };
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_hands, 1);
    tsr_image photo = fixture_picture(s.photo);
    uint32_t id = 0;
    int seen_again = 0;
    for (int i = 0; i < END; i++) {
        const double left = i < GOES ? 0 : i < BACK ? 45 * (i - GOES) : 45 * fmax(BACK + 6 - i, 0);
        const map a = turned(s.cx, s.cy, 120 - left, H / 2 + (i < BACK ? 0 : 12), s.scale, 0.1);
        render(&photo, &a, 2, rgb);
        fixture_frame(&f, &frame, i / fps);
        if (i < GOES) {
            assert_int_equal(f.count, 1);
            id = f.seen[0].id;
        } else if (i >= AWAY && i < BACK) {
            assert_int_equal(f.count, 0);
        } else if (f.count == 1) {
            assert_int_equal(f.seen[0].id, id);
            seen_again += i >= BACK;
        }
    }
    assert_true(seen_again >= 8);
    /* After more than a second it is somebody else, and no old number. */
    const map a = motion_at(&s, 0);
    render(&photo, &a, 2, rgb);
    f.state.count = 0;
    fixture_frame(&f, &frame, END / fps + 1.5);
    assert_int_equal(f.count, 1);
    assert_true(f.seen[0].id > id);
    cli_image_free(&photo);
    fixture_unfollow(&f);
}

/* Nothing is allocated: not a byte more after 3,000 frames, which is why they may be few
 * where an emulator or a sanitizer makes each slow. */
static void test_long_video(void **state)
{
    (void)state;
    enum { VIEWS = 12 };
    const int frames = is_slow() ? 100 : 3000;
    const scene s = { "grace_hopper.png", 262, 235, 200, 0.6 };
    static uint8_t rgb[VIEWS * W * H * 3];      /* static: the test may end in a skip */
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_faces, 1);
    tsr_image photo = fixture_picture(s.photo);
    for (int i = 0; i < VIEWS; i++) {
        const map a = motion_at(&s, i * FRAMES / VIEWS);
        render(&photo, &a, 2, rgb + (size_t)i * W * H * 3);
    }
    size_t before = 0;
    for (int i = 0; i < frames; i++) {
        const tsr_image frame = { rgb + (size_t)(i % VIEWS) * W * H * 3, W, H, 3 * W };
        fixture_frame(&f, &frame, i / fps);
        assert_int_equal(f.count, 1);
        assert_int_equal(f.seen[0].id, 1);
        if (i == 10)
            before = mallinfo2().uordblks;
    }
    assert_int_equal(mallinfo2().uordblks, before);
    assert_int_equal(f.state.detector_runs, 1);
    cli_image_free(&photo);
    fixture_unfollow(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hand_that_moves), cmocka_unit_test(test_another_hand),
        cmocka_unit_test(test_face_that_moves), cmocka_unit_test(test_body_that_moves),
        cmocka_unit_test(test_close_ups_of_one), cmocka_unit_test(test_two_people),
        cmocka_unit_test(test_hand_that_leaves_and_returns), cmocka_unit_test(test_long_video),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
