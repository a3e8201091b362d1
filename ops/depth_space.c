/*
 * depth_space.c - trade channels for pixels and back (pixel shuffle).
 *
 *     depth to space, block b:  out[n, y*b + i, x*b + j, c] = in[n, y, x, k]
 *         k = (i*b + j) * C + c         DCR, TensorFlow's order
 *         k = c * b*b + i*b + j         CRD, what PyTorch's pixel shuffle does
 *
 * Space to depth is the same sentence read from right to left.  As a box it
 * has six axes: n, y, i, x, j, c.             SPDX-License-Identifier: MIT
 */
#include "ops/movers.h"
#include "ops/ops.h"

static tsr_status check(const tsr_node *n, const char *op, const tsr_tensor *in,
                        const tsr_tensor *out, tsr_error *err)
{
    if (in->rank != 4)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': input of rank %d, not 4", op, n->name,
                        in->rank);
    if (n->attr.depth_space.block < 1 || n->attr.depth_space.block > 32767)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': block size %d", op, n->name,
                        n->attr.depth_space.block);
    return tsr_infer_same_type(n, op, in, out, err);
}

static tsr_status infer_to_space(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                                 tsr_error *err)
{
    const char *op = "depth_to_space";
    TSR_TRY(check(n, op, in[0], out, err));
    const int b = n->attr.depth_space.block, *d = in[0]->dim;
    if (d[3] % (b * b) != 0)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': %d channels do not divide into %dx%d blocks",
                        op, n->name, d[3], b, b);
    if (d[1] > INT32_MAX / b || d[2] > INT32_MAX / b)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': block size %d is too large", op, n->name, b);
    out->rank = 4;
    out->dim[0] = d[0];
    out->dim[1] = d[1] * b;
    out->dim[2] = d[2] * b;
    out->dim[3] = d[3] / (b * b);
    return tsr_infer_size(n, op, out, err);
}

static tsr_status infer_to_depth(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                                 tsr_error *err)
{
    const char *op = "space_to_depth";
    TSR_TRY(check(n, op, in[0], out, err));
    const int b = n->attr.depth_space.block, *d = in[0]->dim;
    if (d[1] % b != 0 || d[2] % b != 0)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': %dx%d does not divide into blocks of %dx%d",
                        op, n->name, d[1], d[2], b, b);
    if (d[3] > INT32_MAX / (b * b))
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': block size %d is too large", op, n->name, b);
    out->rank = 4;
    out->dim[0] = d[0];
    out->dim[1] = d[1] / b;
    out->dim[2] = d[2] / b;
    out->dim[3] = d[3] * b * b;
    return tsr_infer_size(n, op, out, err);
}

static void run(const tsr_step *s)
{
    tsr_box_copy(s->state, s->in[0]->data, s->out[0]->data, s->threads);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    const bool to_space = s->node->kind == TSR_OP_DEPTH_TO_SPACE;
    const tsr_tensor *deep = to_space ? s->in[0] : s->out[0];
    const tsr_tensor *wide = to_space ? s->out[0] : s->in[0];
    tsr_box *box = s->state = tsr_arena_keep(ctx->arena, sizeof *box, sizeof(size_t));
    s->run = run;
    if (!box)
        return TSR_OK;
    const size_t b = (size_t)s->node->attr.depth_space.block;
    const bool crd = s->node->attr.depth_space.crd;
    const size_t h = (size_t)deep->dim[1], w = (size_t)deep->dim[2], c = (size_t)wide->dim[3];
    const size_t k = b * b * c, row = w * b * c;    /* deep pixel, wide row */
    const size_t sub = crd ? 1 : c, channel = crd ? b * b : 1;
    const struct { size_t size, deep, wide; } axis[6] = {
        { (size_t)deep->dim[0], h * w * k, h * b * row },
        { h, w * k, b * row }, { b, b * sub, row },
        { w, k, b * c }, { b, sub, c }, { c, channel, 1 },
    };
    for (int i = 0; i < 6; i++)
        tsr_box_axis(box, axis[i].size, to_space ? axis[i].deep : axis[i].wide,
                     to_space ? axis[i].wide : axis[i].deep);
    box->elem_bytes = tsr_dtype_bytes(deep->dtype);
    tsr_box_simplify(box);
    return TSR_OK;
}

const tsr_op tsr_op_depth_to_space = {
    .name = "depth_to_space", .kind = TSR_OP_DEPTH_TO_SPACE, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer_to_space, .prepare = prepare,
};

const tsr_op tsr_op_space_to_depth = {
    .name = "space_to_depth", .kind = TSR_OP_SPACE_TO_DEPTH, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer_to_depth, .prepare = prepare,
};
