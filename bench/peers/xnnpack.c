/*
 * xnnpack.c - XNNPACK by itself (Debian's libxnnpack-dev), under remote control.
 *
 *     peer_xnnpack MODEL THREADS
 *
 * XNNPACK is a library of operators, so the graph is ours: loaded and optimised by our
 * loader, layer by layer, and every node becomes one of its operators on the same
 * tensors, NHWC as it wants them.  What it lacks but everybody who uses it has to have:
 *
 *     a residual         convolution, then its add
 *     concatenation      its copy, each input into its channels of the result
 *     nearest, doubled   rows copied by its thread pool
 *     a Transpose that begins or ends the network (ONNX's NCHW): ours, and not timed
 *
 * A node that is none of these ends the program with a sentence.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>
#include "bench/remote.h"

/* One thing to do: an operator, rows to copy, or a step of ours. */
typedef struct {
    xnn_operator_t op;
    const tsr_step *doubled, *ours;
} task;

typedef struct {
    pthreadpool_t pool;         /* NULL: the calling thread */
    task *tasks;
    int count, room, first, last;   /* tasks before first and from last on: not timed */
    void *sum;                  /* a convolution's result before the residual is added */
    const tsr_step *step;       /* being translated */
} network;

/* ---- running ---------------------------------------------------------------- */

/* Row oy of a result of nearest neighbours at twice the size. */
static void copy_doubled(void *step, size_t oy)
{
    const tsr_tensor *x = ((const tsr_step *)step)->in[0], *y = ((const tsr_step *)step)->out[0];
    const size_t w = (size_t)x->dim[2], pixel = (size_t)x->dim[3] * sizeof(float);
    const char *from = (const char *)x->data + oy / 2 * w * pixel;
    char *to = (char *)y->data + oy * 2 * w * pixel;
    for (size_t i = 0; i < 2 * w; i++)
        memcpy(to + i * pixel, from + i / 2 * pixel, pixel);
}

static void run_tasks(network *n, int first, int last)
{
    for (int i = first; i < last; i++) {
        const task *t = &n->tasks[i];
        if (t->op)
            xnn_run_operator(t->op, n->pool);
        else if (t->doubled)    /* the pool takes no const, copy_doubled changes nothing */
            pthreadpool_parallelize_1d(n->pool, copy_doubled, (void *)(uintptr_t)t->doubled,
                                       (size_t)(t->doubled->out[0]->dim[0] *
                                                t->doubled->out[0]->dim[1]), 0);
        else
            t->ours->run(t->ours);
    }
}

static void before(void *ctx) { run_tasks(ctx, 0, ((network *)ctx)->first); }
static void run(void *ctx) { run_tasks(ctx, ((network *)ctx)->first, ((network *)ctx)->last); }
static void after(void *ctx) { run_tasks(ctx, ((network *)ctx)->last, ((network *)ctx)->count); }

/* ---- from nodes to operators ------------------------------------------------ */

static tsr_status cannot(const network *n, const char *why, tsr_error *err)
{
    return tsr_fail(err, TSR_UNSUPPORTED, "%s: XNNPACK of this version %s", n->step->node->name,
                    why);
}

static tsr_status add_task(network *n, task t, tsr_error *err)
{
    if (n->count == n->room) {
        const int room = n->room ? 2 * n->room : 64;
        task *more = realloc(n->tasks, (size_t)room * sizeof *more);
        if (!more)
            return tsr_fail(err, TSR_NO_MEMORY, "no memory for %d operators", room);
        n->tasks = more;
        n->room = room;
    }
    n->tasks[n->count++] = t;
    return TSR_OK;
}

/* Take over `op`, given what its creation and its setup said. */
static tsr_status add_operator(network *n, xnn_operator_t op, enum xnn_status created,
                               enum xnn_status set_up, tsr_error *err)
{
    if (created != xnn_status_success || set_up != xnn_status_success)
        return cannot(n, "refuses it", err);
    return add_task(n, (task){ .op = op }, err);
}

static size_t channels(const tsr_tensor *t) { return (size_t)t->dim[t->rank - 1]; }
static size_t pixels(const tsr_tensor *t) { return tsr_elements(t) / channels(t); }

