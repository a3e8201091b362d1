/* fuse.c - neighbours that one node can do alone; see optimise.c.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "engine/optimise.h"

static bool unclamped(const tsr_node *n) { return n->lo == -TSR_INFINITY && n->hi == TSR_INFINITY; }

static float clamp(float x, float lo, float hi) { return x < lo ? lo : x > hi ? hi : x; }

/* The node before `n`, when n is the only reader of its single result. */
static tsr_node *private_producer(const tsr_graph *g, const tsr_node *n, int slot)
{
    tsr_node *p = tsr_producer(g, n->in[slot]);
    return p && p->out_count == 1 && g->values[p->out[0]].uses == 1 ? p : NULL;
}

bool tsr_fuse_clamp(tsr_graph *g, int i)
{
    tsr_node *n = &g->nodes[i];
    if (n->kind != TSR_OP_CLAMP)
        return false;
    tsr_node *p = private_producer(g, n, 0);
    if (!p || !(g->ops[p->kind]->flags & TSR_OP_HAS_CLAMP)
        || !tsr_same_quant(tsr_graph_tensor(g, n->in[0]), tsr_graph_tensor(g, n->out[0])))
        return false;
    const float lo = n->lo, hi = n->hi;
    p->lo = clamp(p->lo, lo, hi);
    p->hi = clamp(p->hi, lo, hi);
    tsr_absorb(g, p, n);
    return true;
}

static bool pads_only_pixels(const tsr_pad_attr *a, const tsr_tensor *x)
{
    return x->rank == 4 && a->value == 0.0f && !a->before[0] && !a->after[0] && !a->before[3]
        && !a->after[3] && a->before[1] >= 0 && a->before[2] >= 0 && a->after[1] >= 0
        && a->after[2] >= 0;
}

/* A window that lay wholly in the padding stays possible, so shapes agree. */
bool tsr_fuse_pad(tsr_graph *g, int i)
{
    tsr_node *pad = &g->nodes[i];
    if (pad->kind != TSR_OP_PAD)
        return false;
    const tsr_pad_attr *a = &pad->attr.pad;
    const tsr_tensor *x = tsr_graph_tensor(g, pad->in[0]);
    tsr_node *conv = tsr_only_user(g, pad->out[0]);
    if (!conv || conv->in[0] != pad->out[0] || !pads_only_pixels(a, x)
        || (conv->kind != TSR_OP_CONV2D && conv->kind != TSR_OP_DEPTHWISE_CONV2D)
        || !tsr_same_quant(x, tsr_graph_tensor(g, pad->out[0])))
        return false;
    tsr_conv2d_attr *c = &conv->attr.conv2d;
    if ((int64_t)c->pad_top + a->before[1] > INT16_MAX
        || (int64_t)c->pad_bottom + a->after[1] > INT16_MAX
        || (int64_t)c->pad_left + a->before[2] > INT16_MAX
        || (int64_t)c->pad_right + a->after[2] > INT16_MAX)
        return false;                   /* no network does this; sums stay small */
    c->pad_top += a->before[1], c->pad_bottom += a->after[1];
    c->pad_left += a->before[2], c->pad_right += a->after[2];
    tsr_replace_uses(g, pad->out[0], pad->in[0]);
    tsr_remove(g, pad);
    return true;
}

/* ---- y = conv(x) * scale + shift ------------------------------------------ */

static bool has_filter(const tsr_node *n)
{
    return n->kind == TSR_OP_CONV2D || n->kind == TSR_OP_DEPTHWISE_CONV2D
        || n->kind == TSR_OP_TRANSPOSE_CONV2D || n->kind == TSR_OP_DENSE;
}

/* A constant f32 of one number, or of one number for each of `channels` with
 * the channel last. */
