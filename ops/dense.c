/*
 * dense.c - y[row,co] = clamp(bias[co] + sum over ci of x[row,ci] * filter[co,ci])
 *
 * TensorFlow Lite's FULLY_CONNECTED: the input is any tensor of rows * c elements, c
 * given by the filter.  keep_dims keeps its leading dimensions (the last must be c),
 * otherwise the output is [rows, oc].            SPDX-License-Identifier: MIT
 */
#include "ops/dense.h"
#include "ops/ops.h"
#include "ops/q8.h"

static tsr_status check_shapes(const tsr_node *n, const tsr_tensor *const *in, tsr_error *err)
{
    if (in[1]->rank != 2)
        return tsr_fail(err, TSR_BAD_FILE, "dense '%s': filter has %d dimensions, not 2", n->name,
                        in[1]->rank);
    const int oc = in[1]->dim[0], c = in[1]->dim[1];
    const size_t elements = tsr_elements(in[0]);
    if (elements % (size_t)c)
        return tsr_fail(err, TSR_BAD_FILE, "dense '%s': %zu inputs are no rows of %d", n->name,
                        elements, c);
    if (n->attr.dense.keep_dims && (in[0]->rank < 1 || in[0]->dim[in[0]->rank - 1] != c))
        return tsr_fail(err, TSR_BAD_FILE, "dense '%s': filter wants %d channels, input has %d",
                        n->name, c, in[0]->rank < 1 ? 1 : in[0]->dim[in[0]->rank - 1]);
    if (n->in_count > 2 && in[2] && (in[2]->rank > 1 || tsr_elements(in[2]) != (size_t)oc))
        return tsr_fail(err, TSR_BAD_FILE, "dense '%s': %zu biases for %d outputs", n->name,
                        tsr_elements(in[2]), oc);
    return TSR_OK;
}

static tsr_status check_f32(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out,
                            tsr_error *err)
{
    for (int i = 1; i < n->in_count; i++)
        if (in[i] && in[i]->dtype != TSR_F32)
            return tsr_fail(err, TSR_UNSUPPORTED, "dense '%s': f32 input with %s '%s'", n->name,
                            tsr_dtype_name(in[i]->dtype), in[i]->name);
    if (out->dtype != TSR_F32)
        return tsr_fail(err, TSR_UNSUPPORTED, "dense '%s': f32 input, %s output", n->name,
                        tsr_dtype_name(out->dtype));
    return TSR_OK;
}

static tsr_status check_dtype(const tsr_node *n, const tsr_tensor *const *in,
                              const tsr_tensor *out, tsr_error *err)
{
    for (int i = 1; i < n->in_count; i++)
        if (in[i] && !in[i]->data)
            return tsr_fail(err, TSR_UNSUPPORTED, "dense '%s': '%s' must be a constant", n->name,
                            in[i]->name);
    switch (in[0]->dtype) {
    case TSR_F32: return check_f32(n, in, out, err);
    case TSR_U8: case TSR_S8: return tsr_q8_check_weights("dense", n, in, out, 0, err);
    default:
        return tsr_fail(err, TSR_UNSUPPORTED, "dense '%s': %s input", n->name,
                        tsr_dtype_name(in[0]->dtype));
    }
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    TSR_TRY(check_shapes(n, in, err));
    if (n->attr.dense.keep_dims) {
        out->rank = in[0]->rank;
        for (int i = 0; i < out->rank; i++)
            out->dim[i] = in[0]->dim[i];
    } else {
        out->rank = 2;
        out->dim[0] = (int)(tsr_elements(in[0]) / (size_t)in[1]->dim[1]);
    }
    out->dim[out->rank - 1] = in[1]->dim[0];
    return check_dtype(n, in, out, err);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    return tsr_is_q8(s->in[0]->dtype) ? tsr_dense_prepare_q8(s, ctx)
                                      : tsr_dense_prepare_f32(s, ctx);
}

static uint64_t macs(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out)
{
    (void)n;
    return (uint64_t)tsr_elements(out) * (uint64_t)in[1]->dim[1];
}

const tsr_op tsr_op_dense = {
    .name = "dense", .kind = TSR_OP_DENSE, .flags = TSR_OP_HAS_CLAMP,
    .min_in = 2, .max_in = 3, .infer = infer, .prepare = prepare, .macs = macs,
};
