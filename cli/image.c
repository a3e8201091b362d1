/*
 * image.c - see image.h.
 *
 * The file's header is looked at first, so that a few bytes that promise millions of
 * pixels are refused before anything is allocated for them.  Then stb_image decodes
 * through callbacks, which know better than it does whether the file came to its end
 * too early.
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <limits.h>
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include <stdlib.h>
#include <string.h>
#include "cli/image.h"
#include "cli/png.h"

/* 268 million pixels are 0.8 GB here, and up to three times that while decoding. */
enum { MAX_PIXELS = 1 << 28, MAX_SIDE = 1 << 16 };

/* ---- reading ------------------------------------------------------------------- */

/* A decoder that asks for more than there is reads a file that lost its end; most
 * of them would go on with zeros.  Only stb's read-ahead, which always asks for the
 * same number of bytes, may get fewer, once. */
enum { READ_AHEAD = 128 };

typedef struct {
    const uint8_t *bytes;
    size_t size, at;
    bool short_of;
} source;

static int source_read(void *user, char *data, int size)
{
    source *s = user;
    const size_t left = s->size - s->at, n = (size_t)size < left ? (size_t)size : left;
    if ((size_t)size > left && (left == 0 || size != READ_AHEAD))
        s->short_of = true;
    memcpy(data, s->bytes + s->at, n);
    s->at += n;
    return (int)n;
}

static void source_skip(void *user, int n)
{
    source *s = user;
    if (n < 0) {                                /* back: stb un-reads what it buffered */
        s->at = (size_t)-(long)n < s->at ? s->at - (size_t)-(long)n : 0;
        return;
    }
    const size_t left = s->size - s->at;
    s->short_of = s->short_of || (size_t)n > left;
    s->at += (size_t)n < left ? (size_t)n : left;
}

static int source_eof(void *user)
{
    const source *s = user;
    return s->at == s->size;
}

static const stbi_io_callbacks source_calls = { source_read, source_skip, source_eof };

/* Lay the colours over white, and close the gaps. */
static void drop_alpha(uint8_t *p, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++)
        for (int c = 0; c < 3; c++) {
            const unsigned alpha = p[4 * i + 3];
            p[3 * i + (size_t)c] = (uint8_t)((p[4 * i + (size_t)c] * alpha +
                                              255 * (255 - alpha) + 127) / 255);
        }
}

/* Where pixel (x, y) of the upright picture lies in the picture as stored.  2, 4:
 * mirrored; 3: upside down; 5, 7: mirrored and lying; 6, 8: lying on a side. */
static const uint8_t *stored(const tsr_image *p, int orientation, int x, int y)
{
    const int right = p->width - 1, bottom = p->height - 1;
    int sx = x, sy = y;
    switch (orientation) {
    case 2: sx = right - x; break;
    case 3: sx = right - x; sy = bottom - y; break;
    case 4: sy = bottom - y; break;
    case 5: sx = y; sy = x; break;
    case 6: sx = y; sy = bottom - x; break;
    case 7: sx = right - y; sy = bottom - x; break;
    case 8: sx = right - y; sy = x; break;
    default: break;
    }
    return p->rgb + (size_t)sy * (size_t)p->stride + 3 * (size_t)sx;
}

static tsr_status turn_upright(tsr_image *p, int orientation, tsr_error *err)
{
    if (orientation < 2)
        return TSR_OK;
    const bool lying = orientation >= 5;
    tsr_image up;
    TSR_TRY(cli_image_new(lying ? p->height : p->width, lying ? p->width : p->height, &up, err));
    for (int y = 0; y < up.height; y++)
        for (int x = 0; x < up.width; x++)
            memcpy(up.rgb + (size_t)y * (size_t)up.stride + 3 * (size_t)x,
                   stored(p, orientation, x, y), 3);
    cli_image_free(p);
    *p = up;
    return TSR_OK;
}

static tsr_status cut_short(const char *name, tsr_error *err)
{
    return tsr_fail(err, TSR_BAD_FILE, "'%s' is cut short: its picture is not complete", name);
}

/* What stb says, as part of our sentence. */
static tsr_status refuse(const char *name, const source *s, tsr_error *err)
{
    const char *why = stbi_failure_reason();
    if (why && !strcmp(why, "outofmem"))
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to decode '%s'", name);
    if (!why || !strcmp(why, "unknown image type"))
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is not a picture that can be read (JPEG, PNG, "
                        "BMP, GIF, PSD, TGA, PNM, HDR)", name);
    if (s->short_of)
        return cut_short(name, err);
    return tsr_fail(err, TSR_BAD_FILE, "'%s' is a damaged picture (%s)", name, why);
}

