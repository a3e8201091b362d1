/*
 * test_preprocess.c - pictures into tensors: resampling against a float64
 * evaluation of the filter's definition, tables, geometry, crops.  Whole inputs are
 * compared in test_golden_inputs.c.
 * SPDX-License-Identifier: MIT
 */
#include "tests/chance.h"
#include "tests/fixture.h"
#include <math.h>
#include "cli/image.h"
#include "models/catalogue.h"

/* Random pixels, with unused bytes at the end of each row. */
static tsr_image noisy_image(int width, int height, uint32_t seed)
{
    const int stride = 3 * width + 5;
    tsr_image p = { malloc((size_t)stride * (size_t)height), width, height, stride };
    for (int i = 0; i < stride * height; i++)
        p.rgb[i] = (uint8_t)test_bits(&seed);
    return p;
}

/* ---- resampling ----------------------------------------------------------------- */

static double tent(double t) { return fabs(t) < 1 ? 1 - fabs(t) : 0; }

/* One output value by the definition: every source pixel, weighted by its distance. */
static double resampled(const tsr_image *p, const tsr_image *q, int ox, int oy, int c)
{
    const double sx = (double)p->width / q->width, sy = (double)p->height / q->height;
    const double wx = sx > 1 ? sx : 1, wy = sy > 1 ? sy : 1;
    double sum = 0, weights = 0;
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            const double w = tent((x + 0.5 - (ox + 0.5) * sx) / wx) *
                             tent((y + 0.5 - (oy + 0.5) * sy) / wy);
            sum += w * p->rgb[y * p->stride + 3 * x + c];
            weights += w;
        }
    return sum / weights;
}

static void check_resize(int w, int h, int nw, int nh)
{
    tsr_image p = noisy_image(w, h, (uint32_t)(w * 31 + h)), q = noisy_image(nw, nh, 1);
    const size_t need = tsr_image_resize_bytes(w, h, nw, nh);
    unsigned char *work = malloc(need + 1);
    tsr_image_resize(&p, &q, work + 1);         /* any alignment */
    double worst = 0;
    for (int y = 0; y < nh; y++)
        for (int x = 0; x < nw; x++)
            for (int c = 0; c < 3; c++)
                worst = fmax(worst, fabs(q.rgb[y * q.stride + 3 * x + c] -
                                         resampled(&p, &q, x, y, c)));
    /* Two roundings to a byte, half a level each. */
    if (worst > 1.001)
        fail_msg("%dx%d to %dx%d is off by %g", w, h, nw, nh, worst);
    free(work);
    free(p.rgb);
    free(q.rgb);
}

static void test_resize_follows_definition(void **state)
{
    (void)state;
    static const int sizes[][4] = {
        { 1, 1, 5, 4 }, { 5, 4, 1, 1 }, { 7, 5, 7, 5 }, { 2, 3, 11, 9 }, { 31, 17, 8, 12 },
        { 40, 3, 7, 20 }, { 3, 64, 24, 5 }, { 50, 61, 19, 23 }, { 97, 2, 3, 2 },
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_resize(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3]);
}

static void test_same_size_is_a_copy(void **state)
{
    (void)state;
    tsr_image p = noisy_image(13, 9, 3), q = noisy_image(13, 9, 4);
    void *work = malloc(tsr_image_resize_bytes(13, 9, 13, 9));
    tsr_image_resize(&p, &q, work);
    for (int y = 0; y < 9; y++)
        assert_memory_equal(p.rgb + y * p.stride, q.rgb + y * q.stride, 39);
    free(work);
    free(p.rgb);
    free(q.rgb);
}

/* ---- tensors --------------------------------------------------------------------- */

static tsr_tensor tensor_of(tsr_dtype type, int a, int b, int c, void *data)
{
    return (tsr_tensor){ .name = "picture", .dtype = type, .rank = 4, .dim = { 1, a, b, c },
                         .data = data };
}

static tsr_affine fit(const tsr_preprocess *how, const tsr_image *p, tsr_tensor *t)
{
    tsr_affine back;
    tsr_error err = { 0 };
    const size_t bytes = tsr_picture_bytes(p, t);
    uint8_t *work = malloc(bytes + 16);
    memset(work + bytes, 0xA5, 16);
    assert_int_equal(tsr_picture_fit(how, p, t, work, &back, &err), TSR_OK);
    for (int i = 0; i < 16; i++)                /* no byte beyond what was asked for */
        assert_int_equal(work[bytes + i], 0xA5);
    free(work);
    return back;
}

static const tsr_preprocess plain = { .scale = { 1, 1, 1 } };

