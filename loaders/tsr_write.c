/*
 * tsr_write.c - a model becomes a .tsr file; see tsr_file.h.
 *
 * The graph is written once without memory to learn its size, then for good.
 * Values are renumbered in the order in which the builder will meet them:
 * inputs, constants, then each node's outputs.   SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/half.h"
#include "loaders/tsr_file.h"
#include "loaders/tsr_header.h"

typedef struct {
    const tsr_graph *g;
    const tsr_file_sink *sink;
    tsr_pool *pool;             /* for the time of writing */
    int *number;                /* value index -> number in the file */
    int *constants, constant_count;
    int *in;                    /* room for the inputs of any node */
    uint64_t *at;               /* of each constant, in the weights section */
    uint64_t weights_bytes;
    tsr_packed *packed;         /* what the kernels made of filters, if asked for */
    int packed_count;
} writer;

static uint64_t align_up(uint64_t n)
{
    return (n + TSR_FILE_ALIGN - 1) & ~(uint64_t)(TSR_FILE_ALIGN - 1);
}

/* Filters shrink; biases and small tables keep their precision. */
static bool as_f16(const writer *w, const tsr_tensor *t)
{
    return w->sink->f16 && t->dtype == TSR_F32 && t->rank >= 2 && tsr_elements(t) >= 64;
}

static uint64_t stored_bytes(const writer *w, const tsr_tensor *t)
{
    return as_f16(w, t) ? 2 * tsr_elements(t) : tsr_bytes(t);
}

/* Number what the file will hold; constants nobody uses stay behind. */
static tsr_status number_values(writer *w, tsr_error *err)
{
    const tsr_graph *g = w->g;
    const size_t n = (size_t)g->value_count + 1;
    w->number = tsr_pool_alloc(w->pool, n * sizeof(int), sizeof(int));
    w->constants = tsr_pool_alloc(w->pool, n * sizeof(int), sizeof(int));
    w->at = tsr_pool_alloc(w->pool, n * sizeof *w->at, sizeof *w->at);
    bool *used = tsr_pool_alloc(w->pool, n, 1);
    int widest = 1;
    for (int i = 0; i < g->node_count; i++)
        widest = g->nodes[i].in_count > widest ? g->nodes[i].in_count : widest;
    w->in = tsr_pool_alloc(w->pool, (size_t)widest * sizeof(int), sizeof(int));
    if (!w->number || !w->constants || !w->at || !used || !w->in)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory to write %d values", g->value_count);
    for (int v = 0; v < g->value_count; v++)
        w->number[v] = -1;
    int next = 0;
    for (int i = 0; i < g->input_count; i++)
        w->number[g->inputs[i]] = next++;
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].in_count; k++)
            if (g->nodes[i].in[k] >= 0)
                used[g->nodes[i].in[k]] = true;
    for (int i = 0; i < g->output_count; i++)
        used[g->outputs[i]] = true;
    for (int v = 0; v < g->value_count; v++)
        if (used[v] && g->values[v].t.data) {
            w->at[w->constant_count] = w->weights_bytes;
            w->constants[w->constant_count++] = v;
            w->number[v] = next++;
            w->weights_bytes = align_up(w->weights_bytes + stored_bytes(w, &g->values[v].t));
        }
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].out_count; k++)
            w->number[g->nodes[i].out[k]] = next++;
    return TSR_OK;
}

static void put_node(const writer *w, tsr_io *io, const tsr_node *node)
{
    const tsr_graph *g = w->g;
    tsr_node n = *node;
    n.in = w->in;
    for (int k = 0; k < n.in_count; k++)
        n.in[k] = node->in[k] < 0 ? -1 : w->number[node->in[k]];
    tsr_io_node(io, &n, g->ops);
    for (int k = 0; k < n.out_count; k++) {
        tsr_tensor t = g->values[n.out[k]].t;
        tsr_io_tensor(io, &t);
    }
}

