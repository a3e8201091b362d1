/*
 * narrow.c - a graph whose convolutions calculate in 16-bit floats.
 *
 *     x f32 -> [cast] -> conv f16 -> depthwise f16 -> conv f16 -> [cast] -> softmax f32
 *
 * The user asks for it (tsr_options.f16).  Nodes that know how (TSR_OP_F16) read and write
 * f16; where such a node meets one that does not, or the border of the graph, a cast is
 * put in between, one for each value and direction.  Constants stay f32: prepare rounds
 * them while it packs them.  Runs after the graph was optimised, so activations are fused.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/graph.h"

typedef struct {
    tsr_graph *g;               /* values and nodes grow into arrays that are large enough */
    int *half, *full;           /* of each old value: the value that holds it as f16, as f32;
                                   -1: none yet */
} narrower;

static bool is_f32_activation(const tsr_graph *g, int v)
{
    return v >= 0 && g->values[v].t.dtype == TSR_F32 && !g->values[v].t.data;
}

static bool takes_halves(const tsr_graph *g, const tsr_node *n)
{
    if (!(g->ops[n->kind]->flags & TSR_OP_F16) || n->out_count != 1
        || !is_f32_activation(g, n->in[0]) || !is_f32_activation(g, n->out[0]))
        return false;
    return n->kind != TSR_OP_DEPTHWISE_CONV2D       /* no channel multiplier */
        || g->values[n->in[0]].t.dim[3] == g->values[n->out[0]].t.dim[3];
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

static bool add_node(narrower *w, const tsr_node *n)
{
    tsr_graph *g = w->g;
    const bool half = takes_halves(g, n);
    for (int k = 0; k < n->in_count; k++)
        if (is_f32_activation(g, n->in[k]) && !as(w, &n->in[k], half))
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
    if (!v || !n || !w->half || !w->full)
        return false;
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
    for (int i = 0; i < count && good; i++)
        good = add_node(&w, &nodes[i]);
    for (int i = 0; i < g->output_count && good; i++)
        if (is_f32_activation(g, g->outputs[i]))
            good = as(&w, &g->outputs[i], false);
    return good ? TSR_OK : tsr_fail(err, TSR_NO_MEMORY, "no memory for a graph of 16-bit floats");
}
