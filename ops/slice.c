/*
 * slice.c - out[i, j, ...] = in[begin[0] + i * stride[0], begin[1] + ...].
 *
 * Strides may be negative (a reversed axis); every index must lie inside the
 * input, loaders having clipped what their format lets hang over.
 * SPDX-License-Identifier: MIT
 */
#include "ops/movers.h"
#include "ops/ops.h"

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    const tsr_slice_attr *a = &n->attr.slice;
    for (int k = 0; k < in[0]->rank; k++) {
        const int dim = in[0]->dim[k];
        const int64_t last = a->begin[k] + (int64_t)(a->size[k] - 1LL) * a->stride[k];
        if (a->size[k] < 1 || a->size[k] > dim || a->begin[k] < 0 || a->begin[k] >= dim
            || last < 0 || last >= dim || (a->stride[k] == 0 && a->size[k] > 1))
            return tsr_fail(err, TSR_BAD_FILE,
                            "slice '%s': axis %d: begin %d, stride %d, size %d of dimension %d",
                            n->name, k, a->begin[k], a->stride[k], a->size[k], dim);
        out->dim[k] = a->size[k];
    }
    out->rank = in[0]->rank;
    TSR_TRY(tsr_infer_same_type(n, "slice", in[0], out, err));
    return tsr_infer_size(n, "slice", out, err);
}

static void run(const tsr_step *s)
{
    tsr_box_copy(s->state, s->in[0]->data, s->out[0]->data, s->threads);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    const tsr_tensor *in = s->in[0], *out = s->out[0];
    const tsr_slice_attr *a = &s->node->attr.slice;
    tsr_box *b = s->state = tsr_arena_keep(ctx->arena, sizeof *b, sizeof(size_t));
    s->run = run;
    if (!b)
        return TSR_OK;
    size_t is[TSR_MAX_RANK], os[TSR_MAX_RANK];
    tsr_dense_strides(in, is);
    tsr_dense_strides(out, os);
    b->elem_bytes = tsr_dtype_bytes(in->dtype);
    for (int k = 0; k < out->rank; k++) {
        b->in_at += (size_t)a->begin[k] * is[k];
        tsr_box_axis(b, (size_t)out->dim[k], is[k], os[k]);
        b->in[k] *= a->stride[k];
    }
    tsr_box_simplify(b);
    return TSR_OK;
}

const tsr_op tsr_op_slice = {
    .name = "slice", .kind = TSR_OP_SLICE, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};
