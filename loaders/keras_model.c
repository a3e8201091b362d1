/*
 * keras_model.c - walks Keras models: which layer gets whose results.
 *
 * A functional model lists layers with inbound nodes ["name", call, result];
 * layers are built as soon as their inputs are there, so their order in the
 * file does not matter and a cycle is noticed (nothing more can be built).
 * Models inside models are walked the same way.  SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/keras_model.h"

/* Result `output` of call number `call` of a layer, as a graph value. */
typedef struct {
    const char *layer;
    int call, output, value;
} result;

typedef struct {
    const keras_builder *b;
    const cJSON *config;        /* of the model being walked */
    result *results;
    int count, room;
    int depth;
    const int *given;           /* a nested model: its inputs, else NULL */
    int given_count;
} walker;

typedef struct {
    int value[KERAS_MAX_INPUTS];
    int count;
} value_list;

static void build_model(const keras_builder *b, const cJSON *model, const value_list *given,
                        value_list *out, int depth);

static const char *layer_name(const cJSON *layer)
{
    return json_string(json_get(layer, "config"), "name", json_string(layer, "name", ""));
}

static bool is_model(const char *class_name)
{
    return !strcmp(class_name, "Model") || !strcmp(class_name, "Functional")
        || !strcmp(class_name, "Sequential");
}

/* Sequential models list layers directly in older files. */
static const cJSON *layer_list(const cJSON *config)
{
    return cJSON_IsArray(config) ? config : json_get(config, "layers");
}

static bool failed(const walker *w) { return w->b->g->status != TSR_OK; }

static void remember(walker *w, const char *layer, int call, int output, int value)
{
    if (w->count == w->room) {
        const int room = w->room ? 2 * w->room : 64;
        result *more = tsr_pool_alloc(w->b->g->pool, (size_t)room * sizeof *more, sizeof(void *));
        if (!more) {
            tsr_graph_fail(w->b->g, TSR_NO_MEMORY, "no memory for the model's layers");
            return;
        }
        if (w->count)
            memcpy(more, w->results, (size_t)w->count * sizeof *more);
        w->results = more, w->room = room;
    }
    w->results[w->count++] = (result){ layer, call, output, value };
}

static int recall(const walker *w, const char *layer, int call, int output)
{
    for (int i = 0; i < w->count; i++)
        if (w->results[i].call == call && w->results[i].output == output
            && !strcmp(w->results[i].layer, layer))
            return w->results[i].value;
    return -1;
}

/* A reference to a tensor: ["name", call, output, ...] (Keras 2) or an object
 * with "keras_history" (Keras 3). */
static int resolve(const walker *w, const cJSON *ref)
{
    if (cJSON_IsObject(ref))
        ref = json_get(json_get(ref, "config"), "keras_history");
    const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(ref, 0));
    return name ? recall(w, name, json_int_at(ref, 1, 0), json_int_at(ref, 2, 0)) : -1;
}

static bool is_reference(const cJSON *x)
{
    return (cJSON_IsArray(x) && cJSON_IsString(cJSON_GetArrayItem(x, 0)))
        || (cJSON_IsObject(x) && json_get(json_get(x, "config"), "keras_history"));
}

/* All references in `x`, nested lists included; false if one is not built yet. */
static bool gather(const walker *w, const cJSON *x, value_list *in, int depth)
{
    if (is_reference(x)) {
        const int v = resolve(w, x);
        if (v < 0 || in->count == KERAS_MAX_INPUTS)
            return false;
        in->value[in->count++] = v;
        return true;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, x)
        if (cJSON_IsArray(item) && depth > 0 && !gather(w, item, in, depth - 1))
            return false;
        else if (cJSON_IsObject(item) && is_reference(item) && !gather(w, item, in, 0))
            return false;
    return true;
}

/* The inputs of one call: a list of references, or Keras 3's {"args": ...}. */
static bool call_inputs(const walker *w, const cJSON *node, value_list *in)
{
    in->count = 0;
    return gather(w, cJSON_IsObject(node) ? json_get(node, "args") : node, in, 2);
}

