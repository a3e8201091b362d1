/* tfjs_shape.c - TensorFlow operators that move data or reduce it.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include "loaders/tfjs_pieces.h"

static int reshape_to(tfjs_graph *t, const tfjs_node *n, int x, const tsr_reshape_attr *shape)
{
    tsr_node node = tsr_node_make(TSR_OP_RESHAPE, n->name, &x, 1);
    node.attr.reshape = *shape;
    return tfjs_add(t, n, &node);
}

int tfjs_read_reshape(tfjs_graph *t, tfjs_node *n)
{
    tsr_reshape_attr shape;
    shape.rank = tfjs_constant_ints(t, n, 1, shape.dim, TSR_MAX_RANK);
    if (shape.rank < 0)
        return tfjs_fail(t, n, "its shape is not a constant");
    return reshape_to(t, n, tfjs_input(t, n, 0), &shape);
}

int tfjs_read_squeeze(tfjs_graph *t, tfjs_node *n)
{
    int dims[TSR_MAX_RANK], x = tfjs_input(t, n, 0);
    const int count = tfjs_attr_ints(n, "squeeze_dims", dims, TSR_MAX_RANK);
    tsr_reshape_attr shape = { 0 };
    if (x < 0)
        return -1;
    const tsr_tensor *v = tfjs_tensor(t, x);
    for (int i = 0; i < v->rank; i++) {
        bool drop = count == 0 && v->dim[i] == 1;
        for (int k = 0; k < count; k++)
            drop |= dims[k] == i || dims[k] + v->rank == i;
        if (!drop)
            shape.dim[shape.rank++] = v->dim[i];
    }
    return reshape_to(t, n, x, &shape);
}

int tfjs_read_expand_dims(tfjs_graph *t, tfjs_node *n)
{
    int axis, x = tfjs_input(t, n, 0);
    if (x < 0 || tfjs_constant_ints(t, n, 1, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant");
    const tsr_tensor *v = tfjs_tensor(t, x);
    axis += axis < 0 ? v->rank + 1 : 0;
    if (axis < 0 || axis > v->rank || v->rank == TSR_MAX_RANK)
        return tfjs_fail(t, n, "its axis is out of range");
    tsr_reshape_attr shape = { .rank = v->rank + 1 };
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = i == axis ? 1 : v->dim[i - (i > axis)];
    return reshape_to(t, n, x, &shape);
}

int tfjs_read_transpose(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_TRANSPOSE, n->name, &x, 1);
    if (x < 0 || tfjs_constant_ints(t, n, 1, node.attr.transpose.perm, TSR_MAX_RANK)
                 != tfjs_tensor(t, x)->rank)
        return tfjs_fail(t, n, "its permutation is not a constant of the right length");
    return tfjs_add(t, n, &node);
}

int tfjs_read_concat(tfjs_graph *t, tfjs_node *n)
{
    enum { MOST = 64 };
    int in[MOST], axis;
    const int count = tfjs_input_count(n) - 1;
    if (count < 1 || count > MOST || tfjs_constant_ints(t, n, count, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant, or it has too many inputs");
    for (int i = 0; i < count; i++)
        if ((in[i] = tfjs_input(t, n, i)) < 0)
            return -1;
    tsr_node node = tsr_node_make(TSR_OP_CONCAT, n->name, in, count);
    node.attr.concat.axis = axis < 0 ? axis + tfjs_tensor(t, in[0])->rank : axis;
    return tfjs_add(t, n, &node);
}

int tfjs_read_pad(tfjs_graph *t, tfjs_node *n)
{
    int p[2 * TSR_MAX_RANK], x = tfjs_input(t, n, 0);
    const tsr_tensor *value = strcmp(n->op, "PadV2") ? NULL : tfjs_constant(t, n, 2);
    if (x < 0 || tfjs_constant_ints(t, n, 1, p, 2 * TSR_MAX_RANK) != 2 * tfjs_tensor(t, x)->rank)
        return tfjs_fail(t, n, "its paddings are not a constant of the right length");
    tsr_node node = tsr_node_make(TSR_OP_PAD, n->name, &x, 1);
    for (int i = 0; i < tfjs_tensor(t, x)->rank; i++)
        node.attr.pad.before[i] = p[2 * i], node.attr.pad.after[i] = p[2 * i + 1];
    if (value && value->dtype == TSR_F32 && tsr_elements(value) == 1)
        node.attr.pad.value = *(const float *)value->data;
    return tfjs_add(t, n, &node);
}

int tfjs_read_reduce(tfjs_graph *t, tfjs_node *n)
{
    int axes[TSR_MAX_RANK], x = tfjs_input(t, n, 0);
    const int count = tfjs_constant_ints(t, n, 1, axes, TSR_MAX_RANK);
    if (x < 0 || count < 0)
        return tfjs_fail(t, n, "its axes are not a constant");
    const int rank = tfjs_tensor(t, x)->rank;
    tsr_node node = tsr_node_make(tfjs_kind_of(n->op), n->name, &x, 1);
    for (int i = 0; i < count; i++) {
        const int a = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (a < 0 || a >= rank)
            return tfjs_fail(t, n, "an axis is out of range");
        node.attr.reduce.axes |= 1u << a;
    }
    node.attr.reduce.keep_dims = tfjs_attr_bool(n, "keep_dims", false);
    return tfjs_add(t, n, &node);
}

int tfjs_read_arg_max(tfjs_graph *t, tfjs_node *n)
{
    int axis, x = tfjs_input(t, n, 0);
    if (x < 0 || tfjs_constant_ints(t, n, 1, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant");
    tsr_node node = tsr_node_make(tfjs_kind_of(n->op), n->name, &x, 1);
    node.attr.arg.axis = axis < 0 ? axis + tfjs_tensor(t, x)->rank : axis;
    return tfjs_add_as(t, n, &node, TSR_S32);
}

int tfjs_read_depth_to_space(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_DEPTH_TO_SPACE, n->name, &x, 1);
    node.attr.depth_space.block = tfjs_attr_int(n, "block_size", 0);
    return tfjs_add(t, n, &node);
}

/* SpaceToBatchND(x, block, pads), BatchToSpaceND(x, block, crops) of pictures. */
int tfjs_read_batch_space(tfjs_graph *t, tfjs_node *n)
{
    int block[2], p[4], x = tfjs_input(t, n, 0);
    if (x < 0 || tfjs_constant_ints(t, n, 1, block, 2) != 2
        || tfjs_constant_ints(t, n, 2, p, 4) != 4)
        return tfjs_fail(t, n, "only pictures with constant blocks are supported");
    tsr_node node = tsr_node_make(tfjs_kind_of(n->op), n->name, &x, 1);
    node.attr.batch_space = (tsr_batch_space_attr){ block[0], block[1], p[0], p[2], p[1], p[3] };
    return tfjs_add(t, n, &node);
}

