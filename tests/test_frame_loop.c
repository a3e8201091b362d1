/*
 * test_frame_loop.c - the ring of frames: order, pace, failures of each stage, a live
 * video that is too fast.  The video is made here: frame n has n in its first pixel.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/fixture.h"
#include <stdatomic.h>
#include <time.h>
#include "cli/video/frame_loop.h"

typedef struct {
    long frames, next;
    double fps;
    long breaks;                /* the frame that cannot be read; -1: none */
    bool slow;
} film;

static void rest(long ms) { nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL); }

static tsr_status read_frame(cli_video *v, const tsr_image *to, double *seconds, bool *end,
                             tsr_error *err)
{
    film *f = v->self;
    if (f->next == f->breaks)
        return tsr_fail(err, TSR_BAD_FILE, "frame %ld is damaged", f->next);
    *end = f->next == f->frames;
    if (*end)
        return TSR_OK;
    if (v->live)
        rest(1);
    if (f->slow)
        rest(8);
    if (to)
        to->rgb[0] = (uint8_t)f->next;
    *seconds = (double)f->next++ / f->fps;
    return TSR_OK;
}

/* What the stages saw; each stage has its own part. */
typedef struct {
    long seen[256], looks, written[256], writes;
    double seconds[256];
    long bad_look, bad_write;   /* which call fails; -1: none */
    bool slow, even;            /* even: each stage takes as long as the others */
    atomic_int in_flight, most;
} record;

typedef struct { long pixel; void *own; } found;

static tsr_status look(void *user, const cli_frame *frame, void *result, tsr_error *err)
{
    record *r = user;
    found *f = result;
    const int now = ++r->in_flight;
    if (now > r->most)
        r->most = now;
    if (r->slow || r->even)
        rest(8);
    if (r->looks == r->bad_look)
        return tsr_fail(err, TSR_NO_MEMORY, "look %ld fails", r->looks);
    f->pixel = frame->image.rgb[0];
    if (!f->own)
        f->own = malloc(1);     /* sanitizers see whether it is dropped */
    r->seen[r->looks++] = frame->number;
    return TSR_OK;
}

static tsr_status write_frame(void *user, const cli_frame *frame, const void *result, double ms,
                              tsr_error *err)
{
    record *r = user;
    assert_true(ms >= 0);
    if (r->writes == r->bad_write)
        return tsr_fail(err, TSR_BAD_FILE, "write %ld fails", r->writes);
    assert_int_equal(((const found *)result)->pixel, frame->number & 255);
    assert_int_equal(frame->image.rgb[0], frame->number & 255);
    if (r->even)
        rest(8);
    r->seconds[r->writes] = frame->seconds;
    r->written[r->writes++] = frame->number;
    --r->in_flight;
    return TSR_OK;
}

static void drop(void *result) { free(((found *)result)->own); }

static tsr_status run(film *f, record *r, const cli_pace *pace, bool live, tsr_error *err)
{
    cli_video v = { .name = "film", .width = 3, .height = 2, .live = live, .self = f,
                    .read = read_frame };
    const cli_stages stages = { r, sizeof(found), look, write_frame, drop };
    long frames;
    const tsr_status s = cli_frame_loop(&v, &stages, pace, &frames, err);
    assert_int_equal(frames, r->writes);
    return s;
}

static record fresh(void) { return (record){ .bad_look = -1, .bad_write = -1 }; }

static void test_order(void **state)
{
    (void)state;
    for (int slots = 1; slots <= CLI_MAX_SLOTS; slots += 5)
        for (long n = 0; n < 60; n += 7) {
            film f = { n, 0, 25, -1, false };
            record r = fresh();
            assert_int_equal(run(&f, &r, &(cli_pace){ slots, 1, 0 }, false, NULL), TSR_OK);
            assert_int_equal(r.writes, n);
            for (long i = 0; i < n; i++) {
                assert_int_equal(r.seen[i], i);
                assert_int_equal(r.written[i], i);
            }
            assert_true(r.most <= slots);
        }
}