/* ---- packed weights ---------------------------------------------------------- */

/* The number of the constant that lies there; -1: nothing does, or nobody uses it. */
static int number_at(const writer *w, const void *data)
{
    for (int i = 0; data && i < w->constant_count; i++)
        if (w->g->values[w->constants[i]].t.data == data)
            return w->number[w->constants[i]];
    return -1;
}

/* Layers that share a filter and a bias share the packed form, too. */
static void note_packed(void *ctx, const tsr_packed *p)
{
    writer *w = ctx;
    const tsr_packs sofar = { .list = w->packed, .count = w->packed_count };
    if (number_at(w, p->filter) >= 0 && w->packed_count < w->constant_count
        && !tsr_packed_find(&sofar, p))
        w->packed[w->packed_count++] = *p;
}

/* Open a session and keep what it packs; it lies in the pool until all is written. */
static tsr_status pack(writer *w, const tsr_model *m, tsr_error *err)
{
    const size_t bytes = tsr_session_pack_bytes(m);
    void *block = tsr_pool_alloc(w->pool, bytes, TSR_FILE_ALIGN);
    w->packed = tsr_pool_alloc(w->pool, ((size_t)w->constant_count + 1) * sizeof *w->packed,
                               _Alignof(tsr_packed));
    if (!block || !w->packed)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory to pack the weights");
    TSR_TRY(tsr_session_pack(m, block, bytes, note_packed, w, err));
    if (w->packed_count == 0)
        return tsr_fail(err, TSR_UNSUPPORTED, "nothing to pack: only float convolutions have a "
                        "packed form in .tsr files");
    return TSR_OK;
}

static void put_packed(const writer *w, tsr_io *io)
{
    int count = w->packed_count;
    uint64_t at = 0;
    tsr_io_count(io, &count, 32);
    for (int i = 0; i < count; i++) {
        tsr_packed p = w->packed[i];
        int filter = number_at(w, p.filter), bias = number_at(w, p.bias);
        uint64_t bytes = p.size;
        tsr_io_int(io, &filter);
        tsr_io_int(io, &bias);
        tsr_io_u64(io, &p.layout);
        tsr_io_u64(io, &at);
        tsr_io_u64(io, &bytes);
        at += align_up(bytes);
    }
}

static uint64_t packed_bytes(const writer *w)
{
    uint64_t bytes = 0;
    for (int i = 0; i < w->packed_count; i++)
        bytes += align_up(w->packed[i].size);
    return bytes;
}

static unsigned char *lay_out_packed(const writer *w)
{
    unsigned char *block = tsr_pool_alloc(w->pool, (size_t)packed_bytes(w) + 1, TSR_FILE_ALIGN);
    unsigned char *to = block;
    for (int i = 0; block && i < w->packed_count; i++, to += align_up(w->packed[i - 1].size))
        memcpy(to, w->packed[i].bytes, w->packed[i].size);
    return block;
}

static void put_graph(const writer *w, tsr_io *io)
{
    const tsr_graph *g = w->g;
    int counts[] = { g->input_count, w->constant_count, g->node_count, g->output_count };
    for (int i = 0; i < 4; i++)
        tsr_io_count(io, &counts[i], 4);
    for (int i = 0; i < g->input_count; i++) {
        tsr_tensor t = g->values[g->inputs[i]].t;
        tsr_io_tensor(io, &t);
    }
    for (int i = 0; i < w->constant_count; i++) {
        tsr_tensor t = g->values[w->constants[i]].t;
        int f16 = as_f16(w, &t);
        tsr_io_tensor(io, &t);
        tsr_io_u64(io, &w->at[i]);
        tsr_io_int(io, &f16);
    }
    for (int i = 0; i < g->node_count; i++)
        put_node(w, io, &g->nodes[i]);
    for (int i = 0; i < g->output_count; i++)
        tsr_io_int(io, &w->number[g->outputs[i]]);
    if (w->sink->pack)
        put_packed(w, io);
}

