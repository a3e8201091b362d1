/*
 * head_model.c - a head as a graph of ordinary operators, and back.
 *
 *     x -> mul(x, x) -> sum -> sqrt -> max 1e-12 -> div -> dense W, b -> softmax(scale)
 *     '-----------------------------------------------^
 *
 * The only file here that looks inside a model: it builds one.  Constants stay views
 * of the head's arrays.                          SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/session.h"
#include "models/head.h"

static const char input_prefix[] = "embedding/", output_prefix[] = "classes/";

enum { MAX_NAMES = 1 << 16 };   /* bytes of all class names */

/* ---- names -------------------------------------------------------------------- */

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

bool tsr_head_same_name(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    return lower(*a) == lower(*b);
}

static tsr_status check_names(const tsr_head *h, const char *const *names, tsr_error *err)
{
    size_t bytes = 0;
    for (int k = 0; k < h->classes; k++) {
        bytes += strlen(names[k]) + 1;
        if (!*names[k] || strchr(names[k], '/') || bytes > MAX_NAMES)
            return tsr_fail(err, TSR_BAD_ARGUMENT, "'%s' cannot be the name of a class: empty, "
                            "with a '/' in it, or too long", names[k]);
        for (int j = 0; j < k; j++)
            if (tsr_head_same_name(names[j], names[k]))
                return tsr_fail(err, TSR_BAD_ARGUMENT, "two classes have the same name: '%s' and "
                                "'%s'", names[j], names[k]);
    }
    return TSR_OK;
}

/* prefix + first + "/" + second ... in the model's own memory; NULL when there is none. */
static char *join(tsr_pool *pool, const char *prefix, const char *const *names, int count)
{
    size_t bytes = strlen(prefix) + 1;
    for (int k = 0; k < count; k++)
        bytes += strlen(names[k]) + 1;
    char *text = tsr_pool_alloc(pool, bytes, 1), *to = text;
    if (!text)
        return NULL;
    to = strcpy(to, prefix) + strlen(prefix);
    for (int k = 0; k < count; k++) {
        if (k)
            *to++ = '/';
        to = strcpy(to, names[k]) + strlen(names[k]);
    }
    return text;
}

/* ---- building ------------------------------------------------------------------- */

static tsr_tensor tensor(const char *name, int rank, int first, int second, float *data)
{
    return (tsr_tensor){ .name = name, .dtype = TSR_F32, .rank = rank,
                         .dim = { first, second }, .data = data };
}

static int add(tsr_graph *g, tsr_node n)
{
    tsr_tensor out = { .name = n.name, .dtype = TSR_F32 };
    return tsr_graph_node(g, &n, &out);
}

/* Gives the value x / |x|. */
static int add_unit(tsr_graph *g, int x)
{
    int twice[] = { x, x };
    int square = add(g, tsr_node_make(TSR_OP_MUL, "squares", twice, 2));
    tsr_node sum = tsr_node_make(TSR_OP_REDUCE_SUM, "sum", &square, 1);
    sum.attr.reduce = (tsr_reduce_attr){ .axes = 2, .keep_dims = true };
    int total = add(g, sum);
    int length = add(g, tsr_node_make(TSR_OP_SQRT, "length", &total, 1));
    tsr_node floor_node = tsr_node_make(TSR_OP_CLAMP, "length_not_0", &length, 1);
    floor_node.lo = 1e-12f;
    int ratio[] = { x, add(g, floor_node) };
    return add(g, tsr_node_make(TSR_OP_DIV, "unit", ratio, 2));
}

static void build(tsr_graph *g, const tsr_head *h, const char *input, const char *output)
{
    const tsr_tensor in = tensor(input, 2, 1, h->size, NULL);
    const tsr_tensor w = tensor("weights", 2, h->classes, h->size, h->weight);
    const tsr_tensor b = tensor("biases", 1, h->classes, 1, h->bias);
    const tsr_tensor norm = tensor("norms", 1, h->classes, 1, h->norm);
    const int x = tsr_graph_input(g, &in);
    int layer[] = { add_unit(g, x), tsr_graph_constant(g, &w), tsr_graph_constant(g, &b) };
    int logits = add(g, tsr_node_make(TSR_OP_DENSE, "logits", layer, 3));
    tsr_node softmax = tsr_node_make(TSR_OP_SOFTMAX, output, &logits, 1);
    softmax.attr.softmax = (tsr_softmax_attr){ .axis = 1, .beta = h->scale };
    tsr_graph_output(g, add(g, softmax));
    tsr_graph_output(g, tsr_graph_constant(g, &norm));
}

