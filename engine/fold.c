/*
 * fold.c - compute a node at load time when all its inputs are constants.
 *
 * The node is prepared and run once, exactly as a session would do it, with
 * its memory taken from the model's pool.  A view needs no work: the output
 * names the input's bytes.                       SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/graph.h"

/* The two arrays of tensor pointers that a step carries. */
static tsr_step bind(tsr_graph *g, const tsr_node *n)
{
    tsr_step s = { .node = n };
    const int count = n->in_count + n->out_count;
    s.in = tsr_pool_alloc(g->pool, (size_t)count * sizeof *s.in, sizeof(void *));
    if (!s.in)
        return s;
    s.out = s.in + n->in_count;
    for (int i = 0; i < n->in_count; i++)
        s.in[i] = n->in[i] < 0 ? NULL : &g->values[n->in[i]].t;
    for (int i = 0; i < n->out_count; i++)
        s.out[i] = &g->values[n->out[i]].t;
    return s;
}

static tsr_status no_memory(const tsr_node *n, tsr_error *err)
{
    return tsr_fail(err, TSR_NO_MEMORY, "no memory to fold '%s'", n->name);
}

static tsr_status evaluate(tsr_graph *g, const tsr_op *op, tsr_step *s, tsr_error *err)
{
    tsr_arena count = tsr_arena_counting();
    TSR_TRY(op->prepare(s, &(tsr_prepare_context){ &count, 1 }, err));
    if (count.full)
        return no_memory(s->node, err);

    /* Scratch starts at the block's end rounded down: leave room for that. */
    const size_t need = count.peak + 2 * 64;
    void *block = tsr_pool_alloc(g->pool, need, 64);
    for (int i = 0; i < s->node->out_count; i++) {
        s->out[i]->data = tsr_pool_alloc(g->pool, tsr_bytes(s->out[i]), 64);
        if (!s->out[i]->data)
            return no_memory(s->node, err);
    }
    if (!block)
        return no_memory(s->node, err);
    tsr_arena real = tsr_arena_make(block, need);
    TSR_TRY(op->prepare(s, &(tsr_prepare_context){ &real, 1 }, err));
    s->run(s);
    return TSR_OK;
}

tsr_status tsr_graph_fold(tsr_graph *g, int node, tsr_error *err)
{
    const tsr_node *n = &g->nodes[node];
    const tsr_op *op = g->ops[n->kind];
    for (int i = 0; i < n->out_count; i++)
        g->values[n->out[i]].producer = -1;
    tsr_step s = bind(g, n);
    if (!s.in)
        return no_memory(n, err);
    if (op->flags & TSR_OP_VIEW) {
        s.out[0]->data = s.in[0]->data;
        g->values[n->in[0]].own = false;        /* two see it now */
        return TSR_OK;
    }
    return evaluate(g, op, &s, err);
}
