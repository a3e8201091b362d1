/*
 * test_draw.c - shapes against their areas, text against its own measure, and
 * nothing outside the picture, whatever the numbers are.
 * SPDX-License-Identifier: MIT
 */
#include "tests/fixture.h"
#include <math.h>
#include "cli/image.h"
#include "cli/drawing/overlay.h"
#include "cli/drawing/plane_blur.h"
#include "tests/chance.h"

static const cli_paint white = { 255, 255, 255, 1 };

static tsr_image canvas(int w, int h)
{
    tsr_image p;
    tsr_error err = { 0 };
    assert_int_equal(cli_image_new(w, h, &p, &err), TSR_OK);
    return p;
}

/* Sum of coverage in pixels: the area of what was drawn in white on black. */
static double area(const tsr_image *p)
{
    double sum = 0;
    for (int i = 0; i < p->width * p->height; i++)
        sum += p->rgb[3 * i] / 255.0;
    return sum;
}

static void check_area(tsr_image *p, double want, double tolerance)
{
    const double have = area(p);
    if (!(fabs(have - want) <= tolerance * want))
        fail_msg("area %.3f, wanted %.3f", have, want);
    memset(p->rgb, 0, (size_t)p->stride * (size_t)p->height);
}

static void test_areas(void **state)
{
    (void)state;
    const double pi = 3.14159265358979;
    tsr_image p = canvas(120, 100);
    for (float r = 1; r < 40; r *= 1.7f) {
        cli_draw_dot(&p, (cli_spot){ 57.3f, 48.8f }, r, white);
        check_area(&p, pi * ((double)(r * r) + 1.0 / 12), 0.02);    /* with a ramp of 1 around */
    }
    cli_draw_stroke(&p, &(cli_stroke){ { 20.5f, 30 }, { 90, 70.2f }, 5, 5, white, white });
    check_area(&p, 10 * hypot(69.5, 40.2) + 25 * pi, 0.01);
    cli_draw_rect(&p, &(cli_rect){ 10.25f, 20.5f, 90.75f, 60 }, 0, 0, white);
    check_area(&p, 80.5 * 39.5, 0.01);
    cli_draw_rect(&p, &(cli_rect){ 10, 20, 90, 60 }, 12, 0, white);
    check_area(&p, 80 * 40 - (4 - pi) * 144, 0.01);
    cli_draw_rect(&p, &(cli_rect){ 10, 20, 90, 60 }, 0, 4, white);
    check_area(&p, 84 * 44 - 76 * 36 - (4 - pi) * 4, 0.01);   /* round outside */
    cli_image_free(&p);
}

static void test_paint_mixes(void **state)
{
    (void)state;
    tsr_image p = canvas(3, 1);
    memset(p.rgb, 100, 9);
    cli_draw_pixel(&p, 1, 0, (cli_paint){ 200, 100, 0, 0.5f }, 0.5f);
    assert_int_equal(p.rgb[3], 125);
    assert_int_equal(p.rgb[4], 100);
    assert_int_equal(p.rgb[5], 75);
    cli_draw_pixel(&p, 0, 0, (cli_paint){ 200, 100, 0, NAN }, 1);
    assert_int_equal(p.rgb[0], 100);
    assert_int_equal(p.rgb[6], 100);
    cli_image_free(&p);
}

/* A whole plane of shares against pixel by pixel: what is between two levels may go either
 * way.  Wide enough for runs of nothing that begin and end anywhere. */
static void test_planes_are_many_pixels(void **state)
{
    (void)state;
    enum { W = 83, H = 40 };
    static uint8_t share[W * H];
    const cli_paint paint = { 200, 10, 130, 0.7f };
    const tsr_plane plane = { share, W, H };
    tsr_image one = canvas(W, H), all = canvas(W, H);
    cli_mix mix[256];
    uint32_t seed = 4;
    for (int i = 0; i < 256; i++)
        mix[i] = cli_mix_of(paint, (float)i / 255);
    for (int i = 0; i < W * H; i++)
        share[i] = (i / 19) % 3 ? 0 : (uint8_t)(test_rand(&seed, 0, 255));
    for (int i = 0; i < 3 * W * H; i++)
        one.rgb[i] = all.rgb[i] = (uint8_t)(test_rand(&seed, 0, 255));
    for (int i = 0; i < W * H; i++)
        cli_draw_pixel(&one, i % W, i / W, paint, (float)share[i] / 255);
    cli_draw_plane(&all, &plane, mix);
    for (int i = 0; i < 3 * W * H; i++)
        assert_in_range(all.rgb[i] - one.rgb[i] + 1, 0, 2);
    mix[0] = cli_mix_of(white, 1);              /* 0 may be something, too */
    memset(share, 0, sizeof share);
    cli_draw_plane(&all, &plane, mix);
    for (int i = 0; i < 3 * W * H; i++)
        assert_int_equal(all.rgb[i], 255);
    cli_image_free(&one);
    cli_image_free(&all);
}

