/*
 * onednn.c - oneDNN by itself (Debian's libdnnl-dev), under remote control.
 *
 *     peer_onednn MODEL THREADS
 *
 * oneDNN is a library of primitives, so the graph is ours: loaded and optimised by our
 * loader, layer by layer.  Each node becomes one primitive as its manual advises: layouts
 * are left to it (format_tag_any) and kept from one primitive to the next, weights are
 * reordered once, residual and clamp are post-ops of the convolution.
 *
 * What it does not have (resize with asymmetric or aligned corners, argmax, transposes)
 * our own step does, on NHWC; the reorders that this takes are part of the run.
 *
 * Everything made here lives until the process ends.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <oneapi/dnnl/dnnl.h>
#include "bench/remote.h"

void omp_set_num_threads(int threads);  /* libgomp's; <omp.h> wants a compiler with OpenMP */

/* Where a value of the graph is at the moment; md.ndims 0: nowhere yet. */
typedef struct {
    dnnl_memory_desc_t md;      /* its dimensions are N,C,H,W or N,C whatever the layout */
    void *data;
    bool plain;                 /* in the session's tensor, NHWC */
    int last_use;               /* step */
} place;

typedef struct {
    void *data;
    size_t bytes;
    int free_from;              /* step */
} buffer;

enum { MAX_ARGS = 12, MAX_BUFFERS = 256 };
typedef struct {
    const_dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[MAX_ARGS];
    int count;
    const tsr_step *ours;       /* instead of a primitive */
} task;

typedef struct {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    tsr_session *session;
    place *places;              /* by value */
    buffer buffers[MAX_BUFFERS];
    int buffer_count, task_count, task_room, at;        /* at: the step being translated */
    task *tasks;
    bool failed;                /* sticky: a call of oneDNN's said no */
} network;

static void run(void *ctx)
{
    const network *n = ctx;
    for (int i = 0; i < n->task_count; i++) {
        const task *t = &n->tasks[i];
        if (t->ours)
            t->ours->run(t->ours);
        else
            dnnl_primitive_execute(t->primitive, n->stream, t->count, t->args);
    }
    dnnl_stream_wait(n->stream);
}

/* ---- memory ----------------------------------------------------------------- */

static void check(network *n, dnnl_status_t s) { n->failed |= s != dnnl_success; }

/* A tensor of up to four dimensions as oneDNN names them, in the layout it has in a file
 * or in a session.  Rank 2: rows and columns. */
static dnnl_memory_desc_t describe(network *n, const tsr_tensor *t)
{
    dnnl_memory_desc_t md = { 0 };
    const int *d = t->dim;
    dnnl_dims_t nchw = { 1, 1, 1, 1 };
    for (int k = 0, axis = 4 - t->rank; k < t->rank && t->rank <= 4; k++, axis++)
        nchw[axis == 0 ? 0 : axis == 3 ? 1 : axis + 1] = d[k];
    const dnnl_dims_t rows = { t->rank == 2 ? d[0] : 1, t->rank ? d[t->rank - 1] : 1 };
    check(n, t->rank == 2 ? dnnl_memory_desc_init_by_tag(&md, 2, rows, dnnl_f32, dnnl_ab)
                          : dnnl_memory_desc_init_by_tag(&md, 4, nchw, dnnl_f32, dnnl_acdb));
    n->failed |= t->rank > 4;
    return md;
}

static dnnl_memory_desc_t with_tag(network *n, const dnnl_memory_desc_t *md, dnnl_format_tag_t t)
{
    dnnl_memory_desc_t other = { 0 };
    check(n, dnnl_memory_desc_init_by_tag(&other, md->ndims, md->dims, dnnl_f32, t));
    return other;
}

static dnnl_memory_t memory(network *n, const dnnl_memory_desc_t *md, void *data)
{
    dnnl_memory_t m = NULL;
    check(n, dnnl_memory_create(&m, md, n->engine, data));
    return m;
}

