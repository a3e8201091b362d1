/*
 * flatbuffer.h - read FlatBuffers from untrusted bytes.
 *
 *     file    u32 offset of the root table, 4 bytes of identifier, ...
 *     table   i32 distance back to its vtable, then the fields
 *     vtable  u16 own bytes, u16 bytes of the table, u16 offset of each field
 *             (0: absent, the schema's default holds)
 *     vector  u32 count, then the items; a string is a vector of bytes
 *     offset  u32, counted forward from where it is stored
 *
 * A caller names fields by their number in the schema and gives the default.
 * Every position is checked before it is read; a wrong one gives the default
 * and sets `bad`, which stays set, so a loader asks once, at the end.
 *
 * Offsets only point forward, so there are no cycles; but a hostile file may
 * point a thousand times at the same huge vector.  `budget` stops that: what
 * is read through vectors, strings and tables together must stay within a
 * small multiple of the file.
 *
 * Format: FlatBuffers internals, https://flatbuffers.dev/internals/
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_FLATBUFFER_H
#define TSR_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *bytes;
    size_t size;
    size_t budget;              /* bytes that may still be looked at */
    bool bad;                   /* sticky */
} tsr_fb;

typedef struct {
    size_t at;                  /* position in the file; 0: there is no such table */
    size_t vtable;
    unsigned vtable_bytes, table_bytes;
} tsr_fb_table;

typedef struct {
    const uint8_t *at;          /* first item; NULL: there is no such vector */
    size_t count;
} tsr_fb_vector;

tsr_fb tsr_fb_open(const void *bytes, size_t size);
tsr_fb_table tsr_fb_root(tsr_fb *f);

/* Take `bytes` from the budget: for work that follows from the file but that
 * the reader does not see. */
void tsr_fb_spend(tsr_fb *f, size_t bytes);

/* ---- fields of a table; all of them give the default for an absent table -- */
bool tsr_fb_has(tsr_fb *f, tsr_fb_table t, unsigned field);
bool tsr_fb_bool(tsr_fb *f, tsr_fb_table t, unsigned field);      /* default false */
int tsr_fb_i8(tsr_fb *f, tsr_fb_table t, unsigned field);         /* default 0 */
unsigned tsr_fb_u8(tsr_fb *f, tsr_fb_table t, unsigned field);    /* default 0 */
int32_t tsr_fb_i32(tsr_fb *f, tsr_fb_table t, unsigned field, int32_t absent);
uint32_t tsr_fb_u32(tsr_fb *f, tsr_fb_table t, unsigned field);   /* default 0 */
uint64_t tsr_fb_u64(tsr_fb *f, tsr_fb_table t, unsigned field);   /* default 0 */
float tsr_fb_f32(tsr_fb *f, tsr_fb_table t, unsigned field);      /* default 0 */
tsr_fb_table tsr_fb_child(tsr_fb *f, tsr_fb_table t, unsigned field);

/* A vector of scalars (item_bytes each) or, with item_bytes 4, of tables. */
tsr_fb_vector tsr_fb_vec(tsr_fb *f, tsr_fb_table t, unsigned field, size_t item_bytes);

/* A string that ends with NUL in the file, as the format demands; never NULL.
 * A view into the file. */
const char *tsr_fb_string(tsr_fb *f, tsr_fb_table t, unsigned field);

/* ---- items of a vector; 0 (or no table) past its end ----------------------- */
uint8_t tsr_fb_item_u8(tsr_fb_vector v, size_t i);
uint16_t tsr_fb_item_u16(tsr_fb_vector v, size_t i);
int32_t tsr_fb_item_i32(tsr_fb_vector v, size_t i);
int64_t tsr_fb_item_i64(tsr_fb_vector v, size_t i);
float tsr_fb_item_f32(tsr_fb_vector v, size_t i);
tsr_fb_table tsr_fb_item_table(tsr_fb *f, tsr_fb_vector v, size_t i);

#endif