/* The mean of a box, twice, with plain sums and divisions. */
static void blur_slowly(const uint8_t *in, int w, int h, int dx, int dy, int radius, uint8_t *out)
{
    for (int i = 0; i < w * h; i++) {
        unsigned sum = 0;
        for (int k = -radius; k <= radius; k++) {
            const int x = i % w + k * dx, y = i / w + k * dy;
            sum += in[(y < 0 ? 0 : y < h ? y : h - 1) * w + (x < 0 ? 0 : x < w ? x : w - 1)];
        }
        out[i] = (uint8_t)(sum / (2 * (unsigned)radius + 1));
    }
}

static void test_blur(void **state)
{
    (void)state;
    enum { MOST = 60 * 40 };
    static const struct { int w, h; } size[] = { { 60, 40 }, { 1, 9 }, { 9, 1 }, { 17, 16 } };
    static uint8_t have[MOST], want[MOST], half[MOST];
    uint32_t seed = 8;
    for (int s = 0; s < 4; s++)
        for (int radius = 0; radius <= CLI_BLUR_MOST; radius += radius < 12 ? 1 : 22) {
            const int w = size[s].w, h = size[s].h;
            const tsr_plane plane = { have, w, h };
            void *work = malloc(cli_plane_blur_bytes(&plane));
            for (int i = 0; i < w * h; i++)     /* noise, and long runs of 0 and 255 */
                have[i] = want[i] = i % w < 20 ? (uint8_t)(test_rand(&seed, 0, 255))
                                               : i % w < 42 ? 255 : 0;
            for (int round = 0; round < 2; round++) {
                blur_slowly(want, w, h, 1, 0, radius, half);
                blur_slowly(half, w, h, 0, 1, radius, want);
            }
            cli_plane_blur(&plane, radius, work);
            assert_memory_equal(have, want, (size_t)(w * h));
            free(work);
        }
}

/* Canvas inside a larger one: drawing must leave the frame alone. */
static void test_stays_inside(void **state)
{
    (void)state;
    enum { EDGE = 8, W = 31, H = 17, STRIDE = 3 * (W + 2 * EDGE) };
    static uint8_t bytes[STRIDE * (H + 2 * EDGE)];
    const tsr_image p = { bytes + EDGE * STRIDE + 3 * EDGE, W, H, STRIDE };
    static const float odd[] = { -1e9f, -100, -3, 0, 15, 40, 1e9f, NAN, INFINITY, -INFINITY };
    memset(bytes, 7, sizeof bytes);
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            const cli_spot a = { odd[i], odd[j] }, b = { odd[j], odd[9 - i] };
            cli_draw_stroke(&p, &(cli_stroke){ a, b, 3, 9, white, white });
            cli_draw_dot(&p, a, odd[j], white);
            cli_draw_rect(&p, &(cli_rect){ a.x, a.y, b.x, b.y }, 3, (float)(i & 1), white);
            if (fabsf(odd[i]) < 1e3f && fabsf(odd[j]) < 1e3f)
                cli_draw_text(&p, a, 11, "Az%j", white);
        }
    for (int y = 0; y < H + 2 * EDGE; y++)
        for (int x = 0; x < W + 2 * EDGE; x++)
            if (y < EDGE || y >= EDGE + H || x < EDGE || x >= EDGE + W)
                assert_int_equal(bytes[y * STRIDE + 3 * x], 7);
}

/* Columns and rows that have ink. */
static void ink(const tsr_image *p, int *left, int *right, int *top, int *bottom)
{
    *left = p->width, *right = -1, *top = p->height, *bottom = -1;
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++)
            if (p->rgb[y * p->stride + 3 * x] > 100) {
                *left = x < *left ? x : *left;
                *right = x > *right ? x : *right;
                *top = y < *top ? y : *top;
                *bottom = y > *bottom ? y : *bottom;
            }
}

static void test_text_has_the_size_it_says(void **state)
{
    (void)state;
    tsr_image p = canvas(700, 90);
    static const char *const words[] = { "H", "hand", "dining table", "WMi", "0123456789" };
    for (int k = 0; k < 5; k++)
        for (float size = 8; size < 40; size *= 1.5f) {
            int left, right, top, bottom;
            const float w = cli_draw_text(&p, (cli_spot){ 20, 60 }, size, words[k], white);
            assert_true(w == cli_draw_text(NULL, (cli_spot){ 0, 0 }, size, words[k], white));
            ink(&p, &left, &right, &top, &bottom);
            /* Half a stroke on each side is extra. */
            const float stroke = 1.3f * fmaxf(size / 14, 0.6f) + 1;
            assert_true(fabsf((float)left - 20) <= stroke);
            assert_true(fabsf((float)right - 20 - w) <= stroke);
            assert_true(fabsf(60 - size - (float)top) <= stroke);
            assert_true((float)bottom <= 60 + size * 0.3f + stroke);
            memset(p.rgb, 0, (size_t)p.stride * (size_t)p.height);
        }
    cli_image_free(&p);
}

