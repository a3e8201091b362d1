/*
 * protobuf.h - reading protobuf messages out of untrusted bytes.
 *
 * A message is a list of fields: a key (number << 3 | wire type), then
 *
 *     0  a varint: 7 bits a byte, low ones first, bit 7 set on all but the last
 *     1  eight bytes        5  four bytes        (little-endian)
 *     2  a length and that many bytes: string, nested message, packed numbers
 *
 * A length beyond the end, an 11th varint byte, field number 0 and the group
 * types 3 and 4 that nobody writes any more set `bad` in the reader.  Nesting
 * costs nothing: a nested message is a reader over its bytes, and the caller
 * decides how deep it looks.
 * Source: "Protocol Buffers: Encoding", protobuf documentation.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_PROTOBUF_H
#define TSR_PROTOBUF_H

#include "loaders/reader.h"

enum { TSR_PB_VARINT = 0, TSR_PB_EIGHT = 1, TSR_PB_BYTES = 2, TSR_PB_FOUR = 5 };

typedef struct {
    uint32_t number;
    int wire;
    uint64_t value;             /* wire types 0, 1 and 5 */
    tsr_reader bytes;           /* wire type 2, else empty */
} tsr_pb_field;

static inline uint64_t rd_varint(tsr_reader *r)
{
    uint64_t x = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        const uint64_t b = rd_u8(r);
        x |= shift < 64 ? (b & 127) << shift : 0;
        if (b < 128)
            return x;
    }
    r->bad = true;
    return 0;
}

/* The next field; false at the end and, with r->bad, when it is damaged. */
static inline bool tsr_pb_next(tsr_reader *r, tsr_pb_field *f)
{
    if (r->bad || rd_left(r) == 0)
        return false;
    const uint64_t key = rd_varint(r);
    *f = (tsr_pb_field){ .number = (uint32_t)(key >> 3), .wire = (int)(key & 7) };
    f->bytes = (tsr_reader){ r->end, r->end, false };
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
        r->bad = true;
    switch (f->wire) {
    case TSR_PB_VARINT: f->value = rd_varint(r); break;
    case TSR_PB_EIGHT: f->value = rd_u64le(r); break;
    case TSR_PB_FOUR: f->value = rd_u32le(r); break;
    case TSR_PB_BYTES: {
        const uint64_t n = rd_varint(r);
        const uint8_t *p = n <= rd_left(r) ? rd_bytes(r, (size_t)n) : NULL;
        if (p)
            f->bytes = rd_make(p, (size_t)n);
        else
            r->bad = true;
        break;
    }
    default: r->bad = true;
    }
    return !r->bad;
}

/* Numbers of a repeated field come one to a key or packed, many to a key.
 * Puts the field's next number into *x; call until false.  `size` is 0 for
 * varints, else 4 or 8.  A field of another wire type has no numbers. */
static inline bool tsr_pb_number(tsr_pb_field *f, size_t size, uint64_t *x)
{
    const int single = size == 0 ? TSR_PB_VARINT : size == 4 ? TSR_PB_FOUR : TSR_PB_EIGHT;
    if (f->wire == single) {
        *x = f->value;
        f->wire = -1;               /* spent */
        return true;
    }
    if (f->wire != TSR_PB_BYTES || f->bytes.bad || rd_left(&f->bytes) == 0)
        return false;
    *x = size == 0 ? rd_varint(&f->bytes) : size == 4 ? rd_u32le(&f->bytes) : rd_u64le(&f->bytes);
    return !f->bytes.bad;
}

#endif
