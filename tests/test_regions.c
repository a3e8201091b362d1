/*
 * test_regions.c - boxes of the Blaze detectors, the squares they ask for, and points
 * inside those: rows and anchors known by hand, closed forms, and values that cannot be.
 * SPDX-License-Identifier: MIT
 */
#include "tests/fixture.h"
#include <math.h>
#include "models/vision.h"
#include "tests/chance.h"

static bool close_to(float a, float b, float tolerance) { return fabsf(a - b) <= tolerance; }

/* ---- boxes ---------------------------------------------------------------------------- */

static void test_anchor_counts(void **state)
{
    (void)state;
    assert_int_equal(tsr_detector_anchors(&tsr_face_short_range), 896);
    assert_int_equal(tsr_detector_anchors(&tsr_face_full_range), 2304);
    assert_int_equal(tsr_detector_anchors(&tsr_palm), 2016);
    assert_int_equal(tsr_detector_anchors(&tsr_body), 2254);
}

/* Rows of which the anchors are known by hand. */
static void test_rows_meet_their_anchors(void **state)
{
    (void)state;
    static const struct { int row; float x, y; } known[] = {
        { 0, 4, 4 }, { 1, 4, 4 }, { 2, 12, 4 }, { 32, 4, 12 }, { 511, 124, 124 },
        { 512, 8, 8 }, { 517, 8, 8 }, { 518, 24, 8 }, { 895, 120, 120 },
    };
    float *raw = calloc(896 * 16, sizeof *raw), *score = malloc(896 * sizeof *score);
    const tsr_tensor r = { .name = "r", .data = raw, .dtype = TSR_F32, .rank = 3,
                           .dim = { 1, 896, 16 } };
    const tsr_tensor s = { .name = "s", .data = score, .dtype = TSR_F32, .rank = 3,
                           .dim = { 1, 896, 1 } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        for (int k = 0; k < 896; k++)
            score[k] = k == known[i].row ? 3 : -3;
        float *row = raw + 16 * known[i].row;
        row[0] = 1, row[1] = -2, row[2] = 10, row[3] = 20, row[14] = 5, row[15] = 6;
        tsr_box b[4];
        int n;
        tsr_error err = { 0 };
        assert_int_equal(tsr_boxes_decode(&tsr_face_short_range, &r, &s, b, 4, &n, &err), TSR_OK);
        assert_int_equal(n, 1);
        const float x = known[i].x, y = known[i].y;
        assert_true(close_to(b[0].x0, x - 4, 1e-4f) && close_to(b[0].y0, y - 12, 1e-4f));
        assert_true(close_to(b[0].x1, x + 6, 1e-4f) && close_to(b[0].y1, y + 8, 1e-4f));
        assert_true(close_to(b[0].point[5].x, x + 5, 1e-4f));
        assert_true(close_to(b[0].point[5].y, y + 6, 1e-4f));
        assert_true(close_to(b[0].score, 0.95257413f, 1e-6f));
        memset(row, 0, 16 * sizeof *row);
    }
    free(raw);
    free(score);
}

static void test_boxes_of_nonsense(void **state)
{
    (void)state;
    float *raw = malloc(896 * 16 * sizeof *raw), *score = malloc(896 * sizeof *score);
    tsr_tensor r = { .name = "r", .data = raw, .dtype = TSR_F32, .rank = 3, .dim = { 1, 896, 16 } };
    const tsr_tensor s = { .name = "s", .data = score, .dtype = TSR_F32, .rank = 3,
                           .dim = { 1, 896, 1 } };
    for (int i = 0; i < 896; i++) {
        score[i] = i % 3 ? i % 3 == 1 ? NAN : 1000 : 0.5f + (float)i / 1000;
        for (int k = 0; k < 16; k++)
            raw[16 * i + k] = i % 3 == 2 ? i % 2 ? NAN : 1e30f : (float)k;
    }
    tsr_box b[8];
    int n;
    tsr_error err = { 0 };
    assert_int_equal(tsr_boxes_decode(&tsr_face_short_range, &r, &s, b, 8, &n, &err), TSR_OK);
    assert_int_equal(n, 8);                     /* the best of the sane ones */
    for (int i = 0; i < n; i++)
        assert_true(b[i].score > 1 / (1 + expf(-1.37f)));
    assert_int_equal(tsr_boxes_decode(&tsr_face_short_range, &r, &s, b, 0, &n, &err), TSR_OK);
    assert_int_equal(n, 0);
    r.dim[1] = 895;
    assert_int_equal(tsr_boxes_decode(&tsr_face_short_range, &r, &s, b, 8, &n, &err),
                     TSR_UNSUPPORTED);
    free(raw);
    free(score);
}

static tsr_box box(float x0, float y0, float x1, float y1, float score)
{
    return (tsr_box){ x0, y0, x1, y1, score, 1, { { x0, y0, 0, 1 } } };
}

static void test_merge_averages_groups(void **state)
{
    (void)state;
    tsr_box b[] = {
        box(50, 50, 60, 60, 0.6f), box(0, 0, 10, 10, 0.9f), box(2, 0, 12, 10, 0.3f),
        box(6, 0, 16, 10, 0.5f),                /* overlaps the 0.9 by 4/16: stays alone */
        box(50, 50, 50, 50, 0.4f),              /* empty */
    };
    assert_int_equal(tsr_boxes_merge(b, 5, 0.3f), 4);
    assert_true(close_to(b[0].x0, 2 * 0.3f / 1.2f, 1e-5f) && b[0].score == 0.9f);
    assert_true(close_to(b[0].x1, 10 + 2 * 0.3f / 1.2f, 1e-5f));
    assert_true(close_to(b[0].point[0].x, 0.5f, 1e-5f));
    assert_true(close_to(b[1].x0, 50, 1e-4f) && b[1].score == 0.6f);
    assert_true(close_to(b[2].x0, 6, 1e-5f) && close_to(b[3].x1, 50, 1e-5f));
    assert_int_equal(tsr_boxes_merge(b, 0, 0.3f), 0);
}