static void test_numbers_and_channel_order(void **state)
{
    (void)state;
    uint8_t rgb[] = { 10, 20, 30, 255, 0, 128 };
    const tsr_image p = { rgb, 2, 1, 6 };
    float f[6];
    tsr_tensor t = tensor_of(TSR_F32, 1, 2, 3, f);
    const tsr_preprocess how = { .mean = { 1, 2, 3 }, .scale = { 2, 4, 8 }, .bgr = true };
    fit(&how, &p, &t);
    const float want[] = { 8 * 27, 4 * 18, 2 * 9, 8 * 125, 4 * -2, 2 * 254 };
    assert_memory_equal(f, want, sizeof want);

    /* The same as planes. */
    tsr_tensor planes = tensor_of(TSR_F32, 3, 1, 2, f);
    fit(&how, &p, &planes);
    const float planar[] = { 8 * 27, 8 * 125, 4 * 18, 4 * -2, 2 * 9, 2 * 254 };
    assert_memory_equal(f, planar, sizeof planar);
}

static void test_integer_inputs(void **state)
{
    (void)state;
    uint8_t rgb[] = { 0, 127, 255 }, u8[3];
    int8_t s8[3];
    const tsr_image p = { rgb, 1, 1, 3 };
    tsr_tensor u = tensor_of(TSR_U8, 1, 1, 3, u8), s = tensor_of(TSR_S8, 1, 1, 3, s8);
    fit(&plain, &p, &u);
    assert_memory_equal(u8, rgb, 3);
    fit(&plain, &p, &s);
    assert_int_equal(s8[0], -128);
    assert_int_equal(s8[1], -1);
    assert_int_equal(s8[2], 127);

    /* Real values in the tensor's own scale: 255/255 / 0.02 - 14 = 36; out of range stays in. */
    s.quant = (tsr_quant){ .scale = 0.02f, .zero_point = -14 };
    fit(&(tsr_preprocess){ .quantise = true, .scale = { 1 / 255.0f, 1, 1 / 255.0f } }, &p, &s);
    assert_int_equal(s8[0], -14);
    assert_int_equal(s8[1], 127);
    assert_int_equal(s8[2], 36);
}

static void test_grey(void **state)
{
    (void)state;
    uint8_t rgb[] = { 255, 255, 255, 200, 100, 50 }, u8[2];
    const tsr_image p = { rgb, 2, 1, 6 };
    tsr_tensor t = tensor_of(TSR_U8, 1, 2, 1, u8);
    fit(&plain, &p, &t);
    assert_int_equal(u8[0], 255);
    assert_int_equal(u8[1], 124);               /* 0.299 200 + 0.587 100 + 0.114 50 = 124.2 */
}

static void test_wrong_inputs_are_named(void **state)
{
    (void)state;
    const tsr_tensor wrong[] = {
        { .name = "a", .rank = 2, .dim = { 1, 42 } }, { .name = "b", .rank = 0 },
        tensor_of(TSR_F32, 8, 8, 4, NULL), tensor_of(TSR_S64, 8, 8, 3, NULL),
        { .name = "c", .rank = 4, .dim = { 2, 8, 8, 3 } },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        tsr_error err = { 0 };
        assert_int_equal(tsr_picture_check(&wrong[i], &err), TSR_UNSUPPORTED);
        assert_non_null(strstr(err.text, wrong[i].name));
    }
}

/* ---- geometry --------------------------------------------------------------------- */

static void check_point(const tsr_affine *a, float x, float y, float want_x, float want_y)
{
    tsr_affine_apply(a, &x, &y);
    assert_true(fabsf(x - want_x) < 1e-3f && fabsf(y - want_y) < 1e-3f);
}

static void test_letterbox_geometry(void **state)
{
    (void)state;
    tsr_image p = { malloc(3 * 200 * 100), 200, 100, 600 };
    memset(p.rgb, 255, 3 * 200 * 100);
    float *f = malloc(sizeof *f * 50 * 50 * 3);
    tsr_tensor t = tensor_of(TSR_F32, 50, 50, 3, f);
    tsr_preprocess how = plain;
    how.fit = TSR_FIT_LETTERBOX;
    const tsr_affine back = fit(&how, &p, &t);

    /* 50 x 25 pixels in the middle: rows 12..36; black above and below. */
    for (int y = 0; y < 50; y++)
        assert_true(f[y * 150 + 75] == (y >= 12 && y < 37 ? 255 : 0));
    check_point(&back, 0, 12, 0, 0);
    check_point(&back, 50, 37, 200, 100);

    const tsr_affine there = tsr_affine_invert(&back);
    check_point(&there, 200, 100, 50, 37);
    /* A grid of 10 x 10 cells over the same input. */
    const tsr_affine grid = tsr_affine_for_grid(&back, &t, 10, 10);
    check_point(&grid, 10, 7.4f, 200, 100);
    free(f);
    free(p.rgb);
}

