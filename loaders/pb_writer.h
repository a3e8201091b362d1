/*
 * pb_writer.h - protobuf messages written front to back.
 *
 * A field is a key (number << 3 | wire type), then a varint, or a length and
 * bytes.  The length of a nested message is not known when it begins: it is
 * built in a writer of its own and then added.  Memory comes from a pool and
 * doubles; when there is none left `failed` stays set.
 * Source: "Protocol Buffers: Encoding", protobuf documentation.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_PB_WRITER_H
#define TSR_PB_WRITER_H

#include "engine/pool.h"

typedef struct {
    tsr_pool *pool;
    unsigned char *bytes;
    size_t count, room;
    bool failed;
} tsr_pb;

static inline tsr_pb tsr_pb_make(tsr_pool *pool) { return (tsr_pb){ .pool = pool }; }

void tsr_pb_int(tsr_pb *w, int field, int64_t x);
void tsr_pb_float(tsr_pb *w, int field, float x);
void tsr_pb_bytes(tsr_pb *w, int field, const void *bytes, size_t n);
void tsr_pb_string(tsr_pb *w, int field, const char *s);
void tsr_pb_message(tsr_pb *w, int field, const tsr_pb *message);

/* Key and length of a message whose n bytes the caller writes elsewhere. */
void tsr_pb_length(tsr_pb *w, int field, size_t n);

#endif