static void test_pace(void **state)
{
    (void)state;
    film f = { 100, 0, 30, -1, false };
    record r = fresh();
    assert_int_equal(run(&f, &r, &(cli_pace){ 4, 7, 0 }, false, NULL), TSR_OK);
    assert_int_equal(r.writes, 15);             /* 0, 7 ... 98 */
    for (int i = 0; i < 15; i++)
        assert_int_equal(r.written[i], 7 * i);

    /* 30 frames a second at 12 at most: never closer than that, less a tenth. */
    f = (film){ 100, 0, 30, -1, false };
    r = fresh();
    assert_int_equal(run(&f, &r, &(cli_pace){ 4, 1, 12 }, false, NULL), TSR_OK);
    assert_in_range(r.writes, 38, 41);
    for (int i = 1; i < r.writes; i++)
        assert_true(r.seconds[i] - r.seconds[i - 1] > 1 / 30.0);
    /* At its own rate and a bit below, nothing is lost. */
    for (double fps = 29.9; fps < 31; fps += 0.1) {
        f = (film){ 100, 0, 30, -1, false };
        r = fresh();
        assert_int_equal(run(&f, &r, &(cli_pace){ 4, 1, fps }, false, NULL), TSR_OK);
        assert_true(r.writes >= 99 || (fps < 30 && r.writes >= 98));
    }
}

/* Three stages of 8 ms: 24 ms a frame one after the other, 8 ms when they overlap.  They
 * sleep, so that this holds however busy the machine is. */
static void test_overlap(void **state)
{
    (void)state;
    double ms[2];
    for (int k = 0; k < 2; k++) {
        film f = { 25, 0, 25, -1, true };
        record r = fresh();
        r.even = true;
        const double begin = cli_clock_ms();
        assert_int_equal(run(&f, &r, &(cli_pace){ k ? 4 : 1, 1, 0 }, false, NULL), TSR_OK);
        ms[k] = cli_clock_ms() - begin;
        assert_int_equal(r.most > 1, k);
    }
    if (ms[1] > 0.65 * ms[0])
        fail_msg("25 frames: %.0f ms one after the other, %.0f ms overlapped", ms[0], ms[1]);
}

/* A damaged frame comes after all frames before it; the other failures end it at once. */
static void test_failures(void **state)
{
    (void)state;
    for (int slots = 1; slots <= 9; slots += 4) {
        tsr_error err = { 0 };
        film f = { 100, 0, 25, 40, false };
        record r = fresh();
        assert_int_equal(run(&f, &r, &(cli_pace){ slots, 1, 0 }, false, &err), TSR_BAD_FILE);
        assert_string_equal(err.text, "frame 40 is damaged");
        assert_int_equal(r.writes, 40);

        f = (film){ 100, 0, 25, -1, false };
        r = fresh();
        r.bad_look = 30;
        assert_int_equal(run(&f, &r, &(cli_pace){ slots, 1, 0 }, false, &err), TSR_NO_MEMORY);
        assert_string_equal(err.text, "look 30 fails");
        assert_true(r.writes <= 30);

        f = (film){ 100, 0, 25, -1, false };
        r = fresh();
        r.bad_write = 20;
        assert_int_equal(run(&f, &r, &(cli_pace){ slots, 1, 0 }, false, &err), TSR_BAD_FILE);
        assert_string_equal(err.text, "write 20 fails");
        assert_true(r.looks <= 20 + slots);
    }
}

/* A camera does not wait: frames are lost, but never their order, and never those that
 * are in work. */
static void test_live(void **state)
{
    (void)state;
    film f = { 100, 0, 1000, -1, false };
    record r = fresh();
    r.slow = true;
    assert_int_equal(run(&f, &r, &(cli_pace){ 3, 1, 0 }, true, NULL), TSR_OK);
    assert_true(r.writes >= 3 && r.writes < 90);
    for (int i = 1; i < r.writes; i++)
        assert_true(r.written[i] > r.written[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
