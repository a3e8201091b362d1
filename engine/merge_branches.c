/*
 * merge_branches.c - two ways from one picture to one sum become one convolution.
 *
 *     y ---- 1x1 (A) ---------------- + ->            y ---- 1x1 (A + C B) -> +
 *      \---- 1x1 (B) ---- 1x1 (C) ---/                 \---- 1x1 (B)
 *                    \--> maps                                     \--> maps
 *
 * is how a stacked hourglass hands its features and its maps on to the next one (Newell
 * et al., "Stacked Hourglass Networks for Human Pose Estimation", arXiv 1603.06937, 2016).
 * Without a clamp between them two 1x1 convolutions are one linear function, and its
 * matrix, C B, is added to A's when the model is loaded:
 *
 *     A y + a + C (B y + b) + c  =  (A + C B) y + (a + C b + c)
 *
 * That saves the few multiply-adds of C, but most of all a pass: C reads the whole sum,
 * 4 MB, adds little to it and writes it back.  B stays where its maps are wanted.
 * SPDX-License-Identifier: MIT
 */
#include "engine/optimise.h"

/* What multiplying two filters may cost: some milliseconds in plain C. */
static const int64_t max_macs = 1 << 24;

/* An unpadded 1x1 convolution in float32 with constants for weights. */
static bool is_matrix(const tsr_graph *g, const tsr_node *n)
{
    if (!n || n->kind != TSR_OP_CONV2D)
        return false;
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    const tsr_tensor *f = tsr_graph_tensor(g, n->in[1]);
    const tsr_tensor *b = n->in_count > 2 ? tsr_graph_tensor(g, n->in[2]) : NULL;
    return tsr_graph_tensor(g, n->out[0])->dtype == TSR_F32
        && f->dtype == TSR_F32 && f->data && (!b || (b->dtype == TSR_F32 && b->data))
        && f->dim[1] == 1 && f->dim[2] == 1 && a->groups == 1 && a->stride_y == 1
        && a->stride_x == 1 && !a->pad_top && !a->pad_left && !a->pad_bottom && !a->pad_right;
}

static int residual(const tsr_node *n) { return n->in_count > 3 ? n->in[3] : -1; }

static bool unclamped(const tsr_node *n)
{
    return n->lo == -TSR_INFINITY && n->hi == TSR_INFINITY;
}

/* to[i] += sum over m of c[m] * b[m * step + i], summed in double. */
static void add_product(float *to, int n, const float *c, const float *b, int terms, int step)
{
    enum { AT_A_TIME = 32 };
    double sum[AT_A_TIME];
    for (int first = 0; first < n; first += AT_A_TIME) {
        const int count = n - first < AT_A_TIME ? n - first : AT_A_TIME;
        for (int i = 0; i < count; i++)
            sum[i] = (double)to[first + i];
        for (int m = 0; m < terms; m++)
            for (int i = 0; i < count; i++)
                sum[i] += (double)c[m] * (double)b[m * step + first + i];
        for (int i = 0; i < count; i++)
            to[first + i] = (float)sum[i];
    }
}

static const float *bias_of(const tsr_graph *g, const tsr_node *n)
{
    const tsr_tensor *t = n->in_count > 2 ? tsr_graph_tensor(g, n->in[2]) : NULL;
    return t ? t->data : NULL;
}

/* Node i is C. */
bool tsr_merge_branches(tsr_graph *g, int i)
{
    tsr_node *c = &g->nodes[i];
    if (!is_matrix(g, c) || residual(c) < 0)
        return false;
    tsr_node *a = tsr_producer(g, residual(c));
    const tsr_node *b = tsr_producer(g, c->in[0]);
    if (!is_matrix(g, a) || !is_matrix(g, b) || a == b || a->in[0] != b->in[0]
        || !unclamped(a) || !unclamped(b) || residual(b) >= 0
        || tsr_only_user(g, a->out[0]) != c
        || !tsr_same_shape(tsr_graph_tensor(g, a->out[0]), tsr_graph_tensor(g, c->out[0])))
        return false;
    const int terms = tsr_graph_tensor(g, b->in[1])->dim[0];
    const int n = tsr_graph_tensor(g, b->in[1])->dim[3];
    const int oc = tsr_graph_tensor(g, c->in[1])->dim[0];
    if ((int64_t)terms * n > max_macs / oc || !tsr_own_weights(g, a, oc, true))
        return false;
    float *filter = g->values[a->in[1]].t.data, *bias = g->values[a->in[2]].t.data;
    const float *left = tsr_graph_tensor(g, c->in[1])->data;
    const float *right = tsr_graph_tensor(g, b->in[1])->data;
    const float *inner = bias_of(g, b), *outer = bias_of(g, c);
    for (int o = 0; o < oc; o++, left += terms) {
        add_product(filter + (size_t)o * (size_t)n, n, left, right, terms, n);
        for (int m = 0; inner && m < terms; m++)
            bias[o] += left[m] * inner[m];
        bias[o] += outer ? outer[o] : 0.0f;
    }
    a->lo = c->lo, a->hi = c->hi;
    tsr_absorb(g, a, c);
    return true;
}
