/* diff_again.c - see diff_again.h.   SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/diff/diff_guess.h"

bool diff_variant_of(const diff_side *s, int item, diff_variant *v)
{
    const int node = s->item[item].node;
    if (node < 0)
        return false;
    v->node = s->model.model->graph.nodes[node];
    v->x = v->node.in_count > 0 && v->node.in[0] >= 0
         ? tsr_session_value(s->session.session, v->node.in[0]) : NULL;
    v->x_data = NULL;
    return v->x != NULL;
}

/* A graph of this one node; its activations are the graph's inputs. */
static bool build(const diff_side *s, const diff_variant *v, tsr_model *m)
{
    const tsr_graph *from = &s->model.model->graph;
    tsr_graph *g = &m->graph;
    tsr_tensor out[16];
    int in[64];
    tsr_node n = v->node;
    if (n.in_count > 64 || n.out_count > 16)
        return false;
    for (int i = 0; i < n.in_count; i++) {
        const int value = v->node.in[i];
        const tsr_tensor *t = value < 0 ? NULL : i == 0 ? v->x : &from->values[value].t;
        in[i] = !t ? -1 : i > 0 && t->data ? tsr_graph_constant(g, t) : tsr_graph_input(g, t);
    }
    for (int i = 0; i < n.out_count; i++)
        out[i] = from->values[v->node.out[i]].t;
    n.in = in;
    tsr_graph_output(g, tsr_graph_node(g, &n, out));
    return tsr_model_finish(m, NULL) == TSR_OK;
}

static void fill(const diff_side *s, const diff_variant *v, tsr_session *session)
{
    const tsr_graph *from = &s->model.model->graph;
    int next = 0;
    for (int i = 0; i < v->node.in_count; i++) {
        const int value = v->node.in[i];
        if (value < 0 || (i > 0 && from->values[value].t.data))
            continue;
        tsr_tensor *to = tsr_input(session, next++);
        const void *data = i > 0 ? tsr_session_value(s->session.session, value)->data
                         : v->x_data ? (const void *)v->x_data : v->x->data;
        if (to)
            memcpy(to->data, data, tsr_bytes(to));
    }
}

static float *real_copy(const tsr_tensor *t, size_t *n)
{
    *n = tsr_elements(t);
    float *x = malloc(*n * sizeof *x);
    for (size_t i = 0; x && i < *n; i++)
        x[i] = (float)diff_real(t, i);
    return x;
}

float *diff_again(const diff_side *s, const diff_variant *v, size_t *n)
{
    const tsr_options options = { .ops = tsr_all_ops, .keep_all = true };
    tsr_model *m = NULL;
    cli_session session = { 0 };
    float *result = NULL;
    if (tsr_model_begin(&options, &m, NULL) == TSR_OK && build(s, v, m)
        && cli_session_open(m, 1, &session, NULL) == TSR_OK) {
        fill(s, v, session.session);
        tsr_run(session.session);
        result = real_copy(tsr_output(session.session, 0), n);
    }
    cli_session_close(&session);
    tsr_model_free(m);
    return result;
}

double diff_distance(const float *x, const diff_side *a, const diff_side *b, const diff_pair *p)
{
    const tsr_tensor *ta = a->item[p->a].t, *tb = b->item[p->b].t;
    tsr_tensor as_real = *ta;
    as_real.dtype = TSR_F32;
    as_real.quant = (tsr_quant){ 0 };
    as_real.data = (void *)(uintptr_t)x;
    diff_pair q = { .nchw = p->nchw };
    diff_measure(&as_real, tb, &q);
    return q.range > 0 ? q.max_error / q.range : q.max_error;
}

bool diff_explains(const diff_detective *d, const diff_variant *v)
{
    size_t n;
    float *x = diff_again(d->a, v, &n);
    const bool good = x && n == tsr_elements(d->a->item[d->p->a].t)
                   && diff_distance(x, d->a, d->b, d->p) <= d->limit;
    free(x);
    return good;
}
