/*
 * onednn_values.c - see onednn_values.h.
 *
 * Everything made here lives until the process ends.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "bench/peers/onednn_values.h"

void dn_check(dn_network *n, dnnl_status_t s) { n->failed |= s != dnnl_success; }

dnnl_memory_desc_t dn_describe(dn_network *n, const tsr_tensor *t)
{
    dnnl_memory_desc_t md = { 0 };
    const int *d = t->dim;
    dnnl_dims_t nchw = { 1, 1, 1, 1 };
    for (int k = 0, axis = 4 - t->rank; k < t->rank && t->rank <= 4; k++, axis++)
        nchw[axis == 0 ? 0 : axis == 3 ? 1 : axis + 1] = d[k];
    const dnnl_dims_t rows = { t->rank == 2 ? d[0] : 1, t->rank ? d[t->rank - 1] : 1 };
    dn_check(n, t->rank == 2 ? dnnl_memory_desc_init_by_tag(&md, 2, rows, dnnl_f32, dnnl_ab)
                             : dnnl_memory_desc_init_by_tag(&md, 4, nchw, dnnl_f32, dnnl_acdb));
    n->failed |= t->rank > 4;
    return md;
}

dnnl_memory_desc_t dn_with_tag(dn_network *n, const dnnl_memory_desc_t *md, dnnl_format_tag_t t)
{
    dnnl_memory_desc_t other = { 0 };
    dn_check(n, dnnl_memory_desc_init_by_tag(&other, md->ndims, md->dims, dnnl_f32, t));
    return other;
}

dnnl_memory_t dn_memory(dn_network *n, const dnnl_memory_desc_t *md, void *data)
{
    dnnl_memory_t m = NULL;
    dn_check(n, dnnl_memory_create(&m, md, n->engine, data));
    return m;
}

/* Zeroed: where channels are rounded up, what is beyond them must be 0. */
static void *allocate(dn_network *n, size_t bytes)
{
    void *data = aligned_alloc(64, (bytes + 64) / 64 * 64);
    n->failed |= !data;
    return data ? memset(data, 0, bytes) : NULL;
}

static int free_after(int last_use) { return last_use == INT_MAX ? INT_MAX : last_use + 1; }

/* The smallest buffer that is free and large enough, so that few are in the cache. */
static void *take(dn_network *n, size_t bytes, int last_use)
{
    dn_buffer *best = NULL;
    for (dn_buffer *b = n->buffers; b < n->buffers + n->buffer_count; b++)
        if (b->free_from <= n->at && b->bytes >= bytes && b->bytes <= 4 * bytes &&
            (!best || b->bytes < best->bytes))
            best = b;
    if (!best && n->buffer_count < MAX_BUFFERS) {
        best = &n->buffers[n->buffer_count++];
        *best = (dn_buffer){ .data = allocate(n, bytes), .bytes = bytes };
    }
    n->failed |= !best;
    if (!best)
        return NULL;
    best->free_from = free_after(last_use);
    memset(best->data, 0, best->bytes);
    return best->data;
}

/* ---- tasks ------------------------------------------------------------------ */

void dn_add(dn_network *n, dn_task t)
{
    if (n->task_count == n->task_room) {
        n->task_room = n->task_room ? 2 * n->task_room : 256;
        dn_task *more = realloc(n->tasks, (size_t)n->task_room * sizeof *more);
        if (!more) {
            n->failed = true;
            return;
        }
        n->tasks = more;
    }
    n->tasks[n->task_count++] = t;
}

static dnnl_primitive_t make(dn_network *n, dnnl_primitive_desc_t pd)
{
    dnnl_primitive_t p = NULL;
    if (!n->failed)
        dn_check(n, dnnl_primitive_create(&p, pd));
    return p;
}

static dn_task reorder(dn_network *n, const dnnl_memory_desc_t *from, void *src,
                       const dnnl_memory_desc_t *to, void *dst)
{
    dnnl_primitive_desc_t pd = NULL;
    dn_check(n, dnnl_reorder_primitive_desc_create(&pd, from, n->engine, to, n->engine, NULL));
    return (dn_task){ .primitive = make(n, pd), .count = 2, .args = {
        { DNNL_ARG_FROM, dn_memory(n, from, src) }, { DNNL_ARG_TO, dn_memory(n, to, dst) } } };
}

