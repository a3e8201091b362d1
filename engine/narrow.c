/*
 * narrow.c - a graph that calculates in 16-bit floats.
 *
 *     x f32 -> [cast] -> conv f16 -> depthwise f16 -> mean f16 -> [cast] -> softmax f32
 *
 * The user asks for it (tsr_options.f16).  Nodes come in three kinds: convolutions always
 * read and write f16 (TSR_OP_F16), most others may (TSR_OP_F16_TOO), the rest does not.
 * Where one type meets the other, or the border of the graph, a cast is put in between, one
 * for each value and direction; nodes that may do either do what costs fewer casts.
 *
 * Constants of convolutions stay f32: prepare rounds them while it packs them; those of
 * other nodes are rounded here.  Runs after the graph was optimised, so activations are
 * fused.                                         SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/graph.h"
#include "engine/half.h"

typedef struct {
    tsr_graph *g;               /* values and nodes grow into arrays that are large enough */
    int *half, *full;           /* of each old value: the value that holds it as f16, as f32;
                                   -1: none yet */
    unsigned char *wanted;      /* of each old value: HALF, FULL, as its readers like it */
} narrower;

enum { HALF = 1, FULL = 2 };

static bool is_f32_activation(const tsr_graph *g, int v)
{
    return v >= 0 && g->values[v].t.dtype == TSR_F32 && !g->values[v].t.data;
}

static bool is_f32_constant(const tsr_graph *g, int v)
{
    return v >= 0 && g->values[v].t.dtype == TSR_F32 && g->values[v].t.data;
}

/* One result, and an input, that could be f16. */
static bool has_floats(const tsr_graph *g, const tsr_node *n)
{
    bool reads = false;
    for (int k = 0; k < n->in_count; k++)
        reads = reads || is_f32_activation(g, n->in[k]);
    return reads && n->out_count == 1 && is_f32_activation(g, n->out[0]);
}

static bool must_be_half(const tsr_graph *g, const tsr_node *n)
{
    if (!(g->ops[n->kind]->flags & TSR_OP_F16) || !has_floats(g, n))
        return false;
    return n->kind != TSR_OP_DEPTHWISE_CONV2D       /* no channel multiplier */
        || g->values[n->in[0]].t.dim[3] == g->values[n->out[0]].t.dim[3];
}

static bool may_be_half(const tsr_graph *g, const tsr_node *n)
{
    return g->ops[n->kind]->flags & TSR_OP_F16_TOO && has_floats(g, n);
}

static size_t size(const tsr_graph *g, int v) { return tsr_elements(&g->values[v].t); }

/* Numbers to cast for what n reads, if it reads that type.  `all`: as if nothing were there. */
static size_t casts_before(const narrower *w, const tsr_node *n, bool half, bool all)
{
    size_t sum = 0;
    for (int k = 0; k < n->in_count; k++)
        if (is_f32_activation(w->g, n->in[k])
            && (all || (half ? w->half : w->full)[n->in[k]] < 0))
            sum += size(w->g, n->in[k]);
    return sum;
}

/* From the last node to the first: what would each node's readers like?  A node that may do
 * either passes its readers' wish on; if all of them want f32, it would rather read f16
 * itself where that leaves fewer numbers to cast: mean does, resize does not. */
static void ask_readers(narrower *w, const tsr_node *nodes, int count)
{
    const tsr_graph *g = w->g;
    for (int i = 0; i < g->output_count; i++)
        w->wanted[g->outputs[i]] |= FULL;
    for (int i = count; i-- > 0;) {
        const tsr_node *n = &nodes[i];
        const bool either = may_be_half(g, n);
        unsigned char wish = must_be_half(g, n) ? HALF : FULL;
        if (either && (w->wanted[n->out[0]] & HALF
                       || casts_before(w, n, false, true) > size(g, n->out[0])))
            wish = HALF;
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k] >= 0)
                w->wanted[n->in[k]] |= wish;
    }
}

/* Which type costs fewer casts?  If both cost the same, the one that is asked for. */
static bool takes_halves(const narrower *w, const tsr_node *n)
{
    const tsr_graph *g = w->g;
    if (!may_be_half(g, n))
        return must_be_half(g, n);
    const unsigned char wanted = w->wanted[n->out[0]];
    const size_t out = size(g, n->out[0]);
    const size_t half = casts_before(w, n, true, false) + (wanted & FULL ? out : 0);
    const size_t full = casts_before(w, n, false, false) + (wanted & HALF ? out : 0);
    return half < full || (half == full && wanted & HALF);
}