static void test_extreme_shapes(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 1, 1 }, { 1, 3000 }, { 3000, 1 } };
    uint8_t *u8 = malloc(96 * 96 * 3);
    tsr_tensor t = tensor_of(TSR_U8, 96, 96, 3, u8);
    tsr_preprocess how = plain;
    how.fit = TSR_FIT_LETTERBOX;
    for (size_t i = 0; i < 3; i++) {
        tsr_image p = noisy_image(sizes[i][0], sizes[i][1], 7);
        const tsr_affine back = fit(&how, &p, &t);
        /* The middle of the input is the middle of the picture. */
        float x = 48, y = 48;
        tsr_affine_apply(&back, &x, &y);
        assert_true(fabsf(x - (float)p.width / 2) <= 0.5f + (float)p.width / 96);
        assert_true(fabsf(y - (float)p.height / 2) <= 0.5f + (float)p.height / 96);
        free(p.rgb);
    }
    free(u8);
}

/* A frame that is narrower than the input can need more work space, not less. */
static void test_work_space_of_any_shape(void **state)
{
    (void)state;
    uint8_t *u8 = malloc(40 * 40 * 3);
    tsr_tensor t = tensor_of(TSR_U8, 40, 40, 3, u8);
    for (int i = 0; i < 2000; i++) {
        tsr_image p = noisy_image(1 + i * 37 % 101, 1 + i * 53 % 97, 7);
        tsr_preprocess how = plain;
        how.fit = i % 3 ? TSR_FIT_LETTERBOX : TSR_FIT_STRETCH;
        fit(&how, &p, &t);
        free(p.rgb);
    }
    free(u8);
}

static void test_singular_map_has_no_inverse(void **state)
{
    (void)state;
    const tsr_affine bad[] = { { { 0 } }, { { 1, 2, 0, 2, 4, 0 } }, { { NAN, 0, 0, 0, 1, 0 } } };
    for (int i = 0; i < 3; i++) {
        const tsr_affine r = tsr_affine_invert(&bad[i]);
        for (int k = 0; k < 6; k++)
            assert_true(r.m[k] == 0);
    }
}

/* ---- crops ------------------------------------------------------------------------- */

static void test_crop_turns_and_leaves_black(void **state)
{
    (void)state;
    tsr_image p = noisy_image(6, 6, 11);
    uint8_t u8[4 * 4 * 3];
    tsr_tensor t = tensor_of(TSR_U8, 4, 4, 3, u8);
    tsr_error err = { 0 };

    /* The right column of the crop lies outside: x from 3 to 7. */
    const tsr_affine shift = { { 1, 0, 3, 0, 1, 1 } };
    assert_int_equal(tsr_picture_crop(&plain, &p, &shift, &t, &err), TSR_OK);
    for (int y = 0; y < 4; y++) {
        assert_memory_equal(u8 + 12 * y, p.rgb + (y + 1) * p.stride + 9, 9);
        assert_int_equal(u8[12 * y + 9] | u8[12 * y + 10] | u8[12 * y + 11], 0);
    }

    /* A quarter turn clockwise: the crop's "up" is the picture's right. */
    const tsr_region region = { 3, 3, 4, 1.57079633f };
    const tsr_affine turn = tsr_region_affine(&region, 4);
    assert_int_equal(tsr_picture_crop(&plain, &p, &turn, &t, &err), TSR_OK);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            for (int c = 0; c < 3; c++)
                assert_in_range(u8[12 * y + 3 * x + c] + 1 -
                                p.rgb[(1 + x) * p.stride + 3 * (4 - y) + c], 0, 2);

    /* Nonsense gives black, not a crash. */
    const tsr_affine nonsense = { { NAN, 1e30f, -1e30f, INFINITY, 0, 1e9f } };
    assert_int_equal(tsr_picture_crop(&plain, &p, &nonsense, &t, &err), TSR_OK);
    for (size_t i = 0; i < sizeof u8; i++)
        assert_int_equal(u8[i], 0);
    free(p.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize_follows_definition),
        cmocka_unit_test(test_same_size_is_a_copy),
        cmocka_unit_test(test_numbers_and_channel_order),
        cmocka_unit_test(test_integer_inputs),
        cmocka_unit_test(test_grey),
        cmocka_unit_test(test_wrong_inputs_are_named),
        cmocka_unit_test(test_letterbox_geometry),
        cmocka_unit_test(test_extreme_shapes),
        cmocka_unit_test(test_work_space_of_any_shape),
        cmocka_unit_test(test_singular_map_has_no_inverse),
        cmocka_unit_test(test_crop_turns_and_leaves_black),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
