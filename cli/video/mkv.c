/*
 * mkv.c - see mkv.h.
 *
 * An EBML element is an id, a size and that many bytes, which may be elements.  Ids
 * carry their own length.  A size of one byte is 0x80 | size; one of eight bytes
 * begins with 0x01, and all ones mean "until the end of the stream".  Each frame gets a
 * cluster of its own, because a cluster has the time, and blocks only a 16-bit offset.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "cli/video/mkv.h"

typedef struct { uint8_t *to; size_t n; } writer;

static void put_big_endian(writer *w, uint64_t v, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        w->to[w->n++] = (uint8_t)(v >> (8 * i));
}

static void put_id(writer *w, uint32_t id)
{
    put_big_endian(w, id, id > 0xFFFFFF ? 4 : id > 0xFFFF ? 3 : id > 0xFF ? 2 : 1);
}

static void put_number(writer *w, uint32_t id, uint64_t v)
{
    put_id(w, id);
    w->to[w->n++] = 0x80 | 8;
    put_big_endian(w, v, 8);
}

static void put_bytes(writer *w, uint32_t id, const void *bytes, size_t n)
{
    put_id(w, id);
    w->to[w->n++] = (uint8_t)(0x80 | n);        /* n < 127 */
    memcpy(w->to + w->n, bytes, n);
    w->n += n;
}

/* An element whose contents follow: its size is put in by close_element. */
static size_t open_element(writer *w, uint32_t id)
{
    put_id(w, id);
    put_big_endian(w, 0, 8);
    return w->n;
}

static void close_element(writer *w, size_t begin)
{
    writer size = { w->to, begin - 8 };
    put_big_endian(&size, 0x0100000000000000u | (w->n - begin), 8);
}

static void put_track(writer *w, int width, int height, uint64_t frame_ns)
{
    static const char codec[] = "V_UNCOMPRESSED";
    static const uint8_t rgb24[4] = { 'R', 'G', 'B', 24 };
    const size_t tracks = open_element(w, 0x1654AE6B), entry = open_element(w, 0xAE);
    put_number(w, 0xD7, 1);                     /* TrackNumber, TrackUID, TrackType video */
    put_number(w, 0x73C5, 1);
    put_number(w, 0x83, 1);
    put_bytes(w, 0x86, codec, sizeof codec - 1);
    if (frame_ns)
        put_number(w, 0x23E383, frame_ns);      /* DefaultDuration */
    const size_t video = open_element(w, 0xE0);
    put_number(w, 0xB0, (uint64_t)width);
    put_number(w, 0xBA, (uint64_t)height);
    put_bytes(w, 0x2EB524, rgb24, sizeof rgb24);
    close_element(w, video);
    close_element(w, entry);
    close_element(w, tracks);
}

size_t cli_mkv_head(int width, int height, uint64_t frame_ns, uint8_t to[MKV_HEAD_BYTES])
{
    enum { MICROSECOND = 1000 };
    writer w = { to, 0 };
    const size_t ebml = open_element(&w, 0x1A45DFA3);
    put_bytes(&w, 0x4282, "matroska", 8);
    put_number(&w, 0x4287, 4);                  /* DocTypeVersion, DocTypeReadVersion */
    put_number(&w, 0x4285, 2);
    close_element(&w, ebml);
    put_id(&w, 0x18538067);                     /* Segment, without end */
    put_big_endian(&w, 0x01FFFFFFFFFFFFFFu, 8);
    const size_t info = open_element(&w, 0x1549A966);
    put_number(&w, 0x2AD7B1, MICROSECOND);      /* TimestampScale */
    put_bytes(&w, 0x4D80, "tarsier", 7);        /* MuxingApp, WritingApp */
    put_bytes(&w, 0x5741, "tarsier", 7);
    close_element(&w, info);
    put_track(&w, width, height, frame_ns);
    return w.n;
}

size_t cli_mkv_frame(uint64_t microseconds, size_t bytes, uint8_t to[MKV_FRAME_BYTES])
{
    enum { KEYFRAME = 0x80 };
    static const uint8_t track_one_offset_zero[4] = { 0x81, 0, 0, KEYFRAME };
    const size_t block = sizeof track_one_offset_zero + bytes, time = 1 + 1 + 8;
    writer w = { to, 0 };
    put_id(&w, 0x1F43B675);                     /* Cluster */
    put_big_endian(&w, 0x0100000000000000u | (time + 1 + 8 + block), 8);
    put_number(&w, 0xE7, microseconds);
    put_id(&w, 0xA3);                           /* SimpleBlock */
    put_big_endian(&w, 0x0100000000000000u | block, 8);
    memcpy(to + w.n, track_one_offset_zero, sizeof track_one_offset_zero);
    return w.n + sizeof track_one_offset_zero;
}
