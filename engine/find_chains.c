/*
 * find_chains.c - find neighbours that should run together, a few rows at a time.
 *
 *     x 24 -> conv 1x1 -> 144 -> depthwise 3x3 -> 144 -> conv 1x1 -> 24
 *     .......  <------------ one TSR_OP_CHAIN ------------>  .......
 *
 * ops/chain.c runs them; what is between them never exists as a whole.  That saves
 * memory, and where a tensor would not fit the cache, time.  What it costs: several
 * threads compute some rows twice, small pictures cannot be cut into many stripes, and a
 * dilated filter that has the whole picture goes through it faster: rows that lie the
 * dilation apart share their input, those that a chain asks for, one below the other, do not.
 *
 * Each part must be the only reader of the one before it.  A chain ends where the next
 * tensor would be larger, because what lies on the cut stays whole: for inverted
 * residuals that is exactly between two blocks.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/optimise.h"

enum {
    TALLEST = 1 << 14,          /* rows: what is higher is no picture */
    LEAST_BYTES = 1 << 19,      /* between two parts; less stays in the cache anyway     */
    APART_BYTES = 1 << 21,      /* the same for parts that gain nothing but the memory   */
    LEAST_TIMES_AGAIN = 12,     /* rows of the result for each that two stripes compute  */
    HUGE_BYTES = 1 << 23,       /* between two parts: far beyond any core's cache ...    */
    HUGE_TIMES_AGAIN = 8,       /* ... and worth computing more rows twice               */
};

typedef struct {
    int node[TSR_CHAIN_PARTS], count;
} line;

static size_t value_bytes(const tsr_graph *g, int v) { return tsr_bytes(&g->values[v].t); }

static tsr_step step_of(const tsr_graph *g, const tsr_node *n,
                        tsr_tensor *io[TSR_CHAIN_INPUTS + 1])
{
    for (int k = 0; k < n->in_count; k++)
        io[k] = n->in[k] < 0 ? NULL : &g->values[n->in[k]].t;
    io[n->in_count] = &g->values[n->out[0]].t;
    return (tsr_step){ .node = n, .in = io, .out = io + n->in_count };
}

static bool by_rows(const tsr_graph *g, const tsr_node *n)
{
    const tsr_op *op = g->ops[n->kind];
    tsr_tensor *io[TSR_CHAIN_INPUTS + 1];
    if (tsr_is_removed(n) || !op->needs || n->in_count > TSR_CHAIN_INPUTS || n->out_count != 1)
        return false;
    const tsr_step s = step_of(g, n, io);
    tsr_row_range in;
    return s.out[0]->rank >= 3 && s.out[0]->dim[1] <= TALLEST
        && op->needs(&s, (tsr_row_range){ 0, 1 }, &in);
}

static line follow(const tsr_graph *g, int node)
{
    line l = { .count = 0 };
    if (!by_rows(g, &g->nodes[node]))
        return l;
    l.node[l.count++] = node;
    while (l.count < TSR_CHAIN_PARTS) {
        const int value = g->nodes[l.node[l.count - 1]].out[0];
        const tsr_node *next = tsr_only_user(g, value);
        if (!next || next->in[0] != value || !by_rows(g, next)
            || value_bytes(g, next->out[0]) > value_bytes(g, value))
            break;
        l.node[l.count++] = (int)(next - g->nodes);
    }
    return l;
}

/* Where two stripes meet, how many rows of `n`'s input do both compute?  As rows of its
 * result, times 256. */
static int64_t rows_again(const tsr_graph *g, const tsr_node *n)
{
    tsr_tensor *io[TSR_CHAIN_INPUTS + 1];
    const tsr_step s = step_of(g, n, io);
    const int middle = s.out[0]->dim[1] / 2;
    tsr_row_range above = { 0, 0 }, below = { 0, 0 };
    g->ops[n->kind]->needs(&s, (tsr_row_range){ middle > 0 ? middle - 1 : 0, middle }, &above);
    g->ops[n->kind]->needs(&s, (tsr_row_range){ middle, middle + 1 }, &below);
    const int64_t again = above.end > below.first ? above.end - below.first : 0;
    return again * s.out[0]->dim[1] * 256 / s.in[0]->dim[1];
}

/* Is this float32 part as fast by itself: a 1x1 convolution, or a dilated filter? */
static bool gains_nothing(const tsr_graph *g, const tsr_node *n)
{
    const bool is_1x1 = n->kind == TSR_OP_CONV2D && g->values[n->in[1]].t.dim[1] == 1
                     && g->values[n->in[1]].t.dim[2] == 1;
    const bool is_dilated = n->kind == TSR_OP_DEPTHWISE_CONV2D && n->attr.conv2d.dilation_y > 1;
    return (is_1x1 || is_dilated) && g->values[n->out[0]].t.dtype == TSR_F32;
}

