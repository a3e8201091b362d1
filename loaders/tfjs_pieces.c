/* tfjs_pieces.c - see tfjs_pieces.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "loaders/tfjs_pieces.h"

const tsr_tensor *tfjs_tensor(const tfjs_graph *t, int value)
{
    return tsr_graph_tensor(t->m->g, value);
}

/* Add `node` with one result of the given dtype. */
int tfjs_add_as(tfjs_graph *t, const tfjs_node *n, tsr_node *node, tsr_dtype dtype)
{
    tsr_tensor out = { .name = n->name, .dtype = dtype };
    node->name = n->name;
    return t->m->g->status == TSR_OK ? tsr_graph_node(t->m->g, node, &out) : -1;
}

/* ... of the dtype of its first input. */
int tfjs_add(tfjs_graph *t, const tfjs_node *n, tsr_node *node)
{
    return node->in[0] < 0 ? -1 : tfjs_add_as(t, n, node, tfjs_tensor(t, node->in[0])->dtype);
}

int tfjs_new_constant(tfjs_graph *t, const tfjs_node *n, float *data, int rank, const int *dim)
{
    tsr_tensor c = { .name = n->name, .dtype = TSR_F32, .rank = rank, .data = data };
    if (!data) {
        tsr_graph_fail(t->m->g, TSR_NO_MEMORY, "%.40s '%.80s': no memory", n->op, n->name);
        return -1;
    }
    memcpy(c.dim, dim, (size_t)rank * sizeof *dim);
    return tsr_graph_constant(t->m->g, &c);
}

float *tfjs_floats(tfjs_graph *t, size_t count)
{
    return tsr_pool_alloc(t->m->g->pool, count * sizeof(float), 64);
}

int tfjs_clamp(tfjs_graph *t, const tfjs_node *n, int x, float lo, float hi)
{
    tsr_node node = tsr_node_make(TSR_OP_CLAMP, n->name, &x, 1);
    node.lo = lo, node.hi = hi;
    return tfjs_add(t, n, &node);
}

int tfjs_unary_on(tfjs_graph *t, const tfjs_node *n, tsr_op_kind kind, int x, float alpha)
{
    tsr_node node = tsr_node_make(kind, n->name, &x, 1);
    node.attr.unary.alpha = alpha;
    return tfjs_add(t, n, &node);
}

int tfjs_binary_on(tfjs_graph *t, const tfjs_node *n, tsr_op_kind kind, int x, int y)
{
    int in[] = { x, y };
    tsr_node node = tsr_node_make(kind, n->name, in, 2);
    return y < 0 ? -1 : tfjs_add(t, n, &node);
}
