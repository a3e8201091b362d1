/*
 * test_decode.c - outputs into labels, joints, masks and boxes, each against the
 * answer worked out another way: closed forms, brute force in double precision,
 * and values that cannot be, such as NaN everywhere.
 * SPDX-License-Identifier: MIT
 */
#include "tests/draw.h"
#include "tests/fixture.h"
#include <math.h>
#include "models/vision.h"

static bool close_to(float a, float b, float tolerance) { return fabsf(a - b) <= tolerance; }

/* ---- labels ------------------------------------------------------------------------ */

static void test_top_k_of_probabilities(void **state)
{
    (void)state;
    float p[] = { 0.1f, 0.4f, 0.05f, 0.4f, 0.05f };
    const tsr_tensor t = { .data = p, .dtype = TSR_F32, .rank = 2, .dim = { 1, 5 } };
    tsr_class top[8];
    assert_int_equal(tsr_top_k(&t, 3, top), 3);
    assert_true(top[0].index == 1 && top[1].index == 3 && top[2].index == 0);
    assert_true(top[0].score == 0.4f);          /* not run through a softmax */
    assert_int_equal(tsr_top_k(&t, 8, top), 5);
    assert_int_equal(tsr_top_k(&t, 0, top), 0);
}

static void test_top_k_of_logits(void **state)
{
    (void)state;
    int8_t q[] = { -24, 50, 0, 100 };           /* 0, 7.4, 2.4, 12.4 */
    const tsr_tensor t = { .data = q, .dtype = TSR_S8, .rank = 2, .dim = { 1, 4 },
                           .quant = { .scale = 0.1f, .zero_point = -24 } };
    tsr_class top[4];
    assert_int_equal(tsr_top_k(&t, 4, top), 4);
    const double real[] = { 12.4, 7.4, 2.4, 0 };
    const double sum = exp(12.4) + exp(7.4) + exp(2.4) + exp(0);
    for (int i = 0; i < 4; i++)
        assert_true(fabs((double)top[i].score - exp(real[i]) / sum) < 1e-6);
}

static void test_top_k_of_nonsense(void **state)
{
    (void)state;
    float v[4] = { NAN, NAN, NAN, NAN };
    const tsr_tensor t = { .data = v, .dtype = TSR_F32, .rank = 1, .dim = { 4 } };
    tsr_class top[4];
    assert_int_equal(tsr_top_k(&t, 4, top), 4);
    for (int i = 0; i < 4; i++)
        assert_true(top[i].score == 0);
    v[2] = 3;
    v[1] = -INFINITY;
    tsr_top_k(&t, 4, top);
    assert_true(top[0].index == 2 && top[0].score == 1 && top[1].score == 0);
    v[3] = INFINITY;
    tsr_top_k(&t, 4, top);
    assert_true(top[0].index == 3 && top[0].score == 1 && top[1].score == 0);
}

