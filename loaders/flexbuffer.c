/*
 * flexbuffer.c - see flexbuffer.h.
 *
 * A FlexBuffer is read from its end: the last byte is the width of the root's slot, the
 * one before its type, before that stands the slot.  A map's slot holds how far back its
 * values begin; before those stand, each in the width of the values,
 *
 *     distance back to the keys | width of the keys' slots | count | values ... | types
 *
 * and types are one byte each: kind << 2 | log2 of a width.  The keys' slots hold how
 * far back, from each slot, its NUL-terminated text begins.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/flexbuffer.h"

enum { KIND_INT = 1, KIND_UINT, KIND_FLOAT, KIND_INDIRECT_INT = 6, KIND_INDIRECT_UINT,
       KIND_INDIRECT_FLOAT, KIND_MAP, KIND_BOOL = 26 };

static bool is_width(uint64_t w) { return w == 1 || w == 2 || w == 4 || w == 8; }

/* `width` bytes, lowest first; 0 and *bad when they are not all there. */
static uint64_t read_at(const tsr_flex_map *m, size_t at, size_t width, bool *bad)
{
    uint64_t v = 0;
    if (at > m->size || width > m->size - at) {
        *bad = true;
        return 0;
    }
    for (size_t i = width; i-- > 0;)
        v = v << 8 | m->bytes[at + i];
    return v;
}

/* Where a slot that holds a distance back leads. */
static size_t follow(const tsr_flex_map *m, size_t at, size_t width, bool *bad)
{
    const uint64_t back = read_at(m, at, width, bad);
    if (*bad || back > at) {
        *bad = true;
        return 0;
    }
    return at - (size_t)back;
}

tsr_flex_map tsr_flex_root(const void *bytes, size_t size)
{
    tsr_flex_map m = { .bytes = bytes, .size = size };
    if (size < 3 || !is_width(m.bytes[size - 1]) || m.bytes[size - 2] >> 2 != KIND_MAP ||
        m.bytes[size - 1] > size - 2) {
        m.bad = true;
        return m;
    }
    const size_t root_width = m.bytes[size - 1];
    m.width = (size_t)1 << (m.bytes[size - 2] & 3);
    m.values = follow(&m, size - 2 - root_width, root_width, &m.bad);
    if (m.bad || m.values < 3 * m.width) {
        m.bad = true;
        return m;
    }
    const uint64_t count = read_at(&m, m.values - m.width, m.width, &m.bad);
    const uint64_t key_width = read_at(&m, m.values - 2 * m.width, m.width, &m.bad);
    m.keys = follow(&m, m.values - 3 * m.width, m.width, &m.bad);
    if (!is_width(key_width) || count > (size - m.values) / (m.width + 1))
        m.bad = true;
    m.key_width = (size_t)key_width;
    m.count = m.bad ? 0 : (size_t)count;
    return m;
}

static bool is_key(const tsr_flex_map *m, size_t index, const char *key)
{
    const size_t length = strlen(key) + 1;
    bool bad = false;
    const size_t at = follow(m, m->keys + index * m->key_width, m->key_width, &bad);
    return !bad && length <= m->size - at && !memcmp(m->bytes + at, key, length);
}

static double to_float(uint64_t bits, size_t width)
{
    double d = 0;
    float f = 0;
    const uint32_t low = (uint32_t)bits;
    if (width == sizeof d)
        memcpy(&d, &bits, sizeof d);
    else if (width == sizeof f)
        memcpy(&f, &low, sizeof f);
    return width == sizeof f ? (double)f : d;
}

static double to_int(uint64_t bits, size_t width)
{
    const uint64_t sign = (uint64_t)1 << (8 * width - 1);
    return (double)(int64_t)((bits ^ sign) - sign);
}

bool tsr_flex_number(const tsr_flex_map *m, const char *key, double *value)
{
    size_t i = 0;
    while (i < m->count && !is_key(m, i, key))
        i++;
    if (i == m->count)
        return false;
    bool bad = false;
    const unsigned type = (unsigned)read_at(m, m->values + m->count * m->width + i, 1, &bad);
    unsigned kind = type >> 2;
    size_t at = m->values + i * m->width, width = m->width;
    if (kind >= KIND_INDIRECT_INT && kind <= KIND_INDIRECT_FLOAT) {
        at = follow(m, at, width, &bad);
        width = (size_t)1 << (type & 3);
        kind -= KIND_INDIRECT_INT - KIND_INT;
    }
    const uint64_t bits = read_at(m, at, width, &bad);
    if (kind == KIND_FLOAT)
        *value = to_float(bits, width);
    else if (kind == KIND_INT)
        *value = to_int(bits, width);
    else if (kind == KIND_UINT || kind == KIND_BOOL)
        *value = (double)bits;
    else
        return false;
    return !bad && (kind != KIND_FLOAT || width >= 4);
}
