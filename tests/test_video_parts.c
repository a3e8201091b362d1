/*
 * test_video_parts.c - what videos are put together from: headers of YUV4MPEG2, lines of
 * ffmpeg's log, Matroska's bytes, JPEG pictures without tables, a counter of names.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/fixture.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include "cli/video/ffmpeg_log.h"
#include "cli/video/mjpeg.h"
#include "cli/video/mkv.h"
#include "cli/text_count.h"
#include "cli/video/y4m.h"

/* ---- YUV4MPEG2 --------------------------------------------------------------------- */

static void test_y4m_headers(void **state)
{
    (void)state;
    cli_y4m y;
    assert_int_equal(cli_y4m_parse("x", "YUV4MPEG2 W640 H480 F30000:1001 Ip A1:1 C422 XYSCSS=422",
                                   &y, NULL), TSR_OK);
    assert_int_equal(y.width, 640);
    assert_int_equal(y.height, 480);
    assert_int_equal(y.rate.num, 30000);
    assert_int_equal(y.rate.den, 1001);
    assert_int_equal(y.shift_x, 1);
    assert_int_equal(y.shift_y, 0);
    assert_int_equal(y.color.matrix, CLI_BT601);
    assert_false(y.color.full);
    assert_int_equal(cli_y4m_parse("x", "YUV4MPEG2 H1080 W1920 F0:0 XCOLORRANGE=FULL", &y, NULL),
                     TSR_OK);
    assert_int_equal(y.rate.num, 0);
    assert_int_equal(y.shift_y, 1);             /* 420 goes without saying */
    assert_int_equal(y.color.matrix, CLI_BT709);
    assert_true(y.color.full);

    static const char *const bad[] = {
        "", "YUV4MPEG2", "YUV4MPEG2 W10", "YUV4MPEG2 W0 H1", "YUV4MPEG2 W-4 H4",
        "YUV4MPEG2 W4x H4", "YUV4MPEG2 W70000 H1", "YUV4MPEG2 W60000 H60000",
        "YUV4MPEG2 W99999999999999999999 H4", "YUV4MPEG2 W4 H4 F-1:1", "YUV4MPEG2 W4 H4 C420p10",
        "YUV4MPEG2 W4 H4 C", "YUV4MPEG2 W4 H4 Cmonochrome", "YUV4MPEG2 W4 H4 C444alpha",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tsr_error err = { 0 };
        if (cli_y4m_parse("film.y4m", bad[i], &y, &err) == TSR_OK)
            fail_msg("'%s' is taken", bad[i]);
        assert_non_null(strstr(err.text, "'film.y4m'"));
    }
}

/* ---- ffmpeg's log ------------------------------------------------------------------- */

static void say(ffmpeg_log *l, const char *text) { ffmpeg_log_add(l, text, strlen(text)); }

static void test_log(void **state)
{
    (void)state;
    ffmpeg_log *l = calloc(1, sizeof *l);
    ffmpeg_frame f;
    assert_non_null(l);
    say(l, "[info]   Duration: 01:02:03.50, start: 0.000000, bitrate: 50 kb/s\n"
           "[Parsed_showinfo_0 @ 0x55a5] [info] config in time_base: 1/12800, frame_rate: 25/1\n"
           "[Parsed_showinfo_0 @ 0x55a5] [info] config out time_base: 0/0, frame_rate: 0/0\n"
           "[Parsed_showinfo_0 @ 0x55a5] [info] n:   0 pts:      0 pts_time:0       pos:   48 "
           "fmt:yuv420p sar:1/1 s:320x240 i:P iskey:1 type:I \n");
    assert_true(fabs(l->length - 3723.5) < 1e-9);
    assert_int_equal(l->rate_num, 25);
    assert_true(ffmpeg_log_take(l, &f));
    assert_true(f.seconds == 0 && f.width == 320 && f.height == 240);
    assert_false(ffmpeg_log_take(l, &f));
    /* Lines come in pieces; times are exact, not as rounded as pts_time. */
    static const char line[] = "[Parsed_showinfo_0 @ 0x55a5] [info] n:12345 pts:158016001 "
        "pts_time:12345 duration: 512 fmt:yuv420p s:64x48 i:P\n";
    for (size_t i = 0; line[i]; i++)
        ffmpeg_log_add(l, line + i, 1);
    assert_true(ffmpeg_log_take(l, &f));
    assert_true(fabs(f.seconds - 158016001.0 / 12800) < 1e-9 && f.width == 64);
    say(l, "[Parsed_showinfo_0 @ 0x55a5] [info] n: 2 pts: NOPTS pts_time:NOPTS s:64x48 i:P\n");
    assert_true(ffmpeg_log_take(l, &f));
    assert_true(isnan(f.seconds));
    assert_string_equal(l->error, "");
    free(l);
}

