/* tiny_onnx.c - see tiny_onnx.h.   SPDX-License-Identifier: MIT */
#include "tests/tiny_onnx.h"

#define DIM(...) (const int[]){ __VA_ARGS__ }
#define INTS(...) (const int64_t[]){ __VA_ARGS__ }

static void weights(om_model *m, const char *name, int rank, const int *dim)
{
    float w[512];
    for (int i = 0; i < 512; i++)
        w[i] = (float)(i * 37 % 64 - 31) / 128;
    om_floats(m, name, rank, dim, w);
}

/* Statistics of a BatchNormalization: variances must not be negative. */
static void positive(om_model *m, const char *name, int n)
{
    float w[64];
    for (int i = 0; i < 64; i++)
        w[i] = (float)(i % 7 + 1) / 4;
    om_floats(m, name, 1, &n, w);
}

static void network(om_model *m)
{
    om_begin(m, 11);
    om_input(m, "x", OM_FLOAT, 4, DIM(-1, 3, 8, 8));
    weights(m, "w", 4, DIM(4, 3, 3, 3));
    weights(m, "d", 4, DIM(4, 1, 3, 3));
    weights(m, "u", 4, DIM(4, 2, 2, 2));
    weights(m, "b", 1, DIM(4));
    weights(m, "slope", 3, DIM(4, 1, 1));
    positive(m, "var", 4);
    om_node(m, "Conv", "x,w,b", "c");
    om_string(m, "auto_pad", "SAME_UPPER");
    om_ints(m, "strides", 2, INTS(2, 2));
    om_node(m, "BatchNormalization", "c,var,b,b,var", "n");
    om_float(m, "epsilon", 0.001f);
    om_node(m, "PRelu", "n,slope", "p");
    om_node(m, "Conv", "p,d", "e");
    om_int(m, "group", 4);
    om_ints(m, "pads", 4, INTS(1, 1, 1, 1));
    om_ints(m, "dilations", 2, INTS(1, 1));
    om_node(m, "Add", "e,p", "s");
    om_node(m, "ConvTranspose", "s,u", "t");
    om_ints(m, "strides", 2, INTS(2, 2));
    om_node(m, "AveragePool", "t", "a");
    om_ints(m, "kernel_shape", 2, INTS(3, 3));
    om_ints(m, "strides", 2, INTS(2, 2));
    om_ints(m, "pads", 4, INTS(1, 1, 0, 0));
    om_int(m, "ceil_mode", 1);
    om_int(m, "count_include_pad", 1);
    om_node(m, "GlobalAveragePool", "a", "g");
    om_node(m, "Flatten", "g", "f");
    weights(m, "k", 2, DIM(5, 2));
    om_node(m, "Gemm", "f,k", "y");
    om_int(m, "transB", 1);
    om_float(m, "alpha", 0.5f);
    om_node(m, "Softmax", "y", "z");
    om_output(m, "z");
    om_output(m, "a");
}

static void shapes(om_model *m)
{
    om_begin(m, 13);
    om_input(m, "x", OM_FLOAT, 4, DIM(1, 4, 6, 6));
    om_int64s(m, "zero", 1, INTS(0));
    om_int64s(m, "two", 1, INTS(2));
    om_int64s(m, "one", 1, INTS(1));
    om_int64s(m, "minus", 1, INTS(-1));
    om_int64s(m, "pads", 8, INTS(0, 0, 1, 2, 0, 0, 2, 2));
    om_int64s(m, "times", 4, INTS(1, 1, 2, 1));
    om_node(m, "DepthToSpace", "x", "d");
    om_int(m, "blocksize", 2);
    om_node(m, "Pad", "d,pads", "p");
    om_string(m, "mode", "reflect");
    om_node(m, "Slice", "p,minus,zero,two,minus", "s");
    om_node(m, "Tile", "s,times", "t");
    om_node(m, "Split", "t", "l,r");
    om_int(m, "axis", 3);
    om_node(m, "Concat", "r,l", "c");
    om_int(m, "axis", 2);
    om_node(m, "Shape", "c", "sh");
    om_node(m, "Gather", "sh,two", "h");
    om_node(m, "Equal", "h,one", "q");
    om_node(m, "Where", "q,one,minus", "w");
    om_node(m, "Concat", "one,w", "to");
    om_int(m, "axis", 0);
    om_node(m, "Reshape", "c,to", "y");
    om_node(m, "ArgMax", "y", "z");
    om_int(m, "axis", 1);
    om_node(m, "Transpose", "c", "v");
    om_ints(m, "perm", 4, INTS(3, 1, 0, 2));
    om_node(m, "Unsqueeze", "v,one", "u");
    om_node(m, "ReduceMax", "u", "o");
    om_ints(m, "axes", 2, INTS(0, -1));
    om_output(m, "z");
    om_output(m, "o");
}