/* Zeroed: where channels are rounded up, what is beyond them must be 0. */
static void *allocate(network *n, size_t bytes)
{
    void *data = aligned_alloc(64, (bytes + 64) / 64 * 64);
    n->failed |= !data;
    return data ? memset(data, 0, bytes) : NULL;
}

static int free_after(int last_use) { return last_use == INT_MAX ? INT_MAX : last_use + 1; }

/* The smallest buffer that is free and large enough, so that few are in the cache. */
static void *take(network *n, size_t bytes, int last_use)
{
    buffer *best = NULL;
    for (buffer *b = n->buffers; b < n->buffers + n->buffer_count; b++)
        if (b->free_from <= n->at && b->bytes >= bytes && b->bytes <= 4 * bytes &&
            (!best || b->bytes < best->bytes))
            best = b;
    if (!best && n->buffer_count < MAX_BUFFERS) {
        best = &n->buffers[n->buffer_count++];
        *best = (buffer){ .data = allocate(n, bytes), .bytes = bytes };
    }
    n->failed |= !best;
    if (!best)
        return NULL;
    best->free_from = free_after(last_use);
    memset(best->data, 0, best->bytes);
    return best->data;
}

/* ---- tasks ------------------------------------------------------------------ */

static void add(network *n, task t)
{
    if (n->task_count == n->task_room) {
        n->task_room = n->task_room ? 2 * n->task_room : 256;
        task *more = realloc(n->tasks, (size_t)n->task_room * sizeof *more);
        if (!more) {
            n->failed = true;
            return;
        }
        n->tasks = more;
    }
    n->tasks[n->task_count++] = t;
}

static dnnl_primitive_t make(network *n, dnnl_primitive_desc_t pd)
{
    dnnl_primitive_t p = NULL;
    if (!n->failed)
        check(n, dnnl_primitive_create(&p, pd));
    return p;
}

static task reorder(network *n, const dnnl_memory_desc_t *from, void *src,
                    const dnnl_memory_desc_t *to, void *dst)
{
    dnnl_primitive_desc_t pd = NULL;
    check(n, dnnl_reorder_primitive_desc_create(&pd, from, n->engine, to, n->engine, NULL));
    return (task){ .primitive = make(n, pd), .count = 2, .args = {
        { DNNL_ARG_FROM, memory(n, from, src) }, { DNNL_ARG_TO, memory(n, to, dst) } } };
}

/* A value in this layout: as it is, or from now on. */
static dnnl_memory_t value_as(network *n, int value, const dnnl_memory_desc_t *wanted)
{
    place *p = &n->places[value];
    if (!dnnl_memory_desc_equal(&p->md, wanted)) {
        void *to = take(n, dnnl_memory_desc_get_size(wanted), p->last_use);
        add(n, reorder(n, &p->md, p->data, wanted, to));
        *p = (place){ *wanted, to, false, p->last_use };
    }
    return memory(n, &p->md, p->data);
}

/* Input k of the step likewise. */
static dnnl_memory_t input(network *n, int k, const dnnl_memory_desc_t *wanted)
{
    return value_as(n, n->session->steps[n->at].node->in[k], wanted);
}

/* A value into its tensor of the session. */
static void make_plain(network *n, int value)
{
    place *p = &n->places[value];
    const tsr_tensor *t = tsr_session_value(n->session, value);
    if (!p->plain) {
        const dnnl_memory_desc_t to = with_tag(n, &p->md, p->md.ndims == 2 ? dnnl_ab : dnnl_acdb);
        add(n, reorder(n, &p->md, p->data, &to, t->data));
    }
    *p = (place){ describe(n, t), t->data, true, p->last_use };
}

/* A constant in this layout, now and for good. */
static dnnl_memory_t constant(network *n, const dnnl_memory_desc_t *from, void *data,
                              const dnnl_memory_desc_t *wanted)
{
    if (dnnl_memory_desc_equal(from, wanted))
        return memory(n, from, data);
    void *to = allocate(n, dnnl_memory_desc_get_size(wanted));
    const task t = reorder(n, from, data, wanted, to);
    if (!n->failed)
        check(n, dnnl_primitive_execute(t.primitive, n->stream, t.count, t.args));
    return memory(n, wanted, to);
}