/* Each printable character has a glyph of its own. */
static void test_every_glyph_differs(void **state)
{
    (void)state;
    enum { CELL = 40, COUNT = '~' - '!' + 1 };
    static uint8_t seen[COUNT][CELL * CELL * 3];
    for (int i = 0; i < COUNT; i++) {
        const char text[2] = { (char)('!' + i), 0 };
        const tsr_image p = { seen[i], CELL, CELL, CELL * 3 };
        cli_draw_text(&p, (cli_spot){ 8, 28 }, 20, text, white);
        assert_true(area(&p) > 3);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(seen[i], seen[j], sizeof seen[i]);
    }
    /* What is not ASCII is one question mark a character, not one a byte. */
    const float two = cli_draw_text(NULL, (cli_spot){ 0, 0 }, 20, "??", white);
    assert_true(two == cli_draw_text(NULL, (cli_spot){ 0, 0 }, 20, "\xC3\xA4\xE2\x82\xAC", white));
}

static void test_skeleton(void **state)
{
    (void)state;
    tsr_image p = canvas(200, 200);
    tsr_point joints[14] = { { 0 } };
    joints[2] = (tsr_point){ 60, 50, 0, 0.9f };         /* right shoulder, elbow */
    joints[3] = (tsr_point){ 60, 150, 0, 0.4f };
    cli_overlay_skeleton(&p, &tsr_skeleton_body14, joints, 0.5f);
    const uint8_t *limb = p.rgb + 100 * p.stride + 60 * 3;
    assert_int_equal(limb[0] | limb[1] | limb[2], 0);   /* the elbow is too unsure */
    cli_overlay_skeleton(&p, &tsr_skeleton_body14, joints, 0.4f);
    assert_true(limb[2] > limb[0] + 60);                /* the right is cool */
    for (int i = 0; i < 14; i++)
        joints[i] = (tsr_point){ NAN, INFINITY, 0, NAN };
    cli_overlay_skeleton(&p, &tsr_skeleton_body14, joints, 0);
    cli_image_free(&p);
}

static void test_masks(void **state)
{
    (void)state;
    tsr_image p = canvas(100, 100);
    uint8_t label[100 * 100], mask[100 * 100];
    for (int i = 0; i < 100 * 100; i++) {
        label[i] = i % 100 < 50 ? 3 : i / 100 < 50 ? 0 : 7;
        mask[i] = i % 100 < 50 ? 255 : 0;
    }
    const tsr_plane plane = { label, 100, 100 }, soft = { mask, 100, 100 };
    cli_paint palette[256] = { { 0, 0, 0, 0 } };
    palette[3] = (cli_paint){ 100, 200, 0, 0.5f };
    cli_overlay_labels(&p, &plane, 2, palette);
    assert_int_equal(p.rgb[10 * p.stride + 3 * 20 + 1], 100);   /* half of 200 */
    assert_int_equal(p.rgb[10 * p.stride + 3 * 80 + 1], 0);
    assert_true(p.rgb[10 * p.stride + 3 * 50] > 90);            /* the border */
    assert_int_equal(p.rgb[50 * p.stride + 3 * 80], 0);         /* 0 | 7: neither is shown */

    memset(p.rgb, 0, 30000);
    cli_overlay_mask(&p, &soft, 128, 4, palette[3]);
    assert_int_equal(p.rgb[10 * p.stride + 3 * 20 + 1], 100);
    assert_true(p.rgb[10 * p.stride + 3 * 50] > 90);            /* smoothing moves no edge */
    assert_int_equal(p.rgb[10 * p.stride + 3 * 80 + 1], 0);
    cli_image_free(&p);
}

static void test_legend_and_boxes_fit(void **state)
{
    (void)state;
    static const cli_legend_row rows[] = {
        { "dining table", { 192, 128, 0, 1 }, 0.43f }, { "cat", { 64, 0, 0, 1 }, 0.0004f },
    };
    for (int side = 1; side < 900; side = side * 3 / 2 + 1) {
        tsr_image p = canvas(side, side / 2 + 1);
        cli_overlay_legend(&p, rows, 2);
        if (side > 200)
            assert_true(area(&p) > side);
        tsr_box b = { 0.1f * (float)side, -2, 0.8f * (float)side, 0.4f * (float)side, 0.9f, 1,
                      { { NAN, 0, 0, 1 } } };
        cli_overlay_box(&p, &b, "face 90%");
        cli_overlay_legend(&p, rows, 0);
        cli_image_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas), cmocka_unit_test(test_paint_mixes),
        cmocka_unit_test(test_planes_are_many_pixels), cmocka_unit_test(test_blur),
        cmocka_unit_test(test_stays_inside), cmocka_unit_test(test_text_has_the_size_it_says),
        cmocka_unit_test(test_every_glyph_differs), cmocka_unit_test(test_skeleton),
        cmocka_unit_test(test_masks), cmocka_unit_test(test_legend_and_boxes_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