static void test_label_tables(void **state)
{
    (void)state;
    assert_string_equal(tsr_imagenet_labels[0], "background");
    assert_string_equal(tsr_imagenet_labels[1], "tench");
    assert_string_equal(tsr_imagenet_labels[286], "Egyptian cat");
    assert_string_equal(tsr_imagenet_labels[1000], "toilet tissue");
    for (int i = 0; i < TSR_IMAGENET_LABELS; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(tsr_imagenet_labels[i], tsr_imagenet_labels[j]);
    assert_string_equal(tsr_voc_labels[15], "person");
}

/* ---- heatmaps ----------------------------------------------------------------------- */

enum { HM_W = 20, HM_H = 16, HM_N = 3 };

static tsr_tensor heatmaps(float *v)
{
    return (tsr_tensor){ .name = "maps", .data = v, .dtype = TSR_F32, .rank = 4,
                         .dim = { 1, HM_H, HM_W, HM_N } };
}

static int decode(const tsr_tensor *t, tsr_point *points, int room)
{
    const tsr_affine four = { { 4, 0, 0, 0, 4, 0 } };
    void *work = malloc(tsr_heatmap_bytes(t));
    const int n = tsr_heatmap_decode(t, &four, points, room, work);
    free(work);
    return n;
}

/* A bell of width sigma in map k, its top at (x, y) cells. */
static void put_bell(float *v, int k, float x, float y, float height, float sigma)
{
    for (int i = 0; i < HM_H * HM_W; i++) {
        const float dx = (float)(i % HM_W) + 0.5f - x, dy = (float)(i / HM_W) + 0.5f - y;
        v[i * HM_N + k] += height * expf(-(dx * dx + dy * dy) / (2 * sigma * sigma));
    }
}

static void test_joints_between_cells(void **state)
{
    (void)state;
    uint32_t seed = 5;
    for (int round = 0; round < 50; round++) {
        float v[HM_H * HM_W * HM_N] = { 0 }, at[HM_N][2];
        for (int k = 0; k < HM_N; k++) {
            at[k][0] = 3 + 14 * (float)test_randu(&seed);
            at[k][1] = 3 + 10 * (float)test_randu(&seed);
            put_bell(v, k, at[k][0], at[k][1], 0.8f, 1.5f);
        }
        const tsr_tensor t = heatmaps(v);
        tsr_point p[HM_N];
        assert_int_equal(decode(&t, p, HM_N), HM_N);
        for (int k = 0; k < HM_N; k++) {
            /* A parabola through a bell: good to a twentieth of a cell. */
            assert_true(close_to(p[k].x, 4 * at[k][0], 0.2f));
            assert_true(close_to(p[k].y, 4 * at[k][1], 0.2f));
            assert_true(p[k].score > 0.6f && p[k].score <= 0.8f);
        }
    }
}

static void test_lone_cell_does_not_win(void **state)
{
    (void)state;
    float v[HM_H * HM_W * HM_N] = { 0 };
    put_bell(v, 0, 6.5f, 6.5f, 0.5f, 2);
    v[(2 * HM_W + 17) * HM_N] = 0.9f;
    const tsr_tensor t = heatmaps(v);
    tsr_point p[HM_N];
    decode(&t, p, HM_N);
    assert_true(close_to(p[0].x, 26, 0.1f) && close_to(p[0].y, 26, 0.1f));
    assert_true(close_to(p[0].score, 0.5f, 1e-6f));
}

/* The blur's weights are a Gaussian's: one hot cell spreads like one. */
static void test_blur_is_gaussian(void **state)
{
    (void)state;
    double g[3];
    for (int i = 0; i < 3; i++)
        g[i] = exp(-i * i / (2 * 1.1 * 1.1));
    /* Two hot cells, two apart: the blurred middle is higher than the ends exactly
     * if 2 g[1] > g[0] + g[2], and the decoder must agree. */
    float v[HM_H * HM_W * HM_N] = { 0 };
    v[(8 * HM_W + 8) * HM_N] = v[(8 * HM_W + 10) * HM_N] = 1;
    const tsr_tensor t = heatmaps(v);
    tsr_point p[HM_N];
    decode(&t, p, HM_N);
    assert_true(2 * g[1] > g[0] + g[2]);
    assert_true(close_to(p[0].x, 4 * 9.5f, 1e-3f) && close_to(p[0].y, 4 * 8.5f, 1e-3f));
    /* Asymmetric: 1 beside 0.5; the parabola through the blurred values. */
    memset(v, 0, sizeof v);
    v[(8 * HM_W + 8) * HM_N] = 1;
    v[(8 * HM_W + 9) * HM_N] = 0.5f;
    decode(&t, p, HM_N);
    const double left = g[1] + 0.5 * g[2], mid = g[0] + 0.5 * g[1], right = g[1] + 0.5 * g[0];
    const double d = (right - left) / (2 * (2 * mid - left - right));
    assert_true(close_to(p[0].x, (float)(4 * (8.5 + d)), 1e-3f));
}

/* [1,n,h,w], as ONNX files have it, is the same maps in another order. */
static void test_heatmaps_in_planes(void **state)
{
    (void)state;
    enum { H = 40, W = 48, N = 17 };
    float *cells = malloc(sizeof *cells * H * W * N), *planes = malloc(sizeof *cells * H * W * N);
    uint32_t seed = 4;
    for (int i = 0; i < H * W * N; i++) {
        cells[i] = (float)test_randu(&seed);
        planes[i % N * H * W + i / N] = cells[i];
    }
    const tsr_tensor a = { .name = "a", .data = cells, .dtype = TSR_F32, .rank = 4,
                           .dim = { 1, H, W, N } };
    const tsr_tensor b = { .name = "b", .data = planes, .dtype = TSR_F32, .rank = 4,
                           .dim = { 1, N, H, W } };
    tsr_point p[N], q[N];
    int h, w;
    assert_int_equal(tsr_heatmap_count(&b, &h, &w), N);
    assert_true(h == H && w == W);
    assert_int_equal(decode(&a, p, N), N);
    assert_int_equal(decode(&b, q, N), N);
    assert_memory_equal(p, q, sizeof p);
    free(cells);
    free(planes);
}

static void test_heatmaps_of_nonsense(void **state)
{
    (void)state;
    float v[HM_H * HM_W * HM_N];
    for (int i = 0; i < HM_H * HM_W; i++) {
        v[i * HM_N] = NAN;
        v[i * HM_N + 1] = -INFINITY;
        v[i * HM_N + 2] = i == 5 * HM_W + 7 ? INFINITY : 0;
    }
    const tsr_tensor t = heatmaps(v);
    tsr_point p[HM_N];
    assert_int_equal(decode(&t, p, HM_N), HM_N);
    assert_true(p[0].score == 0 && p[1].score == 0);
    for (int k = 0; k < HM_N; k++)
        assert_true(isfinite(p[k].x) && isfinite(p[k].y));
    assert_int_equal(decode(&t, p, 2), 2);

    float one[2] = { 0.3f, 0.7f };
    const tsr_tensor tiny = { .name = "tiny", .data = one, .dtype = TSR_F32, .rank = 4,
                              .dim = { 1, 1, 1, 2 } };
    assert_int_equal(decode(&tiny, p, 2), 2);
    assert_true(close_to(p[1].x, 2, 1e-6f) && close_to(p[1].score, 0.7f, 1e-6f));
    const tsr_tensor flat = { .data = one, .dtype = TSR_F32, .rank = 2, .dim = { 1, 2 } };
    assert_int_equal(decode(&flat, p, 2), 0);
}

/* ---- masks --------------------------------------------------------------------------- */

enum { GW = 5, GH = 4, GC = 6, PW = 33, PH = 21 };

/* Cell centres are at i + 0.5; outside the outer centres the edge repeats. */
static double bilinear(const float *v, int c, double x, double y)
{
    x = fmin(fmax(x - 0.5, 0), GW - 1);
    y = fmin(fmax(y - 0.5, 0), GH - 1);
    double sum = 0;
    for (int i = 0; i < GH; i++)
        for (int j = 0; j < GW; j++)
            sum += fmax(1 - fabs(x - j), 0) * fmax(1 - fabs(y - i), 0) *
                   (double)v[(i * GW + j) * GC + c];
    return sum;
}

static void test_labels_from_logits(void **state)
{
    (void)state;
    float v[GH * GW * GC];
    uint32_t seed = 77;
    for (int i = 0; i < GH * GW * GC; i++)
        v[i] = 20 * (float)test_randu(&seed) - 10;
    const tsr_tensor t = { .name = "logits", .data = v, .dtype = TSR_F32, .rank = 4,
                           .dim = { 1, GH, GW, GC } };
    /* The picture shows only a part of the grid, as after a letterbox. */
    const tsr_affine map = { { PW / 4.0f, 0, -PW / 8.0f, 0, PH / (float)GH, 0 } };
    uint8_t label[PH * PW];
    const tsr_plane plane = { label, PW, PH };
    tsr_error err = { 0 };
    void *work = malloc(tsr_segment_bytes(&t));
    assert_int_equal(tsr_segment_labels(&t, &map, &plane, work, &err), TSR_OK);
    for (int i = 0; i < PH * PW; i++) {
        const double x = (i % PW + 0.5 + PW / 8.0) / (PW / 4.0);
        const double y = (i / PW + 0.5) / (PH / (double)GH);
        double best = -HUGE_VAL;
        for (int c = 0; c < GC; c++)
            best = fmax(best, bilinear(v, c, x, y));
        assert_true(bilinear(v, label[i], x, y) > best - 1e-4);
    }
    free(work);
}

static void test_labels_from_numbers(void **state)
{
    (void)state;
    int64_t id[GH * GW];
    uint32_t seed = 3;
    for (int i = 0; i < GH * GW; i++)
        id[i] = (int64_t)((float)test_randu(&seed) * 3);
    id[7] = 1000;                               /* not a class we can show: background */
    id[8] = -1;
    const tsr_tensor t = { .name = "ids", .data = id, .dtype = TSR_S64, .rank = 3,
                           .dim = { 1, GH, GW } };
    uint8_t label[GH * 3 * GW * 3];
    const tsr_plane plane = { label, GW * 3, GH * 3 };
    const tsr_affine three = { { 3, 0, 0, 0, 3, 0 } };
    tsr_error err = { 0 };
    void *work = malloc(tsr_segment_bytes(&t));
    assert_int_equal(tsr_segment_labels(&t, &three, &plane, work, &err), TSR_OK);
    free(work);
    for (int i = 0; i < GH * GW; i++) {
        const int want = id[i] >= 0 && id[i] <= 255 ? (int)id[i] : 0;
        assert_int_equal(label[(3 * (i / GW) + 1) * GW * 3 + 3 * (i % GW) + 1], want);
    }
}

static void test_mask_and_wrong_shapes(void **state)
{
    (void)state;
    float v[] = { 0, 1, NAN, 2 };
    tsr_tensor t = { .name = "mask", .data = v, .dtype = TSR_F32, .rank = 4,
                     .dim = { 1, 2, 2, 1 } };
    uint8_t m[16];
    const tsr_plane plane = { m, 4, 4 };
    const tsr_affine two = { { 2, 0, 0, 0, 2, 0 } };
    tsr_error err = { 0 };
    assert_int_equal(tsr_segment_mask(&t, &two, &plane, &err), TSR_OK);
    assert_int_equal(m[0], 0);
    assert_int_equal(m[1], 64);                 /* a quarter of the way: 63.75 */
    assert_int_equal(m[2], 191);
    assert_int_equal(m[3], 255);
    assert_int_equal(m[12], 0);                 /* NaN */
    assert_int_equal(m[15], 255);               /* more than certain */

    t.rank = 2;
    assert_int_equal(tsr_segment_mask(&t, &two, &plane, &err), TSR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "mask"));
    assert_int_equal(tsr_segment_labels(&t, &two, &plane, NULL, NULL), TSR_UNSUPPORTED);
}

