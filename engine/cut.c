/*
 * cut.c - stop a network in the middle: make one of its values the only output.
 *
 *     maps [1,7,7,1280] -> pool -> [1,1,1,1280] -> dense -> softmax
 *                                  ^ the embedding
 *
 * A network trained to tell a thousand things apart describes a picture, just
 * before it names it, by some hundred numbers that also tell things apart which
 * it has never seen (Donahue et al., "DeCAF", 2014).  Where that is, the graph
 * shows by itself:
 *
 *   1. behind the last pooling that turns several positions into one (the last:
 *      squeeze-and-excitation blocks pool globally in the middle, too);
 *   2. without one, in front of the first layer that mixes all channels of a
 *      single position: a dense layer, or a convolution over a 1x1 map.
 *
 * A segmenter draws its coarse scores larger at the end.  From corner to corner and by a
 * whole factor every coarse cell is a pixel of the large map, and between them both are the
 * same straight lines: whoever interpolates anyway can leave that out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/graph.h"

/* One position and several channels, whatever the number of axes of size 1. */
static bool is_vector(const tsr_tensor *t)
{
    return t->rank > 0 && t->dim[t->rank - 1] > 1
        && tsr_elements(t) == (size_t)t->dim[t->rank - 1];
}

static bool pools_to_a_vector(const tsr_graph *g, const tsr_node *n)
{
    const tsr_tensor *in = &g->values[n->in[0]].t, *out = &g->values[n->out[0]].t;
    switch (n->kind) {
    case TSR_OP_MEAN: case TSR_OP_REDUCE_MAX:
    case TSR_OP_AVERAGE_POOL2D: case TSR_OP_MAX_POOL2D:
        return is_vector(out) && tsr_elements(in) > tsr_elements(out);
    default:
        return false;
    }
}

static bool mixes_a_vector(const tsr_graph *g, const tsr_node *n)
{
    if (n->kind != TSR_OP_DENSE && n->kind != TSR_OP_CONV2D)
        return false;
    const tsr_value *in = &g->values[n->in[0]];
    return in->producer >= 0 && is_vector(&in->t);      /* not the model's own input */
}

int tsr_graph_embedding(const tsr_graph *g)
{
    for (int i = g->node_count; i-- > 0;)
        if (pools_to_a_vector(g, &g->nodes[i]))
            return g->nodes[i].out[0];
    for (int i = 0; i < g->node_count; i++)
        if (mixes_a_vector(g, &g->nodes[i]))
            return g->nodes[i].in[0];
    return -1;
}

static int computed_value(const tsr_graph *g, const char *name)
{
    for (int v = 0; v < g->value_count; v++)
        if (g->values[v].producer >= 0 && !g->values[v].t.data
            && !strcmp(g->values[v].t.name, name))
            return v;
    return -1;
}

/* Nodes stand in order of execution: what comes later is not needed. */
static void end_at(tsr_graph *g, int value)
{
    const int last = g->values[value].producer;
    for (int i = last + 1; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].out_count; k++)
            g->values[g->nodes[i].out[k]].producer = -1;
    g->node_count = last + 1;
    g->outputs[0] = value;              /* finish has seen to it that there is one */
    g->output_count = 1;
}

tsr_status tsr_graph_cut(tsr_graph *g, const char *name, tsr_error *err)
{
    const int value = *name ? computed_value(g, name) : tsr_graph_embedding(g);
    if (value < 0 && *name)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the model computes no tensor '%s'", name);
    if (value < 0)
        return tsr_fail(err, TSR_UNSUPPORTED, "the model has no embedding: nothing pools to one "
                        "position, and no layer reads a single one");
    end_at(g, value);
    return TSR_OK;
}

static bool whole_factor(int in, int out) { return in > 1 && (out - 1) % (in - 1) == 0; }

void tsr_graph_cut_enlarging(tsr_graph *g)
{
    const int last = g->values[g->outputs[0]].producer;
    if (last < 0 || g->nodes[last].kind != TSR_OP_RESIZE)
        return;
    const tsr_node *n = &g->nodes[last];
    const tsr_resize_attr *a = &n->attr.resize;
    const tsr_value *in = &g->values[n->in[0]];
    if (g->output_count == 1 && in->producer >= 0 && a->method == TSR_BILINEAR
        && a->coord == TSR_COORD_ALIGN_CORNERS && whole_factor(in->t.dim[1], a->oh)
        && whole_factor(in->t.dim[2], a->ow))
        end_at(g, n->in[0]);
}
