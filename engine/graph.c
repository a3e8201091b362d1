/*
 * graph.c - building the graph; see graph.h.
 *
 * Whatever a loader passes in may come from a hostile file, so every tensor's
 * shape is checked here once: at most TSR_MAX_RANK dimensions, each at least
 * 1, and no more bytes in all than MAX_BYTES.  Behind this line sizes may be
 * multiplied without fear.                       SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <string.h>
#include "engine/format.h"
#include "engine/graph.h"

/* Bytes of one tensor: 2^31 - 1, so that element offsets fit an int. */
static const size_t max_bytes = INT32_MAX;

/* What folding one node may cost: about a tenth of a second in plain C. */
static const uint64_t max_fold_macs = 1 << 28;

void tsr_graph_init(tsr_graph *g, tsr_pool *pool, const tsr_op *const *ops, tsr_error *err)
{
    *g = (tsr_graph){ .pool = pool, .ops = ops, .err = err,
                      .fold_budget_bytes = (size_t)64 << 20 };
}

tsr_status tsr_graph_fail(tsr_graph *g, tsr_status s, const char *fmt, ...)
{
    if (g->status != TSR_OK)
        return g->status;
    char text[sizeof g->err->text];
    va_list ap;
    va_start(ap, fmt);
    tsr_format(text, sizeof text, fmt, ap);
    va_end(ap);
    return g->status = tsr_fail(g->err, s, "%s", text);
}

static void *room(tsr_graph *g, size_t bytes, size_t align)
{
    void *p = tsr_pool_alloc(g->pool, bytes, align);
    if (!p)
        tsr_graph_fail(g, TSR_NO_MEMORY, "no memory for the graph (%zu bytes wanted)", bytes);
    return p;
}

/* Make room for one more item; the old array stays behind in the pool.
 * Doubling keeps the waste below the size of the final array. */
static bool grow(tsr_graph *g, void **array, int count, int *capacity, size_t item)
{
    if (count < *capacity)
        return true;
    const int more = *capacity ? 2 * *capacity : 16;
    void *p = room(g, (size_t)more * item, _Alignof(max_align_t));
    if (!p)
        return false;
    if (count)
        memcpy(p, *array, (size_t)count * item);
    *array = p, *capacity = more;
    return true;
}

/* A tensor's shape is sound; names it in the error otherwise. */
static bool shape_ok(tsr_graph *g, const tsr_tensor *t, const char *what)
{
    const char *name = t->name ? t->name : "";
    if (t->rank < 0 || t->rank > TSR_MAX_RANK) {
        tsr_graph_fail(g, TSR_UNSUPPORTED, "%s '%s': %d dimensions, at most %d are supported",
                       what, name, t->rank, TSR_MAX_RANK);
        return false;
    }
    size_t n = tsr_dtype_bytes(t->dtype);
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 1) {
            tsr_graph_fail(g, TSR_BAD_FILE, "%s '%s': dimension %d is %d", what, name, i,
                           t->dim[i]);
            return false;
        }
        if ((size_t)t->dim[i] > max_bytes / n) {
            tsr_graph_fail(g, TSR_UNSUPPORTED, "%s '%s': larger than 2 GiB", what, name);
            return false;
        }
        n *= (size_t)t->dim[i];
    }
    return true;
}

/* Copy what the tensor points at, so that it outlives the loader. */
static bool own(tsr_graph *g, tsr_tensor *t)
{
    const char *name = t->name ? t->name : "";
    t->name = tsr_pool_string(g->pool, name, strlen(name));
    if (!t->name) {
        tsr_graph_fail(g, TSR_NO_MEMORY, "no memory for a name");
        return false;
    }
    if (!t->quant.scales)
        return true;
    if (t->quant.axis < 0 || t->quant.axis >= t->rank) {
        tsr_graph_fail(g, TSR_BAD_FILE, "'%s': quantised along axis %d of %d", t->name,
                       t->quant.axis, t->rank);
        return false;
    }
    const size_t bytes = (size_t)t->dim[t->quant.axis] * sizeof(float);
    float *scales = room(g, bytes, _Alignof(float));
    if (!scales)
        return false;
    memcpy(scales, t->quant.scales, bytes);
    t->quant.scales = scales;
    return true;
}

/* Append a value whose tensor is sound already. */
static int append(tsr_graph *g, const tsr_tensor *t, int producer)
{
    void *array = g->values;
    if (!grow(g, &array, g->value_count, &g->value_room, sizeof *g->values))
        return -1;
    g->values = array;
    tsr_value *v = &g->values[g->value_count];
    *v = (tsr_value){ .t = *t, .producer = producer };
    for (int i = t->rank; i < TSR_MAX_RANK; i++)
        v->t.dim[i] = 1;
    return own(g, &v->t) ? g->value_count++ : -1;
}

