/*
 * test_golden.c - whole networks from their published .tflite, .onnx and
 * TensorFlow.js files against tensors that other engines computed.
 *
 * Every case under $TARSIER_GOLDEN whose model is one such file found in
 * $TARSIER_MODELS is one test: exact input, every output, 1 and 2 threads with
 * the same bits.  Floats may differ by a fraction of the greatest golden value
 * (the distance of two independent engines); integers not at all.  An output
 * that is not one of the graph's (logits before an ARG_MAX) is looked up by
 * its tensor's name in a session that keeps every value.
 *
 * A case of floats that fails and has layers_torch64.json, statistics of every
 * operator from a float64 interpreter, tells its first wrong layer.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include <cmocka.h>
#include "engine/session.h"
#include "engine/threads.h"
#include "tests/golden_io.h"

typedef struct {
    char *dir;                  /* .../MODEL/IMAGE */
    char *label;                /* MODEL/IMAGE     */
} golden_case;

typedef struct {                /* a model with an open session */
    tsr_model *model;
    tsr_session *session;
    void *memory;
} opened;

/* The weights of TensorFlow.js models lie beside them. */
typedef struct {
    const char *model_path;
    golden_file file[8];
    int count;
} siblings;

static const void *open_sibling(void *ctx, const char *name, size_t *bytes)
{
    siblings *s = ctx;
    const char *slash = strrchr(s->model_path, '/');
    char path[1024];
    if (s->count == 8)
        return NULL;
    snprintf(path, sizeof path, "%.*s/%s", slash ? (int)(slash - s->model_path) : 1,
             slash ? s->model_path : ".", name);
    const golden_file f = s->file[s->count] = golden_read(path);
    s->count += f.bytes != NULL;
    *bytes = f.size;
    return f.bytes;
}

static opened open_model(golden_file file, bool keep_all, tsr_threads *threads)
{
    opened o = { 0 };
    tsr_error err = { 0 };
    siblings s = { .model_path = file.path };
    const tsr_options options = { .keep_all = keep_all, .sibling = open_sibling,
                                  .sibling_ctx = &s };
    const tsr_status status = tsr_model_load(file.bytes, file.size, &options, &o.model, &err);
    while (s.count)
        free(s.file[--s.count].bytes);
    if (status == TSR_OK) {
        const size_t bytes = tsr_session_bytes(o.model, threads);
        o.memory = malloc(bytes);
        assert_non_null(o.memory);
        if (tsr_session_open(o.model, threads, o.memory, bytes, &o.session, &err) == TSR_OK)
            return o;
    }
    fail_msg("%s", err.text);
    return o;
}

static void close_model(opened *o)
{
    free(o->memory);
    tsr_model_free(o->model);
}

static char *join(const char *dir, const char *name)
{
    const size_t n = strlen(dir) + strlen(name) + 2;
    char *path = malloc(n);
    assert_non_null(path);
    snprintf(path, n, "%s/%s", dir, name);
    return path;
}

static tsr_tensor read_tensor(const golden_case *c, const char *name)
{
    char *path = join(c->dir, name);
    const tsr_tensor t = golden_npy(path);
    if (!t.data)
        fail_msg("cannot read %s", path);
    free(path);
    return t;
}

static cJSON *read_json(const golden_case *c, const char *name)
{
    char *path = join(c->dir, name);
    const golden_file f = golden_read(path);
    cJSON *json = f.bytes ? cJSON_ParseWithLength((const char *)f.bytes, f.size) : NULL;
    free(f.bytes);
    free(path);
    return json;
}

static void run(const opened *o, const tsr_tensor *input)
{
    tsr_tensor *in = tsr_input(o->session, 0);
    assert_int_equal(in->dtype, input->dtype);
    assert_int_equal(tsr_bytes(in), tsr_bytes(input));
    memcpy(in->data, input->data, tsr_bytes(in));
    tsr_run(o->session);
}

/* Of max|golden| for floats; 0 for integers. */
static double tolerance(const char *label, const tsr_tensor *golden)
{
    static const char *const tight[] = { "hourglass", "cpm", "deeplab", "mobilenet" };
    if (golden->dtype != TSR_F32)
        return 0;
    for (size_t i = 0; i < sizeof tight / sizeof *tight; i++)
        if (strncmp(label, tight[i], strlen(tight[i])) == 0)
            return 1e-5;
    return 1e-4;
}