static const dnnl_memory_desc_t *query(dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    static const dnnl_memory_desc_t none = { 0 };
    const dnnl_memory_desc_t *md = pd ? dnnl_primitive_desc_query_md(pd, what, 0) : NULL;
    return md ? md : &none;
}

/* The last argument of a step's primitive: its result, in a buffer.  Adds the task. */
static void finish_in(network *n, task *t, dnnl_primitive_desc_t pd, void *data)
{
    place *p = &n->places[n->session->steps[n->at].node->out[0]];
    *p = (place){ *query(pd, dnnl_query_dst_md), data, false, p->last_use };
    t->args[t->count++] = (dnnl_exec_arg_t){ DNNL_ARG_DST, memory(n, &p->md, p->data) };
    t->primitive = make(n, pd);
    add(n, *t);
}

static void finish(network *n, task *t, dnnl_primitive_desc_t pd)
{
    const place *p = &n->places[n->session->steps[n->at].node->out[0]];
    finish_in(n, t, pd, take(n, dnnl_memory_desc_get_size(query(pd, dnnl_query_dst_md)),
                             p->last_use));
}

/* The result is added to `residual`: in its place if nobody reads that later, else to a
 * copy. */
static void finish_on(network *n, task *t, dnnl_primitive_desc_t pd, int residual)
{
    const place *r = &n->places[residual];
    const int last_use = n->places[n->session->steps[n->at].node->out[0]].last_use;
    void *data = NULL;
    for (buffer *b = n->buffers; b < n->buffers + n->buffer_count; b++)
        if (b->data == r->data && r->last_use == n->at) {
            b->free_from = free_after(last_use);
            data = b->data;
        }
    if (!data) {
        data = take(n, dnnl_memory_desc_get_size(&r->md), last_use);
        add(n, reorder(n, &r->md, r->data, &r->md, data));
    }
    finish_in(n, t, pd, data);
}

/* ---- from nodes to primitives ----------------------------------------------- */

/* Post-ops: what the result's memory held is added, then the clamp. */
static dnnl_primitive_attr_t attributes(network *n, const tsr_node *node, bool added)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    check(n, dnnl_primitive_attr_create(&attr));
    check(n, dnnl_post_ops_create(&ops));
    if (added)
        check(n, dnnl_post_ops_append_sum(ops, 1.0f));
    if (node->lo == 0.0f && isinf(node->hi))
        check(n, dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f));
    else if (!isinf(node->lo) || !isinf(node->hi))
        check(n, dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_clip, node->lo, node->hi));
    check(n, dnnl_primitive_attr_set_post_ops(attr, ops));
    return attr;
}

static dnnl_primitive_desc_t describe_primitive(network *n, const_dnnl_op_desc_t desc,
                                                dnnl_primitive_attr_t attr)
{
    dnnl_primitive_desc_t pd = NULL;
    if (!n->failed)
        check(n, dnnl_primitive_desc_create(&pd, desc, attr, n->engine, NULL));
    return pd;
}

/* OHWI filters, and depthwise ones [1,kh,kw,c*m], as G,O,I,H,W by their strides. */
static dnnl_memory_desc_t describe_filter(network *n, const tsr_tensor *f, int groups, bool deep)
{
    const int kh = f->dim[1], kw = f->dim[2], c = f->dim[3];
    dnnl_memory_desc_t md = { 0 };
    const int oc = deep ? c : f->dim[0], og = oc / groups;
    const dnnl_dims_t dims = { groups, og, deep ? 1 : c, kh, kw };
    const dnnl_dims_t ohwi = { (dnnl_dim_t)og * kh * kw * c, (dnnl_dim_t)kh * kw * c, 1,
                               (dnnl_dim_t)kw * c, c };
    const dnnl_dims_t hwo = { og, 1, 1, (dnnl_dim_t)kw * c, c };
    const dnnl_dim_t *strides = deep ? hwo : ohwi;
    const int skip = groups == 1 && !deep;      /* no G then */
    check(n, dnnl_memory_desc_init_by_strides(&md, 5 - skip, dims + skip, dnnl_f32,
                                              strides + skip));
    return md;
}