/* Constants as they will stand in the file, gaps filled with zeros. */
static unsigned char *lay_out_weights(const writer *w)
{
    const tsr_graph *g = w->g;
    unsigned char *block = tsr_pool_alloc(w->pool, (size_t)w->weights_bytes + 1, TSR_FILE_ALIGN);
    for (int i = 0; block && i < w->constant_count; i++) {
        const tsr_tensor *t = &g->values[w->constants[i]].t;
        unsigned char *to = block + w->at[i];
        if (!as_f16(w, t)) {
            memcpy(to, t->data, tsr_bytes(t));
            continue;
        }
        for (size_t k = 0; k < tsr_elements(t); k++) {
            const uint16_t h = tsr_float_to_half(((const float *)t->data)[k]);
            memcpy(to + 2 * k, &h, sizeof h);
        }
    }
    return block;
}

static bool put_bytes(const writer *w, const void *bytes, size_t n)
{
    return n == 0 || w->sink->write(w->sink->ctx, bytes, n);
}

static tsr_status save(writer *w, const tsr_model *m, tsr_error *err)
{
    TSR_TRY(number_values(w, err));
    if (w->sink->pack)
        TSR_TRY(pack(w, m, err));
    tsr_io count = { 0 };
    put_graph(w, &count);

    const uint64_t weights_at = align_up(TSR_FILE_HEADER_BYTES + count.written);
    unsigned char *head = tsr_pool_alloc(w->pool, (size_t)weights_at, TSR_FILE_ALIGN);
    unsigned char *weights = lay_out_weights(w);
    unsigned char *packed = lay_out_packed(w);
    const size_t weights_size = (size_t)w->weights_bytes, packed_size = (size_t)packed_bytes(w);
    if (!head || !weights || !packed)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for %zu bytes of weights",
                        weights_size + packed_size);
    tsr_io io = { .out = head + TSR_FILE_HEADER_BYTES };
    put_graph(w, &io);
    tsr_header h = {
        .version = w->sink->pack ? TSR_FILE_PACKED : TSR_FILE_VERSION,
        .file_bytes = weights_at + weights_size + packed_size,
        .graph_bytes = count.written,
        .weights_at = weights_at,
        .graph_sum = tsr_file_sum(head + TSR_FILE_HEADER_BYTES,
                                  (size_t)weights_at - TSR_FILE_HEADER_BYTES),
        .weights_sum = tsr_file_sum(weights, weights_size),
        .packed_at = w->sink->pack ? weights_at + weights_size : 0,
        .packed_sum = w->sink->pack ? tsr_file_sum(packed, packed_size) : 0,
    };
    memcpy(head, tsr_file_magic, sizeof tsr_file_magic);
    tsr_io header = { .out = head + sizeof tsr_file_magic };
    tsr_io_header(&header, &h);
    if (!put_bytes(w, head, (size_t)weights_at) || !put_bytes(w, weights, weights_size)
        || !put_bytes(w, packed, packed_size))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the .tsr file could not be written");
    return TSR_OK;
}

tsr_status tsr_file_save(const tsr_model *m, const tsr_file_sink *sink, tsr_error *err)
{
    for (int i = 0; i < m->graph.node_count; i++)
        if (m->graph.nodes[i].kind == TSR_OP_CHAIN)
            return tsr_fail(err, TSR_BAD_ARGUMENT, "'%s' runs several layers by rows, which no "
                            "file can say: load the model with TSR_FUSE_NEVER",
                            m->graph.nodes[i].name);
    tsr_pool pool = tsr_pool_make(&m->pool.allocator);
    writer w = { .g = &m->graph, .sink = sink, .pool = &pool };
    const tsr_status s = save(&w, m, err);
    tsr_pool_free(&pool);
    return s;
}