/* ---- regions ----------------------------------------------------------------------------- */

/* In the crop, `from` must lie straight below `to`, and both inside. */
static void check_upright(const tsr_region *r, const tsr_point *from, const tsr_point *to)
{
    const tsr_affine back = tsr_region_affine(r, 100), into = tsr_affine_invert(&back);
    float fx = from->x, fy = from->y, tx = to->x, ty = to->y;
    tsr_affine_apply(&into, &fx, &fy);
    tsr_affine_apply(&into, &tx, &ty);
    assert_true(close_to(fx, tx, 0.01f) && ty < fy);
    assert_true(tx > 0 && tx < 100 && ty > 0 && fy < 100);
}

static void test_regions_stand_upright(void **state)
{
    (void)state;
    for (int degrees = 0; degrees < 360; degrees += 15) {
        const float a = (float)degrees * 3.14159265f / 180;
        tsr_box b = box(100, 200, 160, 260, 1);
        b.points = 4;
        b.point[0] = (tsr_point){ 130, 230, 0, 1 };
        b.point[1] = b.point[2] = (tsr_point){ 130 + 25 * cosf(a), 230 + 25 * sinf(a), 0, 1 };
        const tsr_region body = tsr_region_of_body(&b), palm = tsr_region_of_palm(&b);
        check_upright(&body, &b.point[0], &b.point[1]);
        check_upright(&palm, &b.point[0], &b.point[2]);
        assert_true(close_to(body.side, 2.5f * 25, 0.01f) && close_to(palm.side, 2.6f * 60, 0.01f));
        /* The palm's square moved 30 pixels towards the fingers. */
        assert_true(close_to(palm.x, 130 + 30 * cosf(a), 0.01f));
        assert_true(close_to(palm.y, 230 + 30 * sinf(a), 0.01f));
    }
}

static void test_landmarks(void **state)
{
    (void)state;
    float v[] = { 10, 20, 4, 100, 100, NAN, 0, 0, 0, 0 };
    const tsr_tensor t = { .data = v, .dtype = TSR_F32, .rank = 2, .dim = { 1, 10 } };
    const tsr_affine map = { { 0, -2, 100, 2, 0, 50 } };
    tsr_point p[3];
    assert_int_equal(tsr_landmarks_decode(&t, 5, &map, p, 3), 2);
    assert_true(close_to(p[0].x, 60, 1e-4f) && close_to(p[0].y, 70, 1e-4f));
    assert_true(close_to(p[0].z, 8, 1e-4f) && p[0].score > 0.999f);
    assert_true(p[1].score == 0 && p[1].x == 0);
    assert_int_equal(tsr_landmarks_decode(&t, 3, &map, p, 1), 1);
    assert_true(p[0].score == 1);
}

static void test_landmarks_move_to_sure_heatmaps(void **state)
{
    (void)state;
    enum { H = 12, W = 16, N = 3 };
    float maps[H * W * N];
    for (int i = 0; i < H * W * N; i++)
        maps[i] = -20;
    /* Map 0: two sure cells near the point; map 1: never sure; map 2: sure, but far. */
    maps[(5 * W + 7) * N] = maps[(5 * W + 8) * N] = 3;
    maps[(5 * W + 7) * N + 1] = -0.1f;
    maps[(5 * W + 15) * N + 2] = 9;
    const tsr_tensor t = { .name = "maps", .data = maps, .dtype = TSR_F32, .rank = 4,
                           .dim = { 1, H, W, N } };
    const tsr_affine two = { { 2, 0, 10, 0, 2, 0 } };
    tsr_point p[3] = { { 24, 9, 0, 1 }, { 24, 9, 0, 1 }, { 24, 9, 0, 1 } };
    tsr_landmarks_refine(&t, &two, p, 3);
    assert_true(close_to(p[0].x, 10 + 2 * 7.5f, 1e-3f) && close_to(p[0].y, 10, 1e-3f));
    assert_true(p[1].x == 24 && p[2].x == 24 && p[2].y == 9);
    p[0].x = NAN;
    p[1].x = -1e9f;
    tsr_landmarks_refine(&t, &two, p, 3);
    assert_true(p[1].x == -1e9f);
    tsr_landmarks_refine(&t, &two, p, 4);               /* one map too few: nothing happens */
}

static void test_skeletons_are_closed(void **state)
{
    (void)state;
    const tsr_skeleton *all[] = { &tsr_skeleton_body14, &tsr_skeleton_body33,
                                  &tsr_skeleton_hand21 };
    const int points[] = { 14, 33, 21 };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(all[i]->points, points[i]);
        for (int k = 0; k < all[i]->limbs; k++)
            assert_true(all[i]->limb[k][0] < points[i] && all[i]->limb[k][1] < points[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor_counts),
        cmocka_unit_test(test_rows_meet_their_anchors),
        cmocka_unit_test(test_boxes_of_nonsense),
        cmocka_unit_test(test_merge_averages_groups),
        cmocka_unit_test(test_regions_stand_upright),
        cmocka_unit_test(test_landmarks),
        cmocka_unit_test(test_landmarks_move_to_sure_heatmaps),
        cmocka_unit_test(test_skeletons_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