static dnnl_memory_desc_t describe_bias(network *n, const tsr_tensor *b)
{
    dnnl_memory_desc_t md = { 0 };
    const dnnl_dims_t dims = { b->dim[b->rank - 1] };
    check(n, dnnl_memory_desc_init_by_tag(&md, 1, dims, dnnl_f32, dnnl_a));
    return md;
}

/* a OP b, clamped: b is an activation or a constant. */
static void binary(network *n, const tsr_node *node, const place *a, int b)
{
    const bool fixed = !n->places[b].md.ndims;
    const tsr_tensor *value = tsr_session_value(n->session, b);
    const dnnl_memory_desc_t src0 = a->md;
    if (!fixed && !memcmp(n->places[b].md.dims, src0.dims, sizeof src0.dims))
        value_as(n, b, &src0);  /* two layouts would take oneDNN's slowest addition */
    const dnnl_memory_desc_t src1 = fixed ? describe(n, value) : n->places[b].md;
    dnnl_binary_desc_t d;
    check(n, dnnl_binary_desc_init(&d, node->kind == TSR_OP_MUL ? dnnl_binary_mul
                                                                : dnnl_binary_add,
                                   &src0, &src1, &src0));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, node, false));
    task t = { .args = { { DNNL_ARG_SRC_0, memory(n, &src0, a->data) },
                         { DNNL_ARG_SRC_1, memory(n, &src1, fixed ? value->data
                                                                  : n->places[b].data) } },
               .count = 2 };
    finish(n, &t, pd);
}

static const tsr_tensor *residual_of(const tsr_step *s)
{
    return s->node->in_count > 3 ? s->in[3] : NULL;
}

/* Any post-op but sum and clamp takes oneDNN's slowest convolution, so a residual of one
 * pixel for all is added afterwards. */
static void conv(network *n, const tsr_step *s)
{
    const bool added_after = residual_of(s) && tsr_elements(residual_of(s)) !=
                                               tsr_elements(s->out[0]);
    tsr_node plain_node = *s->node;
    if (added_after)
        plain_node.lo = -TSR_INFINITY, plain_node.hi = TSR_INFINITY;
    const tsr_node *node = &plain_node;
    const tsr_conv2d_attr *a = &node->attr.conv2d;
    const bool deep = node->kind == TSR_OP_DEPTHWISE_CONV2D;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const tsr_tensor *bias = node->in_count > 2 ? s->in[2] : NULL;
    const tsr_tensor *residual = added_after ? NULL : residual_of(s);
    const dnnl_memory_desc_t file = describe_filter(n, s->in[1], deep ? x->dim[3] : a->groups,
                                                    deep);
    const dnnl_memory_desc_t plain = describe(n, y);
    const dnnl_memory_desc_t src = with_tag(n, &n->places[node->in[0]].md, dnnl_format_tag_any);
    const dnnl_memory_desc_t weights = with_tag(n, &file, dnnl_format_tag_any);
    dnnl_memory_desc_t dst = with_tag(n, &plain, dnnl_format_tag_any), b = { 0 };
    if (bias)
        b = describe_bias(n, bias);
    if (residual)
        dst = n->places[node->in[3]].md;
    dnnl_convolution_desc_t d;
    check(n, dnnl_dilated_convolution_forward_desc_init(
        &d, dnnl_forward_inference, dnnl_convolution_auto, &src, &weights, bias ? &b : NULL,
        &dst, (dnnl_dims_t){ a->stride_y, a->stride_x },
        (dnnl_dims_t){ a->dilation_y - 1, a->dilation_x - 1 },
        (dnnl_dims_t){ a->pad_top, a->pad_left }, (dnnl_dims_t){ a->pad_bottom, a->pad_right }));
    dnnl_primitive_desc_t pd = describe_primitive(
        n, &d, attributes(n, node, residual));
    task t = { .args = { { DNNL_ARG_SRC, input(n, 0, query(pd, dnnl_query_src_md)) } },
               .count = 1 };
    t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_WEIGHTS, constant(
        n, &file, s->in[1]->data, query(pd, dnnl_query_weights_md)) };
    if (bias)
        t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_BIAS, memory(n, &b, bias->data) };
    if (residual)
        finish_on(n, &t, pd, node->in[3]);
    else
        finish(n, &t, pd);
    if (added_after) {
        const place sum = n->places[node->out[0]];
        make_plain(n, node->in[3]);
        binary(n, s->node, &sum, node->in[3]);
    }
}

