/*
 * test_follow.c - hands and faces in photographs, and what must be refused.
 *
 * The points were looked at on the photographs, drawn large, and lie where they should:
 * on the middle of each joint, on the tips, on the corners of the eyes.  They are
 * pinned with the tolerance that the eye has, 3 % of a hand or a face.
 * SPDX-License-Identifier: MIT
 */
#include "tests/follow_fixture.h"
#include <math.h>

enum { HAND = 21 };
typedef struct { short x, y; } place;

static const place palm_on_blue[HAND] = {
    { 439, 936 }, { 637, 831 }, { 782, 687 }, { 845, 540 }, { 877, 415 }, { 649, 641 },
    { 674, 477 }, { 678, 381 }, { 679, 294 }, { 518, 625 }, { 517, 462 }, { 509, 354 },
    { 496, 259 }, { 399, 632 }, { 368, 468 }, { 351, 354 }, { 341, 263 }, { 283, 651 },
    { 218, 520 }, { 185, 428 }, { 168, 341 },
};
static const place back_on_wall[HAND] = {
    { 383, 777 }, { 515, 791 }, { 625, 725 }, { 698, 647 }, { 764, 587 }, { 569, 555 },
    { 650, 419 }, { 697, 333 }, { 732, 265 }, { 489, 519 }, { 548, 361 }, { 584, 259 },
    { 611, 179 }, { 408, 510 }, { 450, 364 }, { 480, 265 }, { 503, 193 }, { 329, 520 },
    { 328, 404 }, { 334, 325 }, { 342, 263 },
};
static const place one_of_two[HAND] = {
    { 579, 41 }, { 511, 48 }, { 463, 94 }, { 432, 142 }, { 400, 178 }, { 503, 170 },
    { 479, 245 }, { 468, 293 }, { 463, 331 }, { 547, 179 }, { 537, 266 }, { 534, 321 },
    { 533, 365 }, { 587, 177 }, { 590, 252 }, { 594, 303 }, { 598, 341 }, { 621, 165 },
    { 634, 222 }, { 644, 261 }, { 652, 292 },
};
static const place other_of_two[HAND] = {
    { 140, 343 }, { 209, 334 }, { 258, 288 }, { 289, 240 }, { 322, 205 }, { 217, 213 },
    { 241, 137 }, { 252, 90 }, { 256, 53 }, { 173, 202 }, { 183, 116 }, { 187, 62 },
    { 186, 18 }, { 133, 205 }, { 131, 129 }, { 127, 78 }, { 123, 40 }, { 99, 217 },
    { 87, 160 }, { 78, 121 }, { 70, 89 },
};

static double size_of(const tsr_box *b)
{
    return fmax((double)(b->x1 - b->x0), (double)(b->y1 - b->y0));
}

static double distance(const tsr_point *p, place q)
{
    return hypot((double)p->x - q.x, (double)p->y - q.y);
}

/* The sighting whose points lie on these. */
static const tsr_sighting *at(const follow_fixture *f, const place *want, int n)
{
    for (int i = 0; i < f->count; i++)
        if (distance(&f->seen[i].point[0], want[0]) < 0.1 * size_of(&f->seen[i].box)) {
            for (int k = 0; k < n; k++)
                if (distance(&f->seen[i].point[k], want[k]) > 0.03 * size_of(&f->seen[i].box))
                    fail_msg("point %d: %.1f, %.1f, not %d, %d", k,
                             (double)f->seen[i].point[k].x, (double)f->seen[i].point[k].y,
                             want[k].x, want[k].y);
            return &f->seen[i];
        }
    fail_msg("nothing at %d, %d", want[0].x, want[0].y);
    return NULL;
}

static void test_hands_in_photographs(void **state)
{
    (void)state;
    static const struct { const char *file; const place *hand[2]; bool left; } photo[] = {
        { "pexels_1314554_hand.jpg", { palm_on_blue, NULL }, false },
        { "pexels_1578238_hand.jpg", { back_on_wall, NULL }, true },
        { "tfjs_two_hands.jpg", { one_of_two, other_of_two }, true },
    };
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_hands, 4);
    for (int i = 0; i < 3; i++) {
        tsr_image p = fixture_picture(photo[i].file);
        free(f.work);
        f.work = NULL;
        tsr_following_reset(&f.state);
        fixture_frame(&f, &p, 0);
        assert_int_equal(f.count, photo[i].hand[1] ? 2 : 1);
        for (int k = 0; k < 2 && photo[i].hand[k]; k++) {
            const tsr_sighting *s = at(&f, photo[i].hand[k], HAND);
            assert_true(s->score > 0.98f && s->id > 0);
            /* Backs of left hands.  (Of the palm on blue the network is not sure.) */
            assert_true(!photo[i].left || s->right < 0.1f);
        }
        cli_image_free(&p);
    }
    fixture_unfollow(&f);
}

