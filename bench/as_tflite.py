"""as_tflite.py NETWORK.onnx... - the networks of networks.py as .tflite files beside them.

LiteRT reads nothing else.  The same graph with the same weights, written down as its own
converters do it: N,H,W,C, filters O,H,W,I, a ReLU or ReLU6 fused into what it follows,
BatchNorm that stands alone as a 1x1 depthwise convolution, and where TensorFlow's SAME is
not the padding, a Pad before it (XNNPACK takes that into the convolution).

Knows the operators that networks.py uses, no others.      SPDX-License-Identifier: MIT
"""
import os
import sys

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import helper, numpy_helper, shape_inference

NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items()
         if isinstance(code, int)}
TYPES = {np.dtype(np.float32): schema.TensorType.FLOAT32,
         np.dtype(np.int32): schema.TensorType.INT32,
         np.dtype(np.int64): schema.TensorType.INT64}
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


def options(kind, **values):
    """An object of operator options, and the number of its kind in the union."""
    made = getattr(schema, kind + "T")()
    for name, value in values.items():
        setattr(made, name, value)
    return getattr(schema.BuiltinOptions, kind), made


def nhwc(shape):
    return [shape[0], shape[2], shape[3], shape[1]] if len(shape) == 4 else list(shape)


def same_padding(size, k, stride, dilation):
    total = max((-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


class Writer:
    """One graph: ONNX in, TensorFlow Lite's objects out."""

    def __init__(self, path):
        model = shape_inference.infer_shapes(onnx.load(path))
        self.graph = model.graph
        self.constants = {c.name: numpy_helper.to_array(c) for c in self.graph.initializer}
        self.shape, self.uses = {}, {}
        for value in [*self.graph.input, *self.graph.value_info, *self.graph.output]:
            self.shape[value.name] = [d.dim_value for d in value.type.tensor_type.shape.dim]
        for node in self.graph.node:
            for name in node.input:
                self.uses.setdefault(name, []).append(node)
        self.tensors, self.buffers, self.operators, self.codes = [], [schema.BufferT()], [], []
        self.index = {}             # value -> tensor
        self.fused = set()          # activations that are done already

    # ---- tensors and operators ----

    def tensor(self, name, shape, dtype=np.float32, data=None):
        t = schema.TensorT()
        t.name, t.shape, t.type = name, np.array(shape, np.int32), TYPES[np.dtype(dtype)]
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
            t.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(t)
        return len(self.tensors) - 1

    def constant(self, array):
        return self.tensor(f"c{len(self.tensors)}", array.shape, array.dtype, array)

    def value(self, name, dtype=np.float32):
        if name not in self.index:
            self.index[name] = self.tensor(name, nhwc(self.shape[name]), dtype)
        return self.index[name]

    def operator(self, code, inputs, output, made):
        if code not in self.codes:
            self.codes.append(code)
        op = schema.OperatorT()
        op.opcodeIndex = self.codes.index(code)
        op.inputs, op.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        op.builtinOptionsType, op.builtinOptions = made
        self.operators.append(op)

    def activation(self, name):
        """Of the node that makes `name`: (code, the value that it makes with it)."""
        after = self.uses.get(name, [])
        if len(after) == 1 and after[0].op_type in ("Relu", "Clip"):
            self.fused.add(after[0].output[0])
            kind = schema.ActivationFunctionType
            return (kind.RELU if after[0].op_type == "Relu" else kind.RELU6), after[0].output[0]
        return schema.ActivationFunctionType.NONE, name

    # ---- one function for each operator of ONNX ----

    def conv(self, node, a):
        filters, bias = (self.constants[name] for name in node.input[1:])
        k, stride, dilation, pad = (a[name][0] for name in
                                    ("kernel_shape", "strides", "dilations", "pads"))
        x, source = self.value(node.input[0]), nhwc(self.shape[node.input[0]])
        padding = SAME if same_padding(source[1], k, stride, dilation) == (pad, pad) else VALID
        if padding == VALID and pad:
            margins = np.array([[0, 0], [pad, pad], [pad, pad], [0, 0]], np.int32)
            padded = self.tensor(node.name + "/pad", [n + sum(m) for n, m in zip(source, margins)])
            self.operator(schema.BuiltinOperator.PAD, [x, self.constant(margins)], padded,
                          options("PadOptions"))
            x = padded
        act, out = self.activation(node.output[0])
        common = {"padding": padding, "strideW": stride, "strideH": stride,
                  "dilationWFactor": dilation, "dilationHFactor": dilation,
                  "fusedActivationFunction": act}
        if a["group"] == 1:
            weights = self.constant(filters.transpose(0, 2, 3, 1))
            self.operator(schema.BuiltinOperator.CONV_2D, [x, weights, self.constant(bias)],
                          self.value(out), options("Conv2DOptions", **common))
        else:
            self.depthwise(x, filters.transpose(1, 2, 3, 0), bias, out, common)

    def depthwise(self, x, filters, bias, out, common):
        self.operator(schema.BuiltinOperator.DEPTHWISE_CONV_2D,
                      [x, self.constant(filters), self.constant(bias)], self.value(out),
                      options("DepthwiseConv2DOptions", depthMultiplier=1, **common))

    def batch_norm(self, node, a):
        scale, shift, mean, variance = (self.constants[name].astype(np.float64)
                                        for name in node.input[1:])
        factor = scale / np.sqrt(variance + a["epsilon"])
        act, out = self.activation(node.output[0])
        self.depthwise(self.value(node.input[0]), factor.reshape(1, 1, 1, -1).astype(np.float32),
                       (shift - mean * factor).astype(np.float32), out,
                       {"padding": VALID, "strideW": 1, "strideH": 1,
                        "fusedActivationFunction": act})

    def add(self, node, _):
        act, out = self.activation(node.output[0])
        self.operator(schema.BuiltinOperator.ADD, [self.value(name) for name in node.input],
                      self.value(out), options("AddOptions", fusedActivationFunction=act))

    def max_pool(self, node, a):
        self.operator(schema.BuiltinOperator.MAX_POOL_2D, [self.value(node.input[0])],
                      self.value(node.output[0]),
                      options("Pool2DOptions", padding=VALID, strideW=a["strides"][1],
                              strideH=a["strides"][0], filterWidth=a["kernel_shape"][1],
                              filterHeight=a["kernel_shape"][0]))

    def average(self, node, _):
        axes = self.constant(np.array([1, 2], np.int32))
        self.operator(schema.BuiltinOperator.MEAN, [self.value(node.input[0]), axes],
                      self.value(node.output[0]), options("ReducerOptions", keepDims=True))

    def resize(self, node, a):
        out = node.output[0]
        size = self.constant(np.array(nhwc(self.shape[out])[1:3], np.int32))
        nearest = a["mode"] == b"nearest"
        kind = "ResizeNearestNeighborOptions" if nearest else "ResizeBilinearOptions"
        self.operator(schema.BuiltinOperator.RESIZE_NEAREST_NEIGHBOR if nearest else
                      schema.BuiltinOperator.RESIZE_BILINEAR,
                      [self.value(node.input[0]), size], self.value(out),
                      options(kind, alignCorners=not nearest))

    def concat(self, node, _):
        self.operator(schema.BuiltinOperator.CONCATENATION,
                      [self.value(name) for name in node.input], self.value(node.output[0]),
                      options("ConcatenationOptions", axis=3))

    def flatten(self, node, _):
        shape = np.array(self.shape[node.output[0]], np.int32)
        self.operator(schema.BuiltinOperator.RESHAPE,
                      [self.value(node.input[0]), self.constant(shape)],
                      self.value(node.output[0]), options("ReshapeOptions", newShape=shape))

    def dense(self, node, _):
        weights = [self.constant(self.constants[name]) for name in node.input[1:]]
        self.operator(schema.BuiltinOperator.FULLY_CONNECTED,
                      [self.value(node.input[0])] + weights, self.value(node.output[0]),
                      options("FullyConnectedOptions"))

    def arg_max(self, node, _):
        axis = self.constant(np.array([3], np.int32))
        self.operator(schema.BuiltinOperator.ARG_MAX, [self.value(node.input[0]), axis],
                      self.value(node.output[0], np.int64),
                      options("ArgMaxOptions", outputType=schema.TensorType.INT64))

    KINDS = {"Conv": conv, "BatchNormalization": batch_norm, "Add": add, "MaxPool": max_pool,
             "GlobalAveragePool": average, "Resize": resize, "Concat": concat,
             "Flatten": flatten, "Gemm": dense, "ArgMax": arg_max}

    # ---- the whole ----

    def model(self):
        inputs = [self.value(i.name) for i in self.graph.input]
        for node in self.graph.node:
            if node.output[0] not in self.fused:
                self.KINDS[node.op_type](self, node, {a.name: helper.get_attribute_value(a)
                                                      for a in node.attribute})
        graph, model = schema.SubGraphT(), schema.ModelT()
        graph.tensors, graph.operators, graph.name = self.tensors, self.operators, b"main"
        graph.inputs = np.array(inputs, np.int32)
        graph.outputs = np.array([self.index[o.name] for o in self.graph.output], np.int32)
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = [operator_code(code) for code in self.codes]
        return model


def operator_code(code):
    made = schema.OperatorCodeT()
    made.builtinCode, made.deprecatedBuiltinCode = code, min(code, 127)
    made.version = 2 if NAMES[code] in ("DEPTHWISE_CONV_2D",) else 1    # 2: may dilate
    return made


def convert(path):
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(Writer(path).model().Pack(builder), b"TFL3")
    written = os.path.splitext(path)[0] + ".tflite"
    with open(written + ".part", "wb") as f:
        f.write(builder.Output())
    os.replace(written + ".part", written)


if __name__ == "__main__":
    for given in sys.argv[1:]:
        convert(given)