static void dense(network *n, const tsr_step *s)
{
    const tsr_tensor *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    const dnnl_memory_desc_t file = describe(n, s->in[1]), plain = describe(n, s->out[0]);
    make_plain(n, s->node->in[0]);
    const dnnl_memory_desc_t src = n->places[s->node->in[0]].md;
    const dnnl_memory_desc_t weights = with_tag(n, &file, dnnl_format_tag_any);
    const dnnl_memory_desc_t dst = with_tag(n, &plain, dnnl_format_tag_any);
    dnnl_memory_desc_t b = { 0 };
    if (bias)
        b = describe_bias(n, bias);
    dnnl_inner_product_desc_t d;
    check(n, dnnl_inner_product_forward_desc_init(&d, dnnl_forward_inference, &src, &weights,
                                                  bias ? &b : NULL, &dst));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, s->node, false));
    task t = { .args = { { DNNL_ARG_SRC, input(n, 0, query(pd, dnnl_query_src_md)) } },
               .count = 1 };
    t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_WEIGHTS, constant(
        n, &file, s->in[1]->data, query(pd, dnnl_query_weights_md)) };
    if (bias)
        t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_BIAS, memory(n, &b, bias->data) };
    finish(n, &t, pd);
}


/* Pooling as node->attr.pool2d, or the mean of a whole picture. */
static void pool(network *n, const tsr_step *s, const tsr_pool2d_attr *a)
{
    const dnnl_alg_kind_t kind = s->node->kind == TSR_OP_MAX_POOL2D ? dnnl_pooling_max
                                 : a->count_include_pad ? dnnl_pooling_avg_include_padding
                                                        : dnnl_pooling_avg_exclude_padding;
    const dnnl_memory_desc_t src = n->places[s->node->in[0]].md;
    dnnl_memory_desc_t dst = src;               /* the numbers of pictures and channels */
    dst.dims[2] = s->out[0]->rank == 4 ? s->out[0]->dim[1] : 1;
    dst.dims[3] = s->out[0]->rank == 4 ? s->out[0]->dim[2] : 1;
    dst = with_tag(n, &dst, dnnl_format_tag_any);
    dnnl_pooling_v2_desc_t d;
    check(n, dnnl_pooling_v2_forward_desc_init(
        &d, dnnl_forward_inference, kind, &src, &dst, (dnnl_dims_t){ a->stride_y, a->stride_x },
        (dnnl_dims_t){ a->kh, a->kw }, (dnnl_dims_t){ a->dilation_y - 1, a->dilation_x - 1 },
        (dnnl_dims_t){ a->pad_top, a->pad_left }, (dnnl_dims_t){ a->pad_bottom, a->pad_right }));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, s->node, false));
    task t = { .args = { { DNNL_ARG_SRC, input(n, 0, &src) } }, .count = 1 };
    finish(n, &t, pd);
}

static void resize(network *n, const tsr_step *s)
{
    const dnnl_memory_desc_t src = n->places[s->node->in[0]].md, plain = describe(n, s->out[0]);
    const dnnl_memory_desc_t dst = with_tag(n, &plain, dnnl_format_tag_any);
    dnnl_resampling_desc_t d;
    check(n, dnnl_resampling_forward_desc_init(
        &d, dnnl_forward_inference, s->node->attr.resize.method == TSR_NEAREST
        ? dnnl_resampling_nearest : dnnl_resampling_linear, NULL, &src, &dst));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, s->node, false));
    task t = { .args = { { DNNL_ARG_SRC, input(n, 0, &src) } }, .count = 1 };
    finish(n, &t, pd);
}

