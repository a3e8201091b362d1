/*
 * test_image.c - pictures from bytes and to files: kinds of pixels, orientation,
 * damage, limits, and our PNG writer read back by stb_image.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/fixture.h"
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include <unistd.h>
#include "cli/image.h"

typedef struct { uint8_t *bytes; size_t size; } blob;

static void append(void *to, void *data, int size)
{
    blob *b = to;
    b->bytes = realloc(b->bytes, b->size + (size_t)size);
    memcpy(b->bytes + b->size, data, (size_t)size);
    b->size += (size_t)size;
}

enum { W = 21, H = 13 };

static void noisy(uint8_t *p, int n)
{
    uint32_t seed = 9;
    for (int i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

static blob make_png(int channels, uint8_t *pixels)
{
    blob b = { NULL, 0 };
    noisy(pixels, W * H * channels);
    assert_true(stbi_write_png_to_func(append, &b, W, H, channels, pixels, W * channels));
    return b;
}

static tsr_image decode(const blob *b)
{
    tsr_image p;
    tsr_error err = { 0 };
    if (cli_image_decode("test", b->bytes, b->size, &p, &err) != TSR_OK)
        fail_msg("%s", err.text);
    return p;
}

static void test_kinds_of_pixels(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        uint8_t in[W * H * 4];
        blob b = make_png(channels, in);
        tsr_image p = decode(&b);
        assert_true(p.width == W && p.height == H && p.stride == 3 * W);
        for (int i = 0; i < W * H; i++)
            for (int c = 0; c < 3; c++) {
                const uint8_t *x = in + i * channels;
                const double alpha = channels % 2 ? 1 : x[channels - 1] / 255.0;
                const double raw = x[channels < 3 ? 0 : c];
                const double want = raw * alpha + 255 * (1 - alpha);
                const double d = p.rgb[3 * i + c] - want;
                assert_true(d > -0.51 && d < 0.51);
            }
        cli_image_free(&p);
        free(b.bytes);
    }
}

/* A JPEG with an EXIF note in front of everything else, in both byte orders. */
static blob with_orientation(const blob *jpeg, int value, bool big)
{
    uint8_t note[] = { 0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,
                       'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                       0x12, 1, 3, 0, 1, 0, 0, 0, (uint8_t)value, 0, 0, 0, 0, 0, 0, 0 };
    const uint8_t turned[] = { 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
                               1, 0x12, 0, 3, 0, 0, 0, 1, 0, (uint8_t)value };
    if (big)
        memcpy(note + 10, turned, sizeof turned);
    blob b = { NULL, 0 };
    append(&b, jpeg->bytes, 2);
    append(&b, note, sizeof note);
    append(&b, jpeg->bytes + 2, (int)jpeg->size - 2);
    return b;
}

/* Left half dark, right half light, with a light spot in the dark half's top. */
static blob make_jpeg(void)
{
    uint8_t p[32 * 16 * 3];
    for (int i = 0; i < 32 * 16; i++)
        memset(p + 3 * i, i % 32 >= 16 ? 220 : i % 32 < 8 && i / 32 < 8 ? 120 : 20, 3);
    blob b = { NULL, 0 };
    assert_true(stbi_write_jpg_to_func(append, &b, 32, 16, 3, p, 95));
    return b;
}

static int at(const tsr_image *p, float x, float y)
{
    const int px = (int)(x * (float)p->width), py = (int)(y * (float)p->height);
    return (p->rgb[py * p->stride + 3 * px] + 50) / 100;        /* 0, 1, 2 */
}

static void test_orientation(void **state)
{
    (void)state;
    /* Where the mid-grey corner and the light half end up, from the Exif table. */
    static const struct { float spot_x, spot_y, light_x, light_y; } want[9] = {
        { 0, 0, 0, 0 },
        { 0.1f, 0.2f, 0.9f, 0.5f }, { 0.9f, 0.2f, 0.1f, 0.5f }, { 0.9f, 0.8f, 0.1f, 0.5f },
        { 0.1f, 0.8f, 0.9f, 0.5f }, { 0.2f, 0.1f, 0.5f, 0.9f }, { 0.8f, 0.1f, 0.5f, 0.9f },
        { 0.8f, 0.9f, 0.5f, 0.1f }, { 0.2f, 0.9f, 0.5f, 0.1f },
    };
    blob plain = make_jpeg();
    assert_int_equal(cli_exif_orientation(plain.bytes, plain.size), 1);
    for (int o = 1; o <= 8; o++)
        for (int big = 0; big < 2; big++) {
            blob b = with_orientation(&plain, o, big);
            assert_int_equal(cli_exif_orientation(b.bytes, b.size), o);
            tsr_image p = decode(&b);
            assert_int_equal(p.width, o < 5 ? 32 : 16);
            assert_int_equal(at(&p, want[o].spot_x, want[o].spot_y), 1);
            assert_int_equal(at(&p, want[o].light_x, want[o].light_y), 2);
            /* Cut anywhere, it must not be read past its end. */
            for (size_t n = 0; n < 60; n++) {
                uint8_t *cut = malloc(n + 1);
                memcpy(cut, b.bytes, n);
                cli_exif_orientation(cut, n);
                free(cut);
            }
            cli_image_free(&p);
            free(b.bytes);
        }
    free(plain.bytes);
}

/* Every format, cut after each share of it: an error that names the picture. */
static void test_cut_pictures_are_refused(void **state)
{
    (void)state;
    uint8_t p[64 * 64 * 3];
    noisy(p, sizeof p);
    blob b[3] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    stbi_write_png_to_func(append, &b[0], 64, 64, 3, p, 192);
    stbi_write_jpg_to_func(append, &b[1], 64, 64, 3, p, 80);
    stbi_write_bmp_to_func(append, &b[2], 64, 64, 3, p);
    for (int k = 0; k < 3; k++) {
        tsr_image whole = decode(&b[k]);
        cli_image_free(&whole);
        for (size_t n = 0; n < b[k].size - 4; n += 1 + b[k].size / 97) {
            uint8_t *cut = malloc(n + 1);
            memcpy(cut, b[k].bytes, n);
            tsr_image q;
            tsr_error err = { 0 };
            assert_int_equal(cli_image_decode("some.name", cut, n, &q, &err), TSR_BAD_FILE);
            assert_null(q.rgb);
            assert_non_null(strstr(err.text, "some.name"));
            free(cut);
        }
        free(b[k].bytes);
    }
}

static void test_absurd_sizes_are_refused(void **state)
{
    (void)state;
    /* A BMP header that promises 60000 x 60000 pixels. */
    uint8_t bmp[54 + 16] = { 'B', 'M', 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0,
                             0x60, 0xEA, 0, 0, 0x60, 0xEA, 0, 0, 1, 0, 24, 0 };
    tsr_image p;
    tsr_error err = { 0 };
    assert_int_equal(cli_image_decode("big.bmp", bmp, sizeof bmp, &p, &err), TSR_BAD_FILE);
    assert_non_null(strstr(err.text, "60000 x 60000"));
}

static void test_png_writer(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 1, 1 }, { 1, 40 }, { 40, 1 }, { 333, 217 } };
    char path[] = "/tmp/tarsier-XXXXXX";
    assert_non_null(mkdtemp(path));
    char file[64];
    snprintf(file, sizeof file, "%s/x.PNG", path);
    for (int k = 0; k < 4; k++) {
        tsr_image p;
        tsr_error err = { 0 };
        assert_int_equal(cli_image_new(sizes[k][0], sizes[k][1], &p, &err), TSR_OK);
        noisy(p.rgb, p.stride * p.height / (k == 3 ? 2 : 1));   /* half of it compresses well */
        assert_int_equal(cli_image_save(file, &p, &err), TSR_OK);
        int w, h, n;
        uint8_t *back = stbi_load(file, &w, &h, &n, 3);
        assert_non_null(back);
        assert_true(w == p.width && h == p.height && n == 3);
        assert_memory_equal(back, p.rgb, (size_t)p.stride * (size_t)h);
        stbi_image_free(back);
        cli_image_free(&p);
    }
    unlink(file);
    rmdir(path);
}

static void test_names_of_formats(void **state)
{
    (void)state;
    assert_true(cli_image_can_save("a.png") && cli_image_can_save("b/c.d.JPG") &&
                cli_image_can_save("e.jpeg") && cli_image_can_save("f.bmp"));
    assert_false(cli_image_can_save("png") || cli_image_can_save("a.png/b") ||
                 cli_image_can_save("a.pn") || cli_image_can_save("a.pngg") ||
                 cli_image_can_save(""));
    const tsr_image none = { NULL, 1, 1, 3 };
    tsr_error err = { 0 };
    assert_int_equal(cli_image_save("a.webp", &none, &err), TSR_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_of_pixels), cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_cut_pictures_are_refused),
        cmocka_unit_test(test_absurd_sizes_are_refused), cmocka_unit_test(test_png_writer),
        cmocka_unit_test(test_names_of_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
