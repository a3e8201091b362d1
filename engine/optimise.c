/*
 * optimise.c - rewrite the graph into fewer, larger nodes before it is planned.
 *
 * Passes, tried on every node until none applies:
 *
 *   drop_no_op          identity reshape, pad, resize, transpose, concat, clamp
 *   join_transposes     two in a row become one; one that moves no data becomes a view
 *   fold_space_to_batch space_to_batch, conv, batch_to_space -> dilated conv
 *   fuse_pad            zero padding moves into the conv behind it
 *   fuse_affine         multiply/add by constants per channel moves into the filter
 *                       before it: that is how BatchNorm disappears
 *   fuse_clamp          RELU, RELU6 move into the node before them
 *   fuse_residual       the ADD behind a conv becomes its fourth input
 *   split_concat        a pixel enlarged and laid beside others for a 1x1 conv is
 *                       multiplied on its own
 *
 * then turn_early, once: what is enlarged and made planes of is made planes of first;
 * and at last nodes whose results nobody reads are dropped.  Constants were
 * folded while the graph was built (graph.c).    SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/optimise.h"

static bool (*const passes[])(tsr_graph *g, int node) = {
    tsr_drop_no_op, tsr_join_transposes, tsr_fold_space_to_batch, tsr_fuse_pad,
    tsr_fuse_affine, tsr_fuse_clamp, tsr_fuse_residual, tsr_split_concat,
};

tsr_node *tsr_producer(const tsr_graph *g, int value)
{
    const int i = value < 0 ? -1 : g->values[value].producer;
    return i < 0 ? NULL : &g->nodes[i];
}

/* uses is kept up to date by every change, so this looks only when it is 1. */
tsr_node *tsr_only_user(const tsr_graph *g, int value)
{
    if (g->values[value].uses != 1)
        return NULL;
    for (int i = g->values[value].producer + 1; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].in_count; k++)
            if (g->nodes[i].in[k] == value && !tsr_is_removed(&g->nodes[i]))
                return &g->nodes[i];
    return NULL;                        /* the one use is as a graph output */
}

void tsr_replace_uses(tsr_graph *g, int from, int to)
{
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].in_count; k++)
            if (g->nodes[i].in[k] == from && !tsr_is_removed(&g->nodes[i]))
                g->nodes[i].in[k] = to;
    for (int i = 0; i < g->output_count; i++)
        if (g->outputs[i] == from)
            g->outputs[i] = to;
    g->values[to].uses += g->values[from].uses;
    g->values[from].uses = 0;
}

void tsr_remove(tsr_graph *g, tsr_node *n)
{
    for (int k = 0; k < n->in_count; k++)
        if (n->in[k] >= 0)
            g->values[n->in[k]].uses--;
    for (int k = 0; k < n->out_count; k++)
        g->values[n->out[k]].producer = -1;
    n->out_count = 0;
}

void tsr_absorb(tsr_graph *g, tsr_node *p, tsr_node *n)
{
    const int result = n->out[0];
    g->values[p->out[0]].producer = -1;
    tsr_remove(g, n);
    p->out[0] = result;
    g->values[result].producer = (int)(p - g->nodes);
}

bool tsr_same_quant(const tsr_tensor *a, const tsr_tensor *b)
{
    return a->dtype == b->dtype && a->quant.scale == b->quant.scale
        && a->quant.zero_point == b->quant.zero_point && !a->quant.scales && !b->quant.scales;
}

bool tsr_same_shape(const tsr_tensor *a, const tsr_tensor *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]);
}

static void count_uses(tsr_graph *g)
{
    for (int v = 0; v < g->value_count; v++)
        g->values[v].uses = 0;
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].in_count; k++)
            if (g->nodes[i].in[k] >= 0)
                g->values[g->nodes[i].in[k]].uses++;
    for (int i = 0; i < g->output_count; i++)
        g->values[g->outputs[i]].uses++;
}

/* Last to first, so that a chain of dead nodes falls in one go. */
static void drop_dead(tsr_graph *g)
{
    for (int i = g->node_count; i-- > 0;) {
        tsr_node *n = &g->nodes[i];
        int uses = 0;
        for (int k = 0; k < n->out_count; k++)
            uses += g->values[n->out[k]].uses;
        if (!uses && !tsr_is_removed(n))
            tsr_remove(g, n);
    }
}

void tsr_sweep(tsr_graph *g)
{
    int kept = 0;
    for (int i = 0; i < g->node_count; i++) {
        if (tsr_is_removed(&g->nodes[i]))
            continue;
        g->nodes[kept] = g->nodes[i];
        for (int k = 0; k < g->nodes[kept].out_count; k++)
            g->values[g->nodes[kept].out[k]].producer = kept;
        kept++;
    }
    g->node_count = kept;
}

static int last_reader(const tsr_graph *g, int value)
{
    for (int i = 0; i < g->output_count; i++)
        if (g->outputs[i] == value)
            return g->node_count;
    for (int i = g->node_count; i-- > 0;)
        for (int k = 0; k < g->nodes[i].in_count; k++)
            if (g->nodes[i].in[k] == value)
                return i;
    return -1;
}

/* x + y may be computed over x: let that be the operand nobody needs any more. */
static void arrange_operands(tsr_graph *g)
{
    for (int i = 0; i < g->node_count; i++) {
        tsr_node *n = &g->nodes[i];
        if ((n->kind != TSR_OP_ADD && n->kind != TSR_OP_MUL) || g->values[n->in[1]].t.data
            || !tsr_same_shape(&g->values[n->in[0]].t, &g->values[n->in[1]].t)
            || last_reader(g, n->in[0]) == i || last_reader(g, n->in[1]) != i)
            continue;
        const int first = n->in[0];
        n->in[0] = n->in[1], n->in[1] = first;
    }
}

void tsr_graph_optimise(tsr_graph *g)
{
    count_uses(g);
    drop_dead(g);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t p = 0; p < sizeof passes / sizeof *passes; p++)
            for (int i = 0; i < g->node_count; i++)
                if (!tsr_is_removed(&g->nodes[i]))
                    changed |= passes[p](g, i);
        tsr_sweep(g);
    }
    for (int i = 0; i < g->node_count; i++)
        tsr_turn_early(g, i);
    drop_dead(g);
    tsr_sweep(g);
    arrange_operands(g);
}