/* y = a OP b, broadcasting; a may be another place than the step's first input. */
static tsr_status add_binary(network *n, const void *a, const tsr_tensor *shape,
                             const tsr_tensor *b, tsr_error *err)
{
    const tsr_node *node = n->step->node;
    size_t dim[2][TSR_MAX_RANK];
    for (int k = 0; k < shape->rank; k++)
        dim[0][k] = (size_t)shape->dim[k];
    for (int k = 0; k < b->rank; k++)
        dim[1][k] = (size_t)b->dim[k];
    const size_t ra = (size_t)shape->rank, rb = (size_t)b->rank;
    xnn_operator_t op = NULL;
    enum xnn_status s;
    if (node->kind == TSR_OP_MUL) {
        s = xnn_create_multiply_nd_f32(node->lo, node->hi, 0, &op);
        return add_operator(n, op, s, xnn_setup_multiply_nd_f32(op, ra, dim[0], rb, dim[1], a,
                            b->data, n->step->out[0]->data, n->pool), err);
    }
    s = xnn_create_add_nd_f32(node->lo, node->hi, 0, &op);
    return add_operator(n, op, s, xnn_setup_add_nd_f32(op, ra, dim[0], rb, dim[1], a, b->data,
                        n->step->out[0]->data, n->pool), err);
}

static tsr_status add_conv(network *n, tsr_error *err)
{
    const tsr_step *s = n->step;
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    const tsr_tensor *x = s->in[0], *f = s->in[1], *y = s->out[0];
    const tsr_tensor *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    const tsr_tensor *residual = s->node->in_count > 3 ? s->in[3] : NULL;
    const bool deep = s->node->kind == TSR_OP_DEPTHWISE_CONV2D;
    const size_t groups = deep ? channels(x) : (size_t)a->groups;
    float lo = s->node->lo, hi = s->node->hi;
    void *to = y->data;
    if (residual) {             /* added afterwards, and then clamped */
        lo = -TSR_INFINITY, hi = TSR_INFINITY;
        to = residual->data == y->data ? n->sum : y->data;
    }
    xnn_operator_t op = NULL;
    const enum xnn_status created = xnn_create_convolution2d_nhwc_f32(
        (uint32_t)a->pad_top, (uint32_t)a->pad_right, (uint32_t)a->pad_bottom,
        (uint32_t)a->pad_left, (uint32_t)f->dim[1], (uint32_t)f->dim[2], (uint32_t)a->stride_y,
        (uint32_t)a->stride_x, (uint32_t)a->dilation_y, (uint32_t)a->dilation_x,
        (uint32_t)groups, channels(x) / groups, channels(y) / groups, channels(x), channels(y),
        f->data, bias ? bias->data : NULL, lo, hi,
        deep ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0, &op);
    TSR_TRY(add_operator(n, op, created, xnn_setup_convolution2d_nhwc_f32(
        op, (size_t)x->dim[0], (size_t)x->dim[1], (size_t)x->dim[2], x->data, to, n->pool), err));
    return residual ? add_binary(n, to, y, residual, err) : TSR_OK;
}

static tsr_status add_dense(network *n, tsr_error *err)
{
    const tsr_step *s = n->step;
    const tsr_tensor *x = s->in[0], *f = s->in[1], *y = s->out[0];
    const tsr_tensor *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    const size_t c = channels(f), oc = (size_t)f->dim[0];
    xnn_operator_t op = NULL;
    const enum xnn_status created = xnn_create_fully_connected_nc_f32(
        c, oc, c, oc, f->data, bias ? bias->data : NULL, s->node->lo, s->node->hi, 0, &op);
    return add_operator(n, op, created, xnn_setup_fully_connected_nc_f32(
        op, tsr_elements(x) / c, x->data, y->data, n->pool), err);
}

/* The mean of each channel over the whole picture. */
static tsr_status add_mean(network *n, tsr_error *err)
{
    const tsr_tensor *x = n->step->in[0];
    const size_t c = channels(x), batch = (size_t)x->dim[0];
    xnn_operator_t op = NULL;
    const enum xnn_status created = xnn_create_global_average_pooling_nwc_f32(
        c, c, c, n->step->node->lo, n->step->node->hi, 0, &op);
    return add_operator(n, op, created, xnn_setup_global_average_pooling_nwc_f32(
        op, batch, pixels(x) / batch, x->data, n->step->out[0]->data, n->pool), err);
}

