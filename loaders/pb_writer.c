/* pb_writer.c - see pb_writer.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "loaders/pb_writer.h"

enum { VARINT = 0, BYTES = 2, FIXED32 = 5 };

static void append(tsr_pb *w, const void *bytes, size_t n)
{
    if (w->failed)
        return;
    if (n > w->room - w->count) {
        const size_t room = 2 * w->room + n + 64;
        unsigned char *more = tsr_pool_alloc(w->pool, room, 1);
        if (!more) {
            w->failed = true;
            return;
        }
        if (w->count)
            memcpy(more, w->bytes, w->count);
        w->bytes = more, w->room = room;
    }
    if (n)
        memcpy(w->bytes + w->count, bytes, n);
    w->count += n;
}

/* Seven bits a byte, lowest first; the top bit says that more follow. */
static void varint(tsr_pb *w, uint64_t x)
{
    unsigned char b[10];
    size_t n = 0;
    for (; x >= 0x80; x >>= 7)
        b[n++] = (unsigned char)(x | 0x80);
    b[n++] = (unsigned char)x;
    append(w, b, n);
}

static void key(tsr_pb *w, int field, int wire)
{
    varint(w, (uint64_t)field << 3 | (uint64_t)wire);
}

void tsr_pb_int(tsr_pb *w, int field, int64_t x)
{
    key(w, field, VARINT);
    varint(w, (uint64_t)x);
}

void tsr_pb_float(tsr_pb *w, int field, float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    const unsigned char b[4] = { (unsigned char)u, (unsigned char)(u >> 8),
                                 (unsigned char)(u >> 16), (unsigned char)(u >> 24) };
    key(w, field, FIXED32);
    append(w, b, sizeof b);
}

void tsr_pb_length(tsr_pb *w, int field, size_t n)
{
    key(w, field, BYTES);
    varint(w, n);
}

void tsr_pb_bytes(tsr_pb *w, int field, const void *bytes, size_t n)
{
    tsr_pb_length(w, field, n);
    append(w, bytes, n);
}

void tsr_pb_string(tsr_pb *w, int field, const char *s) { tsr_pb_bytes(w, field, s, strlen(s)); }

void tsr_pb_message(tsr_pb *w, int field, const tsr_pb *message)
{
    w->failed |= message->failed;
    tsr_pb_bytes(w, field, message->bytes, message->count);
}