static void concat(network *n, const tsr_step *s)
{
    dnnl_memory_desc_t src[MAX_ARGS];
    task t = { .count = 0 };
    for (int k = 0; k < s->node->in_count; k++) {
        src[k] = n->places[s->node->in[k]].md;
        t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_MULTIPLE_SRC + k, input(n, k, &src[k]) };
    }
    dnnl_primitive_desc_t pd = NULL;
    check(n, dnnl_concat_primitive_desc_create(&pd, NULL, t.count, 1, src, NULL, n->engine));
    finish(n, &t, pd);
}

/* A step of our own, on the session's tensors. */
static void ours(network *n, const tsr_step *s)
{
    for (int k = 0; k < s->node->in_count; k++)
        if (s->node->in[k] >= 0 && n->places[s->node->in[k]].md.ndims)
            make_plain(n, s->node->in[k]);
    add(n, (task){ .ours = s });
    for (int k = 0; k < s->node->out_count; k++) {
        place *p = &n->places[s->node->out[k]];
        *p = (place){ describe(n, s->out[k]), s->out[k]->data, true, p->last_use };
    }
}

/* Its coordinates: half pixels; a whole doubling of nearest neighbours is the same. */
static bool has_resize(const tsr_step *s)
{
    const tsr_resize_attr *a = &s->node->attr.resize;
    const bool doubled = s->out[0]->dim[1] % s->in[0]->dim[1] == 0 &&
                         s->out[0]->dim[2] % s->in[0]->dim[2] == 0;
    return a->method == TSR_NEAREST ? a->coord == TSR_COORD_ASYMMETRIC &&
                                      a->nearest == TSR_ROUND_FLOOR && doubled
                                    : a->coord == TSR_COORD_HALF_PIXEL;
}

/* A view has no step: its source goes where its own tensor lies, too. */
static int source_of(const tsr_graph *g, int value)
{
    const int producer = g->values[value].producer;
    return producer >= 0 && g->ops[g->nodes[producer].kind]->flags & TSR_OP_VIEW
           ? g->nodes[producer].in[0] : -1;
}

static void locate(network *n, int value)
{
    const tsr_graph *g = &n->session->model->graph;
    const int source = source_of(g, value);
    if (n->places[value].md.ndims || source < 0)
        return;
    const tsr_tensor *t = tsr_session_value(n->session, value);
    locate(n, source);
    make_plain(n, source);
    n->places[value] = (place){ describe(n, t), t->data, true, n->places[value].last_use };
}

static bool translate(network *n, const tsr_step *s)
{
    for (int k = 0; k < s->node->in_count; k++)
        if (s->node->in[k] >= 0)
            locate(n, s->node->in[k]);
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const bool pictures = x->rank == 4 && x->dtype == TSR_F32 && y->dtype == TSR_F32;
    switch (s->node->kind) {
    case TSR_OP_CONV2D:
    case TSR_OP_DEPTHWISE_CONV2D: return pictures ? conv(n, s), true : false;
    case TSR_OP_MAX_POOL2D:
    case TSR_OP_AVERAGE_POOL2D:   return pictures ? pool(n, s, &s->node->attr.pool2d), true : false;
    case TSR_OP_DENSE:            return x->rank == 2 ? dense(n, s), true : false;
    case TSR_OP_ADD:
    case TSR_OP_MUL:
        if (!pictures || tsr_elements(x) != tsr_elements(y))
            return false;
        binary(n, s->node, &n->places[s->node->in[0]], s->node->in[1]);
        return true;
    case TSR_OP_CONCAT:
        if (!pictures || s->node->attr.concat.axis != 3 || s->node->in_count > MAX_ARGS - 1)
            return false;
        return concat(n, s), true;
    case TSR_OP_MEAN:
        if (!pictures || s->node->attr.reduce.axes != (1u << 1 | 1u << 2))
            return false;
        pool(n, s, &(tsr_pool2d_attr){ .kh = x->dim[1], .kw = x->dim[2], .stride_y = 1,
                                       .stride_x = 1, .dilation_y = 1, .dilation_x = 1 });
        return true;
    case TSR_OP_RESIZE:
        if (pictures && has_resize(s))
            return resize(n, s), true;
        return ours(n, s), true;
    case TSR_OP_TRANSPOSE: case TSR_OP_RESHAPE: case TSR_OP_SOFTMAX: case TSR_OP_ARG_MAX:
        return ours(n, s), true;
    default:
        return false;
    }
}

