/*
 * diff_cause.c - guesses why two tensors differ, and tries each guess.
 *
 * A guess is a change to the layer of side A ("its padding the other way
 * round"): the layer is computed again with the change, from A's own inputs,
 * and if the result is what B has, the guess is the cause.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/diff/diff_guess.h"

/* ---- geometry ---------------------------------------------------------------------- */

static bool resize_mode(const diff_detective *d, const diff_variant *as_is)
{
    static const char *const coord[] = { "asymmetric", "align_corners", "half_pixel",
                                         "pytorch_half_pixel" };
    static const char *const method[] = { "nearest", "bilinear" };
    if (as_is->node.kind != TSR_OP_RESIZE)
        return false;
    const tsr_resize_attr *r = &as_is->node.attr.resize;
    diff_variant v = *as_is;
    tsr_resize_attr *w = &v.node.attr.resize;
    for (int m = 0; m < 2; m++)
        for (int c = 0; c < 4; c++)
            for (int k = 0; k < (m == TSR_NEAREST ? 4 : 1); k++) {
                w->method = (tsr_resize_method)m;
                w->coord = (tsr_coord)c;
                w->nearest = (tsr_nearest_mode)k;
                if ((w->method == r->method && w->coord == r->coord && w->nearest == r->nearest)
                    || !diff_explains(d, &v))
                    continue;
                snprintf(d->text, DIFF_CAUSE_TEXT,
                         "resize mode: A is %s %s, B looks %s %s", method[r->method],
                         coord[r->coord], method[m], coord[c]);
                return true;
            }
    return false;
}

static void swap(int *x, int *y)
{
    const int t = *x;
    *x = *y, *y = t;
}

/* Where the odd pixel of SAME padding goes. */
static bool padding(const diff_detective *d, const diff_variant *as_is)
{
    diff_variant v = *as_is;
    tsr_conv2d_attr *c = &v.node.attr.conv2d;
    tsr_pool2d_attr *q = &v.node.attr.pool2d;
    int before[2], after[2];
    if (v.node.kind == TSR_OP_CONV2D || v.node.kind == TSR_OP_DEPTHWISE_CONV2D) {
        before[0] = c->pad_top, before[1] = c->pad_left;
        swap(&c->pad_top, &c->pad_bottom);
        swap(&c->pad_left, &c->pad_right);
        after[0] = c->pad_top, after[1] = c->pad_left;
    } else if (v.node.kind == TSR_OP_MAX_POOL2D || v.node.kind == TSR_OP_AVERAGE_POOL2D) {
        before[0] = q->pad_top, before[1] = q->pad_left;
        swap(&q->pad_top, &q->pad_bottom);
        swap(&q->pad_left, &q->pad_right);
        after[0] = q->pad_top, after[1] = q->pad_left;
    } else {
        return false;
    }
    if (!memcmp(before, after, sizeof before) || !diff_explains(d, &v))
        return false;
    snprintf(d->text, DIFF_CAUSE_TEXT, "SAME padding: A pads %d above and %d left, B looks like "
             "%d and %d (the odd pixel on the other side)", before[0], before[1], after[0],
             after[1]);
    return true;
}

/* ---- activations --------------------------------------------------------------------- */

static const char *clamp_name(float lo, float hi, char text[48])
{
    if (lo == -TSR_INFINITY && hi == TSR_INFINITY)
        return "no activation";
    if (lo == 0 && hi == TSR_INFINITY)
        return "RELU";
    if (lo == 0 && hi == 6)
        return "RELU6";
    snprintf(text, 48, "a clamp to %g..%g", (double)lo, (double)hi);
    return text;
}

static bool fused_activation(const diff_detective *d, const diff_variant *as_is)
{
    static const float bounds[][2] = { { -TSR_INFINITY, TSR_INFINITY }, { 0, TSR_INFINITY },
                                       { 0, 6 }, { -1, 1 }, { 0, 1 } };
    char mine[48], other[48];
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        diff_variant v = *as_is;
        v.node.lo = bounds[i][0], v.node.hi = bounds[i][1];
        if ((v.node.lo == as_is->node.lo && v.node.hi == as_is->node.hi) || !diff_explains(d, &v))
            continue;
        snprintf(d->text, DIFF_CAUSE_TEXT, "activation: A has %s here, B looks like %s",
                 clamp_name(as_is->node.lo, as_is->node.hi, mine),
                 clamp_name(v.node.lo, v.node.hi, other));
        return true;
    }
    return false;
}

static bool is_activation_op(tsr_op_kind k)
{
    return k == TSR_OP_CLAMP || (k >= TSR_OP_LOGISTIC && k <= TSR_OP_ELU) || k == TSR_OP_PRELU;
}