/* Nothing that a file's own texts say is believed, however it looks. */
static void test_log_is_not_fooled(void **state)
{
    (void)state;
    ffmpeg_log *l = calloc(1, sizeof *l);
    ffmpeg_frame f;
    assert_non_null(l);
    say(l, "[info]     title           : [error] s:1x1 n: pts:1\n"
           "[info]     comment         : [Parsed_showinfo_0 @ 0x1] [info] n: 0 pts: 0 s:9x9 \n"
           "[Parsed_showinfo_0 @ 0x1] [info] User Data=n: 0 pts: 0 s:9x9\n"
           "[Parsed_showinfo_0 @ 0x1] [info] n: 0 pts: 0 without a size\n");
    assert_false(ffmpeg_log_take(l, &f));
    assert_string_equal(l->error, "");
    char *many = malloc(100000);                /* a line without end */
    assert_non_null(many);
    memset(many, '[', 100000);
    ffmpeg_log_add(l, many, 100000);
    say(l, "\n[h264 @ 0x5] [error] error while decoding MB 3 4\n[fatal] another\n");
    assert_string_equal(l->error, "error while decoding MB 3 4");
    free(many);
    free(l);
}

static void test_log_is_bounded(void **state)
{
    (void)state;
    ffmpeg_log *l = calloc(1, sizeof *l);
    ffmpeg_frame f;
    assert_non_null(l);
    say(l, "[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/10, frame_rate: 10/1\n");
    int told = 0, taken = 0;
    for (int round = 0; round < 3; round++) {
        for (; ffmpeg_log_room(l) > 0; told++) {
            char line[100];
            snprintf(line, sizeof line, "[Parsed_showinfo_0 @ 0x1] [info] n: %d pts: %d s:4x4\n",
                     told, told);
            say(l, line);
        }
        for (int i = 0; i < FFMPEG_LOG_FRAMES / 2 + round; i++, taken++) {
            assert_true(ffmpeg_log_take(l, &f));
            assert_true(fabs(f.seconds - taken / 10.0) < 1e-9);
        }
    }
    assert_int_equal(told - taken, l->count);
    free(l);
}

/* ---- Matroska ------------------------------------------------------------------------ */

typedef struct { const uint8_t *p, *end; } reader;

/* One element by RFC 8794: its id with the marker, and its contents. */
static uint32_t element(reader *r, reader *inside)
{
    assert_true(r->p < r->end && *r->p);
    int id_bytes = 1, size_bytes = 1;
    while (!(*r->p & (0x80 >> (id_bytes - 1))))
        id_bytes++;
    uint32_t id = 0;
    for (int i = 0; i < id_bytes; i++)
        id = id << 8 | *r->p++;
    while (!(*r->p & (0x80 >> (size_bytes - 1))))
        size_bytes++;
    uint64_t size = *r->p++ & (0xFF >> size_bytes), all = 0xFF >> size_bytes;
    for (int i = 1; i < size_bytes; i++) {
        size = size << 8 | *r->p++;
        all = all << 8 | 0xFF;
    }
    *inside = (reader){ r->p, size == all ? r->end : r->p + size };
    assert_true(inside->end <= r->end);
    r->p = inside->end;
    return id;
}

static uint64_t number(reader r)
{
    uint64_t v = 0;
    while (r.p < r.end)
        v = v << 8 | *r.p++;
    return v;
}

static void test_mkv(void **state)
{
    (void)state;
    uint8_t head[MKV_HEAD_BYTES], frame[MKV_FRAME_BYTES + 600];
    const size_t n = cli_mkv_head(640, 480, 33366666, head);
    reader all = { head, head + n }, in, segment, track, video;
    assert_true(n <= sizeof head);
    assert_int_equal(element(&all, &in), 0x1A45DFA3);
    assert_int_equal(element(&all, &segment), 0x18538067);
    assert_ptr_equal(segment.end, head + n);
    assert_int_equal(element(&segment, &in), 0x1549A966);
    reader scale;
    assert_int_equal(element(&in, &scale), 0x2AD7B1);
    assert_int_equal(number(scale), 1000);
    assert_int_equal(element(&segment, &in), 0x1654AE6B);
    assert_int_equal(element(&in, &track), 0xAE);
    uint32_t id = 0;
    while (id != 0xE0) {
        reader value;
        id = element(&track, &value);
        if (id == 0x23E383)
            assert_int_equal(number(value), 33366666);
        if (id == 0xE0)
            video = value;
    }
    assert_int_equal(element(&video, &in), 0xB0);
    assert_int_equal(number(in), 640);
    assert_int_equal(element(&video, &in), 0xBA);
    assert_int_equal(number(in), 480);

    const size_t m = cli_mkv_frame(123456789012, 600, frame);
    all = (reader){ frame, frame + m + 600 };
    reader cluster, block;
    assert_true(m <= MKV_FRAME_BYTES);
    assert_int_equal(element(&all, &cluster), 0x1F43B675);
    assert_ptr_equal(all.p, all.end);
    assert_int_equal(element(&cluster, &in), 0xE7);
    assert_true(number(in) == 123456789012);
    assert_int_equal(element(&cluster, &block), 0xA3);
    assert_int_equal(block.end - block.p, 4 + 600);
}

