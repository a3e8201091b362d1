/*
 * test_yuv.c - YUV to R,G,B and back: against the definition in float64, for every
 * matrix and range, and against what ffmpeg makes of the same bytes.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/fixture.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/image.h"
#include "cli/video/y4m.h"

static const cli_yuv_color colors[] = {
    { CLI_BT601, false }, { CLI_BT601, true }, { CLI_BT709, false }, { CLI_BT709, true },
};
enum { COLORS = sizeof colors / sizeof *colors };

/* ITU-R BT.601 2.5, BT.709 3.2: brightness of red and blue. */
static double kr(cli_yuv_color c) { return c.matrix == CLI_BT709 ? 0.2126 : 0.299; }
static double kb(cli_yuv_color c) { return c.matrix == CLI_BT709 ? 0.0722 : 0.114; }

static double limit(double v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

static void define_rgb(cli_yuv_color c, int y, int u, int v, double rgb[3])
{
    const double ey = c.full ? y / 255.0 : (y - 16) / 219.0;
    const double range = c.full ? 255 : 224, eu = (u - 128) / range, ev = (v - 128) / range;
    const double r = ey + 2 * (1 - kr(c)) * ev, b = ey + 2 * (1 - kb(c)) * eu;
    const double g = (ey - kr(c) * r - kb(c) * b) / (1 - kr(c) - kb(c));
    rgb[0] = limit(255 * r);
    rgb[1] = limit(255 * g);
    rgb[2] = limit(255 * b);
}

static void test_every_color(void **state)
{
    (void)state;
    uint8_t out[3 * 256];
    for (int k = 0; k < COLORS; k++)
        for (int u = 0; u < 256; u += 5)
            for (int v = 0; v < 256; v += 5) {
                uint8_t ramp[256], us[256], vs[256];
                for (int i = 0; i < 256; i++) {
                    ramp[i] = (uint8_t)i;
                    us[i] = (uint8_t)u;
                    vs[i] = (uint8_t)v;
                }
                const cli_yuv from = { .y = ramp, .u = us, .v = vs, .y_step = 1, .c_step = 1 };
                cli_yuv_to_rgb(&from, colors[k], &(tsr_image){ out, 256, 1, 768 });
                for (int y = 0; y < 256; y++) {
                    double want[3];
                    define_rgb(colors[k], y, u, v, want);
                    for (int c = 0; c < 3; c++)
                        if (fabs(out[3 * y + c] - want[c]) > 0.52)
                            fail_msg("color %d, Y %d U %d V %d: channel %d is %d, not %.2f", k, y,
                                     u, v, c, out[3 * y + c], want[c]);
                }
            }
}

/* A picture of one colour has that colour's Y, U and V. */
static void test_every_color_back(void **state)
{
    (void)state;
    for (int k = 0; k < COLORS; k++)
        for (int i = 0; i < 4096; i++) {
            const cli_yuv_color c = colors[k];
            const int r = (i & 15) * 17, g = (i >> 4 & 15) * 17, b = (i >> 8) * 17;
            const uint8_t p[3] = { (uint8_t)r, (uint8_t)g, (uint8_t)b };
            uint8_t rgb[12], yuv[6];
            for (int j = 0; j < 4; j++)
                memcpy(rgb + 3 * j, p, 3);
            cli_rgb_to_yuv420(&(tsr_image){ rgb, 2, 2, 6 }, c, yuv);
            const double y = (kr(c) * r + (1 - kr(c) - kb(c)) * g + kb(c) * b) / 255;
            const double u = (b / 255.0 - y) / (2 * (1 - kb(c)));
            const double v = (r / 255.0 - y) / (2 * (1 - kr(c)));
            const double want[3] = { c.full ? 255 * y : 16 + 219 * y,
                                     128 + (c.full ? 255 : 224) * u,
                                     128 + (c.full ? 255 : 224) * v };
            assert_true(fabs(yuv[0] - want[0]) <= 0.52 && yuv[0] == yuv[3]);
            assert_true(fabs(yuv[4] - limit(want[1])) <= 0.52);
            assert_true(fabs(yuv[5] - limit(want[2])) <= 0.52);
        }
}

/* Which sample belongs to which pixel: grey with one coloured sample. */
static void test_where_samples_lie(void **state)
{
    (void)state;
    static const struct { const char *kind; int x, y; } known[] = {
        { "420", 1, 1 }, { "422", 1, 0 }, { "444", 0, 0 }, { "411", 2, 0 },
    };
    enum { W = 9, H = 5 };
    for (int k = 0; k < 4; k++) {
        char header[64];
        cli_y4m form;
        snprintf(header, sizeof header, "YUV4MPEG2 W9 H5 F1:1 C%s", known[k].kind);
        assert_int_equal(cli_y4m_parse("x", header, &form, NULL), TSR_OK);
        const int cw = (W + (1 << known[k].x) - 1) >> known[k].x;
        const int ch = (H + (1 << known[k].y) - 1) >> known[k].y;
        assert_int_equal(cli_y4m_bytes(&form), W * H + 2 * cw * ch);
        uint8_t frame[3 * W * H], rgb[3 * W * H];
        for (int at = 0; at < cw * ch; at++) {
            memset(frame, 128, sizeof frame);
            frame[W * H + cw * ch + at] = 200;          /* V: red */
            const cli_yuv planes = cli_y4m_planes(&form, frame);
            cli_yuv_to_rgb(&planes, form.color, &(tsr_image){ rgb, W, H, 3 * W });
            for (int y = 0; y < H; y++)
                for (int x = 0; x < W; x++) {
                    const bool red = (x >> known[k].x) + cw * (y >> known[k].y) == at;
                    assert_int_equal(rgb[3 * (W * y + x)] > rgb[3 * (W * y + x) + 1], red);
                }
        }
    }
}

/* Odd sizes: the last sample is the average of the pixels that there are. */
static void test_odd_ends(void **state)
{
    (void)state;
    uint8_t rgb[3 * 3 * 3], yuv[9 + 2 * 4];
    memset(rgb, 0, sizeof rgb);
    rgb[3 * 8] = 255;                                   /* the corner is red */
    assert_int_equal(cli_yuv420_bytes(3, 3), sizeof yuv);
    cli_rgb_to_yuv420(&(tsr_image){ rgb, 3, 3, 9 }, colors[0], yuv);
    assert_int_equal(yuv[9 + 4 + 3], 240);              /* V of red, alone in its sample */
    assert_int_equal(yuv[9 + 4], 128);
}

/* ---- ffmpeg ------------------------------------------------------------------------ */

enum { SIDE = 64 };

/* What ffmpeg makes of a frame, told matrix and range, without its short cuts. */
static bool ask_ffmpeg(const char *y4m, cli_yuv_color c, uint8_t *rgb)
{
    char command[512];
    snprintf(command, sizeof command, "ffmpeg -nostdin -loglevel error -i %s -vf "
             "scale=in_color_matrix=%s:in_range=%s:out_range=full:flags=neighbor+accurate_rnd+"
             "full_chroma_int+full_chroma_inp,format=rgb24 -f rawvideo -", y4m,
             c.matrix == CLI_BT709 ? "bt709" : "bt601", c.full ? "full" : "limited");
    FILE *f = popen(command, "r");
    const size_t n = f ? fread(rgb, 1, 3 * SIDE * SIDE, f) : 0;
    return f && pclose(f) == 0 && n == 3 * SIDE * SIDE;
}

static void compare_with_ffmpeg(const char *kind, int color, const char *path)
{
    char header[64];
    cli_y4m form;
    static uint8_t frame[3 * SIDE * SIDE], ours[3 * SIDE * SIDE], theirs[3 * SIDE * SIDE];
    snprintf(header, sizeof header, "YUV4MPEG2 W%d H%d F1:1 C%s", SIDE, SIDE, kind);
    assert_int_equal(cli_y4m_parse("x", header, &form, NULL), TSR_OK);
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(16 + rand() % 220);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fprintf(f, "%s\nFRAME\n", header);
    fwrite(frame, 1, cli_y4m_bytes(&form), f);
    assert_int_equal(fclose(f), 0);
    const cli_yuv planes = cli_y4m_planes(&form, frame);
    cli_yuv_to_rgb(&planes, colors[color], &(tsr_image){ ours, SIDE, SIDE, 3 * SIDE });
    assert_true(ask_ffmpeg(path, colors[color], theirs));
    for (int i = 0; i < 3 * SIDE * SIDE; i++)
        if (abs(ours[i] - theirs[i]) > 2)
            fail_msg("%s, color %d, pixel %d: %d, ffmpeg says %d", kind, color, i / 3, ours[i],
                     theirs[i]);
}

static void test_as_ffmpeg(void **state)
{
    static const char *const kinds[] = { "444", "422", "420jpeg", "mono" };
    (void)state;
    if (system("ffmpeg -version >/dev/null 2>&1"))
        skip();
    char path[] = "/tmp/tarsier-yuv-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < COLORS; c++)
            if (k < 3 || colors[c].full)        /* ffmpeg knows grey of full range only */
                compare_with_ffmpeg(kinds[k], c, path);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_color),
        cmocka_unit_test(test_every_color_back),
        cmocka_unit_test(test_where_samples_lie),
        cmocka_unit_test(test_odd_ends),
        cmocka_unit_test(test_as_ffmpeg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
