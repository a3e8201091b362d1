/*
 * png.c - see png.h.
 *
 * A file is a signature and chunks: length, type, data, CRC of type and data.
 * The data of all IDAT chunks together is one zlib stream of rows, each behind
 * the number of its filter.  A filter stores differences from what is already
 * known of the neighbours:
 *
 *     c b        1: x - a        2: x - b        4: x - paeth(a, b, c)
 *     a x        paeth: that of a, b, c which is nearest to a + b - c
 *
 * and the one whose differences have the least sum of magnitudes is taken, which
 * compresses nearly as well as trying them all.  (W3C, PNG specification, 9.)
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "cli/png.h"

/* Level 4 of zlib is several times faster than 9 and a few percent larger. */
enum { CHUNK = 1 << 16, LEVEL = 4, FILTERS = 3 };

static void put_u32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void put_chunk(FILE *to, const char *type, const uint8_t *data, size_t size)
{
    uint8_t head[8], tail[4];
    put_u32(head, (uint32_t)size);
    memcpy(head + 4, type, 4);
    uLong crc = crc32(0, head + 4, 4);
    if (size)
        crc = crc32(crc, data, (uInt)size);
    put_u32(tail, (uint32_t)crc);
    fwrite(head, 1, sizeof head, to);
    fwrite(data, 1, size, to);
    fwrite(tail, 1, sizeof tail, to);
}

static void put_header(FILE *to, const tsr_image *p)
{
    uint8_t h[13] = { 0 };
    put_u32(h, (uint32_t)p->width);
    put_u32(h + 4, (uint32_t)p->height);
    h[8] = 8;                   /* bits a sample */
    h[9] = 2;                   /* R,G,B         */
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, to);
    put_chunk(to, "IHDR", h, sizeof h);
}

static uint8_t paeth(int a, int b, int c)
{
    const int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* Row `x` under row `up`, with filters 1, 2 and 4; `out` has a row for each, begun by
 * the filter's number.  Gives the best. */
static const uint8_t *filter(const uint8_t *x, const uint8_t *up, size_t bytes, uint8_t *out)
{
    static const uint8_t number[FILTERS] = { 1, 2, 4 };
    unsigned long sum[FILTERS] = { 0 };
    uint8_t *row[FILTERS];
    for (int f = 0; f < FILTERS; f++) {
        row[f] = out + (size_t)f * (bytes + 1);
        *row[f]++ = number[f];
    }
    for (size_t i = 0; i < bytes; i++) {
        const uint8_t a = i < 3 ? 0 : x[i - 3], c = i < 3 ? 0 : up[i - 3];
        const uint8_t d[FILTERS] = { (uint8_t)(x[i] - a), (uint8_t)(x[i] - up[i]),
                                     (uint8_t)(x[i] - paeth(a, up[i], c)) };
        for (int f = 0; f < FILTERS; f++) {
            row[f][i] = d[f];
            sum[f] += d[f] < 128 ? d[f] : 256u - d[f];
        }
    }
    const int best = sum[0] < sum[1] ? sum[0] < sum[2] ? 0 : 2 : sum[1] < sum[2] ? 1 : 2;
    return row[best] - 1;
}

/* Compress what is in z's input; write full chunks, all of it when finishing. */
static void squeeze(FILE *to, z_stream *z, uint8_t *chunk, bool finish)
{
    for (;;) {
        const int s = deflate(z, finish ? Z_FINISH : Z_NO_FLUSH);
        if (z->avail_out == 0 || (s == Z_STREAM_END && z->avail_out < CHUNK)) {
            put_chunk(to, "IDAT", chunk, CHUNK - z->avail_out);
            z->next_out = chunk;
            z->avail_out = CHUNK;
        }
        if (s == Z_STREAM_END || (!finish && z->avail_in == 0))
            return;
    }
}

bool cli_png_write(FILE *to, const tsr_image *image)
{
    const size_t bytes = (size_t)image->width * 3;
    uint8_t *chunk = malloc(CHUNK), *rows = calloc(1, bytes + FILTERS * (bytes + 1));
    z_stream z = { .next_out = chunk, .avail_out = CHUNK };
    const bool good = chunk && rows &&
                      deflateInit2(&z, LEVEL, Z_DEFLATED, 15, 8, Z_FILTERED) == Z_OK;
    if (good) {
        const uint8_t *up = rows;                       /* black above the first row */
        put_header(to, image);
        for (int y = 0; y < image->height; y++) {
            const uint8_t *x = image->rgb + (size_t)y * (size_t)image->stride;
            z.next_in = (Bytef *)(uintptr_t)filter(x, up, bytes, rows + bytes);
            z.avail_in = (uInt)(bytes + 1);
            squeeze(to, &z, chunk, false);
            up = x;
        }
        squeeze(to, &z, chunk, true);
        put_chunk(to, "IEND", (const uint8_t *)"", 0);
        deflateEnd(&z);
    }
    free(rows);
    free(chunk);
    return good;
}