static const float *per_channel(const tsr_graph *g, int value, int channels, bool *scalar)
{
    const tsr_tensor *t = tsr_graph_tensor(g, value);
    if (!t || !t->data || t->dtype != TSR_F32)
        return NULL;
    const size_t n = tsr_elements(t);
    *scalar = n == 1;
    if (n != 1 && (n != (size_t)channels || t->rank < 1 || t->dim[t->rank - 1] != channels))
        return NULL;
    return t->data;
}

/* An f32 constant with the numbers of `value` (or, for a missing bias, `channels`
 * zeros) that are the caller's to change: a copy, unless nobody else sees them as it
 * is.  -1: no memory. */
static int own_constant(tsr_graph *g, int value, int channels)
{
    const tsr_tensor *t = tsr_graph_tensor(g, value);
    if (t && g->values[value].own && g->values[value].uses == 1)
        return value;
    tsr_tensor copy = { .name = "bias", .dtype = TSR_F32, .rank = 1, .dim = { channels } };
    if (t)
        copy = *t;
    copy.data = t ? tsr_pool_take(g->pool, tsr_bytes(&copy), 64)
                  : tsr_pool_alloc(g->pool, tsr_bytes(&copy), 64);
    if (copy.data && t)
        memcpy(copy.data, t->data, tsr_bytes(t));
    return copy.data ? tsr_graph_own_constant(g, &copy) : -1;
}

/* Filters keep their output channel first, depthwise ones last. */
static void scale_filter(const tsr_node *conv, const tsr_tensor *filter, const float *scale,
                         bool scalar)
{
    float *w = filter->data;
    const size_t n = tsr_elements(filter);
    const bool last = conv->kind == TSR_OP_DEPTHWISE_CONV2D;
    const size_t channels = (size_t)filter->dim[last ? filter->rank - 1 : 0];
    /* A channel's weights lie together, or are every channels-th: no division for each. */
    const size_t run = last ? channels : n / channels;
    for (size_t first = 0; first < n; first += run)
        for (size_t i = 0; i < run; i++)
            w[first + i] *= scale[scalar ? 0 : last ? i : first / run];
}

/* What the filter is multiplied by: c, or 1/c in new memory; NULL: no memory. */
static const float *filter_scale(tsr_graph *g, tsr_op_kind kind, const float *c, size_t count)
{
    if (kind == TSR_OP_MUL)
        return c;
    float *inverse = tsr_pool_alloc(g->pool, count * sizeof *inverse, sizeof *inverse);
    for (size_t k = 0; inverse && k < count; k++)
        inverse[k] = 1.0f / c[k];
    return inverse;
}

static void apply(tsr_op_kind kind, float *bias, int channels, const float *c, bool scalar)
{
    for (int k = 0; k < channels; k++) {
        const float x = c[scalar ? 0 : k];
        bias[k] = kind == TSR_OP_MUL ? bias[k] * x
                : kind == TSR_OP_DIV ? bias[k] / x
                : kind == TSR_OP_SUB ? bias[k] - x : bias[k] + x;
    }
}

/* The conv reads `now` instead of what it read in this slot. */
static void change_input(tsr_graph *g, int *in, int slot, int now)
{
    if (in[slot] >= 0)
        g->values[in[slot]].uses--;
    g->values[now].uses++;
    in[slot] = now;
}

/* Give the conv a filter and a bias of its own, so that sharing them with another
 * node stays possible. */
static bool own_weights(tsr_graph *g, tsr_node *conv, int channels, bool filter_too)
{
    const int count = conv->in_count > 3 ? conv->in_count : 3;
    int *in = tsr_pool_alloc(g->pool, (size_t)count * sizeof *in, sizeof *in);
    if (!in)
        return false;
    in[2] = -1;
    memcpy(in, conv->in, (size_t)conv->in_count * sizeof *in);
    const int bias = own_constant(g, in[2], channels);
    const int filter = filter_too ? own_constant(g, in[1], 0) : in[1];
    if (bias < 0 || filter < 0)
        return false;
    change_input(g, in, 1, filter);
    change_input(g, in, 2, bias);
    conv->in = in, conv->in_count = count;
    return true;
}