static int input_layer(const walker *w, const cJSON *layer, int position)
{
    if (w->given)
        return position < w->given_count ? w->given[position] : -1;
    const cJSON *config = json_get(layer, "config");
    const cJSON *shape = json_get(config, "batch_input_shape");
    if (!shape)
        shape = json_get(config, "batch_shape");
    tsr_tensor t = { .name = layer_name(layer), .dtype = TSR_F32,
                     .rank = cJSON_GetArraySize(shape) };
    for (int i = 0; i < t.rank && i < TSR_MAX_RANK; i++)
        t.dim[i] = json_int_at(shape, i, i == 0 ? 1 : -1);      /* null: batch 1 */
    if (!shape || t.rank < 2) {
        tsr_graph_fail(w->b->g, TSR_BAD_FILE, "layer '%.80s' says no input shape", t.name);
        return -1;
    }
    for (int i = 1; i < t.rank && i < TSR_MAX_RANK; i++)
        if (t.dim[i] < 0) {
            tsr_graph_fail(w->b->g, TSR_UNSUPPORTED, "input '%.80s': dimension %d is not fixed",
                           t.name, i);
            return -1;
        }
    return tsr_graph_input(w->b->g, &t);
}

/* One call of a layer or of a nested model. */
static void call_layer(walker *w, const cJSON *layer, int call, const value_list *in)
{
    const char *class_name = json_string(layer, "class_name", ""), *name = layer_name(layer);
    if (is_model(class_name)) {
        value_list out;
        build_model(w->b, layer, in, &out, w->depth + 1);
        for (int i = 0; i < out.count; i++)
            remember(w, name, call, i, out.value[i]);
        return;
    }
    keras_layer *build = tsr_keras_find_layer(class_name);
    if (!build) {
        tsr_graph_fail(w->b->g, TSR_UNSUPPORTED, "layer '%.80s': class %.40s is not supported",
                       name, class_name);
        return;
    }
    keras_call c = { .b = w->b, .name = name, .config = json_get(layer, "config"),
                     .in_count = in->count };
    memcpy(c.in, in->value, (size_t)in->count * sizeof *c.in);
    if (in->count < 1) {
        tsr_graph_fail(w->b->g, TSR_BAD_FILE, "layer '%.80s' has no input", name);
        return;
    }
    const int v = build(&c);
    if (v >= 0)
        remember(w, name, call, 0, v);
    else
        tsr_graph_fail(w->b->g, TSR_BAD_FILE, "layer '%.80s' could not be built", name);
}

/* Which of the model's inputs is this layer?  -1: none. */
static int input_position(const walker *w, const char *name)
{
    const cJSON *inputs = json_get(w->config, "input_layers"), *ref;
    int i = 0;
    if (is_reference(inputs) && cJSON_IsArray(inputs))      /* just one, not in a list */
        return !strcmp(cJSON_GetStringValue(cJSON_GetArrayItem(inputs, 0)), name) ? 0 : -1;
    cJSON_ArrayForEach(ref, inputs) {
        const char *s = cJSON_GetStringValue(cJSON_GetArrayItem(ref, 0));
        if (s && !strcmp(s, name))
            return i;
        i++;
    }
    return -1;
}

/* Build what can be built of one layer; *done counts its calls.  True if
 * something was built. */
static bool advance(walker *w, const cJSON *layer, int *done)
{
    const cJSON *calls = json_get(layer, "inbound_nodes");
    const int total = cJSON_GetArraySize(calls);
    if (!strcmp(json_string(layer, "class_name", ""), "InputLayer")) {
        if (*done)
            return false;
        *done = 1;
        remember(w, layer_name(layer), 0, 0,
                 input_layer(w, layer, input_position(w, layer_name(layer))));
        return true;
    }
    bool any = false;
    for (value_list in; *done < total && !failed(w); (*done)++) {
        if (!call_inputs(w, cJSON_GetArrayItem(calls, *done), &in))
            break;
        call_layer(w, layer, *done, &in);
        any = true;
    }
    return any;
}

static bool complete(const cJSON *layer, int done)
{
    const bool input = !strcmp(json_string(layer, "class_name", ""), "InputLayer");
    return done >= (input ? 1 : cJSON_GetArraySize(json_get(layer, "inbound_nodes")));
}