/* Of the detector of 2020, as ONNX, in 128 x 128 pixels: the same two hands. */
static void test_hands_with_the_older_detector(void **state)
{
    (void)state;
    follow_fixture f;
    tsr_error err = { 0 };
    fixture_follow(&f, &tsr_follow_hands, 2);
    cli_network old = fixture_network("palm_detection_2020.onnx", TSR_TASK_DETECT);
    f.follower.detector = old.session.session;
    f.follower.detector_how = old.how;
    assert_int_equal(tsr_follower_open(&f.follower, &err), TSR_OK);
    tsr_image p = fixture_picture("tfjs_two_hands.jpg");
    fixture_frame(&f, &p, 0);
    assert_int_equal(f.count, 2);
    at(&f, one_of_two, HAND);
    at(&f, other_of_two, HAND);
    cli_image_free(&p);
    cli_network_close(&old);
    fixture_unfollow(&f);
}

static double iou(const tsr_box *a, double x0, double y0, double x1, double y1)
{
    const double w = fmin((double)a->x1, x1) - fmax((double)a->x0, x0);
    const double h = fmin((double)a->y1, y1) - fmax((double)a->y0, y0);
    const double both = w > 0 && h > 0 ? w * h : 0;
    return both / ((double)((a->x1 - a->x0) * (a->y1 - a->y0)) + (x1 - x0) * (y1 - y0) - both);
}

static void test_faces_in_photographs(void **state)
{
    (void)state;
    /* Right eye, left eye, nose, mouth. */
    static const struct { const char *file; int faces; place want[2][4]; } photo[] = {
        { "grace_hopper.png", 1, { { { 221, 194 }, { 307, 189 }, { 268, 237 }, { 269, 278 } } } },
        { "astronaut.png", 1, { { { 204, 102 }, { 247, 105 }, { 224, 127 }, { 224, 146 } } } },
        { "two_men_face.jpg", 2, { { { 280, 100 }, { 321, 97 }, { 302, 124 }, { 305, 141 } },
                                   { { 155, 129 }, { 200, 124 }, { 187, 149 }, { 189, 171 } } } },
    };
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_faces, 4);
    for (int i = 0; i < 3; i++) {
        tsr_image p = fixture_picture(photo[i].file);
        free(f.work);
        f.work = NULL;
        tsr_following_reset(&f.state);
        fixture_frame(&f, &p, 0);
        assert_int_equal(f.count, photo[i].faces);
        for (int k = 0; k < f.count; k++) {
            tsr_point feature[TSR_FACE_FEATURES];
            tsr_face_features(f.seen[k].point, feature);
            const int who = distance(&feature[2], photo[i].want[0][2]) < 50 ? 0 : 1;
            for (int j = 0; j < 4; j++)
                assert_true(distance(&feature[j], photo[i].want[who][j])
                            <= 0.03 * size_of(&f.seen[k].box));
            assert_true(f.seen[k].score > 0.99f);
        }
        if (i == 0)             /* the published box of this picture's face */
            assert_true(iou(&f.seen[0].box, 0.29 * p.width, 0.21 * p.height, 0.74 * p.width,
                            0.57 * p.height) > 0.62);
        cli_image_free(&p);
    }
    fixture_unfollow(&f);
}

/* What the contours claim must be so: eyes left and right of the nose, inside the oval. */
static void test_face_contours(void **state)
{
    (void)state;
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_faces, 1);
    tsr_image p = fixture_picture("grace_hopper.png");
    fixture_frame(&f, &p, 0);
    assert_int_equal(f.count, 1);
    double x[TSR_FACE_CONTOURS] = { 0 }, y[TSR_FACE_CONTOURS] = { 0 };
    for (int c = 0; c < TSR_FACE_CONTOURS; c++) {
        const tsr_contour *line = &tsr_face_contours[c];
        assert_true(line->count > 1 && line->count <= 36);
        for (int i = 0; i < line->count; i++) {
            assert_true(line->point[i] < TSR_FACE_POINTS);
            x[c] += (double)f.seen[0].point[line->point[i]].x / line->count;
            y[c] += (double)f.seen[0].point[line->point[i]].y / line->count;
        }
    }
    /* oval, brows, eyes, nose ridge, nose base, lips: she looks at us. */
    assert_true(x[2] < x[0] && x[1] > x[0] && x[4] < x[5] && x[3] > x[5]);
    assert_true(y[1] < y[3] && y[2] < y[4] && y[3] < y[6] && y[6] < y[7]);
    assert_true(fabs(y[7] - y[8]) < 6 && fabs(x[7] - x[8]) < 6);
    cli_image_free(&p);
    fixture_unfollow(&f);
}

/* ---- refusals and odd input ----------------------------------------------------------- */

