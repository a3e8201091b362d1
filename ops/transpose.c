/*
 * transpose.c - out[i_perm[0], i_perm[1], ...] = in[i_0, i_1, ...].
 *
 *     out.dim[k] = in.dim[perm[k]]
 *
 * One strided box: walking along output axis k steps by the input's stride of
 * axis perm[k].  tsr_box_simplify finds the plain copies and the matrices
 * (NHWC <-> NCHW is [hw, c] <-> [c, hw]) in it.
 * SPDX-License-Identifier: MIT
 */
#include "ops/movers.h"
#include "ops/ops.h"

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    const int *perm = n->attr.transpose.perm;
    const int rank = in[0]->rank;
    unsigned seen = 0;
    for (int k = 0; k < rank; k++) {
        if (perm[k] < 0 || perm[k] >= rank || (seen >> perm[k] & 1))
            return tsr_fail(err, TSR_BAD_FILE,
                            "transpose '%s': entry %d of the permutation is %d (rank %d)",
                            n->name, k, perm[k], rank);
        seen |= 1u << perm[k];
        out->dim[k] = in[0]->dim[perm[k]];
    }
    out->rank = rank;
    TSR_TRY(tsr_infer_same_type(n, "transpose", in[0], out, err));
    return tsr_infer_size(n, "transpose", out, err);
}

static void run(const tsr_step *s)
{
    tsr_box_copy(s->state, s->in[0]->data, s->out[0]->data, s->threads);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    const tsr_tensor *in = s->in[0], *out = s->out[0];
    tsr_box *b = s->state = tsr_arena_keep(ctx->arena, sizeof *b, sizeof(size_t));
    s->run = run;
    if (!b)
        return TSR_OK;
    size_t is[TSR_MAX_RANK], os[TSR_MAX_RANK];
    tsr_dense_strides(in, is);
    tsr_dense_strides(out, os);
    b->elem_bytes = tsr_dtype_bytes(in->dtype);
    for (int k = 0; k < out->rank; k++)
        tsr_box_axis(b, (size_t)out->dim[k], is[s->node->attr.transpose.perm[k]], os[k]);
    tsr_box_simplify(b);
    return TSR_OK;
}

const tsr_op tsr_op_transpose = {
    .name = "transpose", .kind = TSR_OP_TRANSPOSE, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer, .prepare = prepare,
};
