/* tfjs.c - the frame of the TensorFlow.js loader; see tfjs.h.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "loaders/census.h"
#include "loaders/keras_layers.h"
#include "loaders/tfjs.h"
#include "loaders/tfjs_file.h"

bool tsr_tfjs_recognise(const void *file, size_t file_bytes)
{
    const char *p = file, *end = p + file_bytes;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p < end && *p == '{';
}

/* The topology, parsed once more when it is a string of JSON inside the JSON.
 * Such a copy is the caller's to delete. */
static const cJSON *topology(const cJSON *root, cJSON **copy)
{
    const cJSON *t = json_get(root, "modelTopology");
    *copy = NULL;
    if (!cJSON_IsString(t))
        return t;
    return *copy = cJSON_Parse(t->valuestring);
}

/* Layers models keep the Keras model under "model_config", or bare. */
static const cJSON *keras_model(const cJSON *t)
{
    const cJSON *config = json_get(t, "model_config");
    return config ? config : t;
}

/* Names are "layer/kernel"; inside nested models sometimes "model/layer/kernel". */
static bool find_weight(void *ctx, const tsr_keras_wanted *w, tsr_tensor *out)
{
    tfjs_model *m = ctx;
    const size_t nl = strlen(w->layer), nr = strlen(w->role);
    for (int i = 0; i < m->weight_count; i++) {
        const char *name = m->weights[i].t.name;
        const size_t n = strlen(name);
        if (n < nl + 1 + nr)
            continue;
        const char *tail = name + n - (nl + 1 + nr);
        if (!memcmp(tail, w->layer, nl) && tail[nl] == '/'
            && !memcmp(tail + nl + 1, w->role, nr) && (tail == name || tail[-1] == '/')) {
            const tsr_tensor *t = w->keep ? tfjs_decode(m, i) : tfjs_peek(m, i);
            if (t)
                *out = *t;
            return t;
        }
    }
    return false;
}

static tsr_status build(tfjs_model *m, tsr_error *err)
{
    cJSON *copy;
    const cJSON *t = topology(m->root, &copy);
    if (!t)
        tsr_graph_fail(m->g, TSR_BAD_FILE, "no modelTopology: not a TensorFlow.js model");
    else
        tfjs_read_weights(m);
    if (m->g->status == TSR_OK) {
        const tsr_keras_weights weights = { find_weight, m };
        if (json_get(t, "node"))
            tfjs_read_graph(m, t);
        else
            tsr_keras_build(m->g, keras_model(t), &weights);
    }
    cJSON_Delete(copy);
    (void)err;
    return m->g->status;
}

tsr_status tsr_tfjs_load(const void *file, size_t file_bytes, const tsr_options *options,
                         tsr_model **model, tsr_error *err)
{
    *model = NULL;
    cJSON *root = cJSON_ParseWithLength(file, file_bytes);
    if (!root)
        return tsr_fail(err, TSR_BAD_FILE, "not sound JSON, or nested too deeply");
    tsr_model *m = NULL;
    tsr_status s = tsr_model_begin(options, &m, err);
    if (s == TSR_OK) {
        tfjs_model t = { .options = options, .g = &m->graph, .root = root };
        s = build(&t, err);
        if (s == TSR_OK)
            s = tsr_model_finish(m, err);
    }
    cJSON_Delete(root);
    if (s != TSR_OK) {
        tsr_model_free(m);
        return s;
    }
    *model = m;
    return TSR_OK;
}

static void count_unknown(void *ctx, const char *name) { tsr_census_add(ctx, name); }

int tsr_tfjs_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes)
{
    tsr_census census = { 0 };
    cJSON *root = cJSON_ParseWithLength(file, file_bytes), *copy = NULL;
    const cJSON *t = topology(root, &copy), *node;
    const cJSON *nodes = json_get(t, "node");
    cJSON_ArrayForEach(node, nodes) {
        const char *op = json_string(node, "op", "");
        if (!tfjs_knows(op))
            tsr_census_add(&census, op);
    }
    if (t && !nodes)
        tsr_keras_unknown(keras_model(t), count_unknown, &census);
    const int count = tsr_census_print(&census, text, text_bytes);
    cJSON_Delete(copy);
    cJSON_Delete(root);
    return count;
}