static void test_wrong_networks(void **state)
{
    (void)state;
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_hands, 2);
    cli_network face = fixture_network("face_landmark.tflite", TSR_TASK_LANDMARK);
    const tsr_follower good = f.follower;
    tsr_error err = { 0 };

    f.follower.landmarks = face.session.session;
    assert_int_equal(tsr_follower_open(&f.follower, &err), TSR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "21 x 3"));
    f.follower = good;
    f.follower.detector = face.session.session;
    err = (tsr_error){ 0 };
    assert_int_equal(tsr_follower_open(&f.follower, &err), TSR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "192 x 192"));
    f.follower = good;
    f.follower.wanted = TSR_FOLLOWED + 1;
    err = (tsr_error){ 0 };
    assert_int_equal(tsr_follower_open(&f.follower, &err), TSR_BAD_ARGUMENT);
    assert_non_null(strstr(err.text, "33 hands"));
    f.follower = good;
    cli_network_close(&face);
    fixture_unfollow(&f);
}

static void test_odd_pictures(void **state)
{
    (void)state;
    static const struct { int w, h; } size[] = { { 1, 1 }, { 1, 300 }, { 300, 1 }, { 3, 2 } };
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_hands, 2);
    for (int i = 0; i < 4; i++) {
        uint8_t rgb[900];
        memset(rgb, 40 * i, sizeof rgb);
        const tsr_image p = { rgb, size[i].w, size[i].h, 3 * size[i].w };
        free(f.work);
        f.work = NULL;
        fixture_frame(&f, &p, i / 30.0);
        assert_int_equal(f.count, 0);
    }
    /* Squares left over from somewhere else are no reason to crash. */
    static const tsr_region odd[] = {
        { NAN, 0, 100, 0 }, { 0, 0, INFINITY, 0 }, { 1e30f, 1e30f, 1e20f, 1 }, { 1, 1, 0, 0 },
        { 1, 1, -50, 0 }, { 1, 1, 50, NAN }, { 900, 900, 40, 0.3f },
    };
    uint8_t rgb[48] = { 0 };
    const tsr_image p = { rgb, 4, 4, 12 };
    free(f.work);
    f.work = NULL;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        f.state.count = 1;
        f.state.region[0] = odd[i];
        fixture_frame(&f, &p, 1 + (double)i / 30);
        assert_int_equal(f.count, 0);
    }
    fixture_unfollow(&f);
}

/* Followed to a place where nothing is any more: what the detector still sees is found in
 * the same frame, not in the next one. */
static void test_lost_and_found_in_one_frame(void **state)
{
    (void)state;
    follow_fixture f;
    fixture_follow(&f, &tsr_follow_hands, 1);
    tsr_image p = fixture_picture("pexels_1314554_hand.jpg");
    fixture_frame(&f, &p, 0);
    f.state.region[0] = (tsr_region){ 40, 40, 60, 0 };
    fixture_frame(&f, &p, 1 / 30.0);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.seen[0].id, 1);
    at(&f, palm_on_blue, HAND);
    assert_int_equal(f.state.detector_runs, 2);
    cli_image_free(&p);
    fixture_unfollow(&f);
}

/* The square of a hand's points: turned with the hand, grown with it, moved with it. */
static void test_region_of_points(void **state)
{
    (void)state;
    tsr_point hand[HAND], other[HAND];
    for (int i = 0; i < HAND; i++)
        hand[i] = (tsr_point){ other_of_two[i].x, other_of_two[i].y, 0, 1 };
    const tsr_region r = tsr_region_of_hand_points(hand);
    const double turn = 1.1, grow = 1.7, c = grow * cos(turn), s = grow * sin(turn);
    for (int i = 0; i < HAND; i++)
        other[i] = (tsr_point){ (float)(c * (double)hand[i].x - s * (double)hand[i].y + 30),
                                (float)(s * (double)hand[i].x + c * (double)hand[i].y - 9), 0, 1 };
    const tsr_region q = tsr_region_of_hand_points(other);
    assert_true(fabs((double)q.side - grow * (double)r.side) < 0.01);
    assert_true(fabs((double)q.angle - turn - (double)r.angle) < 1e-4);
    assert_true(fabs((double)q.x - (c * (double)r.x - s * (double)r.y + 30)) < 0.01);
    assert_true(fabs((double)q.y - (s * (double)r.x + c * (double)r.y - 9)) < 0.01);
    for (int i = 0; i < HAND; i++)
        other[i].x = NAN;
    tsr_region_of_hand_points(other);           /* some region, no crash */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hands_in_photographs),
        cmocka_unit_test(test_hands_with_the_older_detector),
        cmocka_unit_test(test_faces_in_photographs), cmocka_unit_test(test_face_contours),
        cmocka_unit_test(test_wrong_networks), cmocka_unit_test(test_odd_pictures),
        cmocka_unit_test(test_lost_and_found_in_one_frame),
        cmocka_unit_test(test_region_of_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