/* 5 x 3 cells from corner to corner under 17 x 9: every fourth of those is one of them. */
static void test_grid_from_corner_to_corner(void **state)
{
    (void)state;
    const tsr_affine fine = { { 1.5f, 0.25f, -3, -0.5f, 2, 7 } };
    const tsr_affine coarse = tsr_affine_for_corners(&fine, 4, 4);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 5; x++)
            for (int axis = 0; axis < 2; axis++) {
                const float *f = fine.m + 3 * axis, *c = coarse.m + 3 * axis;
                const double want = (double)f[0] * (4 * x + 0.5) + (double)f[1] * (4 * y + 0.5)
                                  + (double)f[2];
                const double got = (double)c[0] * (x + 0.5) + (double)c[1] * (y + 0.5)
                                 + (double)c[2];
                assert_true(fabs(got - want) < 1e-5);
            }
}

static void test_voc_palette(void **state)
{
    (void)state;
    static const struct { int label; uint8_t rgb[3]; } known[] = {
        { 0, { 0, 0, 0 } }, { 1, { 128, 0, 0 } }, { 3, { 128, 128, 0 } }, { 8, { 64, 0, 0 } },
        { 15, { 192, 128, 128 } }, { 20, { 0, 64, 128 } }, { 255, { 224, 224, 192 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint8_t rgb[3];
        tsr_voc_color(known[i].label, rgb);
        assert_memory_equal(rgb, known[i].rgb, 3);
    }
}

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
        cmocka_unit_test(test_top_k_of_probabilities), cmocka_unit_test(test_top_k_of_logits),
        cmocka_unit_test(test_top_k_of_nonsense), cmocka_unit_test(test_label_tables),
        cmocka_unit_test(test_joints_between_cells), cmocka_unit_test(test_lone_cell_does_not_win),
        cmocka_unit_test(test_blur_is_gaussian), cmocka_unit_test(test_heatmaps_in_planes),
        cmocka_unit_test(test_heatmaps_of_nonsense),
        cmocka_unit_test(test_labels_from_logits), cmocka_unit_test(test_labels_from_numbers),
        cmocka_unit_test(test_mask_and_wrong_shapes), cmocka_unit_test(test_voc_palette),
        cmocka_unit_test(test_grid_from_corner_to_corner),
        cmocka_unit_test(test_anchor_counts), cmocka_unit_test(test_rows_meet_their_anchors),
        cmocka_unit_test(test_boxes_of_nonsense), cmocka_unit_test(test_merge_averages_groups),
        cmocka_unit_test(test_regions_stand_upright), cmocka_unit_test(test_landmarks),
        cmocka_unit_test(test_landmarks_move_to_sure_heatmaps),
        cmocka_unit_test(test_skeletons_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
