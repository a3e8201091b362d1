/*
 * batch_space.c - deal the pixels of an image out to several smaller images.
 *
 *     space to batch:  out[(i*bx + j)*N + n, y, x, c]
 *                          = in[n, y*by + i - pad_top, x*bx + j - pad_left, c]
 *     batch to space:  the other way round, dropping `pads` pixels at the edges
 *
 * TensorFlow wraps a convolution in these two to dilate it.  Each (i, j) is one
 * strided box, cut to the pixels that exist.   SPDX-License-Identifier: MIT
 */
#include "ops/movers.h"
#include "ops/ops.h"

enum { MAX_BLOCK = 4096 };

static tsr_status check(const tsr_node *n, const char *op, const tsr_tensor *in,
                        const tsr_tensor *out, tsr_error *err)
{
    const tsr_batch_space_attr *a = &n->attr.batch_space;
    if (in->rank != 4)
        return tsr_fail(err, TSR_UNSUPPORTED, "%s '%s': input of rank %d, not 4", op, n->name,
                        in->rank);
    if (a->block_y < 1 || a->block_x < 1 || a->block_y > MAX_BLOCK || a->block_x > MAX_BLOCK)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': block %dx%d", op, n->name, a->block_y,
                        a->block_x);
    if (a->pad_top < 0 || a->pad_left < 0 || a->pad_bottom < 0 || a->pad_right < 0)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': negative padding or crop", op, n->name);
    return tsr_infer_same_type(n, op, in, out, err);
}

/* dim, or 0 when it is not the size of an axis that fits an int. */
static int dimension(int64_t dim) { return dim < 1 || dim > INT32_MAX ? 0 : (int)dim; }

static tsr_status infer_to_batch(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                                 tsr_error *err)
{
    const char *op = "space_to_batch";
    TSR_TRY(check(n, op, in[0], out, err));
    const tsr_batch_space_attr *a = &n->attr.batch_space;
    const int64_t h = (int64_t)in[0]->dim[1] + a->pad_top + a->pad_bottom;
    const int64_t w = (int64_t)in[0]->dim[2] + a->pad_left + a->pad_right;
    if (h % a->block_y != 0 || w % a->block_x != 0)
        return tsr_fail(err, TSR_BAD_FILE,
                        "%s '%s': padded size %lldx%lld is no multiple of block %dx%d", op, n->name,
                        (long long)h, (long long)w, a->block_y, a->block_x);
    out->rank = 4;
    out->dim[0] = dimension((int64_t)in[0]->dim[0] * a->block_y * a->block_x);
    out->dim[1] = dimension(h / a->block_y);
    out->dim[2] = dimension(w / a->block_x);
    out->dim[3] = in[0]->dim[3];
    return tsr_infer_size(n, op, out, err);
}

static tsr_status infer_to_space(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                                 tsr_error *err)
{
    const char *op = "batch_to_space";
    TSR_TRY(check(n, op, in[0], out, err));
    const tsr_batch_space_attr *a = &n->attr.batch_space;
    const int blocks = a->block_y * a->block_x;
    if (in[0]->dim[0] % blocks != 0)
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': batch %d is no multiple of block %dx%d", op,
                        n->name, in[0]->dim[0], a->block_y, a->block_x);
    out->rank = 4;
    out->dim[0] = in[0]->dim[0] / blocks;
    out->dim[1] = dimension((int64_t)in[0]->dim[1] * a->block_y - a->pad_top - a->pad_bottom);
    out->dim[2] = dimension((int64_t)in[0]->dim[2] * a->block_x - a->pad_left - a->pad_right);
    out->dim[3] = in[0]->dim[3];
    return tsr_infer_size(n, op, out, err);
}

/* Small-image positions p with 0 <= p*block + at - pad < big: first and count. */
static size_t covered(int small, int big, int block, int at, int pad, size_t *first)
{
    const int64_t from = pad > at ? ((int64_t)pad - at + block - 1) / block : 0;
    int64_t to = ((int64_t)big - 1 + pad - at);
    to = to < 0 ? -1 : to / block;
    if (to > small - 1)
        to = small - 1;
    *first = (size_t)from;
    return to < from ? 0 : (size_t)(to - from + 1);
}

/* Move the pixels of block position (i, j) between the big image and its batch
 * of small ones. */
static void move_one(const tsr_step *s, int i, int j)
{
    const bool to_batch = s->node->kind == TSR_OP_SPACE_TO_BATCH;
    const tsr_batch_space_attr *a = &s->node->attr.batch_space;
    const tsr_tensor *big = to_batch ? s->in[0] : s->out[0];
    const tsr_tensor *small = to_batch ? s->out[0] : s->in[0];
    size_t y0, x0;
    const size_t rows = covered(small->dim[1], big->dim[1], a->block_y, i, a->pad_top, &y0);
    const size_t columns = covered(small->dim[2], big->dim[2], a->block_x, j, a->pad_left, &x0);
    if (rows == 0 || columns == 0)
        return;
    size_t bs[TSR_MAX_RANK], ss[TSR_MAX_RANK];
    tsr_dense_strides(big, bs);
    tsr_dense_strides(small, ss);
    const size_t y = y0 * (size_t)a->block_y + (size_t)i - (size_t)a->pad_top;
    const size_t x = x0 * (size_t)a->block_x + (size_t)j - (size_t)a->pad_left;
    const size_t image = (size_t)(i * a->block_x + j) * (size_t)big->dim[0];
    const size_t big_at = y * bs[1] + x * bs[2];
    const size_t small_at = image * ss[0] + y0 * ss[1] + x0 * ss[2];
    const size_t size[4] = { (size_t)big->dim[0], rows, columns, (size_t)big->dim[3] };
    const size_t big_step[4] = { bs[0], bs[1] * (size_t)a->block_y, bs[2] * (size_t)a->block_x, 1 };
    tsr_box b = { .elem_bytes = tsr_dtype_bytes(big->dtype),
                  .in_at = to_batch ? big_at : small_at,
                  .out_at = to_batch ? small_at : big_at };
    for (int k = 0; k < 4; k++)
        tsr_box_axis(&b, size[k], to_batch ? big_step[k] : ss[k], to_batch ? ss[k] : big_step[k]);
    tsr_box_simplify(&b);
    tsr_box_copy(&b, s->in[0]->data, s->out[0]->data, s->threads);
}

static void run(const tsr_step *s)
{
    const tsr_batch_space_attr *a = &s->node->attr.batch_space;
    if (s->node->kind == TSR_OP_SPACE_TO_BATCH) {
        uint8_t zero[8];
        tsr_encode_value(s->out[0], 0, zero);
        tsr_fill(s->out[0]->data, zero, tsr_elements(s->out[0]), tsr_dtype_bytes(s->out[0]->dtype));
    }
    for (int i = 0; i < a->block_y; i++)
        for (int j = 0; j < a->block_x; j++)
            move_one(s, i, j);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)ctx, (void)err;
    s->run = run;
    return TSR_OK;
}

const tsr_op tsr_op_space_to_batch = {
    .name = "space_to_batch", .kind = TSR_OP_SPACE_TO_BATCH, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer_to_batch, .prepare = prepare,
};

const tsr_op tsr_op_batch_to_space = {
    .name = "batch_to_space", .kind = TSR_OP_BATCH_TO_SPACE, .flags = TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1,
    .infer = infer_to_space, .prepare = prepare,
};
