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
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench/peers/onednn_values.h"
#include "bench/remote.h"

void omp_set_num_threads(int threads);  /* libgomp's; <omp.h> wants a compiler with OpenMP */

static void run(void *ctx)
{
    const dn_network *n = ctx;
    for (int i = 0; i < n->task_count; i++) {
        const dn_task *t = &n->tasks[i];
        if (t->ours)
            t->ours->run(t->ours);
        else
            dnnl_primitive_execute(t->primitive, n->stream, t->count, t->args);
    }
    dnnl_stream_wait(n->stream);
}

/* ---- from nodes to primitives ----------------------------------------------- */

/* Post-ops: what the result's memory held is added, then the clamp. */
static dnnl_primitive_attr_t attributes(dn_network *n, const tsr_node *node, bool added)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dn_check(n, dnnl_primitive_attr_create(&attr));
    dn_check(n, dnnl_post_ops_create(&ops));
    if (added)
        dn_check(n, dnnl_post_ops_append_sum(ops, 1.0f));
    if (node->lo == 0.0f && isinf(node->hi))
        dn_check(n, dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f));
    else if (!isinf(node->lo) || !isinf(node->hi))
        dn_check(n, dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_clip, node->lo, node->hi));
    dn_check(n, dnnl_primitive_attr_set_post_ops(attr, ops));
    return attr;
}

static dnnl_primitive_desc_t describe_primitive(dn_network *n, const_dnnl_op_desc_t desc,
                                                dnnl_primitive_attr_t attr)
{
    dnnl_primitive_desc_t pd = NULL;
    if (!n->failed)
        dn_check(n, dnnl_primitive_desc_create(&pd, desc, attr, n->engine, NULL));
    return pd;
}

/* OHWI filters, and depthwise ones [1,kh,kw,c*m], as G,O,I,H,W by their strides. */
static dnnl_memory_desc_t describe_filter(dn_network *n, const tsr_tensor *f, int groups, bool deep)
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
    dn_check(n, dnnl_memory_desc_init_by_strides(&md, 5 - skip, dims + skip, dnnl_f32,
                                                 strides + skip));
    return md;
}

static dnnl_memory_desc_t describe_bias(dn_network *n, const tsr_tensor *b)
{
    dnnl_memory_desc_t md = { 0 };
    const dnnl_dims_t dims = { b->dim[b->rank - 1] };
    dn_check(n, dnnl_memory_desc_init_by_tag(&md, 1, dims, dnnl_f32, dnnl_a));
    return md;
}

/* a OP b, clamped: b is an activation or a constant. */
static void binary(dn_network *n, const tsr_node *node, const dn_place *a, int b)
{
    const bool fixed = !n->places[b].md.ndims;
    const tsr_tensor *value = tsr_session_value(n->session, b);
    const dnnl_memory_desc_t src0 = a->md;
    if (!fixed && !memcmp(n->places[b].md.dims, src0.dims, sizeof src0.dims))
        dn_value_as(n, b, &src0);  /* two layouts would take oneDNN's slowest addition */
    const dnnl_memory_desc_t src1 = fixed ? dn_describe(n, value) : n->places[b].md;
    dnnl_binary_desc_t d;
    dn_check(n, dnnl_binary_desc_init(&d, node->kind == TSR_OP_MUL ? dnnl_binary_mul
                                                                   : dnnl_binary_add,
                                      &src0, &src1, &src0));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, node, false));
    dn_task t = { .args = { { DNNL_ARG_SRC_0, dn_memory(n, &src0, a->data) },
                            { DNNL_ARG_SRC_1, dn_memory(n, &src1, fixed ? value->data
                                                                     : n->places[b].data) } },
                  .count = 2 };
    dn_finish(n, &t, pd);
}

/* A layer with weights, which lie in the file as `file` says, so far: all but its result. */
static dn_task weighted(dn_network *n, const tsr_step *s, dnnl_primitive_desc_t pd,
                        const dnnl_memory_desc_t *file, const dnnl_memory_desc_t *bias)
{
    dn_task t = { .args = { { DNNL_ARG_SRC, dn_input(n, 0, dn_query(pd, dnnl_query_src_md)) } },
                  .count = 1 };
    t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_WEIGHTS, dn_constant(
        n, file, s->in[1]->data, dn_query(pd, dnnl_query_weights_md)) };
    if (bias)
        t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_BIAS,
                                               dn_memory(n, bias, s->in[2]->data) };
    return t;
}

