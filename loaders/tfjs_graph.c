/*
 * tfjs_graph.c - walks a TensorFlow graph given as JSON.
 *
 * Nodes may stand in any order: each is built after the nodes it reads, with an
 * explicit stack, so that neither depth nor a cycle can do harm.  An input
 * "name:k" is output k of a node, "^name" only says "after".  Constants have
 * lost their values to the weights manifest, where they stand by node name.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "loaders/tfjs_node.h"

int tfjs_fail(tfjs_graph *t, const tfjs_node *n, const char *what)
{
    tsr_graph_fail(t->m->g, TSR_UNSUPPORTED, "%.40s '%.80s': %s", n->op, n->name, what);
    return -1;
}

/* ---- attributes ------------------------------------------------------------- */

static const cJSON *attr(const tfjs_node *n, const char *key, const char *kind)
{
    return json_get(json_get(n->attr, key), kind);
}

/* Integers come as numbers or as decimal strings. */
static int to_int(const cJSON *x, int otherwise)
{
    if (cJSON_IsString(x)) {
        const long long v = strtoll(x->valuestring, NULL, 10);
        return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int)v;
    }
    return cJSON_IsNumber(x) ? x->valueint : otherwise;
}

int tfjs_attr_int(const tfjs_node *n, const char *key, int otherwise)
{
    return to_int(attr(n, key, "i"), otherwise);
}

double tfjs_attr_float(const tfjs_node *n, const char *key, double otherwise)
{
    const cJSON *x = attr(n, key, "f");
    return cJSON_IsNumber(x) ? x->valuedouble : otherwise;
}

bool tfjs_attr_bool(const tfjs_node *n, const char *key, bool otherwise)
{
    const cJSON *x = attr(n, key, "b");
    return cJSON_IsBool(x) ? cJSON_IsTrue(x) : otherwise;
}

int tfjs_attr_ints(const tfjs_node *n, const char *key, int *x, int most)
{
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, json_get(attr(n, key, "list"), "i"))
        if (count < most)
            x[count++] = to_int(item, 0);
    return count;
}

/* RFC 4648; stops at the first character that is none of its alphabet. */
static void base64(const char *from, char *to, size_t room)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0;
    int have = 0;
    size_t n = 0;
    for (const char *at; *from && (at = strchr(alphabet, *from)) && n + 1 < room; from++) {
        bits = (bits << 6 | (unsigned)(at - alphabet)) & 0xffff;
        if ((have += 6) >= 8)
            to[n++] = (char)(bits >> (have -= 8) & 0xff);
    }
    to[n] = '\0';
}

bool tfjs_attr_is(const tfjs_node *n, const char *key, const char *text)
{
    char have[24];
    const char *s = cJSON_GetStringValue(attr(n, key, "s"));
    base64(s ? s : "", have, sizeof have);
    return !strcmp(have, text) || (s && !strcmp(s, text));
}

int tfjs_attr_strings(const tfjs_node *n, const char *key, char text[][24], int most)
{
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, json_get(attr(n, key, "list"), "s"))
        if (count < most && cJSON_IsString(item))
            base64(item->valuestring, text[count++], sizeof text[0]);
    return count;
}

/* ---- inputs ----------------------------------------------------------------- */

typedef struct {
    const char *name;
    size_t length;
    int output;
} reference;

static reference parse_reference(const char *s)
{
    const char *colon = strrchr(s, ':');
    reference r = { s, strlen(s), 0 };
    if (colon && colon[1] >= '0' && colon[1] <= '9') {
        r.length = (size_t)(colon - s);
        const long k = strtol(colon + 1, NULL, 10);
        r.output = k > 1000 ? 1000 : (int)k;
    }
    return r;
}

static int compare(const reference *r, const char *name)
{
    const int c = strncmp(r->name, name, r->length);
    return c ? c : name[r->length] ? -1 : 0;
}

