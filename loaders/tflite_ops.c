/*
 * tflite_ops.c - which operator of a TFLite file is read by which function.
 *
 * Indexed by the schema's BuiltinOperator.  The third column is the schema's
 * number of the options table that the function reads (BuiltinOptions); a file
 * that brings another one is damaged.  Operators that differ only in the kind
 * of node they become share one function.
 *
 * To support one more: a line here and a function in the file where it fits.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/tflite_file.h"

static const tfl_reader readers[] = {
    /* --- filters and windows (tflite_conv.c) --- */
    [1] = { tfl_pool2d, TSR_OP_AVERAGE_POOL2D, 5, 0, 0 },       /* AVERAGE_POOL_2D */
    [3] = { tfl_conv2d, TSR_OP_CONV2D, 1, 0, 0 },
    [4] = { tfl_depthwise_conv2d, TSR_OP_DEPTHWISE_CONV2D, 2, 0, 0 },
    [9] = { tfl_fully_connected, TSR_OP_DENSE, 8, 0, 0 },
    [17] = { tfl_pool2d, TSR_OP_MAX_POOL2D, 5, 0, 0 },
    [23] = { tfl_resize_bilinear, TSR_OP_RESIZE, 15, 0, 0 },
    [67] = { tfl_transpose_conv, TSR_OP_TRANSPOSE_CONV2D, 49, 0, 0 },
    [97] = { tfl_resize_nearest, TSR_OP_RESIZE, 74, 0, 0 },

    /* --- element by element (tflite_math.c) --- */
    [0] = { tfl_binary_activated, TSR_OP_ADD, 11, 0, 0 },
    [18] = { tfl_binary_activated, TSR_OP_MUL, 21, 0, 0 },
    [41] = { tfl_binary_activated, TSR_OP_SUB, 28, 0, 0 },
    [42] = { tfl_binary_activated, TSR_OP_DIV, 29, 0, 0 },
    [54] = { tfl_binary, TSR_OP_PRELU, 0, 0, 0 },
    [55] = { tfl_binary, TSR_OP_MAXIMUM, 0, 0, 0 },
    [57] = { tfl_binary, TSR_OP_MINIMUM, 0, 0, 0 },
    [78] = { tfl_binary, TSR_OP_POW, 0, 0, 0 },
    [90] = { tfl_binary, TSR_OP_FLOOR_DIV, 0, 0, 0 },
    [92] = { tfl_square, TSR_OP_MUL, 0, 0, 0 },
    [99] = { tfl_binary, TSR_OP_SQUARED_DIFFERENCE, 0, 0, 0 },
    [106] = { tfl_add_n, TSR_OP_ADD, 0, 0, 0 },
    [19] = { tfl_clamp, TSR_OP_CLAMP, 0, 0, TSR_INFINITY },     /* RELU */
    [20] = { tfl_clamp, TSR_OP_CLAMP, 0, -1, 1 },               /* RELU_N1_TO_1 */
    [21] = { tfl_clamp, TSR_OP_CLAMP, 0, 0, 6 },                /* RELU6 */
    [152] = { tfl_clamp, TSR_OP_CLAMP, 0, 0, 1 },               /* RELU_0_TO_1 */
    [6] = { tfl_unary, TSR_OP_DEQUANTIZE, 0, 0, 0 },
    [8] = { tfl_unary, TSR_OP_FLOOR, 0, 0, 0 },
    [14] = { tfl_unary, TSR_OP_LOGISTIC, 0, 0, 0 },
    [28] = { tfl_unary, TSR_OP_TANH, 0, 0, 0 },
    [47] = { tfl_unary, TSR_OP_EXP, 0, 0, 0 },
    [53] = { tfl_unary, TSR_OP_CAST, 0, 0, 0 },
    [59] = { tfl_unary, TSR_OP_NEG, 0, 0, 0 },
    [73] = { tfl_unary, TSR_OP_LOG, 0, 0, 0 },
    [75] = { tfl_unary, TSR_OP_SQRT, 0, 0, 0 },
    [76] = { tfl_unary, TSR_OP_RSQRT, 0, 0, 0 },
    [98] = { tfl_leaky_relu, TSR_OP_LEAKY_RELU, 75, 0, 0 },
    [101] = { tfl_unary, TSR_OP_ABS, 0, 0, 0 },
    [104] = { tfl_unary, TSR_OP_CEIL, 0, 0, 0 },
    [111] = { tfl_elu, TSR_OP_ELU, 0, 0, 0 },
    [114] = { tfl_unary, TSR_OP_QUANTIZE, 0, 0, 0 },
    [116] = { tfl_unary, TSR_OP_ROUND, 0, 0, 0 },
    [117] = { tfl_unary, TSR_OP_HARD_SWISH, 0, 0, 0 },
    [11] = { tfl_l2_normalization, TSR_OP_DIV, 12, 0, 0 },
    [25] = { tfl_softmax, TSR_OP_SOFTMAX, 9, 0, 0 },
    [50] = { tfl_log_softmax, TSR_OP_SOFTMAX, 0, 0, 0 },

    /* --- reductions (tflite_math.c) --- */
    [40] = { tfl_reduce, TSR_OP_MEAN, 27, 0, 0 },
    [74] = { tfl_reduce, TSR_OP_REDUCE_SUM, 27, 0, 0 },
    [82] = { tfl_reduce, TSR_OP_REDUCE_MAX, 27, 0, 0 },
    [89] = { tfl_reduce, TSR_OP_REDUCE_MIN, 27, 0, 0 },
    [56] = { tfl_arg, TSR_OP_ARG_MAX, 0, 0, 0 },
    [79] = { tfl_arg, TSR_OP_ARG_MIN, 0, 0, 0 },

    /* --- moving data (tflite_shape.c, tflite_slice.c) --- */
    [2] = { tfl_concatenation, TSR_OP_CONCAT, 10, 0, 0 },
    [5] = { tfl_depth_space, TSR_OP_DEPTH_TO_SPACE, 94, 0, 0 },
    [22] = { tfl_reshape, TSR_OP_RESHAPE, 17, 0, 0 },
    [26] = { tfl_depth_space, TSR_OP_SPACE_TO_DEPTH, 19, 0, 0 },
    [34] = { tfl_pad, TSR_OP_PAD, 0, 0, 0 },
    [36] = { tfl_gather, TSR_OP_GATHER, 23, 0, 0 },
    [37] = { tfl_space_to_batch, TSR_OP_BATCH_TO_SPACE, 0, 0, 0 },
    [38] = { tfl_space_to_batch, TSR_OP_SPACE_TO_BATCH, 0, 0, 0 },
    [39] = { tfl_transpose, TSR_OP_TRANSPOSE, 0, 0, 0 },
    [43] = { tfl_squeeze, TSR_OP_RESHAPE, 30, 0, 0 },
    [45] = { tfl_strided_slice, TSR_OP_SLICE, 32, 0, 0 },
    [49] = { tfl_split, TSR_OP_SLICE, 35, 0, 0 },
    [60] = { tfl_pad, TSR_OP_PAD, 0, 0, 0 },                    /* PADV2 */
    [65] = { tfl_slice, TSR_OP_SLICE, 0, 0, 0 },
    [70] = { tfl_expand_dims, TSR_OP_RESHAPE, 0, 0, 0 },
    [77] = { tfl_shape, TSR_OP_RESHAPE, 0, 0, 0 },
    [83] = { tfl_pack, TSR_OP_CONCAT, 59, 0, 0 },
    [88] = { tfl_unpack, TSR_OP_SLICE, 64, 0, 0 },
    [100] = { tfl_mirror_pad, TSR_OP_CONCAT, 77, 0, 0 },
    [102] = { tfl_split_v, TSR_OP_SLICE, 79, 0, 0 },
    [107] = { tfl_gather_nd, TSR_OP_GATHER_ND, 0, 0, 0 },
    [124] = { tfl_densify_op, TSR_OP_RESHAPE, 0, 0, 0 },
};

static const struct {
    const char *name;
    tfl_reader reader;
} custom_readers[] = {
    { "Convolution2DTransposeBias", { tfl_transpose_conv_bias, TSR_OP_TRANSPOSE_CONV2D, 0, 0, 0 } },
    { "TFLite_Detection_PostProcess",
      { tfl_detection_post_process, TSR_OP_DETECT_BOXES, 0, 0, 0 } },
};

const tfl_reader *tfl_find_reader(uint32_t code, const char *custom_name)
{
    if (code == TFL_CODE_CUSTOM) {
        for (size_t i = 0; i < sizeof custom_readers / sizeof *custom_readers; i++)
            if (strcmp(custom_name, custom_readers[i].name) == 0)
                return &custom_readers[i].reader;
        return NULL;
    }
    return code < sizeof readers / sizeof *readers && readers[code].load ? &readers[code] : NULL;
}