static const tsr_tensor *residual_of(const tsr_step *s)
{
    return s->node->in_count > 3 ? s->in[3] : NULL;
}

/* Any post-op but sum and clamp takes oneDNN's slowest convolution, so a residual of one
 * pixel for all is added afterwards. */
static void conv(dn_network *n, const tsr_step *s)
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
    const dnnl_memory_desc_t plain = dn_describe(n, y);
    const dnnl_memory_desc_t src = dn_with_tag(n, &n->places[node->in[0]].md, dnnl_format_tag_any);
    const dnnl_memory_desc_t weights = dn_with_tag(n, &file, dnnl_format_tag_any);
    dnnl_memory_desc_t dst = dn_with_tag(n, &plain, dnnl_format_tag_any), b = { 0 };
    if (bias)
        b = describe_bias(n, bias);
    if (residual)
        dst = n->places[node->in[3]].md;
    dnnl_convolution_desc_t d;
    dn_check(n, dnnl_dilated_convolution_forward_desc_init(
        &d, dnnl_forward_inference, dnnl_convolution_auto, &src, &weights, bias ? &b : NULL,
        &dst, (dnnl_dims_t){ a->stride_y, a->stride_x },
        (dnnl_dims_t){ a->dilation_y - 1, a->dilation_x - 1 },
        (dnnl_dims_t){ a->pad_top, a->pad_left }, (dnnl_dims_t){ a->pad_bottom, a->pad_right }));
    dnnl_primitive_desc_t pd = describe_primitive(
        n, &d, attributes(n, node, residual));
    dn_task t = weighted(n, s, pd, &file, bias ? &b : NULL);
    if (residual)
        dn_finish_on(n, &t, pd, node->in[3]);
    else
        dn_finish(n, &t, pd);
    if (added_after) {
        const dn_place sum = n->places[node->out[0]];
        dn_make_plain(n, node->in[3]);
        binary(n, s->node, &sum, node->in[3]);
    }
}

static void dense(dn_network *n, const tsr_step *s)
{
    const tsr_tensor *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    const dnnl_memory_desc_t file = dn_describe(n, s->in[1]), plain = dn_describe(n, s->out[0]);
    dn_make_plain(n, s->node->in[0]);
    const dnnl_memory_desc_t src = n->places[s->node->in[0]].md;
    const dnnl_memory_desc_t weights = dn_with_tag(n, &file, dnnl_format_tag_any);
    const dnnl_memory_desc_t dst = dn_with_tag(n, &plain, dnnl_format_tag_any);
    dnnl_memory_desc_t b = { 0 };
    if (bias)
        b = describe_bias(n, bias);
    dnnl_inner_product_desc_t d;
    dn_check(n, dnnl_inner_product_forward_desc_init(&d, dnnl_forward_inference, &src, &weights,
                                                     bias ? &b : NULL, &dst));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, s->node, false));
    dn_task t = weighted(n, s, pd, &file, bias ? &b : NULL);
    dn_finish(n, &t, pd);
}


/* Pooling as node->attr.pool2d, or the mean of a whole picture. */
static void pool(dn_network *n, const tsr_step *s, const tsr_pool2d_attr *a)
{
    const dnnl_alg_kind_t kind = s->node->kind == TSR_OP_MAX_POOL2D ? dnnl_pooling_max
                                 : a->count_include_pad ? dnnl_pooling_avg_include_padding
                                                        : dnnl_pooling_avg_exclude_padding;
    const dnnl_memory_desc_t src = n->places[s->node->in[0]].md;
    dnnl_memory_desc_t dst = src;               /* the numbers of pictures and channels */
    dst.dims[2] = s->out[0]->rank == 4 ? s->out[0]->dim[1] : 1;
    dst.dims[3] = s->out[0]->rank == 4 ? s->out[0]->dim[2] : 1;
    dst = dn_with_tag(n, &dst, dnnl_format_tag_any);
    dnnl_pooling_v2_desc_t d;
    dn_check(n, dnnl_pooling_v2_forward_desc_init(
        &d, dnnl_forward_inference, kind, &src, &dst, (dnnl_dims_t){ a->stride_y, a->stride_x },
        (dnnl_dims_t){ a->kh, a->kw }, (dnnl_dims_t){ a->dilation_y - 1, a->dilation_x - 1 },
        (dnnl_dims_t){ a->pad_top, a->pad_left }, (dnnl_dims_t){ a->pad_bottom, a->pad_right }));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, s->node, false));
    dn_task t = { .args = { { DNNL_ARG_SRC, dn_input(n, 0, &src) } }, .count = 1 };
    dn_finish(n, &t, pd);
}