static tsr_status add_pool(network *n, tsr_error *err)
{
    const tsr_step *s = n->step;
    const tsr_pool2d_attr *a = &s->node->attr.pool2d;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const size_t c = channels(x);
    if (s->node->kind == TSR_OP_AVERAGE_POOL2D) {
        if (a->kh == x->dim[1] && a->kw == x->dim[2] && pixels(y) == (size_t)y->dim[0])
            return add_mean(n, err);
        return cannot(n, "has no such average", err);
    }
    xnn_operator_t op = NULL;
    const enum xnn_status created = xnn_create_max_pooling2d_nhwc_f32(
        (uint32_t)a->pad_top, (uint32_t)a->pad_right, (uint32_t)a->pad_bottom,
        (uint32_t)a->pad_left, (uint32_t)a->kh, (uint32_t)a->kw, (uint32_t)a->stride_y,
        (uint32_t)a->stride_x, (uint32_t)a->dilation_y, (uint32_t)a->dilation_x, c, c, c,
        s->node->lo, s->node->hi, 0, &op);
    return add_operator(n, op, created, xnn_setup_max_pooling2d_nhwc_f32(
        op, (size_t)x->dim[0], (size_t)x->dim[1], (size_t)x->dim[2], x->data, y->data, n->pool),
        err);
}

static tsr_status add_resize(network *n, tsr_error *err)
{
    const tsr_step *s = n->step;
    const tsr_resize_attr *a = &s->node->attr.resize;
    const tsr_tensor *x = s->in[0], *y = s->out[0];
    const size_t c = channels(x);
    if (a->method == TSR_NEAREST) {
        if (a->coord != TSR_COORD_ASYMMETRIC || a->nearest != TSR_ROUND_FLOOR ||
            y->dim[1] != 2 * x->dim[1] || y->dim[2] != 2 * x->dim[2])
            return cannot(n, "has no such nearest neighbours", err);
        return add_task(n, (task){ .doubled = s }, err);
    }
    const uint32_t flags = a->coord == TSR_COORD_ASYMMETRIC      ? XNN_FLAG_TENSORFLOW_LEGACY_MODE
                           : a->coord == TSR_COORD_ALIGN_CORNERS ? XNN_FLAG_ALIGN_CORNERS
                                                                 : 0;
    xnn_operator_t op = NULL;
    const enum xnn_status created = xnn_create_resize_bilinear2d_nhwc_f32(c, c, c, flags, &op);
    return add_operator(n, op, created, xnn_setup_resize_bilinear2d_nhwc_f32(
        op, (size_t)x->dim[0], (size_t)x->dim[1], (size_t)x->dim[2], (size_t)y->dim[1],
        (size_t)y->dim[2], x->data, y->data, n->pool), err);
}

static tsr_status add_concat(network *n, tsr_error *err)
{
    const tsr_step *s = n->step;
    float *to = s->out[0]->data;
    if (s->node->attr.concat.axis != s->out[0]->rank - 1)
        return cannot(n, "joins channels only", err);
    for (int k = 0; k < s->node->in_count; k++) {
        const tsr_tensor *x = s->in[k];
        xnn_operator_t op = NULL;
        const enum xnn_status created = xnn_create_copy_nc_x32(
            channels(x), channels(x), channels(s->out[0]), 0, &op);
        TSR_TRY(add_operator(n, op, created, xnn_setup_copy_nc_x32(op, pixels(x), x->data, to,
                                                                   n->pool), err));
        to += channels(x);
    }
    return TSR_OK;
}

static tsr_status add_softmax(network *n, tsr_error *err)
{
    const tsr_tensor *x = n->step->in[0];
    const size_t c = channels(x);
    if (n->step->node->attr.softmax.axis != x->rank - 1 ||
        n->step->node->attr.softmax.beta != 1.0f)
        return cannot(n, "has no such softmax", err);
    xnn_operator_t op = NULL;
    const enum xnn_status created = xnn_create_softmax_nc_f32(c, c, c, 0, &op);
    return add_operator(n, op, created, xnn_setup_softmax_nc_f32(
        op, pixels(x), x->data, n->step->out[0]->data, n->pool), err);
}

