/*
 * tflite_shape.c - operators that only move data, all but the cutting ones.
 *
 * SQUEEZE, EXPAND_DIMS and the like are RESHAPE with a computed shape; PACK is
 * RESHAPE of each part and CONCAT; MIRROR_PAD is, axis by axis, CONCAT of the
 * tensor with strips of itself read backwards.
 * SPDX-License-Identifier: MIT
 */
#include "loaders/tflite_file.h"

enum { RESHAPE_NEW_SHAPE, SQUEEZE_DIMS = 0, CONCAT_AXIS = 0, CONCAT_ACTIVATION = 1,
       PACK_AXIS = 1, DEPTH_SPACE_BLOCK = 0, GATHER_AXIS = 0, GATHER_BATCH_DIMS = 1,
       MIRROR_MODE = 0 };

static int to_int(int64_t x)
{
    return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int)x;
}

/* ---- reshape and friends ----------------------------------------------- */

static void emit_reshape(tfl_op *o, int64_t rank, const int64_t *dim)
{
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, o->name, in, 1);
    if (rank < 0 || rank > TSR_MAX_RANK) {
        tfl_fail(o, TSR_UNSUPPORTED, "to %lld dimensions, at most %d are supported",
                 (long long)rank, TSR_MAX_RANK);
        return;
    }
    n.attr.reshape.rank = (int)rank;
    for (int i = 0; i < n.attr.reshape.rank; i++)
        n.attr.reshape.dim[i] = to_int(dim[i]);
    tfl_emit(o, &n, 0);
}

/* The new shape stands in a constant input, or in the options, or (computed by
 * the network while it runs) only as the declared shape of the output. */
void tfl_reshape(tfl_op *o)
{
    tsr_fb *fb = &o->f->fb;
    int64_t dim[TSR_MAX_RANK];
    int rank;
    const tsr_fb_vector option = tsr_fb_vec(fb, o->options, RESHAPE_NEW_SHAPE, 4);
    if (tfl_is_constant(o, 1)) {
        rank = tfl_ints(o, 1, dim, TSR_MAX_RANK);
        if (rank < 0)
            return;
    } else if (o->in.count < 2 && option.count > 0 && option.count <= TSR_MAX_RANK) {
        rank = (int)option.count;
        for (int i = 0; i < rank; i++)
            dim[i] = tsr_fb_item_i32(option, (size_t)i);
        if (rank == 1 && dim[0] == 0)       /* how old files write a scalar */
            rank = 0;
    } else {
        tsr_tensor out;
        if (!tfl_tensor(o->f, tsr_fb_item_i32(o->out, 0), &out))
            return;
        rank = out.rank;
        for (int i = 0; i < rank; i++)
            dim[i] = out.dim[i];
    }
    emit_reshape(o, rank, dim);
}

/* Drop the listed dimensions of size 1; all of them when none is listed. */
void tfl_squeeze(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    const tsr_fb_vector list = tsr_fb_vec(&o->f->fb, o->options, SQUEEZE_DIMS, 4);
    unsigned drop = 0;
    int64_t dim[TSR_MAX_RANK], rank = 0;
    if (!x)
        return;
    for (size_t i = 0; i < list.count; i++)
        drop |= 1u << tfl_axis(o, tsr_fb_item_i32(list, i), x->rank);
    for (int i = 0; i < x->rank; i++)
        if (list.count ? !(drop & 1u << i) : x->dim[i] != 1)
            dim[rank++] = x->dim[i];
    emit_reshape(o, rank, dim);
}

/* x, axis */
void tfl_expand_dims(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int64_t axis, dim[TSR_MAX_RANK + 1];
    if (!x || tfl_ints(o, 1, &axis, 1) != 1)
        return;
    const int at = tfl_axis(o, axis, x->rank + 1);
    for (int i = 0; i <= x->rank; i++)
        dim[i] = i < at ? x->dim[i] : i == at ? 1 : x->dim[i - 1];
    emit_reshape(o, x->rank + 1, dim);
}

/* The shape is known now: a constant. */
void tfl_shape(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    tsr_tensor t;
    if (!x || !tfl_tensor(o->f, tsr_fb_item_i32(o->out, 0), &t))
        return;
    if ((t.dtype != TSR_S32 && t.dtype != TSR_S64) || x->rank == 0) {
        tfl_fail(o, TSR_UNSUPPORTED, "of %d dimensions to %s", x->rank, tsr_dtype_name(t.dtype));
        return;
    }
    t.rank = 1;
    t.dim[0] = x->rank;
    t.data = tsr_pool_alloc(o->f->g->pool, TSR_MAX_RANK * sizeof(int64_t), sizeof(int64_t));
    if (!t.data) {
        tfl_fail(o, TSR_NO_MEMORY, "no memory for a shape");
        return;
    }
    for (int i = 0; i < x->rank; i++) {
        if (t.dtype == TSR_S32)
            ((int32_t *)t.data)[i] = x->dim[i];
        else
            ((int64_t *)t.data)[i] = x->dim[i];
    }
    tfl_set_output(o, 0, tsr_graph_constant(o->f->g, &t));
}