/* A view's uses are its source's. */
static void find_uses(network *n)
{
    const tsr_session *s = n->session;
    const tsr_graph *g = &s->model->graph;
    for (int i = 0; i < s->step_count; i++)
        for (int k = 0; k < s->steps[i].node->in_count; k++)
            for (int v = s->steps[i].node->in[k]; v >= 0; v = source_of(g, v))
                n->places[v].last_use = i;
    for (int k = 0; k < g->output_count; k++)
        for (int v = g->outputs[k]; v >= 0; v = source_of(g, v))
            n->places[v].last_use = INT_MAX;
}

static tsr_status build(network *n, int threads, tsr_error *err)
{
    const tsr_graph *g = &n->session->model->graph;
    n->places = calloc((size_t)g->value_count, sizeof *n->places);
    if (!n->places)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for %d values", g->value_count);
    omp_set_num_threads(threads);
    check(n, dnnl_engine_create(&n->engine, dnnl_cpu, 0));
    check(n, dnnl_stream_create(&n->stream, n->engine, dnnl_stream_default_flags));
    find_uses(n);
    for (int k = 0; k < g->input_count; k++) {
        const tsr_tensor *t = tsr_input(n->session, k);
        place *p = &n->places[g->inputs[k]];
        *p = (place){ describe(n, t), t->data, true, p->last_use };
    }
    for (n->at = 0; n->at < n->session->step_count; n->at++) {
        const tsr_step *s = &n->session->steps[n->at];
        if (!translate(n, s) || n->failed)
            return tsr_fail(err, TSR_UNSUPPORTED, "%s (%s): oneDNN of this version cannot do it",
                            s->node->name, g->ops[s->node->kind]->name);
    }
    for (int k = 0; k < g->output_count; k++) {
        locate(n, g->outputs[k]);
        make_plain(n, g->outputs[k]);
    }
    return n->failed ? tsr_fail(err, TSR_UNSUPPORTED, "oneDNN cannot give the outputs") : TSR_OK;
}

static tsr_status work(const char *path, int threads, tsr_error *err)
{
    const tsr_options layer_by_layer = { .fuse = TSR_FUSE_NEVER };
    remote_network net;
    network n = { 0 };
    remote_engine e = { .run = run, .ctx = &n };
    tsr_status status = remote_open(&net, path, threads, &layer_by_layer, err);
    /* What our session packed is not oneDNN's, neither its time nor its memory. */
    e.start_ns = remote_now(), e.memory_before = remote_kilobytes("VmRSS:");
    e.session = n.session = net.session;
    if (status == TSR_OK)
        status = build(&n, threads, err);
    e.start_ns = remote_now() - e.start_ns;
    if (status == TSR_OK)
        status = remote_serve(&e, err);
    remote_close(&net);
    return status;
}

int main(int argc, char **argv)
{
    tsr_error err = { 0 };
    const int threads = argc == 3 ? atoi(argv[2]) : 0;
    if (threads < 1) {
        fprintf(stderr, "usage: peer_onednn MODEL THREADS\n");
        return 2;
    }
    if (work(argv[1], threads, &err) != TSR_OK) {
        fprintf(stderr, "peer_onednn: %s\n", err.text);
        return 1;
    }
    return 0;
}