static tsr_status translate(network *n, tsr_error *err)
{
    const tsr_step *s = n->step;
    switch (s->node->kind) {
    case TSR_OP_CONV2D:
    case TSR_OP_DEPTHWISE_CONV2D: return add_conv(n, err);
    case TSR_OP_DENSE:            return add_dense(n, err);
    case TSR_OP_ADD:
    case TSR_OP_MUL:              return add_binary(n, s->in[0]->data, s->in[0], s->in[1], err);
    case TSR_OP_MAX_POOL2D:
    case TSR_OP_AVERAGE_POOL2D:   return add_pool(n, err);
    case TSR_OP_RESIZE:           return add_resize(n, err);
    case TSR_OP_CONCAT:           return add_concat(n, err);
    case TSR_OP_SOFTMAX:          return add_softmax(n, err);
    case TSR_OP_RESHAPE:
    case TSR_OP_TRANSPOSE:        return add_task(n, (task){ .ours = s }, err);
    case TSR_OP_MEAN:
        if (s->in[0]->rank == 4 && s->node->attr.reduce.axes == (1u << 1 | 1u << 2))
            return add_mean(n, err);
        return cannot(n, "has no such mean", err);
    default:
        return tsr_fail(err, TSR_UNSUPPORTED, "%s: XNNPACK of this version has no operator for "
                        "it", s->node->name);
    }
}

static tsr_status build(network *n, const tsr_session *s, tsr_error *err)
{
    size_t most = 0;
    for (int i = 0; i < s->step_count; i++)
        most = tsr_bytes(s->steps[i].out[0]) > most ? tsr_bytes(s->steps[i].out[0]) : most;
    n->sum = malloc(most + XNN_EXTRA_BYTES);
    if (!n->sum || xnn_initialize(NULL) != xnn_status_success)
        return tsr_fail(err, TSR_NO_MEMORY, "XNNPACK does not start");
    for (int i = 0; i < s->step_count; i++) {
        n->step = &s->steps[i];
        for (int k = 0; k < n->step->node->in_count; k++)
            if (n->step->in[k] && n->step->in[k]->dtype != TSR_F32)
                return cannot(n, "is asked for f32 only", err);
        TSR_TRY(translate(n, err));
    }
    n->last = n->count;
    if (n->count > 1 && n->tasks[0].ours)
        n->first = 1;
    if (n->count > 1 && n->tasks[n->count - 1].ours)
        n->last--;
    return TSR_OK;
}

static tsr_status work(const char *path, int threads, tsr_error *err)
{
    const tsr_options layer_by_layer = { .fuse = TSR_FUSE_NEVER };
    remote_network ours;
    network n = { .pool = threads > 1 ? pthreadpool_create((size_t)threads) : NULL };
    remote_engine e = { .run = run, .before = before, .after = after, .ctx = &n };
    tsr_status status = remote_open(&ours, path, 0, &layer_by_layer, err);
    /* What our session packed is not XNNPACK's, neither its time nor its memory. */
    e.start_ns = remote_now(), e.memory_before = remote_kilobytes("VmRSS:");
    e.session = ours.session;
    if (status == TSR_OK)
        status = build(&n, ours.session, err);
    e.start_ns = remote_now() - e.start_ns;
    if (status == TSR_OK)
        status = remote_serve(&e, err);
    for (int i = 0; i < n.count; i++)
        if (n.tasks[i].op)
            xnn_delete_operator(n.tasks[i].op);
    free(n.tasks);
    free(n.sum);
    if (n.pool)
        pthreadpool_destroy(n.pool);
    remote_close(&ours);
    return status;
}

int main(int argc, char **argv)
{
    tsr_error err = { 0 };
    const int threads = argc == 3 ? atoi(argv[2]) : 0;
    if (threads < 1) {
        fprintf(stderr, "usage: peer_xnnpack MODEL THREADS\n");
        return 2;
    }
    if (work(argv[1], threads, &err) != TSR_OK) {
        fprintf(stderr, "peer_xnnpack: %s\n", err.text);
        return 1;
    }
    return 0;
}