static tsr_status check_size(const char *name, source *s, int *channels, tsr_error *err)
{
    int w, h;
    if (!stbi_info_from_callbacks(&source_calls, s, &w, &h, channels))
        return refuse(name, s, err);
    if (w < 1 || h < 1)
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is a picture of %d x %d pixels", name, w, h);
    if (w > MAX_SIDE || h > MAX_SIDE || (long long)w * h > MAX_PIXELS)
        return tsr_fail(err, TSR_BAD_FILE, "'%s' has %d x %d pixels; at most %d in all and %d a "
                        "side are read", name, w, h, MAX_PIXELS, MAX_SIDE);
    return TSR_OK;
}

tsr_status cli_image_decode(const char *name, const void *bytes, size_t size,
                            tsr_image *image, tsr_error *err)
{
    *image = (tsr_image){ NULL, 0, 0, 0 };
    source s = { bytes, size, 0, false };
    int channels;
    TSR_TRY(check_size(name, &s, &channels, err));
    const bool alpha = channels == 2 || channels == 4;
    s = (source){ bytes, size, 0, false };
    image->rgb = stbi_load_from_callbacks(&source_calls, &s, &image->width, &image->height,
                                          &channels, alpha ? 4 : 3);
    if (!image->rgb)
        return refuse(name, &s, err);
    /* Some decoders fill up what is missing with grey and call it a success. */
    if (s.short_of) {
        cli_image_free(image);
        return cut_short(name, err);
    }
    if (alpha)
        drop_alpha(image->rgb, (size_t)image->width * (size_t)image->height);
    image->stride = 3 * image->width;
    const tsr_status status = turn_upright(image, cli_exif_orientation(bytes, size), err);
    if (status != TSR_OK)
        cli_image_free(image);
    return status;
}

tsr_status cli_image_load(const char *path, tsr_image *image, tsr_error *err)
{
    cli_file f;
    *image = (tsr_image){ NULL, 0, 0, 0 };
    TSR_TRY(cli_file_open(path, &f, err));
    const tsr_status s = cli_image_decode(path, f.bytes, f.size, image, err);
    cli_file_close(&f);
    return s;
}

tsr_status cli_image_new(int width, int height, tsr_image *image, tsr_error *err)
{
    *image = (tsr_image){ calloc((size_t)width * (size_t)height, 3), width, height, 3 * width };
    if (!image->rgb)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for a picture of %d x %d pixels",
                        width, height);
    return TSR_OK;
}

void cli_image_free(tsr_image *image)
{
    free(image->rgb);           /* stb_image allocates with malloc, as we do */
    *image = (tsr_image){ NULL, 0, 0, 0 };
}

/* ---- writing ------------------------------------------------------------------- */

typedef enum { NONE, PNG, JPEG, BMP } format;

static format format_of(const char *path)
{
    static const struct { const char *ending; format is; } known[] = {
        { ".png", PNG }, { ".jpg", JPEG }, { ".jpeg", JPEG }, { ".bmp", BMP },
    };
    const char *dot = strrchr(cli_path_base(path), '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++) {
        size_t n = 0;
        while (dot[n] && tolower((unsigned char)dot[n]) == known[i].ending[n])
            n++;
        if (!dot[n] && !known[i].ending[n])
            return known[i].is;
    }
    return NONE;
}

bool cli_image_can_save(const char *path) { return format_of(path) != NONE; }

/* A failed write stays noted in the stream, where commit finds it. */
static void append(void *stream, void *data, int size)
{
    fwrite(data, 1, (size_t)size, stream);
}

tsr_status cli_image_save(const char *path, const tsr_image *p, tsr_error *err)
{
    enum { JPEG_QUALITY = 92 };
    cli_writer w;
    int done = 0;
    const format as = format_of(path);
    if (as == NONE)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "cannot tell the format of '%s': the name should "
                        "end in .png, .jpg or .bmp", path);
    TSR_TRY(cli_writer_open(path, &w, err));
    if (as == PNG)
        done = cli_png_write(w.stream, p);
    else if (as == JPEG && p->stride == 3 * p->width)
        done = stbi_write_jpg_to_func(append, w.stream, p->width, p->height, 3, p->rgb,
                                      JPEG_QUALITY);
    else if (as == BMP && p->stride == 3 * p->width)
        done = stbi_write_bmp_to_func(append, w.stream, p->width, p->height, 3, p->rgb);
    if (!done) {
        cli_writer_abort(&w);
        return tsr_fail(err, TSR_NO_MEMORY, "cannot encode '%s', a picture of %d x %d pixels",
                        path, p->width, p->height);
    }
    return cli_writer_commit(&w, err);
}
