/*
 * keras_pieces.c - nodes, constants, activations and options that several Keras
 * layers share; see keras_pieces.h.              SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/keras_pieces.h"
#include "loaders/turn.h"

int keras_fail(const keras_call *c, const char *what)
{
    tsr_graph_fail(c->b->g, TSR_UNSUPPORTED, "layer '%.80s': %s", c->name, what);
    return -1;
}

const tsr_tensor *keras_tensor(const keras_call *c, int value)
{
    return tsr_graph_tensor(c->b->g, value);
}

/* Add a node with one f32 result called after the layer. */
int keras_add(const keras_call *c, tsr_node *n)
{
    tsr_tensor out = { .name = c->name, .dtype = TSR_F32 };
    n->name = c->name;
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] < 0 && i == 0)
            return -1;                  /* an error is already recorded */
    return tsr_graph_node(c->b->g, n, &out);
}

static bool find(const keras_call *c, const tsr_keras_wanted *w, tsr_tensor *t)
{
    return c->b->weights->find(c->b->weights->ctx, w, t) && t->dtype == TSR_F32;
}

bool keras_weight(const keras_call *c, const char *role, int index, tsr_tensor *t)
{
    return find(c, &(tsr_keras_wanted){ c->name, role, index, true }, t);
}

static bool need(const keras_call *c, const tsr_keras_wanted *w, int rank, tsr_tensor *t)
{
    if (!find(c, w, t) || t->rank != rank) {
        tsr_graph_fail(c->b->g, TSR_BAD_FILE, "layer '%.80s': weight '%s' of %d dimensions "
                       "is missing", c->name, w->role, rank);
        return false;
    }
    return true;
}

bool keras_need(const keras_call *c, const char *role, int index, int rank, tsr_tensor *t)
{
    return need(c, &(tsr_keras_wanted){ c->name, role, index, true }, rank, t);
}

static int no_memory(const keras_call *c)
{
    tsr_graph_fail(c->b->g, TSR_NO_MEMORY, "layer '%.80s': no memory for weights", c->name);
    return -1;
}

float *keras_floats(const keras_call *c, size_t n)
{
    float *x = tsr_pool_alloc(c->b->g->pool, n * sizeof *x, 64);
    if (!x)
        no_memory(c);
    return x;
}

int keras_constant(const keras_call *c, float *data, int rank, const int *dim)
{
    tsr_tensor t = { .name = c->name, .dtype = TSR_F32, .rank = rank, .data = data };
    if (!data)
        return -1;
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    return tsr_graph_constant(c->b->g, &t);
}

int keras_turned(const keras_call *c, const char *role, int index, int rank, tsr_tensor *t)
{
    if (!need(c, &(tsr_keras_wanted){ c->name, role, index, false }, rank, t))
        return -1;
    tsr_tensor turned = *t;
    turned.name = c->name;
    turned.dim[0] = t->dim[rank - 1];
    memcpy(turned.dim + 1, t->dim, (size_t)(rank - 1) * sizeof *t->dim);
    turned.data = tsr_pool_take(c->b->g->pool, tsr_bytes(t), 64);
    if (!turned.data)
        return no_memory(c);
    const size_t columns = (size_t)t->dim[rank - 1];
    tsr_turn(t->data, columns ? tsr_elements(t) / columns : 0, columns, sizeof(float),
             turned.data);
    return tsr_graph_own_constant(c->b->g, &turned);
}

int keras_bias(const keras_call *c, int index)
{
    tsr_tensor t;
    if (!json_bool(c->config, "use_bias", true) || !keras_need(c, "bias", index, 1, &t))
        return -1;
    t.name = c->name;
    return tsr_graph_constant(c->b->g, &t);
}

int keras_unary(const keras_call *c, tsr_op_kind kind, int x)
{
    tsr_node n = tsr_node_make(kind, c->name, &x, 1);
    return keras_add(c, &n);
}

int keras_clamp(const keras_call *c, int x, float lo, float hi)
{
    tsr_node n = tsr_node_make(TSR_OP_CLAMP, c->name, &x, 1);
    n.lo = lo, n.hi = hi;
    return keras_add(c, &n);
}

int keras_softmax(const keras_call *c, int x, int axis)
{
    if (x < 0)
        return -1;
    tsr_node n = tsr_node_make(TSR_OP_SOFTMAX, c->name, &x, 1);
    n.attr.softmax = (tsr_softmax_attr){ axis < 0 ? axis + keras_tensor(c, x)->rank : axis, 1.0f };
    return keras_add(c, &n);
}

int keras_binary(const keras_call *c, tsr_op_kind kind, int x, int y)
{
    int in[] = { x, y };
    tsr_node n = tsr_node_make(kind, c->name, in, 2);
    return keras_add(c, &n);
}

int keras_with_alpha(const keras_call *c, tsr_op_kind kind, int x, float alpha, float beta)
{
    tsr_node n = tsr_node_make(kind, c->name, &x, 1);
    n.attr.unary.alpha = alpha, n.attr.unary.beta = beta;
    return keras_add(c, &n);
}

/* An activation by its name in the configuration. */
int keras_activate(const keras_call *c, const char *how, int x)
{
    if (x < 0 || !strcmp(how, "linear"))
        return x;
    if (!strcmp(how, "relu"))
        return keras_clamp(c, x, 0, TSR_INFINITY);
    if (!strcmp(how, "relu6"))
        return keras_clamp(c, x, 0, 6);
    if (!strcmp(how, "sigmoid"))
        return keras_unary(c, TSR_OP_LOGISTIC, x);
    if (!strcmp(how, "tanh"))
        return keras_unary(c, TSR_OP_TANH, x);
    if (!strcmp(how, "softmax"))
        return keras_softmax(c, x, -1);
    if (!strcmp(how, "elu"))
        return keras_with_alpha(c, TSR_OP_ELU, x, 1, 0);
    if (!strcmp(how, "exponential"))
        return keras_unary(c, TSR_OP_EXP, x);
    if (!strcmp(how, "hard_sigmoid"))
        return keras_with_alpha(c, TSR_OP_HARD_SIGMOID, x, 0.2f, 0.5f);
    if (!strcmp(how, "leaky_relu"))
        return keras_with_alpha(c, TSR_OP_LEAKY_RELU, x, 0.2f, 0);
    if (!strcmp(how, "swish") || !strcmp(how, "silu"))
        return keras_binary(c, TSR_OP_MUL, x, keras_unary(c, TSR_OP_LOGISTIC, x));
    tsr_graph_fail(c->b->g, TSR_UNSUPPORTED, "layer '%.80s': activation '%.40s'", c->name, how);
    return -1;
}

int keras_activated(const keras_call *c, int x)
{
    return keras_activate(c, json_string(c->config, "activation", "linear"), x);
}

/* A pair like "strides": a number or two. */
void keras_pair(const keras_call *c, const char *key, int otherwise, int out[2])
{
    const cJSON *p = json_get(c->config, key);
    out[0] = out[1] = json_int(c->config, key, otherwise);
    if (cJSON_IsArray(p))
        out[0] = json_int_at(p, 0, otherwise), out[1] = json_int_at(p, 1, out[0]);
}

bool keras_is_picture(const keras_call *c)
{
    if (c->in_count && c->in[0] >= 0 && keras_tensor(c, c->in[0])->rank == 4
        && strcmp(json_string(c->config, "data_format", "channels_last"), "channels_first"))
        return true;
    keras_fail(c, "only N,H,W,C pictures are supported");
    return false;
}

bool keras_is_same(const keras_call *c)
{
    return !strcmp(json_string(c->config, "padding", "valid"), "same");
}
