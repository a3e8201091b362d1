/*
 * gather.c - pick slices of a tensor by number.
 *
 *     gather     out[a.., i.., b..] = x[a.., index[i..], b..]     along `axis`
 *     gather_nd  out[i.., b..] = x[index[i.., 0], index[i.., 1], .., b..]
 *
 * A negative number counts from the end.  Numbers known when the graph is
 * built must be inside; those that are computed are pulled to the nearest
 * one that exists, because run cannot say no.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/movers.h"
#include "ops/ops.h"

/* Index number i of t, an s32 or s64 tensor. */
static int64_t index_at(const tsr_tensor *t, size_t i)
{
    return t->dtype == TSR_S64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

/* From the end if negative, then into 0 .. size - 1. */
static size_t resolve(int64_t i, int size)
{
    i = i < 0 ? i + size : i;
    return (size_t)(i < 0 ? 0 : i >= size ? size - 1 : i);
}

/* Constant indices: entry j of each group of `group` is for axis first + j. */
static tsr_status check_indices(const tsr_node *n, const char *op, const tsr_tensor *const *in,
                                int first, int group, tsr_error *err)
{
    if (in[1]->dtype != TSR_S32 && in[1]->dtype != TSR_S64)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': %s indices", op, n->name,
                        tsr_dtype_name(in[1]->dtype));
    const size_t count = in[1]->data ? tsr_elements(in[1]) : 0;
    for (size_t i = 0; i < count; i++) {
        const int size = in[0]->dim[first + (int)(i % (size_t)group)];
        const int64_t at = index_at(in[1], i);
        if (at < -(int64_t)size || at >= size)
            return tsr_fail(err, TSR_BAD_FILE, "%s '%s': index %lld into dimension %d", op, n->name,
                            (long long)at, size);
    }
    return TSR_OK;
}

/* Output shape: `lead` of x, dims 0 .. indices of in[1], x from `tail` on. */
static tsr_status join_shapes(const tsr_node *n, const char *op, const tsr_tensor *const *in,
                              const int part[3], tsr_tensor *out, tsr_error *err)
{
    const int lead = part[0], indices = part[1], tail = part[2];
    const int rank = lead + indices + in[0]->rank - tail;
    if (rank > TSR_MAX_RANK)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': the output would have rank %d", op, n->name,
                        rank);
    out->rank = rank;
    int k = 0;
    for (int i = 0; i < lead; i++)
        out->dim[k++] = in[0]->dim[i];
    for (int i = 0; i < indices; i++)
        out->dim[k++] = in[1]->dim[i];
    for (int i = tail; i < in[0]->rank; i++)
        out->dim[k++] = in[0]->dim[i];
    TSR_TRY(tsr_infer_same_type(n, op, in[0], out, err));
    return tsr_infer_size(n, op, out, err);
}

static tsr_status infer_gather(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                               tsr_error *err)
{
    int *axis = &n->attr.gather.axis;
    const int rank = in[0]->rank;
    if (*axis < -rank || *axis >= rank)
        return tsr_fail(err, TSR_BAD_FILE, "gather '%s': axis %d of rank %d", n->name, *axis, rank);
    *axis += *axis < 0 ? rank : 0;
    TSR_TRY(check_indices(n, "gather", in, *axis, 1, err));
    return join_shapes(n, "gather", in, (int[]){ *axis, in[1]->rank, *axis + 1 }, out, err);
}

static tsr_status infer_gather_nd(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                                  tsr_error *err)
{
    const int depth = in[1]->rank ? in[1]->dim[in[1]->rank - 1] : 0;
    if (depth < 1 || depth > in[0]->rank)
        return tsr_fail(err, TSR_BAD_FILE, "gather_nd '%s': indices of %d entries into rank %d",
                        n->name, depth, in[0]->rank);
    TSR_TRY(check_indices(n, "gather_nd", in, 0, depth, err));
    return join_shapes(n, "gather_nd", in, (int[]){ 0, in[1]->rank - 1, depth }, out, err);
}

static void run_gather(const tsr_step *s)
{
    const tsr_tensor *x = s->in[0], *index = s->in[1];
    const int axis = s->node->attr.gather.axis, size = x->dim[axis];
    const size_t outer = tsr_dim_product(x, 0, axis), count = tsr_elements(index);
    const size_t run = tsr_dim_product(x, axis + 1, x->rank) * tsr_dtype_bytes(x->dtype);
    const uint8_t *in = x->data;
    uint8_t *out = s->out[0]->data;
    for (size_t o = 0; o < outer; o++, in += (size_t)size * run)
        for (size_t i = 0; i < count; i++, out += run)
            memcpy(out, in + resolve(index_at(index, i), size) * run, run);
}

static void run_gather_nd(const tsr_step *s)
{
    const tsr_tensor *x = s->in[0], *index = s->in[1];
    const int depth = index->dim[index->rank - 1];
    const size_t count = tsr_elements(index) / (size_t)depth;
    const size_t run = tsr_dim_product(x, depth, x->rank) * tsr_dtype_bytes(x->dtype);
    uint8_t *out = s->out[0]->data;
    for (size_t i = 0; i < count; i++, out += run) {
        size_t at = 0;
        for (int k = 0; k < depth; k++)
            at = at * (size_t)x->dim[k]
                 + resolve(index_at(index, i * (size_t)depth + (size_t)k), x->dim[k]);
        memcpy(out, (const uint8_t *)x->data + at * run, run);
    }
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)ctx, (void)err;
    s->run = s->node->kind == TSR_OP_GATHER ? run_gather : run_gather_nd;
    return TSR_OK;
}

const tsr_op tsr_op_gather = {
    .name = "gather", .kind = TSR_OP_GATHER, .flags = TSR_OP_F16_TOO,
    .min_in = 2, .max_in = 2,
    .infer = infer_gather, .prepare = prepare,
};

const tsr_op tsr_op_gather_nd = {
    .name = "gather_nd", .kind = TSR_OP_GATHER_ND, .flags = TSR_OP_F16_TOO,
    .min_in = 2, .max_in = 2,
    .infer = infer_gather_nd, .prepare = prepare,
};