/* True when within tolerance; prints what was measured. */
static bool compare(const golden_case *c, const char *what, const tsr_tensor *ours,
                    const tsr_tensor *golden)
{
    double worst = 0, most = 0;
    size_t differing = 0;
    const size_t n = tsr_elements(golden);
    if (tsr_elements(ours) != n) {
        print_error("%s %s: %zu values, golden has %zu\n", c->label, what, tsr_elements(ours), n);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const double ga = golden_element(golden, i), d = fabs(golden_element(ours, i) - ga);
        worst = d > worst || isnan(d) ? d : worst;
        most = fmax(most, fabs(ga));
        differing += !(d == 0);
    }
    const double allowed = tolerance(c->label, golden) * most;
    const bool good = worst <= allowed;
    if (golden->dtype == TSR_F32)
        print_message("%s %s: %s error %.2e = %.1e of the greatest value, %g\n",
                      good ? "   " : "BAD", c->label, what, worst,
                      most > 0 ? worst / most : worst, most);
    else
        print_message("%s %s: %s differing %zu of %zu, by at most %g\n",
                      good ? "   " : "BAD", c->label, what, differing, n, worst);
    return good;
}

static const tsr_tensor *find_value(const opened *o, const char *name)
{
    const tsr_graph *g = &o->model->graph;
    for (int v = g->value_count - 1; v >= 0; v--)
        if (tsr_session_value(o->session, v) && strcmp(g->values[v].t.name, name) == 0)
            return tsr_session_value(o->session, v);
    return NULL;
}

/* ---- the first wrong layer -------------------------------------------------- */

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static bool layer_agrees(const cJSON *layer, const tsr_tensor *t)
{
    const cJSON *first = cJSON_GetObjectItemCaseSensitive(layer, "first8");
    const double lo = number(layer, "min"), hi = number(layer, "max");
    const double allowed = 1e-3 * fmax(fabs(lo), fabs(hi)) + 1e-6;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (size_t i = 0; i < tsr_elements(t); i++) {
        least = fmin(least, golden_element(t, i));
        most = fmax(most, golden_element(t, i));
    }
    bool good = fabs(least - lo) <= allowed && fabs(most - hi) <= allowed;
    for (int i = 0; i < cJSON_GetArraySize(first) && (size_t)i < tsr_elements(t); i++)
        good &= fabs(golden_element(t, (size_t)i) - cJSON_GetArrayItem(first, i)->valuedouble) <=
                allowed;
    return good;
}

static void tell_first_wrong_layer(const golden_case *c, golden_file file,
                                   const tsr_tensor *input)
{
    cJSON *layers = read_json(c, "layers_torch64.json");
    const cJSON *layer;
    if (!layers)
        return;
    opened o = open_model(file, true, NULL);
    run(&o, input);
    cJSON_ArrayForEach(layer, layers)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(layer, "name"));
        const tsr_tensor *t = name ? find_value(&o, name) : NULL;
        if (t && t->dtype == TSR_F32 && !layer_agrees(layer, t)) {
            print_error("    first wrong layer: operator %g %s '%s'\n", number(layer, "op"),
                        cJSON_GetStringValue(cJSON_GetObjectItem(layer, "type")), name);
            break;
        }
    }
    close_model(&o);
    cJSON_Delete(layers);
}

/* ---- one case ------------------------------------------------------------------ */

/* Two sessions, 1 and 2 threads: the same bits. */
static void check_threads(const opened *one, golden_file file, const tsr_tensor *input)
{
    tsr_threads *threads;
    assert_int_equal(tsr_threads_start(2, &threads, NULL), TSR_OK);
    opened two = open_model(file, false, threads);
    run(&two, input);
    for (int k = 0; tsr_output(one->session, k); k++) {
        const tsr_tensor *a = tsr_output(one->session, k), *b = tsr_output(two.session, k);
        assert_memory_equal(a->data, b->data, tsr_bytes(a));
    }
    close_model(&two);
    tsr_threads_stop(threads);
}

/* The output of that name; TensorFlow.js files list outputs in any order. */
static const tsr_tensor *output_called(const tsr_session *s, const char *name)
{
    const tsr_tensor *t;
    for (int k = 0; name && (t = tsr_output(s, k)) != NULL; k++)
        if (!strcmp(t->name, name))
            return t;
    return NULL;
}

