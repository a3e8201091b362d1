/*
 * tfjs_ops.c - which TensorFlow operator is read by which function, and those
 * that work element by element.
 *
 * Operators that differ only in a number share a function and take the number
 * from the table at the end.  To support one more: a line there and a function
 * where it fits.                                 SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/tfjs_pieces.h"

/* ---- inputs, outputs, names --------------------------------------------------- */

/* What the caller says dimension i of this input is; 0: nothing. */
static int bound_dim(const tfjs_graph *t, const tfjs_node *n, int i)
{
    const tsr_options *o = t->m->options;
    for (int k = 0; k < o->shape_count; k++)
        if (!strcmp(o->shapes[k].name, n->name) && i < o->shapes[k].rank)
            return o->shapes[k].dim[i];
    return 0;
}

static int placeholder(tfjs_graph *t, tfjs_node *n)
{
    const cJSON *shape = json_get(json_get(json_get(n->attr, "shape"), "shape"), "dim"), *d;
    tsr_tensor x = { .name = n->name, .dtype = TSR_F32 };
    const char *type = json_string(json_get(n->attr, "dtype"), "type", "DT_FLOAT");
    if (!strcmp(type, "DT_INT32"))
        x.dtype = TSR_S32;
    else if (strcmp(type, "DT_FLOAT"))
        return tfjs_fail(t, n, "only float and int32 inputs are supported");
    cJSON_ArrayForEach(d, shape) {
        const char *s = json_string(d, "size", NULL);
        int size = s ? 0 : json_int(d, "size", -1);
        for (int i = 0; s && s[i] >= '0' && s[i] <= '9' && size < 1 << 24; i++)
            size = 10 * size + (s[i] - '0');
        if (x.rank == TSR_MAX_RANK)
            return tfjs_fail(t, n, "too many dimensions");
        if (size < 1)
            size = bound_dim(t, n, x.rank);
        if (size < 1 && x.rank > 0)
            return tfjs_fail(t, n, "a dimension of the input is not fixed: give its shape");
        x.dim[x.rank++] = size < 1 ? 1 : size;          /* an open batch is 1 */
    }
    return tsr_graph_input(t->m->g, &x);
}

/* An output must carry its own name; elsewhere the optimiser drops this. */
static int identity(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    if (x < 0)
        return -1;
    const tsr_tensor *v = tfjs_tensor(t, x);
    tsr_node node = tsr_node_make(TSR_OP_RESHAPE, n->name, &x, 1);
    node.attr.reshape.rank = v->rank;
    memcpy(node.attr.reshape.dim, v->dim, sizeof v->dim);
    return tfjs_add(t, n, &node);
}

/* ---- element by element ---------------------------------------------------------- */

static int clamp_op(tfjs_graph *t, tfjs_node *n)
{
    return tfjs_clamp(t, n, tfjs_input(t, n, 0), 0, !strcmp(n->op, "Relu6") ? 6 : TSR_INFINITY);
}

static int clip_by_value(tfjs_graph *t, tfjs_node *n)
{
    const tsr_tensor *lo = tfjs_constant(t, n, 1), *hi = tfjs_constant(t, n, 2);
    if (!lo || !hi || lo->dtype != TSR_F32 || hi->dtype != TSR_F32)
        return tfjs_fail(t, n, "its bounds are not constants");
    return tfjs_clamp(t, n, tfjs_input(t, n, 0), *(const float *)lo->data,
                      *(const float *)hi->data);
}

static int unary(tfjs_graph *t, tfjs_node *n)
{
    const bool leaky = !strcmp(n->op, "LeakyRelu");
    return tfjs_unary_on(t, n, tfjs_kind_of(n->op), tfjs_input(t, n, 0),
                    leaky ? (float)tfjs_attr_float(n, "alpha", 0.2) : 1);
}

static int binary(tfjs_graph *t, tfjs_node *n)
{
    const int x = tfjs_input(t, n, 0), y = tfjs_input(t, n, 1);
    return x < 0 ? -1 : tfjs_binary_on(t, n, tfjs_kind_of(n->op), x, y);
}

static int square(tfjs_graph *t, tfjs_node *n)
{
    const int x = tfjs_input(t, n, 0);
    return tfjs_binary_on(t, n, TSR_OP_MUL, x, x);
}

static int add_n(tfjs_graph *t, tfjs_node *n)
{
    int sum = tfjs_input(t, n, 0);
    for (int i = 1; i < tfjs_input_count(n) && sum >= 0; i++)
        sum = tfjs_binary_on(t, n, TSR_OP_ADD, sum, tfjs_input(t, n, i));
    return sum;
}

static int softmax(tfjs_graph *t, tfjs_node *n)
{
    int x = tfjs_input(t, n, 0);
    if (x < 0)
        return -1;
    tsr_node node = tsr_node_make(TSR_OP_SOFTMAX, n->name, &x, 1);
    node.attr.softmax = (tsr_softmax_attr){ tfjs_tensor(t, x)->rank - 1, 1.0f };
    return tfjs_add(t, n, &node);
}

static int cast(tfjs_graph *t, tfjs_node *n)
{
    const char *to = json_string(json_get(n->attr, "DstT"), "type", "");
    int x = tfjs_input(t, n, 0);
    tsr_node node = tsr_node_make(TSR_OP_CAST, n->name, &x, 1);
    const bool is_int = !strcmp(to, "DT_INT32");
    if (!is_int && strcmp(to, "DT_FLOAT"))
        return tfjs_fail(t, n, "only casts to float and int32 are supported");
    return x < 0 ? -1 : tfjs_add_as(t, n, &node, is_int ? TSR_S32 : TSR_F32);
}

