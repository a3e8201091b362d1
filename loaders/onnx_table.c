/*
 * onnx_table.c - which ONNX operator is read by which function.  Sorted by name.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_read.h"
#include "loaders/onnx_table.h"

static const onx_reader readers[] = {
    { "Abs", onx_unary_op, TSR_OP_ABS },
    { "Add", onx_binary_op, TSR_OP_ADD },
    { "And", onx_logic, 0 },
    { "ArgMax", onx_arg, TSR_OP_ARG_MAX },
    { "ArgMin", onx_arg, TSR_OP_ARG_MIN },
    { "AveragePool", onx_pool, TSR_OP_AVERAGE_POOL2D },
    { "BatchNormalization", onx_batch_norm, 0 },
    { "Cast", onx_cast, 0 },
    { "CastLike", onx_cast_like, 0 },
    { "Ceil", onx_unary_op, TSR_OP_CEIL },
    { "Celu", onx_celu, 0 },
    { "Clip", onx_clip, 0 },
    { "Concat", onx_concat_op, 0 },
    { "Constant", onx_constant_op, 0 },
    { "ConstantOfShape", onx_constant_of_shape, 0 },
    { "Conv", onx_conv, 0 },
    { "ConvTranspose", onx_conv_transpose, 0 },
    { "DepthToSpace", onx_depth_space, TSR_OP_DEPTH_TO_SPACE },
    { "DequantizeLinear", onx_dequantize, 0 },
    { "Div", onx_binary_op, TSR_OP_DIV },
    { "Dropout", onx_dropout, 0 },
    { "Elu", onx_elu, 0 },
    { "Equal", onx_logic, 0 },
    { "Erf", onx_erf, 0 },
    { "Exp", onx_unary_op, TSR_OP_EXP },
    { "Expand", onx_expand, 0 },
    { "Flatten", onx_flatten, 0 },
    { "Floor", onx_unary_op, TSR_OP_FLOOR },
    { "Gather", onx_gather_op, 0 },
    { "GatherND", onx_gather_nd, 0 },
    { "Gemm", onx_gemm, 0 },
    { "GlobalAveragePool", onx_global_pool, TSR_OP_MEAN },
    { "GlobalMaxPool", onx_global_pool, TSR_OP_REDUCE_MAX },
    { "Greater", onx_logic, 0 },
    { "GreaterOrEqual", onx_logic, 0 },
    { "HardSigmoid", onx_hard_sigmoid, 0 },
    { "HardSwish", onx_unary_op, TSR_OP_HARD_SWISH },
    { "Hardmax", onx_hardmax, 0 },
    { "Identity", onx_identity, 0 },
    { "InstanceNormalization", onx_instance_norm, 0 },
    { "LRN", onx_lrn, 0 },
    { "LayerNormalization", onx_layer_norm, 0 },
    { "LeakyRelu", onx_leaky_relu, 0 },
    { "Less", onx_logic, 0 },
    { "LessOrEqual", onx_logic, 0 },
    { "Log", onx_unary_op, TSR_OP_LOG },
    { "LogSoftmax", onx_log_softmax, 0 },
    { "LpNormalization", onx_lp_norm, 0 },
    { "MatMul", onx_matmul, 0 },
    { "Max", onx_variadic, TSR_OP_MAXIMUM },
    { "MaxPool", onx_pool, TSR_OP_MAX_POOL2D },
    { "Mean", onx_mean, 0 },
    { "MeanVarianceNormalization", onx_mvn, 0 },
    { "Min", onx_variadic, TSR_OP_MINIMUM },
    { "Mish", onx_mish, 0 },
    { "Mod", onx_mod, 0 },
    { "Mul", onx_binary_op, TSR_OP_MUL },
    { "Neg", onx_unary_op, TSR_OP_NEG },
    { "NonZero", onx_non_zero, 0 },
    { "Not", onx_logic, 0 },
    { "Or", onx_logic, 0 },
    { "PRelu", onx_prelu, 0 },
    { "Pad", onx_pad, 0 },
    { "Pow", onx_pow, 0 },
    { "QLinearConv", onx_qlinear_conv, 0 },
    { "QLinearMatMul", onx_qlinear_matmul, 0 },
    { "QuantizeLinear", onx_quantize, 0 },
    { "Range", onx_range, 0 },
    { "Reciprocal", onx_reciprocal, 0 },
    { "ReduceL1", onx_reduce_norm, 0 },
    { "ReduceL2", onx_reduce_norm, 0 },
    { "ReduceLogSum", onx_reduce_norm, 0 },
    { "ReduceLogSumExp", onx_reduce_norm, 0 },
    { "ReduceMax", onx_reduce_op, TSR_OP_REDUCE_MAX },
    { "ReduceMean", onx_reduce_op, TSR_OP_MEAN },
    { "ReduceMin", onx_reduce_op, TSR_OP_REDUCE_MIN },
    { "ReduceProd", onx_reduce_prod, 0 },
    { "ReduceSum", onx_reduce_op, TSR_OP_REDUCE_SUM },
    { "ReduceSumSquare", onx_reduce_norm, 0 },
    { "Relu", onx_relu, 0 },
    { "Reshape", onx_reshape_op, 0 },
    { "Resize", onx_resize, 0 },
    { "Round", onx_unary_op, TSR_OP_ROUND },
    { "Selu", onx_selu, 0 },
    { "Shape", onx_shape_op, 0 },
    { "Sigmoid", onx_unary_op, TSR_OP_LOGISTIC },
    { "Size", onx_size, 0 },
    { "Slice", onx_slice_op, 0 },
    { "Softmax", onx_softmax, 0 },
    { "Softplus", onx_softplus, 0 },
    { "Softsign", onx_softsign, 0 },
    { "SpaceToDepth", onx_depth_space, TSR_OP_SPACE_TO_DEPTH },
    { "Split", onx_split, 0 },
    { "Sqrt", onx_unary_op, TSR_OP_SQRT },
    { "Squeeze", onx_squeeze, 0 },
    { "Sub", onx_binary_op, TSR_OP_SUB },
    { "Sum", onx_variadic, TSR_OP_ADD },
    { "Tanh", onx_unary_op, TSR_OP_TANH },
    { "Tile", onx_tile, 0 },
    { "Transpose", onx_transpose_op, 0 },
    { "Unsqueeze", onx_unsqueeze, 0 },
    { "Upsample", onx_resize, 0 },
    { "Where", onx_where, 0 },
    { "Xor", onx_logic, 0 },
};

const onx_reader *onx_find_reader(const char *type)
{
    size_t lo = 0, hi = sizeof readers / sizeof *readers;
    while (lo < hi) {
        const size_t mid = (lo + hi) / 2;
        const int order = strcmp(type, readers[mid].name);
        if (order == 0)
            return &readers[mid];
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}