static void build_functional(walker *w, value_list *out)
{
    const cJSON *layers = layer_list(w->config), *layer;
    const int n = cJSON_GetArraySize(layers);
    int *done = tsr_pool_alloc(w->b->g->pool, ((size_t)n + 1) * sizeof *done, sizeof *done);
    if (!done) {
        tsr_graph_fail(w->b->g, TSR_NO_MEMORY, "no memory for %d layers", n);
        return;
    }
    if (n > KERAS_MAX_LAYERS)
        tsr_graph_fail(w->b->g, TSR_UNSUPPORTED, "more than %d layers", KERAS_MAX_LAYERS);
    /* Real files list layers nearly in order: a few passes are many. */
    const cJSON *stuck = NULL;
    int passes = KERAS_MAX_PASSES;
    for (bool progress = true; progress && passes-- && !failed(w);) {
        int i = 0;
        progress = false, stuck = NULL;
        cJSON_ArrayForEach(layer, layers) {
            if (!failed(w))
                progress |= advance(w, layer, &done[i]);
            if (!complete(layer, done[i]))
                stuck = layer;
            i++;
        }
        progress = progress && stuck;
    }
    if (stuck)
        tsr_graph_fail(w->b->g, TSR_BAD_FILE, "layer '%.80s' waits for an input that never comes",
                       layer_name(stuck));
    if (!failed(w) && !gather(w, json_get(w->config, "output_layers"), out, 2))
        tsr_graph_fail(w->b->g, TSR_BAD_FILE, "the model names an output that no layer gives");
}

/* Each layer gets what the one before gave; the first says the input's shape
 * unless this model is part of another. */
static void build_sequential(walker *w, value_list *out)
{
    const cJSON *layer;
    value_list flow = { .count = w->given_count };
    if (w->given)
        memcpy(flow.value, w->given, (size_t)w->given_count * sizeof *flow.value);
    cJSON_ArrayForEach(layer, layer_list(w->config)) {
        if (failed(w))
            return;
        const char *class_name = json_string(layer, "class_name", "");
        if (!strcmp(class_name, "InputLayer")) {
            if (!flow.count)
                flow = (value_list){ { input_layer(w, layer, 0) }, 1 };
            continue;
        }
        if (!flow.count && !is_model(class_name))
            flow = (value_list){ { input_layer(w, layer, 0) }, 1 };
        w->count = 0;
        if (!failed(w))
            call_layer(w, layer, 0, &flow);
        flow.count = w->count < KERAS_MAX_INPUTS ? w->count : KERAS_MAX_INPUTS;
        for (int i = 0; i < flow.count; i++)
            flow.value[i] = w->results[i].value;
    }
    *out = flow;
}

static void build_model(const keras_builder *b, const cJSON *model, const value_list *given,
                        value_list *out, int depth)
{
    walker w = { .b = b, .config = json_get(model, "config"), .depth = depth };
    if (given && given->count)
        w.given = given->value, w.given_count = given->count;
    out->count = 0;
    if (depth > KERAS_MAX_DEPTH)
        tsr_graph_fail(b->g, TSR_UNSUPPORTED, "models nested more than %d deep", KERAS_MAX_DEPTH);
    else if (!strcmp(json_string(model, "class_name", ""), "Sequential"))
        build_sequential(&w, out);
    else
        build_functional(&w, out);
}

void tsr_keras_build(tsr_graph *g, const cJSON *model, const tsr_keras_weights *weights)
{
    const keras_builder b = { g, weights };
    value_list out;
    if (!is_model(json_string(model, "class_name", ""))) {
        tsr_graph_fail(g, TSR_UNSUPPORTED, "a Keras model of class '%.40s'",
                       json_string(model, "class_name", ""));
        return;
    }
    build_model(&b, model, NULL, &out, 0);
    for (int i = 0; i < out.count && g->status == TSR_OK; i++)
        tsr_graph_output(g, out.value[i]);
}

static void report_unknown(const cJSON *model, void (*report)(void *ctx, const char *name),
                           void *ctx, int depth)
{
    const cJSON *layer;
    cJSON_ArrayForEach(layer, layer_list(json_get(model, "config"))) {
        const char *class_name = json_string(layer, "class_name", "");
        if (is_model(class_name)) {
            if (depth < KERAS_MAX_DEPTH)
                report_unknown(layer, report, ctx, depth + 1);
        } else if (strcmp(class_name, "InputLayer") && !tsr_keras_find_layer(class_name)) {
            report(ctx, class_name);
        }
    }
}

void tsr_keras_unknown(const cJSON *model, void (*report)(void *ctx, const char *name), void *ctx)
{
    report_unknown(model, report, ctx, 0);
}
