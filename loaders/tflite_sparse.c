/*
 * tflite_sparse.c - sparse constants become dense ones, once, at load.
 *
 * The stored values are the leaves of a tree.  Each level of the tree is one
 * dimension, in the order given by traversal_order; a dimension that is cut
 * into blocks appears twice, as index of the block (d < rank) and as index
 * inside it (d >= rank, block_map[d - rank] tells whose).  A level is
 *
 *     DENSE       has a child for each of its dense_size indices;
 *                 node p's child i is node p * dense_size + i of the next level
 *     SPARSE_CSR  node p's children are entries segments[p] .. segments[p+1]-1
 *                 of `indices`, and these entry numbers name them
 *
 * At the last level the node number is the place among the stored values.
 * Segments must not decrease, so every node is reached once at most and the
 * work is bounded by what the file stores.  Kjolstad et al., "The tensor
 * algebra compiler", 2017, section 3, describes the format's idea.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/tflite_file.h"

enum { SPARSITY_ORDER, SPARSITY_BLOCK_MAP, SPARSITY_LEVELS };
enum { LEVEL_FORMAT, LEVEL_DENSE_SIZE, LEVEL_SEGMENTS_TYPE, LEVEL_SEGMENTS, LEVEL_INDICES_TYPE,
       LEVEL_INDICES };
enum { FORMAT_DENSE, FORMAT_CSR };
enum { MAX_LEVELS = 2 * TSR_MAX_RANK };
enum { MAX_GROWTH = 64 };               /* dense bytes for each byte of the file */

typedef struct {                        /* a vector of 1, 2 or 4 byte unsigned numbers */
    tsr_fb_vector v;
    unsigned type;                      /* the schema's SparseIndexVector */
} numbers;

typedef struct {
    int dim;                            /* which expanded dimension this level walks */
    bool csr;
    size_t size;                        /* of that dimension */
    numbers segments, indices;
} level;

typedef struct {
    level levels[MAX_LEVELS];
    int level_count;
    size_t at[MAX_LEVELS];              /* index along each expanded dimension */
    size_t stride[MAX_LEVELS];          /* elements that a step along it skips */
    const uint8_t *stored;
    uint8_t *dense;
    size_t stored_count, item_bytes;
} walk;

static numbers read_numbers(tsr_fb *fb, tsr_fb_table t, unsigned type_field, unsigned field)
{
    static const size_t item_bytes[] = { 0, 4, 2, 1 };
    numbers n = { .type = tsr_fb_u8(fb, t, type_field) };
    if (n.type >= 1 && n.type <= 3)
        n.v = tsr_fb_vec(fb, tsr_fb_child(fb, t, field), 0, item_bytes[n.type]);
    return n;
}

/* SIZE_MAX past the end, which no check below lets through. */
static size_t number_at(const numbers *n, size_t i)
{
    if (i >= n->v.count)
        return SIZE_MAX;
    switch (n->type) {
    case 1: return (uint32_t)tsr_fb_item_i32(n->v, i);
    case 2: return tsr_fb_item_u16(n->v, i);
    default: return tsr_fb_item_u8(n->v, i);
    }
}

/* Visit node `node` of level `depth` and all below it; false: damaged. */
static bool visit(walk *w, int depth, size_t node)
{
    if (depth == w->level_count) {
        size_t to = 0;
        for (int i = 0; i < w->level_count; i++)
            to += w->at[i] * w->stride[i];
        if (node >= w->stored_count)
            return false;
        memcpy(w->dense + to * w->item_bytes, w->stored + node * w->item_bytes, w->item_bytes);
        return true;
    }
    const level *l = &w->levels[depth];
    size_t first = node * l->size, last = first + l->size;
    if (l->csr) {
        first = number_at(&l->segments, node);
        last = number_at(&l->segments, node + 1);
        if (first > last || last > l->indices.v.count)
            return false;
    }
    for (size_t child = first; child < last; child++) {
        w->at[l->dim] = l->csr ? number_at(&l->indices, child) : child - first;
        if (w->at[l->dim] >= l->size || !visit(w, depth + 1, child))
            return false;
    }
    return true;
}

/* Sizes and strides of the expanded dimensions: those of the tensor, divided by
 * their blocks, then the blocks.  False: the numbers do not fit together. */
