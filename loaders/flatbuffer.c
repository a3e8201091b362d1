/*
 * flatbuffer.c - see flatbuffer.h.
 *
 * Positions are size_t counts from the start of the file.  One function,
 * `cursor`, turns a position into a reader that cannot leave the file; nothing
 * else touches the bytes.                        SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/flatbuffer.h"
#include "loaders/reader.h"

enum {
    BUDGET_FACTOR = 64,         /* published models spend less than 4 */
    BUDGET_BASE = 64 * 1024,
    TABLE_COST = 16,            /* bytes charged for opening one table */
};

static const tsr_fb_table no_table = { 0, 0, 0, 0 };
static const tsr_fb_vector no_vector = { NULL, 0 };

tsr_fb tsr_fb_open(const void *bytes, size_t size)
{
    tsr_fb f = { bytes, size, SIZE_MAX, false };
    if (size <= (SIZE_MAX - BUDGET_BASE) / BUDGET_FACTOR)
        f.budget = size * BUDGET_FACTOR + BUDGET_BASE;
    return f;
}

void tsr_fb_spend(tsr_fb *f, size_t bytes)
{
    if (bytes > f->budget) {
        f->bad = true;
        bytes = f->budget;
    }
    f->budget -= bytes;
}

static tsr_reader cursor(tsr_fb *f, size_t at)
{
    tsr_reader r = rd_make(f->bytes, f->size);
    if (f->bad)
        r.bad = true;
    (void)rd_bytes(&r, at);
    return r;
}

/* Where the offset stored at `at` leads; 0 (and bad) when out of the file. */
static size_t follow(tsr_fb *f, size_t at)
{
    tsr_reader r = cursor(f, at);
    const uint32_t offset = rd_u32le(&r);
    if (r.bad || offset == 0 || offset >= f->size - at) {
        f->bad = true;
        return 0;
    }
    return at + offset;
}

static tsr_fb_table open_table(tsr_fb *f, size_t at)
{
    tsr_reader r = cursor(f, at);
    const uint32_t raw = rd_u32le(&r);
    /* The vtable usually stands before its table: distance is signed. */
    const int64_t where = (int64_t)at - (int32_t)raw;
    tsr_fb_table t = no_table;
    if (!r.bad && where >= 0 && (uint64_t)where < f->size) {
        t.at = at;
        t.vtable = (size_t)where;
        tsr_reader v = cursor(f, t.vtable);
        t.vtable_bytes = rd_u16le(&v);
        t.table_bytes = rd_u16le(&v);
        r.bad = v.bad || t.vtable_bytes < 4 || t.vtable_bytes > f->size - t.vtable ||
                t.table_bytes < 4 || t.table_bytes > f->size - at;
    } else {
        r.bad = true;
    }
    tsr_fb_spend(f, TABLE_COST);
    if (r.bad || f->bad) {
        f->bad = true;
        return no_table;
    }
    return t;
}

tsr_fb_table tsr_fb_root(tsr_fb *f)
{
    const size_t at = follow(f, 0);
    return at ? open_table(f, at) : no_table;
}

/* Position of a field of `bytes` bytes; 0 when it is absent. */
static size_t locate(tsr_fb *f, tsr_fb_table t, unsigned field, unsigned bytes)
{
    const unsigned slot = 4 + 2 * field;
    if (t.at == 0 || f->bad || slot + 2 > t.vtable_bytes)
        return 0;
    tsr_reader v = cursor(f, t.vtable + slot);
    const unsigned offset = rd_u16le(&v);
    if (offset == 0)
        return 0;
    if (v.bad || offset < 4 || offset + bytes > t.table_bytes) {
        f->bad = true;
        return 0;
    }
    return t.at + offset;
}

bool tsr_fb_has(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    return locate(f, t, field, 1) != 0;
}

unsigned tsr_fb_u8(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    const size_t at = locate(f, t, field, 1);
    tsr_reader r = cursor(f, at);
    return at ? rd_u8(&r) : 0;
}

int tsr_fb_i8(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    return (int8_t)tsr_fb_u8(f, t, field);
}

bool tsr_fb_bool(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    return tsr_fb_u8(f, t, field) != 0;
}

int32_t tsr_fb_i32(tsr_fb *f, tsr_fb_table t, unsigned field, int32_t absent)
{
    const size_t at = locate(f, t, field, 4);
    tsr_reader r = cursor(f, at);
    return at ? (int32_t)rd_u32le(&r) : absent;
}

uint32_t tsr_fb_u32(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    return (uint32_t)tsr_fb_i32(f, t, field, 0);
}

uint64_t tsr_fb_u64(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    const size_t at = locate(f, t, field, 8);
    tsr_reader r = cursor(f, at);
    return at ? rd_u64le(&r) : 0;
}

float tsr_fb_f32(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    const size_t at = locate(f, t, field, 4);
    tsr_reader r = cursor(f, at);
    return at ? rd_f32le(&r) : 0.0f;
}

tsr_fb_table tsr_fb_child(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    const size_t at = locate(f, t, field, 4);
    const size_t child = at ? follow(f, at) : 0;
    return child ? open_table(f, child) : no_table;
}

tsr_fb_vector tsr_fb_vec(tsr_fb *f, tsr_fb_table t, unsigned field, size_t item_bytes)
{
    const size_t at = locate(f, t, field, 4);
    const size_t start = at ? follow(f, at) : 0;
    if (!start)
        return no_vector;
    tsr_reader r = cursor(f, start);
    const size_t count = rd_count(&r, item_bytes);
    if (!r.bad)
        tsr_fb_spend(f, count * item_bytes);
    if (r.bad || f->bad) {
        f->bad = true;
        return no_vector;
    }
    return (tsr_fb_vector){ r.at, count };
}

const char *tsr_fb_string(tsr_fb *f, tsr_fb_table t, unsigned field)
{
    const tsr_fb_vector v = tsr_fb_vec(f, t, field, 1);
    if (!v.at)
        return "";
    const uint8_t *end = v.at + v.count;
    if (end == f->bytes + f->size || *end != 0) {
        f->bad = true;
        return "";
    }
    return (const char *)v.at;
}

/* A reader over item i of a vector whose items were checked by tsr_fb_vec. */
static tsr_reader item(tsr_fb_vector v, size_t i, size_t bytes)
{
    if (i >= v.count)
        return (tsr_reader){ NULL, NULL, true };
    return rd_make(v.at + i * bytes, bytes);
}

uint8_t tsr_fb_item_u8(tsr_fb_vector v, size_t i)
{
    tsr_reader r = item(v, i, 1);
    return rd_u8(&r);
}

uint16_t tsr_fb_item_u16(tsr_fb_vector v, size_t i)
{
    tsr_reader r = item(v, i, 2);
    return rd_u16le(&r);
}

int32_t tsr_fb_item_i32(tsr_fb_vector v, size_t i)
{
    tsr_reader r = item(v, i, 4);
    return (int32_t)rd_u32le(&r);
}

int64_t tsr_fb_item_i64(tsr_fb_vector v, size_t i)
{
    tsr_reader r = item(v, i, 8);
    return (int64_t)rd_u64le(&r);
}

float tsr_fb_item_f32(tsr_fb_vector v, size_t i)
{
    tsr_reader r = item(v, i, 4);
    return rd_f32le(&r);
}

tsr_fb_table tsr_fb_item_table(tsr_fb *f, tsr_fb_vector v, size_t i)
{
    if (f->bad || i >= v.count)
        return no_table;
    const size_t at = follow(f, (size_t)(v.at - f->bytes) + i * 4);
    return at ? open_table(f, at) : no_table;
}