/* A activates this layer's input, B does not, or the other way round. */
static bool activation_before(const diff_detective *d, const diff_variant *as_is)
{
    const tsr_graph *g = &d->a->model.model->graph;
    const int maker = g->values[as_is->node.in[0]].producer;
    diff_variant v = *as_is;
    if (maker >= 0 && is_activation_op(g->nodes[maker].kind)) {
        const tsr_tensor *x = tsr_session_value(d->a->session.session,
                                                g->nodes[maker].in[0]);
        v.x = x;
        if (x->dtype == as_is->x->dtype && tsr_bytes(x) == tsr_bytes(as_is->x)
            && diff_explains(d, &v)) {
            snprintf(d->text, DIFF_CAUSE_TEXT, "missing activation: A's '%.80s' (%s) before this "
                     "layer has no counterpart in B", g->nodes[maker].name,
                     g->ops[g->nodes[maker].kind]->name);
            return true;
        }
    }
    if (as_is->x->dtype != TSR_F32)
        return false;
    const size_t n = tsr_elements(as_is->x);
    v = *as_is;
    v.x_data = malloc(n * sizeof *v.x_data);
    bool found = false;
    for (int six = 0; six < 2 && v.x_data && !found; six++) {
        for (size_t i = 0; i < n; i++) {
            const float x = ((const float *)as_is->x->data)[i];
            v.x_data[i] = x < 0 ? 0 : six && x > 6 ? 6 : x;
        }
        found = diff_explains(d, &v);
        if (found)
            snprintf(d->text, DIFF_CAUSE_TEXT, "missing activation: B has a %s before this layer "
                     "that A lacks", six ? "RELU6" : "RELU");
    }
    free(v.x_data);
    return found;
}

/* ---- numbers ----------------------------------------------------------------------------- */

static int rising(const void *x, const void *y)
{
    const float a = *(const float *)x, b = *(const float *)y;
    return (a > b) - (a < b);
}

static float *sorted(const tsr_tensor *t)
{
    const size_t n = tsr_elements(t);
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; x && i < n; i++)
        x[i] = (float)diff_real(t, i);
    if (x)
        qsort(x, n, sizeof *x, rising);
    return x;
}

/* The same numbers in another order. */
static bool layout(const diff_detective *d)
{
    const tsr_tensor *ta = d->a->item[d->p->a].t, *tb = d->b->item[d->p->b].t;
    const size_t n = tsr_elements(ta);
    if (n > 1 << 22)
        return false;
    float *x = sorted(ta), *y = sorted(tb);
    bool same = x && y;
    for (size_t i = 0; same && i < n; i++)
        same = fabs((double)x[i] - (double)y[i]) <= d->limit * d->p->range;
    free(x);
    free(y);
    if (same)
        snprintf(d->text, DIFF_CAUSE_TEXT, "layout: both have the same numbers in another order "
                 "(N,C,H,W against N,H,W,C, or another axis)");
    return same;
}

static bool rounding(const diff_detective *d)
{
    const tsr_tensor *t = d->a->item[d->p->a].t;
    if ((t->dtype != TSR_U8 && t->dtype != TSR_S8) || t->quant.scale == 0)
        return false;
    const double steps = d->p->max_error / (double)t->quant.scale;
    if (steps > 2.5)
        return false;
    snprintf(d->text, DIFF_CAUSE_TEXT, "rounding rule: the integers differ by at most %.0f "
             "(float or fixed-point requantisation)", steps);
    return true;
}

static bool weights(const diff_detective *d, const diff_variant *va)
{
    static const char *const role[] = { "input", "filter", "bias" };
    diff_variant vb;
    if (!d->b->model.model || !diff_variant_of(d->b, d->p->b, &vb)
        || vb.node.kind != va->node.kind)
        return false;
    for (int i = 1; i < 3 && i < va->node.in_count && i < vb.node.in_count; i++) {
        if (va->node.in[i] < 0 || vb.node.in[i] < 0)
            continue;
        const tsr_tensor *x = &d->a->model.model->graph.values[va->node.in[i]].t;
        const tsr_tensor *y = &d->b->model.model->graph.values[vb.node.in[i]].t;
        diff_pair p = { 0 };
        if (!x->data || !y->data || tsr_elements(x) != tsr_elements(y))
            continue;
        diff_measure(x, y, &p);
        if (p.max_error <= 1e-4 * p.range)
            continue;
        snprintf(d->text, DIFF_CAUSE_TEXT, "weights: the %s differs by up to %.3g (largest number "
                 "%.3g)", role[i], p.max_error, p.range);
        return true;
    }
    return false;
}

void diff_cause(const diff_side *a, const diff_side *b, const diff_pair *p,
                char text[DIFF_CAUSE_TEXT])
{
    const double now = p->range > 0 ? p->max_error / p->range : p->max_error;
    const diff_detective d = { a, b, p, now / 50 < 1e-3 ? now / 50 : 1e-3, text };
    diff_variant v;
    text[0] = '\0';
    if (rounding(&d) || layout(&d) || !a->model.model || !diff_variant_of(a, p->a, &v))
        return;
    if (diff_colour_order(&d, &v) || resize_mode(&d, &v) || padding(&d, &v)
        || fused_activation(&d, &v) || activation_before(&d, &v) || diff_scale_and_mean(&d, &v))
        return;
    weights(&d, &v);
}
