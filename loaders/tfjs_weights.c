/*
 * tfjs_weights.c - the weights manifest of a TensorFlow.js model.
 *
 *     [{ "paths": [file, ...], "weights": [{ name, shape, dtype, quantization }] }]
 *
 * The files of a group follow one another, and so do its tensors, without any
 * padding, little-endian.  Quantised weights (uint8, uint16) are
 * q * scale + min, computed in double and rounded to float once; float16 is
 * IEEE half.
 *
 * Most of a network's weights are filters that are turned into another layout right
 * away.  So nothing is decoded before it is asked for, and what is only looked at is
 * decoded into the same memory again and again: getting fresh memory from the system
 * takes longer than decoding into it.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/half.h"
#include "loaders/reader.h"
#include "loaders/tfjs_file.h"

static size_t stored_bytes(const tfjs_encoding *e)
{
    static const size_t bytes[] = { 4, 4, 1, 2, 1, 2 };
    return bytes[e->as];
}

/* Fill e and the tensor's dtype from a manifest entry. */
static bool read_encoding(const cJSON *weight, tfjs_encoding *e, tsr_dtype *dtype)
{
    const char *d = json_string(weight, "dtype", "");
    const cJSON *q = json_get(weight, "quantization");
    *e = (tfjs_encoding){ .scale = json_number(q, "scale", 1), .min = json_number(q, "min", 0) };
    *dtype = !strcmp(d, "int32") ? TSR_S32 : !strcmp(d, "bool") ? TSR_BOOL : TSR_F32;
    if (q) {
        const char *as = json_string(q, "dtype", "uint8");
        e->as = !strcmp(as, "float16") ? TFJS_F16 : !strcmp(as, "uint16") ? TFJS_U16
              : TFJS_U8;
        return (!strcmp(d, "float32") || !strcmp(d, "int32"))
            && (e->as == TFJS_F16 || e->as == TFJS_U16 || !strcmp(as, "uint8"));
    }
    e->as = *dtype == TSR_S32 ? TFJS_S32 : *dtype == TSR_BOOL ? TFJS_BOOL : TFJS_F32;
    return !strcmp(d, "float32") || !strcmp(d, "int32") || !strcmp(d, "bool");
}

static double decode_one(const tfjs_encoding *e, const uint8_t *p)
{
    const uint32_t u16 = stored_bytes(e) >= 2 ? p[0] | (uint32_t)p[1] << 8 : p[0];
    switch (e->as) {
    case TFJS_F16: return (double)tsr_half_to_float((uint16_t)u16);
    case TFJS_U8: case TFJS_U16: return u16 * e->scale + e->min;
    default: return (double)u16;
    }
}

static void decode_bytes(const tfjs_encoding *e, const uint8_t *p, size_t n, float *to)
{
    float value[256];
    for (int q = 0; q < 256; q++)
        value[q] = (float)(q * e->scale + e->min);
    for (size_t i = 0; i < n; i++)
        to[i] = value[p[i]];
}

static void decode(const tfjs_encoding *e, const uint8_t *p, const tsr_tensor *t)
{
    const size_t n = tsr_elements(t), step = stored_bytes(e);
    if (e->as == TFJS_F32 || e->as == TFJS_S32 || e->as == TFJS_BOOL) {
        memcpy(t->data, p, n * step);
        return;
    }
    if (e->as == TFJS_U8 && t->dtype == TSR_F32) {
        decode_bytes(e, p, n, t->data);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const double x = decode_one(e, p + i * step);
        if (t->dtype == TSR_F32)
            ((float *)t->data)[i] = (float)x;
        else
            ((int32_t *)t->data)[i] = x < -2147483647.0 ? INT32_MIN : x > 2147483647.0 ? INT32_MAX
                                    : x == x ? (int32_t)x : 0;
    }
}

/* ---- reading the manifest ------------------------------------------------------- */

typedef struct { const void *bytes; size_t size; } piece;

/* All files of a group; how many, or -1 with the error in the graph. */
static int find_files(tfjs_model *m, const cJSON *paths, piece *pieces)
{
    const cJSON *path;
    int count = 0;
    cJSON_ArrayForEach(path, paths) {
        const char *name = cJSON_GetStringValue(path);
        piece p = { NULL, 0 };
        if (name && m->options->sibling)
            p.bytes = m->options->sibling(m->options->sibling_ctx, name, &p.size);
        if (!p.bytes) {
            tsr_graph_fail(m->g, TSR_BAD_FILE, "weights file '%.120s' is not beside the model",
                           name ? name : "");
            return -1;
        }
        pieces[count++] = p;
    }
    return count;
}

