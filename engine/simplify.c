/* simplify.c - nodes that do nothing, or nothing together; see optimise.c.
 * SPDX-License-Identifier: MIT */
#include "engine/optimise.h"

static bool is_identity_resize(const tsr_node *n, const tsr_tensor *x)
{
    const tsr_resize_attr *a = &n->attr.resize;
    return a->oh == x->dim[1] && a->ow == x->dim[2]
        && (a->scale_y == 0.0f || a->scale_y == 1.0f)
        && (a->scale_x == 0.0f || a->scale_x == 1.0f);
}

static bool is_zero_pad(const tsr_node *n, int rank)
{
    for (int i = 0; i < rank; i++)
        if (n->attr.pad.before[i] || n->attr.pad.after[i])
            return false;
    return true;
}

static bool is_identity_perm(const tsr_node *n, int rank)
{
    for (int i = 0; i < rank; i++)
        if (n->attr.transpose.perm[i] != i)
            return false;
    return true;
}

static bool is_whole_slice(const tsr_node *n, const tsr_tensor *x, const tsr_tensor *y)
{
    for (int i = 0; i < x->rank; i++)
        if (n->attr.slice.begin[i] || n->attr.slice.stride[i] != 1)
            return false;
    return tsr_same_shape(x, y);
}

/* Does the node give back its first input? */
static bool is_no_op(const tsr_graph *g, const tsr_node *n)
{
    const tsr_tensor *x = tsr_graph_tensor(g, n->in[0]), *y = tsr_graph_tensor(g, n->out[0]);
    if (!x || !tsr_same_quant(x, y) || !tsr_same_shape(x, y))
        return false;
    switch (n->kind) {
    case TSR_OP_RESHAPE: case TSR_OP_QUANTIZE: case TSR_OP_DEQUANTIZE: case TSR_OP_CAST:
        return true;
    case TSR_OP_CONCAT:    return n->in_count == 1;
    case TSR_OP_RESIZE:    return is_identity_resize(n, x);
    case TSR_OP_PAD:       return is_zero_pad(n, x->rank);
    case TSR_OP_TRANSPOSE: return is_identity_perm(n, x->rank);
    case TSR_OP_SLICE:     return is_whole_slice(n, x, y);
    case TSR_OP_CLAMP:     return n->lo == -TSR_INFINITY && n->hi == TSR_INFINITY;
    default:               return false;
    }
}

static bool is_graph_output(const tsr_graph *g, int value)
{
    for (int i = 0; i < g->output_count; i++)
        if (g->outputs[i] == value)
            return true;
    return false;
}

bool tsr_drop_no_op(tsr_graph *g, int i)
{
    tsr_node *n = &g->nodes[i];
    if (n->in_count < 1 || !is_no_op(g, n))
        return false;
    const int x = n->in[0], y = n->out[0];
    tsr_node *p = tsr_producer(g, x);
    if (!is_graph_output(g, y)) {
        tsr_replace_uses(g, y, x);
        tsr_remove(g, n);
        return true;
    }
    /* An output keeps its name: its producer writes it directly, if it may. */
    if (!p || p->out_count != 1 || g->values[x].uses != 1)
        return false;
    tsr_absorb(g, p, n);
    return true;
}

/* Does the transposition move nothing but dimensions of size 1? */
static bool keeps_order(const tsr_node *n, const tsr_tensor *x)
{
    int last = -1;
    for (int i = 0; i < x->rank; i++) {
        const int from = n->attr.transpose.perm[i];
        if (x->dim[from] == 1)
            continue;
        if (from < last)
            return false;
        last = from;
    }
    return true;
}

void tsr_become_reshape(tsr_graph *g, tsr_node *n)
{
    const tsr_tensor *y = tsr_graph_tensor(g, n->out[0]);
    n->kind = TSR_OP_RESHAPE;
    n->attr.reshape = (tsr_reshape_attr){ .rank = y->rank };
    for (int i = 0; i < y->rank; i++)
        n->attr.reshape.dim[i] = y->dim[i];
}

bool tsr_join_transposes(tsr_graph *g, int i)
{
    tsr_node *n = &g->nodes[i];
    if (n->kind != TSR_OP_TRANSPOSE)
        return false;
    const tsr_tensor *x = tsr_graph_tensor(g, n->in[0]);
    if (g->ops[TSR_OP_RESHAPE] && keeps_order(n, x)) {
        tsr_become_reshape(g, n);
        return true;
    }
    tsr_node *p = tsr_producer(g, n->in[0]);
    if (!p || p->kind != TSR_OP_TRANSPOSE)
        return false;
    /* out dim i = mid dim perm[i] = in dim first[perm[i]] */
    for (int k = 0; k < x->rank; k++)
        n->attr.transpose.perm[k] = p->attr.transpose.perm[n->attr.transpose.perm[k]];
    g->values[n->in[0]].uses--;
    n->in[0] = p->in[0];
    g->values[n->in[0]].uses++;
    if (g->values[p->out[0]].uses == 0)
        tsr_remove(g, p);
    return true;
}

/* Old exports write a dilated conv as: cut the picture into block x block
 * interleaved pictures, convolve each, interleave the results.  Padding and
 * cropping at the full resolution become the conv's own padding. */
bool tsr_fold_space_to_batch(tsr_graph *g, int i)
{
    tsr_node *split = &g->nodes[i];
    if (split->kind != TSR_OP_SPACE_TO_BATCH)
        return false;
    tsr_node *conv = tsr_only_user(g, split->out[0]);
    if (!conv || conv->in[0] != split->out[0]
        || (conv->kind != TSR_OP_CONV2D && conv->kind != TSR_OP_DEPTHWISE_CONV2D))
        return false;
    tsr_node *join = tsr_only_user(g, conv->out[0]);
    tsr_conv2d_attr *c = &conv->attr.conv2d;
    if (!join || join->kind != TSR_OP_BATCH_TO_SPACE || c->stride_y != 1 || c->stride_x != 1
        || c->dilation_y != 1 || c->dilation_x != 1
        || c->pad_top || c->pad_left || c->pad_bottom || c->pad_right)
        return false;
    const tsr_batch_space_attr *s = &split->attr.batch_space, *j = &join->attr.batch_space;
    if (s->block_y != j->block_y || s->block_x != j->block_x || s->pad_top < j->pad_top
        || s->pad_left < j->pad_left || s->pad_bottom < j->pad_bottom
        || s->pad_right < j->pad_right
        || !tsr_same_quant(tsr_graph_tensor(g, split->in[0]), tsr_graph_tensor(g, split->out[0]))
        || !tsr_same_quant(tsr_graph_tensor(g, join->in[0]), tsr_graph_tensor(g, join->out[0])))
        return false;
    c->dilation_y = s->block_y, c->dilation_x = s->block_x;
    c->pad_top = s->pad_top - j->pad_top, c->pad_bottom = s->pad_bottom - j->pad_bottom;
    c->pad_left = s->pad_left - j->pad_left, c->pad_right = s->pad_right - j->pad_right;
    tsr_replace_uses(g, split->out[0], split->in[0]);
    tsr_remove(g, split);
    tsr_absorb(g, conv, join);
    return true;
}