/* ---- the table ------------------------------------------------------------------- */

static const struct {
    const char *op;
    tfjs_reader *read;
    tsr_op_kind kind;           /* for readers that several operators share */
} table[] = {
    { "Placeholder", placeholder, 0 }, { "Identity", identity, 0 }, { "StopGradient", identity, 0 },
    { "Conv2D", tfjs_read_conv2d, 0 }, { "_FusedConv2D", tfjs_read_conv2d, 0 },
    { "DepthwiseConv2dNative", tfjs_read_depthwise, 0 },
    { "FusedDepthwiseConv2dNative", tfjs_read_depthwise, 0 },
    { "MatMul", tfjs_read_mat_mul, 0 }, { "_FusedMatMul", tfjs_read_mat_mul, 0 },
    { "Conv2DBackpropInput", tfjs_read_conv2d_transpose, 0 },
    { "FusedBatchNorm", tfjs_read_fused_batch_norm, 0 },
    { "FusedBatchNormV2", tfjs_read_fused_batch_norm, 0 },
    { "FusedBatchNormV3", tfjs_read_fused_batch_norm, 0 },
    { "MaxPool", tfjs_read_pool, TSR_OP_MAX_POOL2D },
    { "AvgPool", tfjs_read_pool, TSR_OP_AVERAGE_POOL2D },
    { "ResizeBilinear", tfjs_read_resize, 0 }, { "ResizeNearestNeighbor", tfjs_read_resize, 0 },
    { "Relu", clamp_op, 0 }, { "Relu6", clamp_op, 0 }, { "ClipByValue", clip_by_value, 0 },
    { "BiasAdd", binary, TSR_OP_ADD }, { "Add", binary, TSR_OP_ADD },
    { "AddV2", binary, TSR_OP_ADD }, { "Sub", binary, TSR_OP_SUB },
    { "Mul", binary, TSR_OP_MUL }, { "RealDiv", binary, TSR_OP_DIV },
    { "Maximum", binary, TSR_OP_MAXIMUM }, { "Minimum", binary, TSR_OP_MINIMUM },
    { "Pow", binary, TSR_OP_POW }, { "FloorDiv", binary, TSR_OP_FLOOR_DIV },
    { "SquaredDifference", binary, TSR_OP_SQUARED_DIFFERENCE },
    { "Prelu", binary, TSR_OP_PRELU }, { "AddN", add_n, 0 }, { "Square", square, 0 },
    { "Sigmoid", unary, TSR_OP_LOGISTIC }, { "Tanh", unary, TSR_OP_TANH },
    { "Elu", unary, TSR_OP_ELU }, { "LeakyRelu", unary, TSR_OP_LEAKY_RELU },
    { "Exp", unary, TSR_OP_EXP }, { "Log", unary, TSR_OP_LOG }, { "Sqrt", unary, TSR_OP_SQRT },
    { "Rsqrt", unary, TSR_OP_RSQRT }, { "Abs", unary, TSR_OP_ABS }, { "Neg", unary, TSR_OP_NEG },
    { "Floor", unary, TSR_OP_FLOOR }, { "Ceil", unary, TSR_OP_CEIL },
    { "Round", unary, TSR_OP_ROUND }, { "Softmax", softmax, 0 }, { "Cast", cast, 0 },
    { "Reshape", tfjs_read_reshape, 0 },
    { "Squeeze", tfjs_read_squeeze, 0 }, { "ExpandDims", tfjs_read_expand_dims, 0 },
    { "Transpose", tfjs_read_transpose, 0 }, { "ConcatV2", tfjs_read_concat, 0 },
    { "Pad", tfjs_read_pad, 0 }, { "PadV2", tfjs_read_pad, 0 },
    { "Mean", tfjs_read_reduce, TSR_OP_MEAN }, { "Max", tfjs_read_reduce, TSR_OP_REDUCE_MAX },
    { "Min", tfjs_read_reduce, TSR_OP_REDUCE_MIN }, { "Sum", tfjs_read_reduce, TSR_OP_REDUCE_SUM },
    { "ArgMax", tfjs_read_arg_max, TSR_OP_ARG_MAX },
    { "ArgMin", tfjs_read_arg_max, TSR_OP_ARG_MIN },
    { "DepthToSpace", tfjs_read_depth_to_space, 0 },
    { "SpaceToBatchND", tfjs_read_batch_space, TSR_OP_SPACE_TO_BATCH },
    { "BatchToSpaceND", tfjs_read_batch_space, TSR_OP_BATCH_TO_SPACE },
    { "Split", tfjs_read_split, 0 }, { "Slice", tfjs_read_slice, 0 },
};
enum { TABLE_SIZE = sizeof table / sizeof *table };

static int find(const char *op)
{
    for (int i = 0; i < TABLE_SIZE; i++)
        if (!strcmp(table[i].op, op))
            return i;
    return -1;
}

tfjs_reader *tfjs_find_reader(const char *op)
{
    const int i = find(op);
    return i < 0 ? NULL : table[i].read;
}

tsr_op_kind tfjs_kind_of(const char *op) { return table[find(op)].kind; }

bool tfjs_knows(const char *op)
{
    return find(op) >= 0 || !strcmp(op, "Const") || !strcmp(op, "NoOp");
}