/* All files of a group in a row: a single one as it lies.  Nothing after an error. */
static tsr_reader join_files(tfjs_model *m, const cJSON *paths)
{
    const tsr_reader nothing = rd_make((const uint8_t *)"", 0);
    piece *p = tsr_pool_alloc(m->g->pool, (size_t)(cJSON_GetArraySize(paths) + 1) * sizeof *p,
                              _Alignof(piece));
    const int count = p ? find_files(m, paths, p) : 0;
    if (count < 0)
        return nothing;
    if (count == 1)
        return rd_make(p->bytes, p->size);
    size_t total = 0, at = 0;
    for (int i = 0; i < count; i++)
        total += p[i].size;
    uint8_t *all = p ? tsr_pool_take(m->g->pool, total, 64) : NULL;
    if (!all) {
        tsr_graph_fail(m->g, TSR_NO_MEMORY, "no memory for the weights");
        return nothing;
    }
    for (int i = 0; i < count; at += p[i++].size)
        memcpy(all + at, p[i].bytes, p[i].size);
    return rd_make(all, total);
}

static bool read_shape(const cJSON *weight, tsr_tensor *t)
{
    const cJSON *shape = json_get(weight, "shape");
    size_t n = 1;
    t->rank = cJSON_GetArraySize(shape);
    if (t->rank > TSR_MAX_RANK)
        return false;
    for (int i = 0; i < t->rank; i++) {
        t->dim[i] = json_int_at(shape, i, 0);
        if (t->dim[i] < 0 || (t->dim[i] && n > INT32_MAX / (size_t)t->dim[i]))
            return false;
        n *= (size_t)t->dim[i];
    }
    return true;
}

static void read_weight(tfjs_model *m, const cJSON *weight, tsr_reader *r)
{
    tfjs_weight w = { .t.name = json_string(weight, "name", "") };
    if (!read_encoding(weight, &w.e, &w.t.dtype)) {
        tsr_graph_fail(m->g, TSR_UNSUPPORTED, "weight '%.80s': dtype '%.20s' is not supported",
                       w.t.name, json_string(weight, "dtype", ""));
        return;
    }
    if (!read_shape(weight, &w.t)) {
        tsr_graph_fail(m->g, TSR_BAD_FILE, "weight '%.80s' has no sound shape", w.t.name);
        return;
    }
    const size_t bytes = tsr_elements(&w.t) * stored_bytes(&w.e);
    w.stored = rd_bytes(r, bytes);
    if (!w.stored) {
        tsr_graph_fail(m->g, TSR_BAD_FILE, "the weights file ends before weight '%.80s'",
                       w.t.name);
        return;
    }
    if (tsr_bytes(&w.t) > m->most_bytes)
        m->most_bytes = tsr_bytes(&w.t);
    m->weights[m->weight_count++] = w;
}

void tfjs_read_weights(tfjs_model *m)
{
    const cJSON *manifest = json_get(m->root, "weightsManifest"), *group, *weight;
    size_t count = 1;
    cJSON_ArrayForEach(group, manifest)
        count += (size_t)cJSON_GetArraySize(json_get(group, "weights"));
    m->weights = tsr_pool_alloc(m->g->pool, count * sizeof *m->weights, sizeof(void *));
    if (!m->weights) {
        tsr_graph_fail(m->g, TSR_NO_MEMORY, "no memory for %zu weights", count);
        return;
    }
    cJSON_ArrayForEach(group, manifest) {
        tsr_reader r = join_files(m, json_get(group, "paths"));
        cJSON_ArrayForEach(weight, json_get(group, "weights"))
            if (m->g->status == TSR_OK)
                read_weight(m, weight, &r);
    }
}

/* ---- asking for a weight ---------------------------------------------------------- */

const tsr_tensor *tfjs_decode(tfjs_model *m, int i)
{
    tfjs_weight *w = &m->weights[i];
    if (w->t.data)
        return &w->t;
    w->t.data = tsr_pool_take(m->g->pool, tsr_bytes(&w->t) + 1, 64);
    if (!w->t.data) {
        tsr_graph_fail(m->g, TSR_NO_MEMORY, "no memory for weight '%.80s'", w->t.name);
        return NULL;
    }
    decode(&w->e, w->stored, &w->t);
    return &w->t;
}

const tsr_tensor *tfjs_peek(tfjs_model *m, int i)
{
    const tfjs_weight *w = &m->weights[i];
    if (w->t.data)
        return &w->t;
    m->peeked = w->t;
    if (w->e.as == TFJS_F32) {
        m->peeked.data = (void *)(uintptr_t)w->stored;      /* only ever read */
        return &m->peeked;
    }
    if (!m->scratch)
        m->scratch = tsr_pool_take(m->g->pool, m->most_bytes + 1, 64);
    if (!m->scratch) {
        tsr_graph_fail(m->g, TSR_NO_MEMORY, "no memory to decode weight '%.80s'", w->t.name);
        return NULL;
    }
    m->peeked.data = m->scratch;
    decode(&w->e, w->stored, &m->peeked);
    return &m->peeked;
}
