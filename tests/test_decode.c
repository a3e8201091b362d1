/*
 * test_decode.c - outputs into labels, joints and masks, each against the
 * answer worked out another way: closed forms, brute force in double precision,
 * and values that cannot be, such as NaN everywhere.
 * SPDX-License-Identifier: MIT
 */
#include "tests/chance.h"
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

/* A slope stays that slope when it is interpolated, in pictures much wider and much
 * narrower than the map: value = x / cells, flat half a cell from the edges. */
static void test_mask_of_any_width(void **state)
{
    (void)state;
    static const struct { int cells, width; } wide[] = {
        { 40, 700 }, { 256, 1281 }, { 1500, 300 }, { 5000, 7 }, { 1, 300 }, { 600, 600 },
    };
    static float v[2 * 5000];
    static uint8_t m[3 * 1281];
    for (size_t k = 0; k < sizeof wide / sizeof *wide; k++) {
        const int n = wide[k].cells, w = wide[k].width;
        const float step = (float)w / (float)n;
        const tsr_tensor t = { .name = "slope", .data = v, .dtype = TSR_F32, .rank = 4,
                               .dim = { 1, 2, n, 1 } };
        const tsr_plane plane = { m, w, 3 };
        tsr_error err = { 0 };
        for (int i = 0; i < 2 * n; i++)
            v[i] = ((float)(i % n) + 0.5f) / (float)n;
        assert_int_equal(tsr_segment_mask(&t, &(tsr_affine){ { step, 0, 0, 0, 1.5f, 0 } },
                                          &plane, &err), TSR_OK);
        for (int i = 0; i < 3 * w; i++) {
            const double at = fmin(fmax((i % w + 0.5) / w, 0.5 / n), 1 - 0.5 / n);
            assert_true(fabs(m[i] - 255 * at) <= 0.51);
        }
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top_k_of_probabilities),
        cmocka_unit_test(test_top_k_of_logits),
        cmocka_unit_test(test_top_k_of_nonsense),
        cmocka_unit_test(test_label_tables),
        cmocka_unit_test(test_joints_between_cells),
        cmocka_unit_test(test_lone_cell_does_not_win),
        cmocka_unit_test(test_blur_is_gaussian),
        cmocka_unit_test(test_heatmaps_in_planes),
        cmocka_unit_test(test_heatmaps_of_nonsense),
        cmocka_unit_test(test_labels_from_logits),
        cmocka_unit_test(test_labels_from_numbers),
        cmocka_unit_test(test_mask_and_wrong_shapes), cmocka_unit_test(test_mask_of_any_width),
        cmocka_unit_test(test_voc_palette),
        cmocka_unit_test(test_grid_from_corner_to_corner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