static void resizes(om_model *m)
{
    const float scales[4] = { 1, 1, 1.5f, 0.6f };
    om_begin(m, 13);
    om_input(m, "x", OM_FLOAT, 4, DIM(1, 2, 5, 6));
    om_floats(m, "scales", 1, DIM(4), scales);
    om_int64s(m, "sizes", 4, INTS(1, 2, 7, 4));
    om_int64s(m, "wide", 4, INTS(1, 2, 7, 4));
    om_node(m, "Resize", "x,,scales", "a");
    om_string(m, "mode", "cubic");
    om_int(m, "exclude_outside", 1);
    om_node(m, "Resize", "x,,,sizes", "b");
    om_string(m, "mode", "linear");
    om_string(m, "coordinate_transformation_mode", "align_corners");
    om_node(m, "ConstantOfShape", "wide", "c");
    om_node(m, "Add", "b,c", "d");
    om_node(m, "InstanceNormalization", "d,s,s", "bad");
    om_output(m, "a");
    om_output(m, "d");
    positive(m, "s", 2);
    om_output(m, "bad");
}

static void quantised(om_model *m)
{
    const float s = 0.05f, t = 0.02f, b = 0.001f;
    const uint8_t zero = 120;
    int8_t w[36];
    int32_t bias[4] = { 100, -100, 0, 5 };
    for (int i = 0; i < 36; i++)
        w[i] = (int8_t)(i * 53 % 255 - 127);
    om_begin(m, 13);
    om_input(m, "x", OM_UINT8, 4, DIM(1, 1, 6, 6));
    om_floats(m, "s", 0, NULL, &s);
    om_floats(m, "t", 0, NULL, &t);
    om_floats(m, "u", 0, NULL, &b);
    om_tensor(m, "z", OM_UINT8, 0, NULL, &zero, 1);
    om_tensor(m, "w", OM_INT8, 4, DIM(4, 1, 3, 3), w, sizeof w);
    om_tensor(m, "zw", OM_INT8, 0, NULL, &(int8_t){ 0 }, 1);
    om_tensor(m, "b", OM_INT32, 1, DIM(4), bias, sizeof bias);
    om_node(m, "DequantizeLinear", "x,s,z", "xf");
    om_node(m, "DequantizeLinear", "w,t,zw", "wf");
    om_node(m, "DequantizeLinear", "b,u", "bf");
    om_node(m, "Conv", "xf,wf,bf", "cf");
    om_node(m, "Relu", "cf", "rf");
    om_node(m, "QuantizeLinear", "rf,s,z", "q");
    om_node(m, "DequantizeLinear", "q,s,z", "qf");
    om_node(m, "MaxPool", "qf", "pf");
    om_ints(m, "kernel_shape", 2, INTS(2, 2));
    om_node(m, "QuantizeLinear", "pf,s,z", "p");
    om_tensor(m, "v", OM_INT8, 4, DIM(2, 4, 1, 1), w, 8);
    om_node(m, "QLinearConv", "p,s,z,v,t,zw,s,z", "y");
    om_output(m, "y");
}

const char *tiny_onnx(int k, om_model *m)
{
    static const struct { const char *name; void (*make)(om_model *m); } models[] = {
        { "tiny ONNX network", network }, { "tiny ONNX shapes", shapes },
        { "tiny ONNX resizes", resizes }, { "tiny ONNX 8 bits", quantised },
    };
    models[k].make(m);
    return models[k].name;
}
