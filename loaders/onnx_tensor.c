/*
 * onnx_tensor.c - TensorProto to constant, in every encoding ONNX allows.
 *
 * The numbers stand either in raw_data, little-endian, or in one of the typed
 * lists: float_data, double_data, int64_data, uint64_data, or int32_data, which
 * also carries everything smaller (halves as their bits).  Raw numbers of a type
 * that we have stay where they are; the rest is decoded into the model's pool:
 *
 *     half, bfloat16, double -> f32       u16 -> s32       u32, u64 -> s64
 *
 * How many numbers there must be follows from the dimensions, and is checked
 * against the bytes at hand before any memory is asked for.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/half.h"
#include "loaders/onnx_file.h"

enum { T_DIMS = 1, T_TYPE = 2, T_FLOATS = 4, T_INT32S = 5, T_STRINGS = 6, T_INT64S = 7, T_NAME = 8,
       T_RAW = 9, T_DOUBLES = 10, T_UINT64S = 11, T_EXTERNAL = 13, T_LOCATION = 14 };

static const struct {
    const char *name;
    tsr_dtype dtype;            /* ours; TSR_DTYPE_COUNT: none */
    unsigned char bytes;        /* of one number in raw_data */
    unsigned char list;         /* field of its typed list */
    unsigned char list_bytes;   /* of one number there; 0: a varint */
} types[] = {
    [ONX_FLOAT]    = { "float", TSR_F32, 4, T_FLOATS, 4 },
    [ONX_UINT8]    = { "uint8", TSR_U8, 1, T_INT32S, 0 },
    [ONX_INT8]     = { "int8", TSR_S8, 1, T_INT32S, 0 },
    [ONX_UINT16]   = { "uint16", TSR_S32, 2, T_INT32S, 0 },
    [ONX_INT16]    = { "int16", TSR_S16, 2, T_INT32S, 0 },
    [ONX_INT32]    = { "int32", TSR_S32, 4, T_INT32S, 0 },
    [ONX_INT64]    = { "int64", TSR_S64, 8, T_INT64S, 0 },
    [ONX_STRING]   = { "string", TSR_DTYPE_COUNT, 0, T_STRINGS, 0 },
    [ONX_BOOL]     = { "bool", TSR_BOOL, 1, T_INT32S, 0 },
    [ONX_FLOAT16]  = { "float16", TSR_F32, 2, T_INT32S, 0 },
    [ONX_DOUBLE]   = { "double", TSR_F32, 8, T_DOUBLES, 8 },
    [ONX_UINT32]   = { "uint32", TSR_S64, 4, T_UINT64S, 0 },
    [ONX_UINT64]   = { "uint64", TSR_S64, 8, T_UINT64S, 0 },
    [14]           = { "complex64", TSR_DTYPE_COUNT, 0, 0, 0 },
    [15]           = { "complex128", TSR_DTYPE_COUNT, 0, 0, 0 },
    [ONX_BFLOAT16] = { "bfloat16", TSR_F32, 2, T_INT32S, 0 },
};

static bool known(int64_t elem)
{
    return elem > 0 && elem < (int64_t)(sizeof types / sizeof *types) && types[elem].name;
}

tsr_dtype onx_dtype(int64_t elem) { return known(elem) ? types[elem].dtype : TSR_DTYPE_COUNT; }

const char *onx_type_name(int64_t elem) { return known(elem) ? types[elem].name : "unknown type"; }

/* Is a raw number of this type one of ours as it stands? */
static bool same_bits(int64_t elem)
{
    return types[elem].bytes == tsr_dtype_bytes(types[elem].dtype) && elem != ONX_UINT64;
}

typedef struct {
    int64_t elem, dim[TSR_MAX_RANK];
    int rank;
    bool external, has_raw;
    tsr_reader raw;
} header;

static header read_header(onx_file *f, tsr_reader r)
{
    header h = { 0 };
    tsr_pb_field field;
    uint64_t x;
    while (tsr_pb_next(&r, &field))
        switch (field.number) {
        case T_DIMS:
            while (tsr_pb_number(&field, 0, &x)) {
                if (h.rank < TSR_MAX_RANK)
                    h.dim[h.rank] = (int64_t)x;
                h.rank++;
            }
            f->bad |= field.bytes.bad;
            break;
        case T_TYPE: h.elem = (int64_t)field.value; break;
        case T_RAW: h.raw = field.bytes, h.has_raw = true; break;
        case T_EXTERNAL: h.external = true; break;
        case T_LOCATION: h.external |= field.value != 0; break;
        }
    f->bad |= r.bad;
    return h;
}

