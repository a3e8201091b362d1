/* keras_file.c - containers of Keras models; see keras_file.h.   SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include "engine/session.h"
#include "loaders/census.h"
#include "loaders/keras_file.h"
#include "loaders/keras_h5.h"
#include "loaders/keras_layers.h"

/* A member larger than this, unpacked, is no model of ours. */
static const zip_uint64_t most_bytes = INT32_MAX;

static const unsigned char hdf5_magic[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
static const unsigned char zip_magic[4] = { 'P', 'K', 3, 4 };

static bool begins_with(const void *file, size_t size, const unsigned char *magic, size_t n)
{
    return size >= n && !memcmp(file, magic, n);
}

static bool is_hdf5(const void *file, size_t size)
{
    return begins_with(file, size, hdf5_magic, sizeof hdf5_magic);
}

bool tsr_keras_recognise(const void *file, size_t file_bytes)
{
    return is_hdf5(file, file_bytes) || begins_with(file, file_bytes, zip_magic, sizeof zip_magic);
}

/* ---- the archive ------------------------------------------------------------------ */

/* A member of the archive, unpacked into the pool. */
static void *member(zip_t *archive, const char *name, tsr_pool *pool, size_t *size)
{
    zip_stat_t st;
    if (zip_stat(archive, name, 0, &st) || !(st.valid & ZIP_STAT_SIZE) || st.size > most_bytes)
        return NULL;
    zip_file_t *f = zip_fopen(archive, name, 0);
    char *bytes = f ? tsr_pool_alloc(pool, (size_t)st.size + 1, 64) : NULL;
    if (bytes && zip_fread(f, bytes, st.size) != (zip_int64_t)st.size)
        bytes = NULL;
    if (f)
        zip_fclose(f);
    *size = (size_t)st.size;
    return bytes;
}

/* Both containers end as a configuration and arrays. */
static tsr_status read_archive(const void *file, size_t size, keras_h5 *h, tsr_error *err)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(file, size, 0, &why);
    zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    zip_error_fini(&why);
    if (!archive) {
        zip_source_free(source);
        return tsr_fail(err, TSR_BAD_FILE, "libzip cannot open it: not a zip archive, or damaged");
    }
    size_t config_size = 0, weights_size = 0;
    char *config = member(archive, "config.json", h->pool, &config_size);
    void *weights = member(archive, "model.weights.h5", h->pool, &weights_size);
    zip_discard(archive);
    if (!config || !weights)
        return tsr_fail(err, TSR_BAD_FILE, "no sound config.json and model.weights.h5 in the "
                        "archive: not a .keras file");
    TSR_TRY(keras_h5_read(weights, weights_size, h, err));
    h->config = config;
    return TSR_OK;
}

static tsr_status read_any(const void *file, size_t size, keras_h5 *h, tsr_error *err)
{
    if (!is_hdf5(file, size))
        return read_archive(file, size, h, err);
    TSR_TRY(keras_h5_read(file, size, h, err));
    if (!h->config)
        return tsr_fail(err, TSR_UNSUPPORTED, "the .h5 file holds weights only: save the whole "
                        "model");
    return TSR_OK;
}

/* ---- weights ---------------------------------------------------------------------- */

/* Does the path end in "layer/role", perhaps with ":0"? */
static bool path_is(const char *path, const char *layer, const char *role)
{
    const size_t nl = strlen(layer), nr = strlen(role), n = strcspn(path, ":");
    if (n < nl + 1 + nr)
        return false;
    const char *tail = path + n - (nl + 1 + nr);
    return !memcmp(tail, layer, nl) && tail[nl] == '/' && !memcmp(tail + nl + 1, role, nr)
        && (tail == path || tail[-1] == '/');
}

static bool find_weight(void *ctx, const tsr_keras_wanted *w, tsr_tensor *out)
{
    const keras_h5 *h = ctx;
    for (int i = 0; i < h->count; i++) {
        const keras_array *a = &h->arrays[i];
        const bool found = a->layer ? a->index == w->index && !strcmp(a->layer, w->layer)
                         : path_is(a->path, w->layer, w->role)
                           /* Keras 3 calls every layer's first filter "kernel" */
                           || (!strcmp(w->role, "depthwise_kernel")
                               && path_is(a->path, w->layer, "kernel"));
        if (found) {
            *out = a->t;
            return true;
        }
    }
    return false;
}

/* ---- the loader --------------------------------------------------------------------- */

static tsr_status build(tsr_model *m, const void *file, size_t size, tsr_error *err)
{
    keras_h5 h = { .pool = &m->pool };
    TSR_TRY(read_any(file, size, &h, err));
    cJSON *config = cJSON_Parse(h.config);
    if (!config)
        return tsr_fail(err, TSR_BAD_FILE, "the model's configuration is not sound JSON");
    const tsr_keras_weights weights = { find_weight, &h };
    tsr_keras_build(&m->graph, config, &weights);
    cJSON_Delete(config);
    return tsr_model_finish(m, err);
}

tsr_status tsr_keras_load(const void *file, size_t file_bytes, const tsr_options *options,
                          tsr_model **model, tsr_error *err)
{
    tsr_model *m = NULL;
    *model = NULL;
    tsr_status s = tsr_model_begin(options, &m, err);
    if (s == TSR_OK)
        s = build(m, file, file_bytes, err);
    if (s != TSR_OK) {
        tsr_model_free(m);
        return s;
    }
    *model = m;
    return TSR_OK;
}

static void count_unknown(void *ctx, const char *name) { tsr_census_add(ctx, name); }

int tsr_keras_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes)
{
    tsr_census census = { 0 };
    tsr_pool pool = tsr_pool_make(NULL);
    keras_h5 h = { .pool = &pool };
    if (read_any(file, file_bytes, &h, NULL) == TSR_OK) {
        cJSON *config = cJSON_Parse(h.config);
        tsr_keras_unknown(config, count_unknown, &census);
        cJSON_Delete(config);
    }
    tsr_pool_free(&pool);
    return tsr_census_print(&census, text, text_bytes);
}