int tsr_graph_value(tsr_graph *g, const tsr_tensor *t) { return append(g, t, -1); }

bool tsr_graph_insert(tsr_graph *g, int i)
{
    void *array = g->nodes;
    if (!grow(g, &array, g->node_count, &g->node_room, sizeof *g->nodes))
        return false;
    g->nodes = array;
    for (int k = g->node_count++; k > i; k--)
        g->nodes[k] = g->nodes[k - 1];
    for (int v = 0; v < g->value_count; v++)
        g->values[v].producer += g->values[v].producer >= i;
    return true;
}

static void append_index(tsr_graph *g, int **list, int *count, int *capacity, int value)
{
    void *array = *list;
    if (!grow(g, &array, *count, capacity, sizeof **list))
        return;
    *list = array;
    (*list)[(*count)++] = value;
}

int tsr_graph_input(tsr_graph *g, const tsr_tensor *t)
{
    if (g->status != TSR_OK || !shape_ok(g, t, "input"))
        return -1;
    tsr_tensor copy = *t;
    copy.data = NULL;
    const int v = append(g, &copy, -1);
    if (v >= 0)
        append_index(g, &g->inputs, &g->input_count, &g->input_room, v);
    return g->status == TSR_OK ? v : -1;
}

int tsr_graph_constant(tsr_graph *g, const tsr_tensor *t)
{
    if (g->status != TSR_OK || !shape_ok(g, t, "constant"))
        return -1;
    tsr_tensor copy = *t;
    if (!copy.data) {
        tsr_graph_fail(g, TSR_BAD_FILE, "constant '%s' has no data", t->name ? t->name : "");
        return -1;
    }
    if ((uintptr_t)copy.data % tsr_dtype_bytes(t->dtype)) {
        copy.data = tsr_pool_take(g->pool, tsr_bytes(t), 64);
        if (!copy.data) {
            tsr_graph_fail(g, TSR_NO_MEMORY, "no memory for constant '%s'",
                           t->name ? t->name : "");
            return -1;
        }
        memcpy(copy.data, t->data, tsr_bytes(t));
    }
    return append(g, &copy, -1);
}

int tsr_graph_own_constant(tsr_graph *g, const tsr_tensor *t)
{
    const int v = tsr_graph_constant(g, t);
    if (v >= 0)
        g->values[v].own = true;
    return v;
}

static bool inputs_ok(tsr_graph *g, const tsr_node *n, const tsr_op *op)
{
    if (n->in_count < op->min_in || n->in_count > op->max_in) {
        tsr_graph_fail(g, TSR_BAD_FILE, "%s '%s' has %d inputs, takes %d to %d", op->name,
                       n->name, n->in_count, op->min_in, op->max_in);
        return false;
    }
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] < -1 || n->in[i] >= g->value_count || (n->in[i] < 0 && i < op->min_in)) {
            tsr_graph_fail(g, TSR_BAD_FILE, "%s '%s': input %d is missing", op->name, n->name, i);
            return false;
        }
    if (!(n->lo <= n->hi)) {            /* also catches NaN */
        tsr_graph_fail(g, TSR_BAD_FILE, "%s '%s': clamp to %g..%g", op->name, n->name,
                       (double)n->lo, (double)n->hi);
        return false;
    }
    return true;
}

/* Shape inference with the sticky error as its place to complain. */
static bool infer(tsr_graph *g, tsr_node *n, const tsr_op *op, tsr_tensor *out)
{
    const tsr_tensor **in = room(g, (size_t)(n->in_count + 1) * sizeof *in, sizeof(void *));
    if (!in)
        return false;
    for (int i = 0; i < n->in_count; i++)
        in[i] = tsr_graph_tensor(g, n->in[i]);
    const tsr_status s = op->infer(n, in, out, g->err);
    if (s != TSR_OK) {
        g->status = s;
        return false;
    }
    for (int i = 0; i < n->out_count; i++)
        if (!shape_ok(g, &out[i], op->name))
            return false;
    return true;
}

static bool all_constant(const tsr_graph *g, const tsr_node *n)
{
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] >= 0 && !g->values[n->in[i]].t.data)
            return false;
    return true;
}

/* Folding must not let a small file ask for much memory (a broadcast of two
 * vectors, a chain of concatenations): a budget bounds it; nor for much time
 * (a convolution of constants).  A view is free. */
static bool worth_folding(tsr_graph *g, const tsr_node *n)
{
    if (g->ops[n->kind]->flags & TSR_OP_VIEW)
        return true;
    if (tsr_node_macs(g, n) > max_fold_macs)
        return false;
    size_t bytes = 0;
    for (int i = 0; i < n->out_count; i++)
        bytes += tsr_bytes(&g->values[n->out[i]].t);
    for (int i = 0; i < n->in_count; i++)       /* read: that takes time */
        bytes += n->in[i] < 0 ? 0 : tsr_bytes(&g->values[n->in[i]].t);
    if (bytes > g->fold_budget_bytes)
        return false;
    g->fold_budget_bytes -= bytes;
    return true;
}