/* Which input of `n` (ADD, SUB, MUL, DIV) is the conv's result? */
static int conv_slot(const tsr_graph *g, const tsr_node *n)
{
    const bool commutes = n->kind == TSR_OP_ADD || n->kind == TSR_OP_MUL;
    for (int slot = 0; slot < (commutes ? 2 : 1); slot++) {
        const tsr_node *p = private_producer(g, n, slot);
        if (p && has_filter(p) && unclamped(p) && p->in_count <= 3)
            return slot;
    }
    return -1;
}

static bool is_f32_constant(const tsr_graph *g, const tsr_node *n, int slot)
{
    const tsr_tensor *t = slot < n->in_count ? tsr_graph_tensor(g, n->in[slot]) : NULL;
    return !t || (t->data && t->dtype == TSR_F32);
}

bool tsr_fuse_affine(tsr_graph *g, int i)
{
    tsr_node *n = &g->nodes[i];
    if (n->kind != TSR_OP_ADD && n->kind != TSR_OP_SUB && n->kind != TSR_OP_MUL
        && n->kind != TSR_OP_DIV)
        return false;
    const int slot = conv_slot(g, n);
    if (slot < 0)
        return false;
    tsr_node *conv = tsr_producer(g, n->in[slot]);
    const tsr_tensor *y = tsr_graph_tensor(g, conv->out[0]);
    const int channels = y->dim[y->rank - 1];
    bool scalar = false;
    const float *c = per_channel(g, n->in[1 - slot], channels, &scalar);
    if (!c || y->dtype != TSR_F32 || !tsr_same_shape(y, tsr_graph_tensor(g, n->out[0]))
        || !is_f32_constant(g, conv, 1) || !is_f32_constant(g, conv, 2))
        return false;
    const bool scales = n->kind == TSR_OP_MUL || n->kind == TSR_OP_DIV;
    const float *factor = filter_scale(g, n->kind, c, scalar ? 1 : (size_t)channels);
    if (!factor || !own_weights(g, conv, channels, scales))
        return false;
    apply(n->kind, g->values[conv->in[2]].t.data, channels, c, scalar);
    if (scales)
        scale_filter(conv, tsr_graph_tensor(g, conv->in[1]), factor, scalar);
    conv->lo = n->lo, conv->hi = n->hi;
    tsr_absorb(g, conv, n);
    return true;
}

/* ADD(conv(..), r): the conv adds r as it stores.  r must be known before the
 * conv runs. */
bool tsr_fuse_residual(tsr_graph *g, int i)
{
    tsr_node *add = &g->nodes[i];
    if (add->kind != TSR_OP_ADD)
        return false;
    for (int slot = 0; slot < 2; slot++) {
        tsr_node *conv = private_producer(g, add, slot);
        const int r = add->in[1 - slot];
        if (!conv || conv->kind != TSR_OP_CONV2D || g->ops[TSR_OP_CONV2D]->max_in < 4
            || !unclamped(conv) || (conv->in_count > 3 && conv->in[3] >= 0)
            || conv->attr.conv2d.groups != 1 || g->values[r].producer >= conv - g->nodes
            || tsr_graph_tensor(g, conv->out[0])->dtype != TSR_F32
            || !tsr_same_shape(tsr_graph_tensor(g, r), tsr_graph_tensor(g, conv->out[0])))
            continue;
        int *in = tsr_pool_alloc(g->pool, 4 * sizeof *in, sizeof *in);
        if (!in)
            return false;
        in[2] = -1;
        memcpy(in, conv->in, (size_t)(conv->in_count < 3 ? conv->in_count : 3) * sizeof *in);
        in[3] = r;
        conv->in = in, conv->in_count = 4;
        g->values[r].uses++;            /* tsr_absorb takes the ADD's use away */
        conv->lo = add->lo, conv->hi = add->hi;
        tsr_absorb(g, conv, add);
        return true;
    }
    return false;
}