static bool set_dimensions(walk *w, const tsr_tensor *t, tsr_fb_vector block_map,
                           const size_t *block, size_t *size)
{
    size_t stride[TSR_MAX_RANK], n = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        stride[i] = n;
        n *= (size_t)t->dim[i];
        size[i] = (size_t)t->dim[i];
        w->stride[i] = stride[i];
    }
    for (size_t b = 0; b < block_map.count; b++) {
        const int32_t of = tsr_fb_item_i32(block_map, b);
        const size_t d = (size_t)t->rank + b;
        if (of < 0 || of >= t->rank || block[d] == 0 || size[of] % block[d] ||
            w->stride[of] != stride[of])        /* cut into blocks twice */
            return false;
        size[of] /= block[d];
        size[d] = block[d];
        w->stride[of] = stride[of] * block[d];
        w->stride[d] = stride[of];
    }
    return true;
}

static bool read_levels(tfl_file *f, tsr_fb_table sparsity, const tsr_tensor *t, walk *w)
{
    tsr_fb *fb = &f->fb;
    const tsr_fb_vector order = tsr_fb_vec(fb, sparsity, SPARSITY_ORDER, 4);
    const tsr_fb_vector block_map = tsr_fb_vec(fb, sparsity, SPARSITY_BLOCK_MAP, 4);
    const tsr_fb_vector tables = tsr_fb_vec(fb, sparsity, SPARSITY_LEVELS, 4);
    size_t declared[MAX_LEVELS] = { 0 }, size[MAX_LEVELS] = { 0 };
    unsigned seen = 0;
    if (t->rank < 1 || block_map.count > TSR_MAX_RANK || order.count != tables.count ||
        order.count != (size_t)t->rank + block_map.count)
        return false;
    w->level_count = (int)order.count;
    for (int i = 0; i < w->level_count; i++) {
        const tsr_fb_table table = tsr_fb_item_table(fb, tables, (size_t)i);
        level *l = &w->levels[i];
        const int format = tsr_fb_i8(fb, table, LEVEL_FORMAT);
        const int32_t dense_size = tsr_fb_i32(fb, table, LEVEL_DENSE_SIZE, 0);
        l->dim = tsr_fb_item_i32(order, (size_t)i);
        l->csr = format == FORMAT_CSR;
        if (l->dim < 0 || l->dim >= w->level_count || (seen & 1u << l->dim) ||
            (format != FORMAT_DENSE && format != FORMAT_CSR))
            return false;
        seen |= 1u << l->dim;
        declared[l->dim] = dense_size > 0 ? (size_t)dense_size : 0;
        l->segments = read_numbers(fb, table, LEVEL_SEGMENTS_TYPE, LEVEL_SEGMENTS);
        l->indices = read_numbers(fb, table, LEVEL_INDICES_TYPE, LEVEL_INDICES);
    }
    if (fb->bad || !set_dimensions(w, t, block_map, declared, size))
        return false;
    for (int i = 0; i < w->level_count; i++) {
        level *l = &w->levels[i];
        l->size = size[l->dim];
        if (!l->csr && declared[l->dim] != l->size)
            return false;
    }
    return true;
}

bool tfl_densify(tfl_file *f, tsr_fb_table sparsity, tsr_fb_vector stored, tsr_tensor *t)
{
    walk w = { .stored = stored.at, .item_bytes = tsr_dtype_bytes(t->dtype) };
    w.stored_count = stored.count / w.item_bytes;
    if (!read_levels(f, sparsity, t, &w) || tsr_bytes(t) / MAX_GROWTH > f->fb.size) {
        tsr_graph_fail(f->g, TSR_BAD_FILE, "sparse tensor '%.80s': its index does not fit its "
                       "shape", t->name);
        return false;
    }
    tsr_fb_spend(&f->fb, tsr_bytes(t));
    w.dense = f->fb.bad ? NULL : tsr_pool_alloc(f->g->pool, tsr_bytes(t), 64);
    if (!w.dense) {
        tsr_graph_fail(f->g, TSR_NO_MEMORY, "no memory for tensor '%.80s'", t->name);
        return false;
    }
    if (!visit(&w, 0, 0)) {
        tsr_graph_fail(f->g, TSR_BAD_FILE, "sparse tensor '%.80s': an index leads out of it",
                       t->name);
        return false;
    }
    t->data = w.dense;
    return true;
}
