/*
 * tsr_read.c - a .tsr file becomes a model; see tsr_file.h.
 *
 * The graph goes through the builder like any other format's, so a hostile
 * file meets the same checks; constants stay where they lie in the file.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/tsr_fields.h"
#include "loaders/tsr_file.h"
#include "loaders/tsr_header.h"
#include "engine/half.h"

const unsigned char tsr_file_magic[4] = { 'T', 'S', 'R', 0x1a };

bool tsr_file_recognise(const void *file, size_t file_bytes)
{
    return file_bytes >= sizeof tsr_file_magic
        && !memcmp(file, tsr_file_magic, sizeof tsr_file_magic);
}

typedef struct {
    tsr_io io;
    tsr_graph *g;
    const unsigned char *weights;
    size_t weights_bytes, next;     /* next: where the next constant may begin */
    int constant_end;               /* first value that is no constant */
    const unsigned char *packed;    /* NULL: the file has none */
    size_t packed_bytes;
    tsr_packs *packs;
} loader;

static tsr_status check_header(const unsigned char *file, size_t size, tsr_header *h,
                               tsr_error *err)
{
    if (size < TSR_FILE_HEADER_BYTES || !tsr_file_recognise(file, size))
        return tsr_fail(err, TSR_BAD_FILE, "not a .tsr file");
    tsr_io io = { .reading = true, .in = rd_make(file + 4, TSR_FILE_HEADER_BYTES - 4) };
    tsr_io_header(&io, h);
    if (h->version != TSR_FILE_VERSION && h->version != TSR_FILE_PACKED)
        return tsr_fail(err, TSR_UNSUPPORTED, ".tsr version %u, this program reads versions %d "
                        "and %d", (unsigned)h->version, TSR_FILE_VERSION, TSR_FILE_PACKED);
    if (h->file_bytes != size)
        return tsr_fail(err, TSR_BAD_FILE, ".tsr file has %zu bytes, its header says %zu", size,
                        (size_t)h->file_bytes);
    const bool packed = h->version == TSR_FILE_PACKED;
    if (!packed && (h->packed_at || h->packed_sum))
        return tsr_fail(err, TSR_BAD_FILE, ".tsr header is damaged: version 1 has no packed "
                        "weights");
    h->packed_at = packed ? h->packed_at : size;
    if (h->packed_at % (packed ? TSR_FILE_ALIGN : 1) || h->packed_at > size
        || h->packed_at < h->weights_at || h->weights_at % TSR_FILE_ALIGN || h->weights_at > size
        || h->weights_at < TSR_FILE_HEADER_BYTES
        || h->graph_bytes > h->weights_at - TSR_FILE_HEADER_BYTES)
        return tsr_fail(err, TSR_BAD_FILE, ".tsr header is damaged: graph and weights do not "
                        "fit together");
    const size_t weights_at = (size_t)h->weights_at;
    if (tsr_file_sum(file + TSR_FILE_HEADER_BYTES, weights_at - TSR_FILE_HEADER_BYTES)
        != h->graph_sum)
        return tsr_fail(err, TSR_BAD_FILE, ".tsr graph does not match its checksum");
    const size_t packed_at = (size_t)h->packed_at;
    if (tsr_file_sum(file + weights_at, packed_at - weights_at) != h->weights_sum
        || (packed && tsr_file_sum(file + packed_at, size - packed_at) != h->packed_sum))
        return tsr_fail(err, TSR_BAD_FILE, ".tsr weights do not match their checksum");
    return TSR_OK;
}

/* f16 in the file, f32 in the graph: the one kind of constant that is copied. */
static void *widen(loader *l, const void *half, size_t count)
{
    float *x = tsr_pool_alloc(l->io.pool, count * sizeof *x, TSR_FILE_ALIGN);
    for (size_t i = 0; x && i < count; i++) {
        uint16_t h;
        memcpy(&h, (const unsigned char *)half + 2 * i, sizeof h);
        x[i] = tsr_half_to_float(h);
    }
    return x;
}

static void read_constant(loader *l)
{
    tsr_tensor t = { .name = "" };
    uint64_t at = 0;
    int f16 = 0;
    tsr_io_tensor(&l->io, &t);
    tsr_io_u64(&l->io, &at);
    tsr_io_int(&l->io, &f16);
    if (l->io.in.bad)
        return;
    uint64_t count = 1;
    for (int i = 0; i < t.rank; i++)
        count = t.dim[i] < 1 || count > UINT32_MAX ? 0 : count * (uint64_t)t.dim[i];
    const uint64_t bytes = count * (f16 ? 2 : tsr_dtype_bytes(t.dtype));
    if (at < l->next || at % TSR_FILE_ALIGN || at > l->weights_bytes
        || bytes > l->weights_bytes - at || !count || (f16 && t.dtype != TSR_F32)) {
        tsr_graph_fail(l->g, TSR_BAD_FILE, "constant '%s' lies outside the weights or overlaps "
                       "the one before it", t.name);
        return;
    }
    l->next = (size_t)(at + bytes);
    /* The builder only reads through t.data. */
    t.data = (void *)(uintptr_t)(l->weights + at);
    if (f16 && !(t.data = widen(l, t.data, (size_t)count)))
        tsr_graph_fail(l->g, TSR_NO_MEMORY, "no memory for constant '%s'", t.name);
    else
        tsr_graph_constant(l->g, &t);
}

