/*
 * turn_early.c - channels become planes before a picture is enlarged, not after.
 *
 *     scores [1,33,33,21] -> resize [1,513,513,21] -> transpose [1,21,513,513]
 *
 * is how a network ends that was written for planes (N,C,H,W), as PyTorch's DeepLab is.
 * A resize does the same to every channel, so it does not matter which comes first; but
 * to turn over 22 MB takes four times as long as to calculate them, and 90 KB are nothing:
 *
 *     -> transpose [21,33,33,1] -> resize [21,513,513,1] -> reshape [1,21,513,513]
 *
 * Each plane is a picture of its own then, of one channel, and the reshape is only a view:
 * the large tensor is written once, in order, and never read back.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/optimise.h"

/* Does node i turn what a resize has just enlarged into planes? */
static bool turns_enlarged(const tsr_graph *g, int i)
{
    static const int planes[] = { 0, 3, 1, 2 };
    const tsr_node *n = &g->nodes[i];
    const tsr_node *p = n->kind == TSR_OP_TRANSPOSE ? tsr_producer(g, n->in[0]) : NULL;
    if (!p || p->kind != TSR_OP_RESIZE || tsr_only_user(g, p->out[0]) != n)
        return false;
    const tsr_tensor *x = tsr_graph_tensor(g, p->in[0]), *y = tsr_graph_tensor(g, p->out[0]);
    return y->dtype == TSR_F32 && x->dim[0] == 1 && tsr_elements(x) < tsr_elements(y)
        && !memcmp(n->attr.transpose.perm, planes, sizeof planes)
        && g->ops[TSR_OP_RESHAPE] && g->node_count < TSR_MAX_NODES;
}

/* A new value: `t` with a picture for each of its channels, by the name "conv/planes". */
static int add_planes(tsr_graph *g, const tsr_tensor *t)
{
    static const char ending[] = "/planes";
    const size_t n = strlen(t->name);
    char *name = tsr_pool_alloc(g->pool, n + sizeof ending, 1);
    if (!name)
        return -1;
    memcpy(name, t->name, n);
    memcpy(name + n, ending, sizeof ending);
    tsr_tensor planes = *t;
    planes.name = name, planes.dim[0] = t->dim[3], planes.dim[3] = 1;
    return tsr_graph_value(g, &planes);
}

/* Node i reads `in` and makes `out`; lists of its own, where others may share the old ones. */
static void connect(tsr_graph *g, int i, int *list, int in, int out)
{
    tsr_node *n = &g->nodes[i];
    list[0] = in, list[1] = out;
    n->in = list, n->in_count = 1;
    n->out = list + 1, n->out_count = 1;
    n->name = g->values[out].t.name;
    g->values[out].producer = i;
    g->values[in].uses++;
}

/* The transpose takes the resize's place, the resize the transpose's, a reshape that of a new
 * node behind it. */
bool tsr_turn_early(tsr_graph *g, int i)
{
    if (!turns_enlarged(g, i))
        return false;
    const int at = g->values[g->nodes[i].in[0]].producer;
    const tsr_node resize = g->nodes[at], turn = g->nodes[i];
    const int x = resize.in[0], large = resize.out[0], y = turn.out[0];
    const tsr_tensor small = *tsr_graph_tensor(g, x);
    int *lists = tsr_pool_alloc(g->pool, 6 * sizeof *lists, sizeof *lists);
    const int first = lists ? add_planes(g, &small) : -1;
    const tsr_tensor enlarged = *tsr_graph_tensor(g, large);
    const int second = first < 0 ? -1 : add_planes(g, &enlarged);
    if (second < 0 || !tsr_graph_insert(g, i))
        return false;
    g->values[x].uses--, g->values[large].uses--, g->values[large].producer = -1;
    g->nodes[at] = turn, g->nodes[i] = resize;
    g->nodes[at].attr.transpose = (tsr_transpose_attr){ { 3, 1, 2, 0 } };
    connect(g, at, lists, x, first);
    connect(g, i, lists + 2, first, second);
    connect(g, i + 1, lists + 4, second, y);
    tsr_become_reshape(g, &g->nodes[i + 1]);
    return true;
}
