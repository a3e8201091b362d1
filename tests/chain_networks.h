/*
 * chain_networks.h - small networks of convolutions, some of whose layers may run
 * together by rows.                              SPDX-License-Identifier: MIT
 */
#ifndef CHAIN_NETWORKS_H
#define CHAIN_NETWORKS_H

#include <math.h>
#include "ops/ops.h"
#include "tests/chance.h"
#include "tests/run_model.h"

static unsigned seed = 1;

static inline float noise(void) { return test_randf(&seed); }
static inline int from_to(int lo, int hi) { return test_rand(&seed, lo, hi); }

typedef struct {
    tsr_op_kind kind;           /* CONV2D, DEPTHWISE_CONV2D, a pool; with co 0: the end.  Or an
                                   operator of two inputs, of which the second has ... */
    int co, k, stride, dilation, pad;   /* ... k dimensions and is constant, or was */
    int residual;               /* so many layers back; 0: none */
} layer;

typedef struct {
    int h, w, c;
    layer layers[12];
} network;

static inline int constant(tsr_graph *g, int rank, const int *dim, float size)
{
    tsr_tensor t = { .name = "constant", .rank = rank };
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    float *x = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    for (size_t i = 0; i < tsr_elements(&t); i++)
        x[i] = noise() * size;
    t.data = x;
    return tsr_graph_constant(g, &t);
}

static inline bool is_conv(tsr_op_kind kind)
{
    return kind == TSR_OP_CONV2D || kind == TSR_OP_DEPTHWISE_CONV2D;
}

static inline bool is_pool(tsr_op_kind kind)
{
    return kind == TSR_OP_MAX_POOL2D || kind == TSR_OP_AVERAGE_POOL2D;
}

static inline int add_pool(tsr_graph *g, const layer *l, int x)
{
    tsr_node n = tsr_node_make(l->kind, "layer", &x, 1);
    n.hi = test_bits(&seed) % 2 ? 1 : TSR_INFINITY;
    n.attr.pool2d = (tsr_pool2d_attr){ l->k, l->k, l->stride, l->stride, l->dilation, l->dilation,
                                       l->pad, l->pad, l->pad, l->pad, false };
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "layer" });
}

static inline int add_binary(tsr_graph *g, const layer *l, const int *values, int at)
{
    const int *dim = g->values[values[at]].t.dim;
    int in[2] = { values[at], -1 };
    in[1] = l->residual ? values[at + 1 - l->residual] : constant(g, l->k, dim + 4 - l->k, 1);
    tsr_node n = tsr_node_make(l->kind, "layer", in, 2);
    n.hi = test_bits(&seed) % 2 ? 1 : TSR_INFINITY;
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "layer" });
}

static inline int add_layer(tsr_graph *g, const layer *l, const int *values, int at)
{
    if (is_pool(l->kind))
        return add_pool(g, l, values[at]);
    if (!is_conv(l->kind))
        return add_binary(g, l, values, at);
    const int c = g->values[values[at]].t.dim[3];
    const bool depthwise = l->kind == TSR_OP_DEPTHWISE_CONV2D;
    const int filter[] = { depthwise ? 1 : l->co, l->k, l->k, depthwise ? l->co : c };
    const float size = 2.0f / sqrtf((float)(l->k * l->k * (depthwise ? 1 : c)));
    int in[4] = { values[at], constant(g, 4, filter, size), constant(g, 1, &l->co, 0.5f) };
    if (l->residual)
        in[3] = values[at + 1 - l->residual];
    tsr_node n = tsr_node_make(l->kind, "layer", in, l->residual ? 4 : 3);
    n.lo = test_bits(&seed) % 2 ? 0 : -TSR_INFINITY, n.hi = test_bits(&seed) % 2 ? 2 : TSR_INFINITY;
    n.attr.conv2d = (tsr_conv2d_attr){ l->stride, l->stride, l->dilation, l->dilation,
                                       l->pad, l->pad, l->pad, l->pad, 1 };
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "layer" });
}

/* NULL: the layers do not fit each other. */
static inline tsr_model *build(const network *n, tsr_fuse fuse)
{
    const tsr_options options = { .ops = tsr_all_ops, .fuse = fuse };
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    int values[13], count = 0;
    assert_int_equal(tsr_model_begin(&options, &m, &err), TSR_OK);
    tsr_graph *g = &m->graph;
    const tsr_tensor x = { .name = "x", .rank = 4, .dim = { 1, n->h, n->w, n->c } };
    values[0] = tsr_graph_input(g, &x);
    for (const layer *l = n->layers; l->co && values[count] >= 0; l++, count++)
        values[count + 1] = add_layer(g, l, values, count);
    tsr_graph_output(g, values[count]);
    if (tsr_model_finish(m, &err) == TSR_OK)
        return m;
    tsr_model_free(m);
    return NULL;
}

static inline int chains(const tsr_model *m)
{
    int n = 0;
    for (int i = 0; i < m->graph.node_count; i++)
        n += m->graph.nodes[i].kind == TSR_OP_CHAIN;
    return n;
}

#define CONV(co, k, stride, pad) { TSR_OP_CONV2D, co, k, stride, 1, pad, 0 }
#define DW(co, k, stride, pad) { TSR_OP_DEPTHWISE_CONV2D, co, k, stride, 1, pad, 0 }

#endif