/* One number, given as its bits, to memory of our type. */
static void put(int64_t elem, uint64_t bits, void *to, size_t i)
{
    const uint32_t low = (uint32_t)bits;
    float f = 0;
    double d;
    switch (elem) {
    case ONX_FLOAT: memcpy(&f, &low, sizeof f); break;
    case ONX_FLOAT16: f = tsr_half_to_float((uint16_t)bits); break;
    case ONX_BFLOAT16: {
        const uint32_t high = low << 16;
        memcpy(&f, &high, sizeof f);
        break;
    }
    case ONX_DOUBLE: memcpy(&d, &bits, sizeof d), f = (float)d; break;
    case ONX_UINT8: case ONX_INT8: ((uint8_t *)to)[i] = (uint8_t)bits; return;
    case ONX_BOOL: ((uint8_t *)to)[i] = bits != 0; return;
    case ONX_INT16: ((uint16_t *)to)[i] = (uint16_t)bits; return;
    case ONX_UINT16: ((uint32_t *)to)[i] = (uint16_t)bits; return;
    case ONX_INT32: ((uint32_t *)to)[i] = low; return;
    case ONX_UINT32: ((uint64_t *)to)[i] = low; return;
    case ONX_UINT64: bits = bits > INT64_MAX ? INT64_MAX : bits;  /* fall through */
    default: ((uint64_t *)to)[i] = bits; return;
    }
    ((float *)to)[i] = f;
}

static uint64_t raw_bits(tsr_reader *r, size_t bytes)
{
    uint64_t x = 0;
    const uint8_t *p = rd_bytes(r, bytes);
    for (size_t i = 0; p && i < bytes; i++)
        x |= (uint64_t)p[i] << 8 * i;
    return x;
}

/* The numbers of the typed list, up to n; how many there are in all. */
static size_t read_list(onx_file *f, tsr_reader r, int64_t elem, size_t n, void *to)
{
    size_t count = 0;
    tsr_pb_field field;
    uint64_t x;
    while (tsr_pb_next(&r, &field)) {
        if (field.number != types[elem].list)
            continue;
        for (; tsr_pb_number(&field, types[elem].list_bytes, &x); count++)
            if (count < n && to)
                put(elem, x, to, count);
        f->bad |= field.bytes.bad;
    }
    f->bad |= r.bad;
    return count;
}

static bool decode(onx_file *f, tsr_reader message, const header *h, size_t n, tsr_tensor *t)
{
    tsr_reader raw = h->raw;
    const size_t have = h->has_raw ? rd_left(&raw) / types[h->elem].bytes
                      : read_list(f, message, h->elem, 0, NULL);
    if (f->bad)
        return false;
    if (have != n || (h->has_raw && rd_left(&raw) % types[h->elem].bytes)) {
        tsr_graph_fail(f->g, TSR_BAD_FILE, "onnx: tensor '%.60s' has %zu numbers, its dimensions "
                       "want %zu", t->name, have, n);
        return false;
    }
    if (h->has_raw && same_bits(h->elem) && h->elem != ONX_BOOL) {
        t->data = (void *)(uintptr_t)raw.at;    /* only ever read */
        return true;
    }
    t->data = tsr_pool_alloc(f->g->pool, n * tsr_dtype_bytes(t->dtype), 64);
    if (!t->data) {
        tsr_graph_fail(f->g, TSR_NO_MEMORY, "onnx: no memory for tensor '%.60s'", t->name);
        return false;
    }
    if (!h->has_raw)
        read_list(f, message, h->elem, n, t->data);
    for (size_t i = 0; h->has_raw && i < n; i++)
        put(h->elem, raw_bits(&raw, types[h->elem].bytes), t->data, i);
    return !f->bad;
}

/* Dimensions into *t; the number of elements, or -1 after a failure. */
static int64_t read_shape(onx_file *f, const header *h, tsr_tensor *t)
{
    int64_t n = 1;
    if (h->rank > TSR_MAX_RANK) {
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, "onnx: tensor '%.60s' has %d dimensions, at most %d "
                       "are supported", t->name, h->rank, TSR_MAX_RANK);
        return -1;
    }
    t->rank = h->rank;
    for (int i = 0; i < h->rank; i++) {
        if (h->dim[i] < 0 || h->dim[i] > INT32_MAX || n * h->dim[i] > INT32_MAX) {
            tsr_graph_fail(f->g, TSR_BAD_FILE, "onnx: tensor '%.60s': dimension %d is %lld",
                           t->name, i, (long long)h->dim[i]);
            return -1;
        }
        t->dim[i] = (int)h->dim[i];
        n *= h->dim[i];
    }
    return n;
}

bool onx_tensor(onx_file *f, tsr_reader message, tsr_tensor *t, bool *empty)
{
    const header h = read_header(f, message);
    if (f->bad)
        return false;
    t->dtype = onx_dtype(h.elem);
    if (t->dtype == TSR_DTYPE_COUNT || h.external) {
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, h.external
                       ? "onnx: tensor '%.60s' (%s) is stored in another file"
                       : "onnx: tensor '%.60s' is of type %s", t->name, onx_type_name(h.elem));
        return false;
    }
    const int64_t n = read_shape(f, &h, t);
    *empty = n == 0;
    return n == 0 || (n > 0 && decode(f, message, &h, (size_t)n, t));
}