/* Another value like v. */
static int add_value(tsr_graph *g, int v, tsr_dtype dtype)
{
    const int added = g->value_count++;
    g->values[added] = g->values[v];
    g->values[added].t.dtype = dtype;
    return added;
}

static bool add_cast(narrower *w, int from, int to)
{
    tsr_graph *g = w->g;
    int *io = tsr_pool_alloc(g->pool, 2 * sizeof *io, sizeof *io);
    if (!io)
        return false;
    io[0] = from, io[1] = to;
    tsr_node cast = tsr_node_make(TSR_OP_CAST, g->values[to].t.name, io, 1);
    cast.out = io + 1, cast.out_count = 1;
    g->values[to].producer = g->node_count;
    g->nodes[g->node_count++] = cast;
    return true;
}

/* Value v as `half` says; made when it is asked for the first time. */
static bool as(narrower *w, int *v, bool half)
{
    int *there = &(half ? w->half : w->full)[*v];
    if (*there < 0) {
        const int from = half ? w->full[*v] : w->half[*v];
        *there = half ? add_value(w->g, *v, TSR_F16) : *v;
        if (!add_cast(w, from, *there))
            return false;
    }
    *v = *there;
    return true;
}

/* A constant of a node that reads f16, rounded. */
static bool round_constant(narrower *w, int *v)
{
    tsr_graph *g = w->g;
    if (w->half[*v] < 0) {
        const tsr_tensor *from = &g->values[*v].t;
        const float *x = from->data;
        const size_t n = tsr_elements(from);
        uint16_t *y = tsr_pool_alloc(g->pool, n * sizeof *y, 64);
        if (!y)
            return false;
        for (size_t i = 0; i < n; i++)
            y[i] = tsr_float_to_half(x[i]);
        w->half[*v] = add_value(g, *v, TSR_F16);
        g->values[w->half[*v]].t.data = y;
    }
    *v = w->half[*v];
    return true;
}

static bool add_node(narrower *w, const tsr_node *n)
{
    tsr_graph *g = w->g;
    const bool half = takes_halves(w, n), either = may_be_half(g, n);
    for (int k = 0; k < n->in_count; k++)
        if ((is_f32_activation(g, n->in[k]) && !as(w, &n->in[k], half))
            || (half && either && is_f32_constant(g, n->in[k]) && !round_constant(w, &n->in[k])))
            return false;
    for (int k = 0; k < n->out_count; k++) {
        const int v = n->out[k];
        if (half) {
            w->full[v] = -1;
            w->half[v] = n->out[k] = add_value(g, v, TSR_F16);
        }
        g->values[n->out[k]].producer = g->node_count;
    }
    g->nodes[g->node_count++] = *n;
    return true;
}

/* Arrays with room for a second copy of each value, and a cast to and from it. */
static bool make_room(narrower *w)
{
    tsr_graph *g = w->g;
    const int values = 2 * g->value_count, nodes = g->node_count + 2 * g->value_count;
    tsr_value *v = tsr_pool_alloc(g->pool, (size_t)values * sizeof *v, _Alignof(tsr_value));
    tsr_node *n = tsr_pool_alloc(g->pool, (size_t)nodes * sizeof *n, _Alignof(tsr_node));
    w->half = tsr_pool_alloc(g->pool, (size_t)values * sizeof *w->half, sizeof *w->half);
    w->full = tsr_pool_alloc(g->pool, (size_t)values * sizeof *w->full, sizeof *w->full);
    w->wanted = tsr_pool_alloc(g->pool, (size_t)values, 1);
    if (!v || !n || !w->half || !w->full || !w->wanted)
        return false;
    memset(w->wanted, 0, (size_t)values);
    memcpy(v, g->values, (size_t)g->value_count * sizeof *v);
    for (int i = 0; i < values; i++)
        w->half[i] = -1, w->full[i] = i;
    g->values = v, g->value_room = values;
    g->nodes = n, g->node_room = nodes;
    g->node_count = 0;
    return true;
}

tsr_status tsr_graph_narrow(tsr_graph *g, tsr_error *err)
{
    narrower w = { .g = g };
    const tsr_node *nodes = g->nodes;
    const int count = g->node_count;
    bool good = make_room(&w);
    if (good)
        ask_readers(&w, nodes, count);
    for (int i = 0; i < count && good; i++)
        good = add_node(&w, &nodes[i]);
    for (int i = 0; i < g->output_count && good; i++)
        if (is_f32_activation(g, g->outputs[i]))
            good = as(&w, &g->outputs[i], false);
    return good ? TSR_OK : tsr_fail(err, TSR_NO_MEMORY, "no memory for a graph of 16-bit floats");
}