static void resize(dn_network *n, const tsr_step *s)
{
    const dnnl_memory_desc_t src = n->places[s->node->in[0]].md, plain = dn_describe(n, s->out[0]);
    const dnnl_memory_desc_t dst = dn_with_tag(n, &plain, dnnl_format_tag_any);
    dnnl_resampling_desc_t d;
    dn_check(n, dnnl_resampling_forward_desc_init(
        &d, dnnl_forward_inference, s->node->attr.resize.method == TSR_NEAREST
        ? dnnl_resampling_nearest : dnnl_resampling_linear, NULL, &src, &dst));
    dnnl_primitive_desc_t pd = describe_primitive(n, &d, attributes(n, s->node, false));
    dn_task t = { .args = { { DNNL_ARG_SRC, dn_input(n, 0, &src) } }, .count = 1 };
    dn_finish(n, &t, pd);
}

static void concat(dn_network *n, const tsr_step *s)
{
    dnnl_memory_desc_t src[MAX_ARGS];
    dn_task t = { .count = 0 };
    for (int k = 0; k < s->node->in_count; k++) {
        src[k] = n->places[s->node->in[k]].md;
        t.args[t.count++] = (dnnl_exec_arg_t){ DNNL_ARG_MULTIPLE_SRC + k, dn_input(n, k, &src[k]) };
    }
    dnnl_primitive_desc_t pd = NULL;
    dn_check(n, dnnl_concat_primitive_desc_create(&pd, NULL, t.count, 1, src, NULL, n->engine));
    dn_finish(n, &t, pd);
}

/* A step of our own, on the session's tensors. */
static void ours(dn_network *n, const tsr_step *s)
{
    for (int k = 0; k < s->node->in_count; k++)
        if (s->node->in[k] >= 0 && n->places[s->node->in[k]].md.ndims)
            dn_make_plain(n, s->node->in[k]);
    dn_add(n, (dn_task){ .ours = s });
    for (int k = 0; k < s->node->out_count; k++) {
        dn_place *p = &n->places[s->node->out[k]];
        *p = (dn_place){ dn_describe(n, s->out[k]), s->out[k]->data, true, p->last_use };
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

static void locate(dn_network *n, int value)
{
    const tsr_graph *g = &n->session->model->graph;
    const int source = source_of(g, value);
    if (n->places[value].md.ndims || source < 0)
        return;
    const tsr_tensor *t = tsr_session_value(n->session, value);
    locate(n, source);
    dn_make_plain(n, source);
    n->places[value] = (dn_place){ dn_describe(n, t), t->data, true, n->places[value].last_use };
}

static bool translate(dn_network *n, const tsr_step *s)
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
static void find_uses(dn_network *n)
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

static tsr_status build(dn_network *n, int threads, tsr_error *err)
{
    const tsr_graph *g = &n->session->model->graph;
    n->places = calloc((size_t)g->value_count, sizeof *n->places);
    if (!n->places)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for %d values", g->value_count);
    omp_set_num_threads(threads);
    dn_check(n, dnnl_engine_create(&n->engine, dnnl_cpu, 0));
    dn_check(n, dnnl_stream_create(&n->stream, n->engine, dnnl_stream_default_flags));
    find_uses(n);
    for (int k = 0; k < g->input_count; k++) {
        const tsr_tensor *t = tsr_input(n->session, k);
        dn_place *p = &n->places[g->inputs[k]];
        *p = (dn_place){ dn_describe(n, t), t->data, true, p->last_use };
    }
    for (n->at = 0; n->at < n->session->step_count; n->at++) {
        const tsr_step *s = &n->session->steps[n->at];
        if (!translate(n, s) || n->failed)
            return tsr_fail(err, TSR_UNSUPPORTED, "%s (%s): oneDNN of this version cannot do it",
                            s->node->name, g->ops[s->node->kind]->name);
    }
    for (int k = 0; k < g->output_count; k++) {
        locate(n, g->outputs[k]);
        dn_make_plain(n, g->outputs[k]);
    }
    return n->failed ? tsr_fail(err, TSR_UNSUPPORTED, "oneDNN cannot give the outputs") : TSR_OK;
}

static tsr_status work(const char *path, int threads, tsr_error *err)
{
    const tsr_options layer_by_layer = { .fuse = TSR_FUSE_NEVER };
    remote_network net;
    dn_network n = { 0 };
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