static tfjs_node *find_node(const tfjs_graph *t, const reference *r)
{
    for (int lo = 0, hi = t->node_count; lo < hi;) {
        const int mid = lo + (hi - lo) / 2;
        tfjs_node *n = &t->nodes[t->by_name[mid]];
        const int c = compare(r, n->name);
        if (c == 0)
            return n;
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

static const char *input_name(const tfjs_node *n, int i)
{
    const char *s = cJSON_GetStringValue(cJSON_GetArrayItem(n->input, i));
    return s && s[0] != '^' ? s : NULL;
}

/* Control inputs stand behind the others. */
int tfjs_input_count(const tfjs_node *n)
{
    int count = 0;
    while (input_name(n, count))
        count++;
    return count;
}

static tfjs_node *input_node(const tfjs_graph *t, const tfjs_node *n, int i, int *output)
{
    const char *s = input_name(n, i);
    if (!s)
        return NULL;
    const reference r = parse_reference(s);
    *output = r.output;
    return find_node(t, &r);
}

/* The weight called `name`, read by one of the two ways; NULL: there is none. */
static const tsr_tensor *weight(tfjs_model *m, const char *name,
                                const tsr_tensor *(*read)(tfjs_model *m, int i))
{
    for (int i = 0; i < m->weight_count; i++)
        if (!strcmp(m->weights[i].t.name, name))
            return read(m, i);
    return NULL;
}

static const tsr_tensor *constant(const tfjs_graph *t, const tfjs_node *n, int i,
                                  const tsr_tensor *(*read)(tfjs_model *m, int i))
{
    int output;
    const tfjs_node *from = input_node(t, n, i, &output);
    for (int hops = 0; from && hops < 16 && !strcmp(from->op, "Identity"); hops++)
        from = input_node(t, from, 0, &output);
    if (from && !strcmp(from->op, "Const"))
        return weight(t->m, from->name, read);
    const tsr_tensor *v = from && from->count > output
                        ? tsr_graph_tensor(t->m->g, from->first + output) : NULL;
    return v && v->data ? v : NULL;             /* computed from constants: folded */
}

const tsr_tensor *tfjs_constant(const tfjs_graph *t, const tfjs_node *n, int i)
{
    return constant(t, n, i, tfjs_decode);
}

const tsr_tensor *tfjs_glance(const tfjs_graph *t, const tfjs_node *n, int i)
{
    return constant(t, n, i, tfjs_peek);
}

int tfjs_constant_ints(const tfjs_graph *t, const tfjs_node *n, int i, int *x, int most)
{
    const tsr_tensor *c = tfjs_constant(t, n, i);
    if (!c || c->dtype != TSR_S32 || tsr_elements(c) > (size_t)most)
        return -1;
    const int count = (int)tsr_elements(c);
    memcpy(x, c->data, (size_t)count * sizeof *x);
    return count;
}

int tfjs_input(tfjs_graph *t, const tfjs_node *n, int i)
{
    int output = 0;
    tfjs_node *from = input_node(t, n, i, &output);
    if (from && !strcmp(from->op, "Const") && from->count == 0) {
        const tsr_tensor *w = weight(t->m, from->name, tfjs_decode);
        if (w) {
            from->first = tsr_graph_constant(t->m->g, w);
            from->count = from->first >= 0;
        }
    }
    if (from && output < from->count)
        return from->first + output;
    tsr_graph_fail(t->m->g, TSR_BAD_FILE, "%.40s '%.80s': input %d is missing", n->op, n->name, i);
    return -1;
}

/* ---- the walk --------------------------------------------------------------- */

static bool build_node(tfjs_graph *t, tfjs_node *n)
{
    n->state = TFJS_DONE;
    if (!strcmp(n->op, "Const") || !strcmp(n->op, "NoOp"))
        return true;
    tfjs_reader *read = tfjs_find_reader(n->op);
    if (!read) {
        tsr_graph_fail(t->m->g, TSR_UNSUPPORTED, "operator %d %.40s ('%.80s') is not supported",
                       (int)(n - t->nodes), n->op, n->name);
        return false;
    }
    n->count = 1;
    n->first = read(t, n);
    if (n->first < 0)
        n->count = 0;
    return n->first >= 0 && t->m->g->status == TSR_OK;
}

/* The first input node that is not built, or NULL. */
static tfjs_node *waiting_for(tfjs_graph *t, const tfjs_node *n)
{
    int output;
    for (int i = 0; input_name(n, i); i++) {
        tfjs_node *from = input_node(t, n, i, &output);
        if (from && from->state != TFJS_DONE)
            return from;
    }
    return NULL;
}

static void visit(tfjs_graph *t, tfjs_node *start, tfjs_node **stack)
{
    int depth = 0;
    if (start->state == TFJS_DONE)
        return;
    start->state = TFJS_OPEN;
    stack[depth++] = start;
    while (depth) {
        tfjs_node *n = stack[depth - 1], *first = waiting_for(t, n);
        if (!first) {
            if (!build_node(t, n))
                return;
            depth--;
        } else if (first->state == TFJS_OPEN) {
            tsr_graph_fail(t->m->g, TSR_BAD_FILE, "the graph has a cycle through '%.80s'",
                           first->name);
            return;
        } else {
            first->state = TFJS_OPEN;
            stack[depth++] = first;
        }
    }
}

/* sort has no context argument: heap sort by name, in place. */
static void sort_by_name(tfjs_graph *t)
{
    int *a = t->by_name;
    for (int n = t->node_count, i = n / 2; n > 1;) {
        int item;
        if (i > 0) {
            item = a[--i];
        } else {
            item = a[--n];
            a[n] = a[0];
        }
        int hole = i;
        for (int child; (child = 2 * hole + 1) < n; hole = child) {
            if (child + 1 < n && strcmp(t->nodes[a[child + 1]].name, t->nodes[a[child]].name) > 0)
                child++;
            if (strcmp(t->nodes[a[child]].name, t->nodes[item].name) <= 0)
                break;
            a[hole] = a[child];
        }
        a[hole] = item;
    }
}

static void add_output(tfjs_graph *t, const char *name)
{
    const reference r = parse_reference(name);
    const tfjs_node *n = find_node(t, &r);
    if (!n || r.output >= n->count)
        tsr_graph_fail(t->m->g, TSR_BAD_FILE, "the signature names output '%.80s', which the graph "
                       "lacks", name);
    else
        tsr_graph_output(t->m->g, n->first + r.output);
}

/* Outputs are what the signature names, else what nobody reads. */
static void add_outputs(tfjs_graph *t)
{
    const cJSON *outputs = json_get(json_get(t->m->root, "signature"), "outputs"), *o;
    if (!outputs)
        outputs = json_get(json_get(json_get(t->m->root, "userDefinedMetadata"), "signature"),
                           "outputs");
    cJSON_ArrayForEach(o, outputs)
        add_output(t, json_string(o, "name", o->string ? o->string : ""));
    if (cJSON_GetArraySize(outputs) > 0)
        return;
    for (int i = 0; i < t->node_count; i++)
        for (int k = 0, output; input_name(&t->nodes[i], k); k++) {
            tfjs_node *from = input_node(t, &t->nodes[i], k, &output);
            if (from)
                from->is_read = true;
        }
    for (int i = 0; i < t->node_count; i++)
        if (!t->nodes[i].is_read && t->nodes[i].count && strcmp(t->nodes[i].op, "Placeholder"))
            add_output(t, t->nodes[i].name);
}

void tfjs_read_graph(tfjs_model *m, const cJSON *topology)
{
    const cJSON *list = json_get(topology, "node"), *node;
    tfjs_graph t = { .m = m, .node_count = cJSON_GetArraySize(list) };
    const size_t n = (size_t)t.node_count + 1;
    if (t.node_count > TSR_MAX_NODES) {
        tsr_graph_fail(m->g, TSR_UNSUPPORTED, "more than %d nodes", TSR_MAX_NODES);
        return;
    }
    t.nodes = tsr_pool_alloc(m->g->pool, n * sizeof *t.nodes, sizeof(void *));
    t.by_name = tsr_pool_alloc(m->g->pool, n * sizeof *t.by_name, sizeof(int));
    tfjs_node **stack = tsr_pool_alloc(m->g->pool, n * sizeof *stack, sizeof(void *));
    if (!t.nodes || !t.by_name || !stack) {
        tsr_graph_fail(m->g, TSR_NO_MEMORY, "no memory for %d nodes", t.node_count);
        return;
    }
    int i = 0;
    cJSON_ArrayForEach(node, list) {
        t.nodes[i] = (tfjs_node){ .name = json_string(node, "name", ""),
                                  .op = json_string(node, "op", ""),
                                  .attr = json_get(node, "attr"),
                                  .input = json_get(node, "input") };
        t.by_name[i] = i;
        i++;
    }
    sort_by_name(&t);
    for (i = 0; i < t.node_count && m->g->status == TSR_OK; i++)
        visit(&t, &t.nodes[i], stack);
    if (m->g->status == TSR_OK)
        add_outputs(&t);
}