/* Entry k of meta.json's outputs: the output of its name, or else of its place, or
 * (what comes after those) a value inside. */
static bool check_output(const golden_case *c, const cJSON *entry, int k, const opened *o,
                         const opened *inside)
{
    const char *file = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "file"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "tensor"));
    tsr_tensor golden = read_tensor(c, file);
    const tsr_tensor *ours = output_called(o->session, name);
    if (!ours)
        ours = tsr_output(o->session, k);
    if (!ours && inside->session)
        ours = find_value(inside, name);
    if (!ours)
        fail_msg("%s: the network has no tensor '%s'", c->label, name);
    const bool good = compare(c, file, ours, &golden);
    free(golden.data);
    return good;
}

static void one_case(void **state)
{
    const golden_case *c = *state;
    char path[1024];
    cJSON *meta = read_json(c, "meta.json");
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(meta, "model"));
    const cJSON *outputs = cJSON_GetObjectItem(meta, "outputs"), *entry;
    assert_non_null(name);
    if (!golden_find_model(name, path, sizeof path)) {
        print_message("%s: no %s in TARSIER_MODELS\n", c->label, name);
        cJSON_Delete(meta);
        skip();
    }
    golden_file file = golden_read(path);
    file.path = path;
    tsr_tensor input = read_tensor(c, "input.npy");
    opened o = open_model(file, false, NULL), inside = { 0 };
    run(&o, &input);
    check_threads(&o, file, &input);
    int k = 0;
    bool good = cJSON_GetArraySize(outputs) > 0;
    if (cJSON_GetArraySize(outputs) > 0 &&
        !tsr_model_output(o.model, cJSON_GetArraySize(outputs) - 1)) {
        inside = open_model(file, true, NULL);
        run(&inside, &input);
    }
    cJSON_ArrayForEach(entry, outputs)
        good &= check_output(c, entry, k++, &o, &inside);
    if (!good)
        tell_first_wrong_layer(c, file, &input);
    close_model(&inside);
    close_model(&o);
    free(input.data);
    free(file.bytes);
    cJSON_Delete(meta);
    assert_true(good);
}

/* ---- the list of cases ----------------------------------------------------------- */

static void no_cases(void **state)
{
    (void)state;
    print_message("TARSIER_GOLDEN names no directory with golden tensors\n");
    skip();
}

static bool is_readable(const golden_case *c)
{
    cJSON *meta = read_json(c, "meta.json");
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(meta, "model"));
    const char *dot = name ? strrchr(name, '.') : NULL;
    const bool yes = dot && (!strcmp(dot, ".tflite") || !strcmp(dot, ".onnx")
                             || !strcmp(dot, ".json"));
    cJSON_Delete(meta);
    return yes;
}

/* Append the cases of one model's directory. */
static int collect(const char *root, const char *model, struct CMUnitTest *tests, int room)
{
    char *dir = join(root, model), **images;
    const int n = golden_list(dir, &images);
    int count = 0;
    for (int i = 0; i < n; i++) {
        golden_case *c = malloc(sizeof *c);
        assert_non_null(c);
        c->dir = join(dir, images[i]);
        c->label = join(model, images[i]);
        if (count < room && is_readable(c)) {
            tests[count++] = (struct CMUnitTest){ .name = c->label, .test_func = one_case,
                                                  .initial_state = c };
        } else {
            free(c->dir);
            free(c->label);
            free(c);
        }
        free(images[i]);
    }
    free(images);
    free(dir);
    return count;
}

int main(void)
{
    enum { ROOM = 512 };
    static struct CMUnitTest tests[ROOM];
    const char *root = getenv("TARSIER_GOLDEN");
    char **models;
    const int n = root ? golden_list(root, &models) : 0;
    int count = 0;
    for (int i = 0; i < n; i++) {
        count += collect(root, models[i], tests + count, ROOM - count);
        free(models[i]);
    }
    if (n)
        free(models);
    if (count == 0)
        tests[count++] = (struct CMUnitTest){ .name = "no_cases", .test_func = no_cases };
    const int failed = _cmocka_run_group_tests("golden", tests, (size_t)count, NULL, NULL);
    for (int i = 0; i < count; i++) {
        golden_case *c = tests[i].initial_state;
        if (c) {
            free(c->dir);
            free(c->label);
            free(c);
        }
    }
    return failed;
}
