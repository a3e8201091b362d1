/*
 * onednn_values.h - where the values of our graph are while oneDNN computes them: in which
 * layout, in which buffer, until when; and the list of primitives that compute them.
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_ONEDNN_VALUES_H
#define BENCH_ONEDNN_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <oneapi/dnnl/dnnl.h>
#include "engine/session.h"

/* Where a value of the graph is at the moment; md.ndims 0: nowhere yet. */
typedef struct {
    dnnl_memory_desc_t md;      /* its dimensions are N,C,H,W or N,C whatever the layout */
    void *data;
    bool plain;                 /* in the session's tensor, NHWC */
    int last_use;               /* step */
} dn_place;

typedef struct {
    void *data;
    size_t bytes;
    int free_from;              /* step */
} dn_buffer;

enum { MAX_ARGS = 12, MAX_BUFFERS = 256 };
typedef struct {
    const_dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[MAX_ARGS];
    int count;
    const tsr_step *ours;       /* instead of a primitive */
} dn_task;

typedef struct {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    tsr_session *session;
    dn_place *places;              /* by value */
    dn_buffer buffers[MAX_BUFFERS];
    int buffer_count, task_count, task_room, at;        /* at: the step being translated */
    dn_task *tasks;
    bool failed;                /* sticky: a call of oneDNN's said no */
} dn_network;

/* Remember that a call of oneDNN's failed. */
void dn_check(dn_network *n, dnnl_status_t s);

/* A tensor of up to four dimensions as oneDNN names them, in the layout it has in a file
 * or in a session.  Rank 2: rows and columns. */
dnnl_memory_desc_t dn_describe(dn_network *n, const tsr_tensor *t);
dnnl_memory_desc_t dn_with_tag(dn_network *n, const dnnl_memory_desc_t *md, dnnl_format_tag_t t);
dnnl_memory_t dn_memory(dn_network *n, const dnnl_memory_desc_t *md, void *data);
void dn_add(dn_network *n, dn_task t);

/* A value, or input k of the step, in this layout: as it is, or from now on. */
dnnl_memory_t dn_value_as(dn_network *n, int value, const dnnl_memory_desc_t *wanted);
dnnl_memory_t dn_input(dn_network *n, int k, const dnnl_memory_desc_t *wanted);

/* A value into its tensor of the session. */
void dn_make_plain(dn_network *n, int value);

/* A constant in this layout, now and for good. */
dnnl_memory_t dn_constant(dn_network *n, const dnnl_memory_desc_t *from, void *data,
                          const dnnl_memory_desc_t *wanted);

const dnnl_memory_desc_t *dn_query(dnnl_primitive_desc_t pd, dnnl_query_t what);

/* The last argument of a step's primitive: its result, in a buffer.  Adds the task. */
void dn_finish(dn_network *n, dn_task *t, dnnl_primitive_desc_t pd);

/* The same, where the result is added to `residual`: in its place if nobody reads that
 * later, else to a copy. */
void dn_finish_on(dn_network *n, dn_task *t, dnnl_primitive_desc_t pd, int residual);

#endif
