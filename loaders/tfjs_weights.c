/*
 * tfjs_weights.c - the weights manifest of a TensorFlow.js model.
 *
 *     [{ "paths": [file, ...], "weights": [{ name, shape, dtype, quantization }] }]
 *
 * The files of a group follow one another, and so do its tensors, without any
 * padding, little-endian.  Quantised weights (uint8, uint16) are
 * q * scale + min, computed in double and rounded to float once; float16 is
 * IEEE half.                                     SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/half.h"
#include "loaders/reader.h"
#include "loaders/tfjs_file.h"

/* How a tensor's numbers stand in the file. */
typedef struct {
    enum { STORED_F32, STORED_S32, STORED_BOOL, STORED_F16, STORED_U8, STORED_U16 } as;
    double scale, min;
} encoding;

static size_t stored_bytes(const encoding *e)
{
    static const size_t bytes[] = { 4, 4, 1, 2, 1, 2 };
    return bytes[e->as];
}

/* Fill e and the tensor's dtype from a manifest entry. */
static bool read_encoding(const cJSON *weight, encoding *e, tsr_dtype *dtype)
{
    const char *d = json_string(weight, "dtype", "");
    const cJSON *q = json_get(weight, "quantization");
    *e = (encoding){ .scale = json_number(q, "scale", 1), .min = json_number(q, "min", 0) };
    *dtype = !strcmp(d, "int32") ? TSR_S32 : !strcmp(d, "bool") ? TSR_BOOL : TSR_F32;
    if (q) {
        const char *as = json_string(q, "dtype", "uint8");
        e->as = !strcmp(as, "float16") ? STORED_F16 : !strcmp(as, "uint16") ? STORED_U16
              : STORED_U8;
        return (!strcmp(d, "float32") || !strcmp(d, "int32"))
            && (e->as == STORED_F16 || e->as == STORED_U16 || !strcmp(as, "uint8"));
    }
    e->as = *dtype == TSR_S32 ? STORED_S32 : *dtype == TSR_BOOL ? STORED_BOOL : STORED_F32;
    return !strcmp(d, "float32") || !strcmp(d, "int32") || !strcmp(d, "bool");
}

static double decode_one(const encoding *e, const uint8_t *p)
{
    const uint32_t u16 = stored_bytes(e) >= 2 ? p[0] | (uint32_t)p[1] << 8 : p[0];
    switch (e->as) {
    case STORED_F16: return (double)tsr_half_to_float((uint16_t)u16);
    case STORED_U8: case STORED_U16: return u16 * e->scale + e->min;
    default: return (double)u16;
    }
}

static void decode(const encoding *e, const uint8_t *p, const tsr_tensor *t)
{
    const size_t n = tsr_elements(t), step = stored_bytes(e);
    if (e->as == STORED_F32 || e->as == STORED_S32 || e->as == STORED_BOOL) {
        memcpy(t->data, p, n * step);
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

/* All files of a group in a row; *bytes NULL after an error. */
static void join_files(tfjs_model *m, const cJSON *paths, uint8_t **bytes, size_t *size)
{
    const cJSON *path;
    *bytes = NULL, *size = 0;
    cJSON_ArrayForEach(path, paths) {
        size_t n = 0;
        const char *name = cJSON_GetStringValue(path);
        const void *part = name && m->options->sibling
                         ? m->options->sibling(m->options->sibling_ctx, name, &n) : NULL;
        if (!part) {
            tsr_graph_fail(m->g, TSR_BAD_FILE, "weights file '%.120s' is not beside the model",
                           name ? name : "");
            return;
        }
        uint8_t *all = tsr_pool_alloc(m->g->pool, *size + n, 64);
        if (!all) {
            tsr_graph_fail(m->g, TSR_NO_MEMORY, "no memory for the weights in '%.120s'", name);
            return;
        }
        if (*size)
            memcpy(all, *bytes, *size);
        memcpy(all + *size, part, n);
        *bytes = all, *size += n;
    }
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
    tsr_tensor t = { .name = json_string(weight, "name", "") };
    encoding e;
    if (!read_encoding(weight, &e, &t.dtype)) {
        tsr_graph_fail(m->g, TSR_UNSUPPORTED, "weight '%.80s': dtype '%.20s' is not supported",
                       t.name, json_string(weight, "dtype", ""));
        return;
    }
    if (!read_shape(weight, &t)) {
        tsr_graph_fail(m->g, TSR_BAD_FILE, "weight '%.80s' has no sound shape", t.name);
        return;
    }
    const uint8_t *p = rd_bytes(r, tsr_elements(&t) * stored_bytes(&e));
    if (!p) {
        tsr_graph_fail(m->g, TSR_BAD_FILE, "the weights file ends before weight '%.80s'", t.name);
        return;
    }
    t.data = tsr_pool_alloc(m->g->pool, tsr_bytes(&t) + 1, 64);
    if (!t.data) {
        tsr_graph_fail(m->g, TSR_NO_MEMORY, "no memory for weight '%.80s'", t.name);
        return;
    }
    decode(&e, p, &t);
    m->weights[m->weight_count++] = t;
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
        uint8_t *bytes;
        size_t size;
        join_files(m, json_get(group, "paths"), &bytes, &size);
        tsr_reader r = rd_make(bytes ? bytes : (const uint8_t *)"", size);
        cJSON_ArrayForEach(weight, json_get(group, "weights"))
            if (m->g->status == TSR_OK)
                read_weight(m, weight, &r);
    }
}

const tsr_tensor *tfjs_weight(const tfjs_model *m, const char *name)
{
    for (int i = 0; i < m->weight_count; i++)
        if (!strcmp(m->weights[i].name, name))
            return &m->weights[i];
    return NULL;
}
