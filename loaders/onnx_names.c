/*
 * onnx_names.c - names to values: a hash table with open addressing.
 *
 * FNV-1a over the name, finished by a multiplicative mix, at most half full.
 * A file whose names were made to collide is refused when a search takes
 * longer than any honest table could need.       SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_file.h"

enum { MOST_PROBES = 256, FIRST_SLOTS = 256, EMPTY = -1 };

static uint64_t hash(onx_str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.s[i]) * 0x100000001b3u;
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static bool same(onx_str a, onx_str b) { return a.n == b.n && memcmp(a.s, b.s, a.n) == 0; }

/* The slot of that name, or the free one where it belongs; NULL: too many
 * neighbours. */
static int *slot_of(const onx_file *f, onx_str name)
{
    const uint64_t mask = (uint64_t)f->slot_count - 1;
    uint64_t at = hash(name) & mask;
    for (int i = 0; i < MOST_PROBES; i++, at = (at + 1) & mask)
        if (f->slots[at] == EMPTY || same(f->values[f->slots[at]].name, name))
            return &f->slots[at];
    return NULL;
}

onx_value *onx_find(onx_file *f, onx_str name)
{
    const int *slot = f->slot_count ? slot_of(f, name) : NULL;
    return slot && *slot != EMPTY && f->values[*slot].defined ? &f->values[*slot] : NULL;
}

/* Double both tables; the old ones stay in the pool until the load is over. */
static bool grow(onx_file *f)
{
    const int slots = f->slot_count ? 2 * f->slot_count : FIRST_SLOTS, room = slots / 2;
    onx_value *values = tsr_pool_alloc(f->scratch, (size_t)room * sizeof *values, 8);
    int *table = tsr_pool_alloc(f->scratch, (size_t)slots * sizeof *table, sizeof *table);
    if (!values || !table)
        return false;
    if (f->value_count)
        memcpy(values, f->values, (size_t)f->value_count * sizeof *values);
    for (int i = 0; i < slots; i++)
        table[i] = EMPTY;
    f->values = values, f->value_room = room;
    f->slots = table, f->slot_count = slots;
    for (int i = 0; i < f->value_count; i++) {
        int *slot = slot_of(f, values[i].name);
        if (!slot)
            return false;
        *slot = i;
    }
    return true;
}

onx_value *onx_note(onx_file *f, onx_str name)
{
    if (f->value_count == f->value_room && !grow(f)) {
        tsr_graph_fail(f->g, TSR_NO_MEMORY, "onnx: no memory for %d names", f->value_count);
        return NULL;
    }
    int *slot = slot_of(f, name);
    if (!slot) {
        tsr_graph_fail(f->g, TSR_BAD_FILE, "onnx: '%.60s' is one of too many names that are alike",
                       onx_text(f, name));
        return NULL;
    }
    if (*slot != EMPTY)
        return &f->values[*slot];
    *slot = f->value_count;
    onx_value *v = &f->values[f->value_count++];
    *v = (onx_value){ .name = name, .plain = ONX_NONE, .nhwc = ONX_NONE, .narrow = ONX_NONE,
                      .q_plain = ONX_NONE, .q_nhwc = ONX_NONE };
    return v;
}

onx_value *onx_add(onx_file *f, onx_str name)
{
    onx_value *v = onx_note(f, name);
    if (v && v->defined) {
        tsr_graph_fail(f->g, TSR_BAD_FILE, "onnx: '%.60s' is defined twice", onx_text(f, name));
        return NULL;
    }
    if (v)
        v->defined = true;
    return v;
}