/* ---- MJPEG --------------------------------------------------------------------------- */

typedef struct { uint8_t bytes[1 << 16]; size_t n; } buffer;

static void append(void *to, void *bytes, int n)
{
    buffer *b = to;
    assert_true(b->n + (size_t)n <= sizeof b->bytes);
    memcpy(b->bytes + b->n, bytes, (size_t)n);
    b->n += (size_t)n;
}

/* As a camera would send it: all segments but the tables.  (stb_image_write uses the
 * standard's own.) */
static void strip_tables(const buffer *from, buffer *to)
{
    size_t at = 2;
    append(to, (void *)from->bytes, 2);
    while (from->bytes[at + 1] != 0xDA) {
        const size_t n = 2 + ((size_t)from->bytes[at + 2] << 8 | from->bytes[at + 3]);
        if (from->bytes[at + 1] != 0xC4)
            append(to, (void *)(from->bytes + at), (int)n);
        at += n;
    }
    append(to, (void *)(from->bytes + at), (int)(from->n - at));
}

static void test_mjpeg(void **state)
{
    (void)state;
    static buffer whole, bare;
    static uint8_t rgb[48 * 32 * 3], out[sizeof bare.bytes + CLI_MJPEG_TABLES];
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * i / 97);
    assert_true(stbi_write_jpg_to_func(append, &whole, 48, 32, 3, rgb, 90));
    strip_tables(&whole, &bare);
    assert_true(bare.n < whole.n - 300);
    int w, h, c;
    const size_t n = cli_mjpeg_complete(bare.bytes, bare.n, out);
    uint8_t *want = stbi_load_from_memory(whole.bytes, (int)whole.n, &w, &h, &c, 3);
    uint8_t *have = stbi_load_from_memory(out, (int)n, &w, &h, &c, 3);
    assert_non_null(want);
    assert_non_null(have);
    assert_memory_equal(want, have, sizeof rgb);
    stbi_image_free(want);
    stbi_image_free(have);
    /* One that has them stays as it is; so does what is none, of any length. */
    assert_int_equal(cli_mjpeg_complete(whole.bytes, whole.n, out), whole.n);
    assert_memory_equal(out, whole.bytes, whole.n);
    for (size_t cut = 0; cut < 700; cut++) {
        uint8_t *exact = malloc(cut + !cut), *to = malloc(cut + CLI_MJPEG_TABLES);
        assert_true(exact && to);
        memcpy(exact, bare.bytes, cut);
        const size_t made = cli_mjpeg_complete(exact, cut, to);
        assert_true(made == cut || made == cut + CLI_MJPEG_TABLES);
        free(exact);
        free(to);
    }
}

/* ---- the rest ------------------------------------------------------------------------- */

static void test_counts(void **state)
{
    (void)state;
    enum { NAMES = 20000 };
    cli_text_count t = { 0 };
    for (int round = 1; round <= 3; round++)
        for (int i = 0; i < NAMES; i++) {
            char name[40];
            snprintf(name, sizeof name, "folder/%d.jpg", i);
            uint32_t *count = cli_text_counter(&t, name);
            assert_non_null(count);
            assert_int_equal(++*count, round);
        }
    assert_int_equal(t.used, NAMES);
    assert_int_equal(*cli_text_counter(&t, ""), 0);
    cli_text_count_free(&t);
}

static void test_what_is_a_video(void **state)
{
    (void)state;
    char dir[] = "/tmp/tarsier-kind-XXXXXX", path[64];
    static const struct { const char *name, *bytes; size_t n; bool video; } files[] = {
        { "a.mp4", "\0\0\0\x20" "ftypisom", 12, true }, { "b", "\0\0\0\x20" "ftypmp42", 12, true },
        { "c.heic", "\0\0\0\x20" "ftypheic", 12, false }, { "d.jpg", "\xFF\xD8\xFF\xE0", 4, false },
        { "e.webm", "\x1A\x45\xDF\xA3", 4, true }, { "f", "RIFF....AVI LIST", 16, true },
        { "g.webp", "RIFF....WEBPVP8 ", 16, false }, { "h", "YUV4MPEG2 W1", 12, true },
        { "i.MPG", "?", 1, true }, { "j.mp4", "P6 1 1 255\nabc", 14, false },
        { "k.txt", "plain", 5, false }, { "l.mov", "", 0, false },
    };
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        fwrite(files[i].bytes, 1, files[i].n, f);
        fclose(f);
        if (cli_is_video(path) != files[i].video)
            fail_msg("%s: %d", files[i].name, !files[i].video);
        unlink(path);
    }
    assert_false(cli_is_video(dir));
    rmdir(dir);
    assert_true(cli_is_video("rtsp://camera.example/1"));
    assert_false(cli_is_video("nowhere.mp4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_y4m_headers),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_log_is_not_fooled),
        cmocka_unit_test(test_log_is_bounded),
        cmocka_unit_test(test_mkv),
        cmocka_unit_test(test_mjpeg),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_what_is_a_video),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