static void read_node(loader *l)
{
    enum { MAX_OUT = 64 };
    tsr_node n = { 0 };
    tsr_tensor out[MAX_OUT] = { { 0 } };
    tsr_io_node(&l->io, &n, l->g->ops);
    if (n.kind == TSR_OP_COUNT)
        tsr_graph_fail(l->g, TSR_UNSUPPORTED, "node '%s': unknown operator", n.name);
    if (l->io.in.bad || n.out_count < 1 || n.out_count > MAX_OUT) {
        l->io.in.bad = true;
        return;
    }
    for (int i = 0; i < n.out_count; i++)
        tsr_io_tensor(&l->io, &out[i]);
    if (!l->io.in.bad)
        tsr_graph_node(l->g, &n, out);
}

/* Where a constant lies, which is what packed weights are known by; value -1: NULL. */
static const void *constant(loader *l, int value)
{
    if (value == -1)
        return NULL;
    if (value < 0 || value >= l->constant_end || !l->g->values[value].t.data) {
        l->io.in.bad = true;
        return NULL;
    }
    return l->g->values[value].t.data;
}

/* Kernels read as much as they have computed that they need, and only if `size` is just
 * that (packed.h), so nothing more than the bounds has to be checked. */
static void read_packed(loader *l)
{
    int count = 0;
    tsr_io_count(&l->io, &count, 32);
    if (count < 0 || count > l->constant_end) {
        l->io.in.bad = true;
        return;
    }
    tsr_packed *list = tsr_pool_alloc(l->io.pool, ((size_t)count + 1) * sizeof *list,
                                      _Alignof(tsr_packed));
    if (!list) {
        tsr_graph_fail(l->g, TSR_NO_MEMORY, "no memory for a list of packed weights");
        return;
    }
    for (int i = 0; i < count && !l->io.in.bad; i++) {
        int filter = -1, bias = -1;
        uint64_t at = 0, bytes = 0;
        tsr_io_int(&l->io, &filter);
        tsr_io_int(&l->io, &bias);
        tsr_io_u64(&l->io, &list[i].layout);
        tsr_io_u64(&l->io, &at);
        tsr_io_u64(&l->io, &bytes);
        if (filter < 0 || at % TSR_FILE_ALIGN || at > l->packed_bytes
            || bytes > l->packed_bytes - at) {
            l->io.in.bad = true;
            return;
        }
        list[i].filter = constant(l, filter), list[i].bias = constant(l, bias);
        list[i].bytes = l->packed + at, list[i].size = (size_t)bytes;
    }
    l->packs->list = list, l->packs->count = count;
}

static tsr_status read_graph(loader *l)
{
    int inputs = 0, constants = 0, nodes = 0, outputs = 0;
    tsr_graph *g = l->g;
    tsr_reader *r = &l->io.in;
    tsr_io_count(&l->io, &inputs, 4);
    tsr_io_count(&l->io, &constants, 4);
    tsr_io_count(&l->io, &nodes, 4);
    tsr_io_count(&l->io, &outputs, 4);
    for (int i = 0; i < inputs && !r->bad && !g->status; i++) {
        tsr_tensor t = { .name = "" };
        tsr_io_tensor(&l->io, &t);
        tsr_graph_input(g, &t);
    }
    for (int i = 0; i < constants && !r->bad && !g->status; i++)
        read_constant(l);
    for (int i = 0; i < nodes && !r->bad && !g->status; i++)
        read_node(l);
    for (int i = 0; i < outputs && !r->bad && !g->status; i++) {
        int value = -1;
        tsr_io_int(&l->io, &value);
        tsr_graph_output(g, value);
    }
    l->constant_end = inputs + constants;
    if (l->packed && !r->bad && !g->status)
        read_packed(l);
    if (r->bad || (!g->status && rd_left(r)))
        tsr_graph_fail(g, TSR_BAD_FILE, ".tsr graph is damaged");
    return g->status;
}

tsr_status tsr_file_load(const void *file, size_t file_bytes, const tsr_options *options,
                         tsr_model **model, tsr_error *err)
{
    *model = NULL;
    tsr_header h;
    TSR_TRY(check_header(file, file_bytes, &h, err));
    tsr_model *m = NULL;
    tsr_status s = tsr_model_begin(options, &m, err);
    if (s == TSR_OK) {
        const unsigned char *bytes = file;
        loader l = {
            .io = { .reading = true, .pool = &m->pool,
                    .in = rd_make(bytes + TSR_FILE_HEADER_BYTES, (size_t)h.graph_bytes) },
            .g = &m->graph,
            .weights = bytes + h.weights_at,
            .weights_bytes = (size_t)(h.packed_at - h.weights_at),
            .packed = h.version == TSR_FILE_PACKED ? bytes + h.packed_at : NULL,
            .packed_bytes = file_bytes - (size_t)h.packed_at,
            .packs = &m->packs,
        };
        m->graph.fold_budget_bytes = 8 * file_bytes;
        s = read_graph(&l);
    }
    if (s == TSR_OK)
        s = tsr_model_finish(m, err);
    if (s != TSR_OK) {
        tsr_model_free(m);
        return s;
    }
    *model = m;
    return TSR_OK;
}