dnnl_memory_t dn_value_as(dn_network *n, int value, const dnnl_memory_desc_t *wanted)
{
    dn_place *p = &n->places[value];
    if (!dnnl_memory_desc_equal(&p->md, wanted)) {
        void *to = take(n, dnnl_memory_desc_get_size(wanted), p->last_use);
        dn_add(n, reorder(n, &p->md, p->data, wanted, to));
        *p = (dn_place){ *wanted, to, false, p->last_use };
    }
    return dn_memory(n, &p->md, p->data);
}

dnnl_memory_t dn_input(dn_network *n, int k, const dnnl_memory_desc_t *wanted)
{
    return dn_value_as(n, n->session->steps[n->at].node->in[k], wanted);
}

void dn_make_plain(dn_network *n, int value)
{
    dn_place *p = &n->places[value];
    const tsr_tensor *t = tsr_session_value(n->session, value);
    if (!p->plain) {
        const dnnl_memory_desc_t to = dn_with_tag(n, &p->md,
                                                  p->md.ndims == 2 ? dnnl_ab : dnnl_acdb);
        dn_add(n, reorder(n, &p->md, p->data, &to, t->data));
    }
    *p = (dn_place){ dn_describe(n, t), t->data, true, p->last_use };
}

dnnl_memory_t dn_constant(dn_network *n, const dnnl_memory_desc_t *from, void *data,
                                 const dnnl_memory_desc_t *wanted)
{
    if (dnnl_memory_desc_equal(from, wanted))
        return dn_memory(n, from, data);
    void *to = allocate(n, dnnl_memory_desc_get_size(wanted));
    const dn_task t = reorder(n, from, data, wanted, to);
    if (!n->failed)
        dn_check(n, dnnl_primitive_execute(t.primitive, n->stream, t.count, t.args));
    return dn_memory(n, wanted, to);
}

const dnnl_memory_desc_t *dn_query(dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    static const dnnl_memory_desc_t none = { 0 };
    const dnnl_memory_desc_t *md = pd ? dnnl_primitive_desc_query_md(pd, what, 0) : NULL;
    return md ? md : &none;
}

/* The last argument of a step's primitive: its result, in a buffer.  Adds the task. */
static void finish_in(dn_network *n, dn_task *t, dnnl_primitive_desc_t pd, void *data)
{
    dn_place *p = &n->places[n->session->steps[n->at].node->out[0]];
    *p = (dn_place){ *dn_query(pd, dnnl_query_dst_md), data, false, p->last_use };
    t->args[t->count++] = (dnnl_exec_arg_t){ DNNL_ARG_DST, dn_memory(n, &p->md, p->data) };
    t->primitive = make(n, pd);
    dn_add(n, *t);
}

void dn_finish(dn_network *n, dn_task *t, dnnl_primitive_desc_t pd)
{
    const dn_place *p = &n->places[n->session->steps[n->at].node->out[0]];
    finish_in(n, t, pd, take(n, dnnl_memory_desc_get_size(dn_query(pd, dnnl_query_dst_md)),
                             p->last_use));
}

void dn_finish_on(dn_network *n, dn_task *t, dnnl_primitive_desc_t pd, int residual)
{
    const dn_place *r = &n->places[residual];
    const int last_use = n->places[n->session->steps[n->at].node->out[0]].last_use;
    void *data = NULL;
    for (dn_buffer *b = n->buffers; b < n->buffers + n->buffer_count; b++)
        if (b->data == r->data && r->last_use == n->at) {
            b->free_from = free_after(last_use);
            data = b->data;
        }
    if (!data) {
        data = take(n, dnnl_memory_desc_get_size(&r->md), last_use);
        dn_add(n, reorder(n, &r->md, r->data, &r->md, data));
    }
    finish_in(n, t, pd, data);
}
