/*
 * split_concat.c - a pooled branch need not be enlarged, nor laid beside the others.
 *
 *     pooled [1,1,1,256] -> resize [1,33,33,256] \
 *     features [1,33,33,256] ------------------- concat [1,33,33,512] -> conv 1x1
 *
 * is how DeepLab tells every pixel about the whole picture (Chen et al., "Rethinking
 * Atrous Convolution", arXiv 1706.05587, 2017).  A 1x1 convolution multiplies each part of
 * its input by its own columns of the filter, and the enlarged part is the same in every
 * pixel:
 *
 *     W * (a | b)  =  Wa * a  +  Wb * b,         Wb * b one number per output channel
 *
 * so the second product is made once, and added as a residual that repeats.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/optimise.h"

/* A 1x1 convolution of float32 with nothing added yet, of a picture, not of one pixel. */
static bool is_plain_1x1(const tsr_graph *g, const tsr_node *n)
{
    if (n->kind != TSR_OP_CONV2D || g->ops[TSR_OP_CONV2D]->max_in < 4
        || (n->in_count > 3 && n->in[3] >= 0))
        return false;
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    const tsr_tensor *x = tsr_graph_tensor(g, n->in[0]), *f = tsr_graph_tensor(g, n->in[1]);
    return x->dtype == TSR_F32 && f->dtype == TSR_F32 && f->data && f->dim[1] == 1
        && f->dim[2] == 1 && a->stride_y == 1 && a->stride_x == 1 && a->groups == 1
        && !a->pad_top && !a->pad_left && !a->pad_bottom && !a->pad_right
        && x->dim[0] == 1 && (int64_t)x->dim[1] * x->dim[2] > 1;
}

/* The slot of a concatenation that one pixel, enlarged, comes in by; -1: none. */
static int repeated_slot(const tsr_graph *g, const tsr_node *concat)
{
    for (int k = 0; k < concat->in_count; k++) {
        const tsr_node *p = tsr_producer(g, concat->in[k]);
        if (!p || p->kind != TSR_OP_RESIZE || g->values[p->out[0]].uses != 1)
            continue;
        const tsr_tensor *x = tsr_graph_tensor(g, p->in[0]);
        if (x->dim[1] == 1 && x->dim[2] == 1)
            return k;
    }
    return -1;
}

/* Columns first .. first + count - 1 of the filter, or with `rest` all the others. */
static int columns(tsr_graph *g, int filter, int first, int count, bool rest)
{
    tsr_tensor t = *tsr_graph_tensor(g, filter);
    const int c = t.dim[3];
    const float *w = t.data;
    t.dim[3] = rest ? c - count : count;
    float *to = t.data = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    if (!to)
        return -1;
    for (int o = 0; o < t.dim[0]; o++, w += c)
        for (int i = 0; i < c; i++)
            if ((i >= first && i < first + count) != rest)
                *to++ = w[i];
    return tsr_graph_constant(g, &t);
}

/* The resize becomes the convolution of its one pixel, and gets another name for that:
 * its result is another.  `name` has room for it. */
static void become_product(tsr_graph *g, tsr_node *n, int filter, int *in, char *name)
{
    const int oc = tsr_graph_tensor(g, filter)->dim[0];
    const size_t length = strlen(n->name);
    memcpy(name, n->name, length);
    memcpy(name + length, "/product", sizeof "/product");
    in[0] = n->in[0], in[1] = filter;
    g->values[filter].uses++;
    n->kind = TSR_OP_CONV2D;
    n->in = in, n->in_count = 2;
    n->lo = -TSR_INFINITY, n->hi = TSR_INFINITY;
    n->attr.conv2d = (tsr_conv2d_attr){ 1, 1, 1, 1, 0, 0, 0, 0, 1 };
    n->name = name;
    tsr_tensor *y = &g->values[n->out[0]].t;
    y->name = name;
    y->dim[1] = y->dim[2] = 1, y->dim[3] = oc;
}

/* The concatenation loses a slot; of a single input it is none. */
static void leave_out(tsr_graph *g, tsr_node *conv, tsr_node *concat, int slot, int channels)
{
    for (int k = slot; k + 1 < concat->in_count; k++)
        concat->in[k] = concat->in[k + 1];
    concat->in_count--;
    g->values[concat->out[0]].t.dim[3] -= channels;
    if (concat->in_count > 1)
        return;
    conv->in[0] = concat->in[0];
    g->values[concat->out[0]].uses = 0;
    g->values[concat->out[0]].producer = -1;
    concat->out_count = 0;              /* its use of the input is the conv's now */
}

bool tsr_split_concat(tsr_graph *g, int i)
{
    tsr_node *conv = &g->nodes[i];
    if (!is_plain_1x1(g, conv))
        return false;
    tsr_node *concat = tsr_producer(g, conv->in[0]);
    if (!concat || concat->kind != TSR_OP_CONCAT || concat->attr.concat.axis != 3
        || concat->in_count < 2 || g->values[concat->out[0]].uses != 1)
        return false;
    const int slot = repeated_slot(g, concat);
    if (slot < 0)
        return false;
    int first = 0;
    for (int k = 0; k < slot; k++)
        first += tsr_graph_tensor(g, concat->in[k])->dim[3];
    const int filter = conv->in[1], product = concat->in[slot];
    const int channels = tsr_graph_tensor(g, product)->dim[3];
    const size_t length = strlen(tsr_producer(g, product)->name) + sizeof "/product";
    char *name = tsr_pool_alloc(g->pool, length, 1);
    int *in = tsr_pool_alloc(g->pool, 6 * sizeof *in, sizeof *in);
    const int own = in && name ? columns(g, filter, first, channels, true) : -1;
    const int others = own < 0 ? -1 : columns(g, filter, first, channels, false);
    if (others < 0)
        return false;
    become_product(g, tsr_producer(g, product), others, in + 4, name);
    in[0] = conv->in[0], in[1] = own, in[2] = conv->in_count > 2 ? conv->in[2] : -1;
    in[3] = product;                    /* read by the concatenation until now: one use */
    g->values[own].uses++, g->values[filter].uses--;
    conv->in = in, conv->in_count = 4;
    leave_out(g, conv, concat, slot, channels);
    return true;
}