/* One piece of x along an axis. */
static int piece(tfjs_graph *t, const tfjs_node *n, int x, int axis, const int from_to[2])
{
    const tsr_tensor *v = tfjs_tensor(t, x);
    tsr_node node = tsr_node_make(TSR_OP_SLICE, n->name, &x, 1);
    for (int i = 0; i < v->rank; i++) {
        node.attr.slice.stride[i] = 1;
        node.attr.slice.begin[i] = i == axis ? from_to[0] : 0;
        node.attr.slice.size[i] = i == axis ? from_to[1] - from_to[0] : v->dim[i];
    }
    return tfjs_add(t, n, &node);
}

/* Split(axis, x) into num_split equal pieces. */
int tfjs_read_split(tfjs_graph *t, tfjs_node *n)
{
    int axis, first = -1, x = tfjs_input(t, n, 1);
    const int pieces = tfjs_attr_int(n, "num_split", 0);
    if (x < 0 || tfjs_constant_ints(t, n, 0, &axis, 1) != 1)
        return tfjs_fail(t, n, "its axis is not a constant");
    axis += axis < 0 ? tfjs_tensor(t, x)->rank : 0;
    if (axis < 0 || axis >= tfjs_tensor(t, x)->rank || pieces < 1
        || tfjs_tensor(t, x)->dim[axis] % pieces)
        return tfjs_fail(t, n, "cannot be cut like that");
    const int size = tfjs_tensor(t, x)->dim[axis] / pieces;
    for (int i = 0; i < pieces; i++) {
        const int y = piece(t, n, x, axis, (int[]){ i * size, (i + 1) * size });
        if (y < 0)
            return -1;
        first = i ? first : y;
    }
    n->count = pieces;
    return first;
}

/* Slice(x, begin, size); size -1: to the end. */
int tfjs_read_slice(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_SLICE, n->name, &x, 1);
    tsr_slice_attr *a = &node.attr.slice;
    if (x < 0 || tfjs_constant_ints(t, n, 1, a->begin, TSR_MAX_RANK) != tfjs_tensor(t, x)->rank
        || tfjs_constant_ints(t, n, 2, a->size, TSR_MAX_RANK) != tfjs_tensor(t, x)->rank)
        return tfjs_fail(t, n, "its bounds are not constants of the right length");
    for (int i = 0; i < tfjs_tensor(t, x)->rank; i++) {
        a->stride[i] = 1;
        if (a->begin[i] < 0 || a->begin[i] > tfjs_tensor(t, x)->dim[i])
            return tfjs_fail(t, n, "begins outside its input");
        if (a->size[i] == -1)
            a->size[i] = tfjs_tensor(t, x)->dim[i] - a->begin[i];
    }
    return tfjs_add(t, n, &node);
}