/* Sparse constants are dense since they were read: the same value. */
void tfl_densify_op(tfl_op *o)
{
    if (tfl_is_constant(o, 0))
        tfl_set_output(o, 0, tfl_input(o, 0));
    else
        tfl_fail(o, TSR_UNSUPPORTED, "of a tensor that is not constant");
}

/* x, permutation */
void tfl_transpose(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int64_t perm[TSR_MAX_RANK];
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(TSR_OP_TRANSPOSE, o->name, in, 1);
    const int count = tfl_ints(o, 1, perm, TSR_MAX_RANK);
    if (!x || count < 0)
        return;
    if (count != x->rank) {
        tfl_fail(o, TSR_BAD_FILE, "%d axes for %d dimensions", count, x->rank);
        return;
    }
    for (int i = 0; i < count; i++)
        n.attr.transpose.perm[i] = tfl_axis(o, perm[i], x->rank);
    tfl_emit(o, &n, 0);
}

/* ---- joining ----------------------------------------------------------- */

/* All inputs of the operator as graph values; NULL after a failure. */
static int *all_inputs(tfl_op *o)
{
    if (o->in.count == 0 || o->in.count > TSR_MAX_NODES) {
        tfl_fail(o, TSR_BAD_FILE, "has %zu inputs", o->in.count);
        return NULL;
    }
    int *in = tsr_pool_alloc(o->f->g->pool, o->in.count * sizeof *in, sizeof *in);
    if (!in)
        tfl_fail(o, TSR_NO_MEMORY, "no memory for %zu inputs", o->in.count);
    for (size_t i = 0; in && i < o->in.count; i++)
        in[i] = tfl_input(o, (int)i);
    return in;
}

static void emit_concat(tfl_op *o, int *in, int axis, int activation)
{
    tsr_node n = tsr_node_make(TSR_OP_CONCAT, o->name, in, (int)o->in.count);
    n.attr.concat.axis = axis;
    tfl_emit_activated(o, &n, activation);
}

void tfl_concatenation(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int *in = all_inputs(o);
    if (!x || !in)
        return;
    const int axis = tfl_axis(o, tsr_fb_i32(&o->f->fb, o->options, CONCAT_AXIS, 0), x->rank);
    emit_concat(o, in, axis, tsr_fb_i8(&o->f->fb, o->options, CONCAT_ACTIVATION));
}

/* Each part gets a new dimension of size 1, along which all are joined. */
void tfl_pack(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int *in = all_inputs(o);
    int dim[TSR_MAX_RANK];
    if (!x || !in)
        return;
    if (x->rank == TSR_MAX_RANK) {
        tfl_fail(o, TSR_UNSUPPORTED, "makes more than %d dimensions", TSR_MAX_RANK);
        return;
    }
    const int axis = tfl_axis(o, tsr_fb_i32(&o->f->fb, o->options, PACK_AXIS, 0), x->rank + 1);
    for (int i = 0; i <= x->rank; i++)
        dim[i] = i < axis ? x->dim[i] : i == axis ? 1 : x->dim[i - 1];
    for (size_t i = 0; i < o->in.count; i++)
        in[i] = tfl_reshape_step(o, in[i], x->rank + 1, dim);
    emit_concat(o, in, axis, 0);
}

/* ---- padding ----------------------------------------------------------- */

/* The table of pads, [rank][2], of input 1. */
static bool read_pads(tfl_op *o, const tsr_tensor *x, int64_t pads[2 * TSR_MAX_RANK])
{
    const int count = tfl_ints(o, 1, pads, 2 * TSR_MAX_RANK);
    if (!x || count < 0)
        return false;
    if (count != 2 * x->rank) {
        tfl_fail(o, TSR_BAD_FILE, "%d pads for %d dimensions", count, x->rank);
        return false;
    }
    return true;
}

/* The real value of the constant scalar in input `slot`; absent: 0. */
static float scalar(tfl_op *o, int slot)
{
    const tsr_tensor *t = tfl_input_tensor(o, slot);
    if (!t)
        return 0;
    if (!t->data || tsr_elements(t) != 1) {
        tfl_fail(o, TSR_UNSUPPORTED, "input %d must be one constant number", slot);
        return 0;
    }
    int stored;
    switch (t->dtype) {
    case TSR_F32: return *(const float *)t->data;
    case TSR_U8: stored = *(const uint8_t *)t->data; break;
    case TSR_S8: stored = *(const int8_t *)t->data; break;
    case TSR_S32: stored = *(const int32_t *)t->data; break;
    default:
        tfl_fail(o, TSR_UNSUPPORTED, "input %d is %s", slot, tsr_dtype_name(t->dtype));
        return 0;
    }
    if (t->quant.scale > 0)
        return t->quant.scale * (float)((int64_t)stored - t->quant.zero_point);
    return (float)stored;
}