static tsr_node *append_node(tsr_graph *g, const tsr_node *n)
{
    void *array = g->nodes;
    if (!grow(g, &array, g->node_count, &g->node_room, sizeof *g->nodes))
        return NULL;
    g->nodes = array;
    tsr_node *node = &g->nodes[g->node_count];
    *node = *n;
    node->name = tsr_pool_string(g->pool, n->name, strlen(n->name));
    node->in = room(g, (size_t)(n->in_count + n->out_count + 1) * sizeof(int), sizeof(int));
    if (!node->name || !node->in)
        return NULL;
    node->out = node->in + n->in_count;
    memcpy(node->in, n->in, (size_t)n->in_count * sizeof(int));
    return node;
}

int tsr_graph_node(tsr_graph *g, const tsr_node *proto, tsr_tensor *out)
{
    if (g->status != TSR_OK)
        return -1;
    const tsr_op *op = g->ops[proto->kind];
    tsr_node n = *proto;
    n.name = n.name ? n.name : "";
    if (g->node_count >= TSR_MAX_NODES) {
        tsr_graph_fail(g, TSR_UNSUPPORTED, "more than %d operators", TSR_MAX_NODES);
        return -1;
    }
    if (!op) {
        tsr_graph_fail(g, TSR_UNSUPPORTED, "'%s': this build has no operator number %d", n.name,
                       (int)n.kind);
        return -1;
    }
    if (!inputs_ok(g, &n, op) || !infer(g, &n, op, out))
        return -1;
    tsr_node *node = append_node(g, &n);
    if (!node) {
        tsr_graph_fail(g, TSR_NO_MEMORY, "no memory for node '%s'", n.name);
        return -1;
    }
    for (int i = 0; i < n.out_count; i++) {
        out[i].data = NULL;
        node->out[i] = append(g, &out[i], g->node_count);
        if (node->out[i] < 0)
            return -1;
    }
    const int index = g->node_count++, first = node->out[0];
    if (n.in_count && all_constant(g, node) && worth_folding(g, node)) {
        const tsr_status s = tsr_graph_fold(g, index, g->err);
        if (s != TSR_OK)
            g->status = s;
        g->node_count--;                /* its outputs are constants now */
    }
    return g->status == TSR_OK ? first : -1;
}

void tsr_graph_output(tsr_graph *g, int value)
{
    if (g->status != TSR_OK)
        return;
    if (value < 0 || value >= g->value_count) {
        tsr_graph_fail(g, TSR_BAD_FILE, "output %d of the model does not exist", g->output_count);
        return;
    }
    append_index(g, &g->outputs, &g->output_count, &g->output_room, value);
}

tsr_node tsr_node_make(tsr_op_kind kind, const char *name, int *in, int in_count)
{
    return (tsr_node){ .kind = kind, .name = name, .in = in, .in_count = in_count,
                       .out_count = 1, .lo = -TSR_INFINITY, .hi = TSR_INFINITY };
}

static int64_t clamp_to_int(int64_t x) { return x < 0 ? 0 : x > INT32_MAX ? INT32_MAX : x; }

void tsr_same_padding(int n, int k, int s, int d, int *before, int *after)
{
    int64_t total = 0;
    if (n > 0 && k > 0 && s > 0 && d > 0)
        total = ((int64_t)(n - 1) / s) * s + (int64_t)(k - 1) * d + 1 - n;
    total = clamp_to_int(total);
    *before = (int)(total / 2);
    *after = (int)(total - total / 2);
}

int tsr_window_count(int n, int before, int after, int k, int s, int d)
{
    if (n < 1 || before < 0 || after < 0 || k < 1 || s < 1 || d < 1)
        return 0;
    const int64_t left = (int64_t)n + before + after - ((int64_t)(k - 1) * d + 1);
    return left < 0 ? 0 : (int)clamp_to_int(left / s + 1);
}

uint64_t tsr_node_macs(const tsr_graph *g, const tsr_node *n)
{
    const tsr_op *op = g->ops[n->kind];
    const tsr_tensor *in[TSR_CHAIN_PARTS * TSR_CHAIN_INPUTS] = { NULL };
    if (!op || !op->macs || n->in_count > TSR_CHAIN_PARTS * TSR_CHAIN_INPUTS)
        return 0;
    for (int i = 0; i < n->in_count; i++)
        in[i] = tsr_graph_tensor(g, n->in[i]);
    return op->macs(n, in, tsr_graph_tensor(g, n->out[0]));
}