tsr_status tsr_head_to_model(const tsr_head *h, const char *features, const char *const *names,
                             const tsr_options *options, tsr_model **model, tsr_error *err)
{
    *model = NULL;
    tsr_options all = options ? *options : (tsr_options){ 0 };
    if (!all.ops)
        all.ops = tsr_all_ops;
    if (h->classes < 1)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the head has no classes");
    TSR_TRY(check_names(h, names, err));
    tsr_model *m = NULL;
    tsr_status s = tsr_model_begin(&all, &m, err);
    if (s == TSR_OK) {
        const char *input = join(&m->pool, input_prefix, &features, 1);
        const char *output = join(&m->pool, output_prefix, names, h->classes);
        if (!input || !output)
            s = tsr_fail(err, TSR_NO_MEMORY, "no memory for the names of %d classes", h->classes);
        else
            build(&m->graph, h, input, output);
    }
    if (s == TSR_OK)
        s = tsr_model_finish(m, err);
    if (s != TSR_OK)
        tsr_model_free(m);
    else
        *model = m;
    return s;
}

/* ---- reading -------------------------------------------------------------------- */

static const char *behind(const char *text, const char *prefix)
{
    const size_t n = strlen(prefix);
    return strncmp(text, prefix, n) ? NULL : text + n;
}

static int count_names(const char *names)
{
    int n = *names != '\0';
    for (; *names; names++)
        n += *names == '/';
    return n;
}

static bool is_row(const tsr_tensor *t)
{
    return t && t->dtype == TSR_F32 && t->rank == 2 && t->dim[0] == 1;
}

tsr_status tsr_head_read(const tsr_model *model, tsr_head_info *info, tsr_error *err)
{
    const tsr_tensor *in = tsr_model_input(model, 0), *out = tsr_model_output(model, 0);
    *info = (tsr_head_info){ 0 };
    if (is_row(in) && is_row(out)) {
        info->features = behind(in->name, input_prefix);
        info->names = behind(out->name, output_prefix);
        info->size = in->dim[1];
        info->classes = out->dim[1];
    }
    if (!info->features || !info->names)
        return tsr_fail(err, TSR_UNSUPPORTED, "this model is no trained head: it does not go from "
                        "'%s...' to '%s...'", input_prefix, output_prefix);
    if (count_names(info->names) != info->classes)
        return tsr_fail(err, TSR_BAD_FILE, "the head has %d classes but %d names", info->classes,
                        count_names(info->names));
    return TSR_OK;
}

size_t tsr_head_class(const tsr_head_info *info, int k, char *text, size_t room)
{
    const char *name = info->names;
    for (; k > 0 && name; k--) {
        name = strchr(name, '/');
        name += name != NULL;
    }
    const size_t n = name ? strcspn(name, "/") : 0;
    const size_t kept = n < room ? n : room ? room - 1 : 0;
    if (room) {
        memcpy(text, name ? name : "", kept);
        text[kept] = '\0';
    }
    return n;
}

static const tsr_node *find(const tsr_graph *g, tsr_op_kind kind)
{
    for (int i = g->node_count; i-- > 0;)
        if (g->nodes[i].kind == kind)
            return &g->nodes[i];
    return NULL;
}

/* The constant at input k of a node, if it has that many f32 elements. */
static const float *constant(const tsr_graph *g, const tsr_node *n, int k, size_t elements)
{
    const tsr_tensor *t = n && k < n->in_count ? tsr_graph_tensor(g, n->in[k]) : NULL;
    return t && t->dtype == TSR_F32 && tsr_elements(t) == elements ? t->data : NULL;
}

tsr_status tsr_head_from_model(const tsr_model *model, tsr_head *h, tsr_error *err)
{
    tsr_head_info info;
    TSR_TRY(tsr_head_read(model, &info, err));
    const size_t classes = (size_t)info.classes;
    if (info.size != h->size || info.classes > h->room)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the head has %d classes of %d numbers; there is "
                        "room for %d of %d", info.classes, info.size, h->room, h->size);
    const tsr_graph *g = &model->graph;
    const tsr_node *dense = find(g, TSR_OP_DENSE), *softmax = find(g, TSR_OP_SOFTMAX);
    const float *w = constant(g, dense, 1, classes * (size_t)info.size);
    const float *b = constant(g, dense, 2, classes);
    const tsr_tensor *norm = tsr_model_output(model, 1);
    if (!w || !b || !softmax || !norm || !norm->data || norm->dtype != TSR_F32
        || tsr_elements(norm) != classes)
        return tsr_fail(err, TSR_BAD_FILE, "the head's weights, biases or norms are not those of "
                        "%d classes of %d numbers", info.classes, info.size);
    memcpy(h->weight, w, classes * (size_t)info.size * sizeof *w);
    memcpy(h->bias, b, classes * sizeof *b);
    memcpy(h->norm, norm->data, classes * sizeof *b);
    h->classes = info.classes;
    h->scale = softmax->attr.softmax.beta;
    return TSR_OK;
}

tsr_status tsr_head_fits(const tsr_head_info *info, const char *features, int size,
                         tsr_error *err)
{
    if (info->size == size && !strcmp(info->features, features))
        return TSR_OK;
    return tsr_fail(err, TSR_BAD_ARGUMENT, "a head for other features: it was trained on '%s' "
                    "(%d numbers), these are '%s' (%d numbers)", info->features, info->size,
                    features, size);
}