/* PAD x, pads; PADV2 x, pads, value */
void tfl_pad(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int64_t pads[2 * TSR_MAX_RANK];
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(TSR_OP_PAD, o->name, in, 1);
    if (!read_pads(o, x, pads))
        return;
    for (int i = 0; i < x->rank; i++) {
        n.attr.pad.before[i] = to_int(pads[2 * i]);
        n.attr.pad.after[i] = to_int(pads[2 * i + 1]);
    }
    n.attr.pad.value = scalar(o, 2);
    tfl_emit(o, &n, 0);
}

/* `count` indices of `axis`, downwards from `begin`. */
static int backwards(tfl_op *o, int value, int axis, int begin, int count)
{
    const tsr_tensor *x = tsr_graph_tensor(o->f->g, value);
    if (!x)
        return -1;
    tsr_node n = tsr_node_make(TSR_OP_SLICE, o->name, &value, 1);
    for (int i = 0; i < x->rank; i++) {
        n.attr.slice.stride[i] = 1;
        n.attr.slice.size[i] = x->dim[i];
    }
    n.attr.slice.begin[axis] = begin;
    n.attr.slice.stride[axis] = -1;
    n.attr.slice.size[axis] = count;
    return tfl_step(o, &n, x);
}

/* REFLECT leaves the border pixel out, SYMMETRIC repeats it. */
void tfl_mirror_pad(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    const int skip = tsr_fb_i8(&o->f->fb, o->options, MIRROR_MODE) == 0;
    int64_t pads[2 * TSR_MAX_RANK];
    if (!read_pads(o, x, pads))
        return;
    int value = tfl_input(o, 0);
    for (int i = 0; i < x->rank; i++) {
        const int64_t before = pads[2 * i], after = pads[2 * i + 1], most = x->dim[i] - skip;
        if (before < 0 || after < 0 || before > most || after > most) {
            tfl_fail(o, TSR_BAD_FILE, "pads %lld,%lld around %d", (long long)before,
                     (long long)after, x->dim[i]);
            return;
        }
        int in[3], count = 0;
        if (before)
            in[count++] = backwards(o, value, i, (int)before - 1 + skip, (int)before);
        in[count++] = value;
        if (after)
            in[count++] = backwards(o, value, i, x->dim[i] - 1 - skip, (int)after);
        tsr_node n = tsr_node_make(TSR_OP_CONCAT, o->name, in, count);
        n.attr.concat.axis = i;
        if (count > 1)
            value = tfl_step(o, &n, x);
    }
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, o->name, &value, 1);
    const tsr_tensor *t = tsr_graph_tensor(o->f->g, value);
    n.attr.reshape.rank = t ? t->rank : 0;
    for (int i = 0; t && i < t->rank; i++)
        n.attr.reshape.dim[i] = t->dim[i];
    tfl_emit(o, &n, 0);
}

/* ---- blocks and gathering ---------------------------------------------- */

void tfl_depth_space(tfl_op *o)
{
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 1);
    n.attr.depth_space.block = tsr_fb_i32(&o->f->fb, o->options, DEPTH_SPACE_BLOCK, 0);
    tfl_emit(o, &n, 0);
}

/* x, block[2], pads or crops[2][2] */
void tfl_space_to_batch(tfl_op *o)
{
    int64_t block[2], pads[4];
    int in[] = { tfl_input(o, 0) };
    tsr_node n = tsr_node_make(o->reader->kind, o->name, in, 1);
    if (tfl_ints(o, 1, block, 2) != 2 || tfl_ints(o, 2, pads, 4) != 4) {
        tfl_fail(o, TSR_UNSUPPORTED, "over other than 2 dimensions");
        return;
    }
    n.attr.batch_space = (tsr_batch_space_attr){
        .block_y = to_int(block[0]), .block_x = to_int(block[1]),
        .pad_top = to_int(pads[0]), .pad_bottom = to_int(pads[1]),
        .pad_left = to_int(pads[2]), .pad_right = to_int(pads[3]),
    };
    tfl_emit(o, &n, 0);
}

void tfl_gather(tfl_op *o)
{
    const tsr_tensor *x = tfl_input_tensor(o, 0);
    int in[] = { tfl_input(o, 0), tfl_input(o, 1) };
    tsr_node n = tsr_node_make(TSR_OP_GATHER, o->name, in, 2);
    if (tsr_fb_i32(&o->f->fb, o->options, GATHER_BATCH_DIMS, 0) != 0) {
        tfl_fail(o, TSR_UNSUPPORTED, "with batch dimensions");
        return;
    }
    if (x)
        n.attr.gather.axis = tfl_axis(o, tsr_fb_i32(&o->f->fb, o->options, GATHER_AXIS, 0),
                                      x->rank);
    tfl_emit(o, &n, 0);
}

void tfl_gather_nd(tfl_op *o)
{
    int in[] = { tfl_input(o, 0), tfl_input(o, 1) };
    const tsr_node n = tsr_node_make(TSR_OP_GATHER_ND, o->name, in, 2);
    tfl_emit(o, &n, 0);
}