static bool saves_time(const tsr_graph *g, const line *l, size_t ring_bytes)
{
    bool gains = false;
    size_t largest = 0;
    int64_t again = 0;
    for (int k = 0; k < l->count; k++) {
        const tsr_node *n = &g->nodes[l->node[k]];
        const size_t bytes = k + 1 < l->count ? value_bytes(g, n->out[0]) : 0;
        largest = bytes > largest ? bytes : largest;
        again += k > 0 ? rows_again(g, n) : 0;
        gains |= !gains_nothing(g, n);
    }
    const size_t least = gains ? LEAST_BYTES : APART_BYTES;
    const int64_t rows = g->values[g->nodes[l->node[l->count - 1]].out[0]].t.dim[1];
    const int times = largest < HUGE_BYTES ? LEAST_TIMES_AGAIN : HUGE_TIMES_AGAIN;
    return largest >= least && ring_bytes <= largest / 2 && rows * 256 >= times * again;
}

/* Compared with the greediest part, which has its input and its result at a time, and the
 * chain's input besides if somebody will read that later. */
static bool saves_memory(const tsr_graph *g, const line *l, size_t ring_bytes)
{
    const int in = g->nodes[l->node[0]].in[0];
    const size_t kept = g->values[in].uses > 1 ? value_bytes(g, in) : 0;
    size_t most = 0;
    for (int k = 0; k < l->count; k++) {
        const tsr_node *n = &g->nodes[l->node[k]];
        const size_t bytes = value_bytes(g, n->in[0]) + value_bytes(g, n->out[0])
                           + (k > 0 ? kept : 0);
        most = bytes > most ? bytes : most;
    }
    return value_bytes(g, in) + ring_bytes
         + value_bytes(g, g->nodes[l->node[l->count - 1]].out[0]) < most;
}

/* The chain as a node with memory of its own; the graph stays as it is.  false: no memory. */
static bool make(const tsr_graph *g, const line *l, tsr_node *chain)
{
    tsr_node *parts = tsr_pool_alloc(g->pool, (size_t)l->count * sizeof *parts, sizeof(void *));
    tsr_tensor *between = tsr_pool_alloc(g->pool, (size_t)l->count * sizeof *between,
                                         sizeof(void *));
    int *in = tsr_pool_alloc(g->pool, TSR_CHAIN_PARTS * TSR_CHAIN_INPUTS * sizeof *in, sizeof *in);
    if (!parts || !between || !in)
        return false;
    int inputs = 0;
    for (int k = 0; k < l->count; k++) {
        const tsr_node *n = &g->nodes[l->node[k]];
        parts[k] = *n;
        memcpy(in + inputs, n->in, (size_t)n->in_count * sizeof *in);
        if (k > 0)
            in[inputs] = -1;            /* comes from the part before */
        inputs += n->in_count;
        between[k] = g->values[n->out[0]].t;
    }
    *chain = parts[l->count - 1];
    chain->kind = TSR_OP_CHAIN;
    chain->in = in, chain->in_count = inputs;
    chain->lo = -TSR_INFINITY, chain->hi = TSR_INFINITY;
    chain->attr.chain = (tsr_chain_attr){ l->count, parts, g->ops, between };
    return true;
}

/* What the rings take, as the chain itself counts it. */
static size_t count_ring_bytes(const tsr_graph *g, const tsr_node *chain)
{
    tsr_tensor *io[TSR_CHAIN_PARTS * TSR_CHAIN_INPUTS + 1];
    for (int k = 0; k < chain->in_count; k++)
        io[k] = chain->in[k] < 0 ? NULL : &g->values[chain->in[k]].t;
    io[chain->in_count] = &g->values[chain->out[0]].t;
    tsr_step s = { .node = chain, .in = io, .out = io + chain->in_count };
    tsr_arena arena = tsr_arena_counting();
    if (g->ops[TSR_OP_CHAIN]->prepare(&s, &(tsr_prepare_context){ &arena, 1 }, NULL) != TSR_OK)
        return SIZE_MAX / 4;
    return arena.size - arena.high;
}

/* The chain takes the place of its last part; the others are removed. */
static void replace(tsr_graph *g, const line *l, const tsr_node *chain)
{
    for (int k = 0; k + 1 < l->count; k++) {
        tsr_node *n = &g->nodes[l->node[k]];
        g->values[n->out[0]].uses = 0, g->values[n->out[0]].producer = -1;
        n->out_count = 0;
    }
    g->nodes[l->node[l->count - 1]] = *chain;
}

void tsr_graph_chain(tsr_graph *g, tsr_fuse how)
{
    if (how == TSR_FUSE_NEVER || !g->ops[TSR_OP_CHAIN])
        return;
    for (int i = 0; i < g->node_count; i++) {
        const line l = follow(g, i);
        tsr_node chain;
        if (l.count < 2 || !make(g, &l, &chain))
            continue;
        const size_t ring_bytes = count_ring_bytes(g, &chain);
        if (saves_memory(g, &l, ring_bytes)
            && (how == TSR_FUSE_MEMORY || saves_time(g, &l, ring_bytes)))
            replace(g, &l, &chain);
    }
    tsr_sweep(g);
}
