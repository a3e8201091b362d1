"""networks.py DIRECTORY [NAME...] - networks with random weights, as .onnx and .tflite.

For speed only the shapes count, so nobody's weights are needed: each network here is
built from its paper, layer by layer, and every engine gets the very same one: N,C,H,W as
ONNX, or N,H,W,C as TensorFlow Lite's file, which as_tflite.py makes of it.

    mobilenet_v2_224    Sandler et al., "MobileNetV2: Inverted Residuals and Linear
                        Bottlenecks", arXiv 1801.04381: width 1.0, ReLU6, 1000 classes
    deeplab_SIZE_sN     Chen et al., "Rethinking Atrous Convolution", arXiv 1706.05587,
                        on MobileNetV2 as its authors run it on phones: output stride N
                        kept by dilation, pooled branch + 1x1, 21 classes, logits
                        enlarged to the picture; _classes: the greatest one's number
    mobile_hourglass_192  an hourglass of inverted residuals, two stacks, 14 joints
    hourglass_S         Newell et al., "Stacked Hourglass Networks for Human Pose
                        Estimation", arXiv 1603.06937: S stacks of 256 features, 256x256,
                        pre-activation bottlenecks with BatchNorm, 16 joints

Weights are normal deviates from a fixed seed, each layer's scaled by the power of what
it reads (He et al., arXiv 1502.01852, with the power tracked through the graph), so that
activations stay near 1 from first to last layer and a comparison of outputs means
something.  BatchNorm that follows a convolution is folded into it beforehand.

SPDX-License-Identifier: MIT
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

import as_tflite

# Of max(0, x), x a normal deviate of variance 1.
RELU_SQUARE = 1 / 2
RELU_VARIANCE = 1 / 2 - 1 / (2 * np.pi)


class Builder:
    """A graph that grows.  A value is its name; `shape` and `power` (mean square, but
    of a ReLU's result the variance: all that filters of mean 0 see) are kept beside it."""

    def __init__(self, name, size):
        self.name, self.random = name, np.random.default_rng(1)
        self.nodes, self.constants, self.shape, self.power = [], [], {}, {}
        self.input = self.value("input", (1, 3, size, size), 1 / 3)     # uniform in -1..1

    def value(self, name, shape, power):
        self.shape[name], self.power[name] = shape, power
        return name

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def normal(self, shape, deviation):
        return (self.random.standard_normal(shape) * deviation).astype(np.float32)

    def node(self, kind, inputs, shape, power, **attributes):
        out = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], out, **attributes))
        return self.value(out, shape, power)

    # ---- layers ----

    def conv(self, x, oc, k=1, stride=1, dilation=1, depthwise=False, gain=1):
        """SAME padding as PyTorch has it; the result's power is about gain^2.  Filters have
        mean 0, or after a few ReLUs a picture's pixels would all be much the same; but
        not depthwise ones, which would become edge detectors."""
        n, c, h, w = self.shape[x]
        groups = c if depthwise else 1
        power = self.power[x] * (RELU_SQUARE / RELU_VARIANCE if depthwise else 1)
        filters = self.normal((oc, c // groups, k, k),
                              gain * (power * (c // groups) * k * k) ** -0.5)
        if not depthwise:
            filters -= filters.mean(axis=(1, 2, 3), keepdims=True)
        pad = dilation * (k - 1) // 2
        out = [(side + 2 * pad - dilation * (k - 1) - 1) // stride + 1 for side in (h, w)]
        return self.node("Conv", [x, self.constant(filters), self.constant(self.normal(oc, 0.1))],
                         (n, oc, *out), gain ** 2, kernel_shape=[k, k], strides=[stride] * 2,
                         dilations=[dilation] * 2, pads=[pad] * 4, group=groups)

    def relu(self, x):
        return self.node("Relu", [x], self.shape[x], self.power[x] * RELU_VARIANCE)

    def relu6(self, x):
        limits = [self.constant(np.float32(limit)) for limit in (0, 6)]
        return self.node("Clip", [x] + limits, self.shape[x], self.power[x] * RELU_VARIANCE)

    def batch_norm(self, x):
        """Statistics as training would have found them: the result's power is about 1."""
        c = self.shape[x][1]
        scale, shift, mean = 1 + self.normal(c, 0.1), self.normal(c, 0.1), self.normal(c, 0.1)
        variance = np.full(c, self.power[x], np.float32)
        return self.node("BatchNormalization",
                         [x] + [self.constant(a) for a in (scale, shift, mean, variance)],
                         self.shape[x], 1.0, epsilon=1e-5)

    def add(self, a, b):
        return self.node("Add", [a, b], self.shape[a], self.power[a] + self.power[b])

    def max_pool(self, x):
        n, c, h, w = self.shape[x]
        return self.node("MaxPool", [x], (n, c, h // 2, w // 2), self.power[x],
                         kernel_shape=[2, 2], strides=[2, 2])

    def average(self, x):
        """Neighbours are alike, so part of the variance stays; how much is a guess."""
        n, c = self.shape[x][:2]
        return self.node("GlobalAveragePool", [x], (n, c, 1, 1), self.power[x] / 10)

    def twice(self, x):
        n, c, h, w = self.shape[x]
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        return self.node("Resize", [x, "", scales], (n, c, 2 * h, 2 * w), self.power[x],
                         mode="nearest", nearest_mode="floor",
                         coordinate_transformation_mode="asymmetric")

    def enlarge(self, x, side):
        n, c = self.shape[x][:2]
        sizes = self.constant(np.array([n, c, side, side], np.int64))
        return self.node("Resize", [x, "", "", sizes], (n, c, side, side), self.power[x],
                         mode="linear", coordinate_transformation_mode="align_corners")

    def concat(self, a, b):
        (n, c, h, w), more = self.shape[a], self.shape[b][1]
        return self.node("Concat", [a, b], (n, c + more, h, w),
                         (self.power[a] * c + self.power[b] * more) / (c + more), axis=1)

    def dense(self, x, classes):
        n, c = self.shape[x][:2]
        flat = self.node("Flatten", [x], (n, c), self.power[x], axis=1)
        weights = self.normal((classes, c), (self.power[x] * c) ** -0.5)
        return self.node("Gemm", [flat, self.constant(weights),
                                  self.constant(self.normal(classes, 0.1))],
                         (n, classes), 1.0, transB=1)

    def arg_max(self, x):
        n, _, h, w = self.shape[x]
        return self.node("ArgMax", [x], (n, h, w), 0, axis=1, keepdims=0)

    def save(self, path, outputs, dtype=TensorProto.FLOAT):
        def info(name):
            kind = TensorProto.FLOAT if name == self.input else dtype
            return helper.make_tensor_value_info(name, kind, self.shape[name])
        graph = helper.make_graph(self.nodes, self.name, [info(self.input)],
                                  [info(o) for o in outputs], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 7        # what the oldest peer reads
        save(model, path + ".part")
        os.replace(path + ".part", path)


# ---- MobileNetV2, and DeepLab on it ------------------------------------------

def inverted_residual(b, x, oc, expansion, stride=1, dilation=1):
    c, y = b.shape[x][1], x
    if expansion > 1:
        y = b.relu6(b.conv(y, c * expansion))
    y = b.relu6(b.conv(y, b.shape[y][1], 3, stride, dilation, depthwise=True))
    y = b.conv(y, oc)
    return b.add(x, y) if stride == 1 and c == oc else y


def channels(width, c):
    """A multiple of 8 that is not more than 10 % below, as in the reference code."""
    n = max(8, int(width * c + 4) // 8 * 8)
    return n + 8 if n < 0.9 * width * c else n


# expansion, channels, repeats, stride: table 2 of the paper
MOBILENET_V2 = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                (6, 160, 3, 2), (6, 320, 1, 1)]


def mobilenet_v2_body(b, width, output_stride):
    """Where the stride would exceed output_stride, filters dilate instead."""
    x = b.relu6(b.conv(b.input, channels(width, 32), 3, 2))
    stride_so_far, dilation = 2, 1
    for expansion, c, repeats, stride in MOBILENET_V2:
        for i in range(repeats):
            step = stride if i == 0 else 1
            if stride_so_far * step > output_stride:
                x = inverted_residual(b, x, channels(width, c), expansion, 1, dilation)
                dilation *= step        # its own filter still sees the finer grid
            else:
                stride_so_far *= step
                x = inverted_residual(b, x, channels(width, c), expansion, step, dilation)
    return x


def mobilenet_v2(path, size=224, width=1.0):
    b = Builder("mobilenet_v2", size)
    x = b.relu6(b.conv(mobilenet_v2_body(b, width, 32), 1280))
    b.save(path, [b.dense(b.average(x), 1000)])


def deeplab(path, size, output_stride, classes=False):
    b = Builder("deeplab_v3", size)
    x = mobilenet_v2_body(b, 1.0, output_stride)
    side = b.shape[x][2]
    pooled = b.relu(b.conv(b.average(x), 256))
    y = b.concat(b.enlarge(pooled, side), b.relu(b.conv(x, 256)))
    logits = b.enlarge(b.conv(b.relu(b.conv(y, 256)), 21), size)
    if classes:
        b.save(path, [b.arg_max(logits)], TensorProto.INT64)
    else:
        b.save(path, [logits])


# ---- hourglasses --------------------------------------------------------------

def hourglass(b, x, depth, block):
    """Down and up again, and a way past at each resolution (figure 3 of the paper)."""
    past = block(x)
    low = block(b.max_pool(x))
    low = hourglass(b, low, depth - 1, block) if depth > 1 else block(low)
    return b.add(past, b.twice(block(low)))


def bottleneck(b, x, oc):
    """1x1 to half the features, 3x3, 1x1; BatchNorm and ReLU go before the first.  The
    other two BatchNorms follow a convolution: folded.  The branch adds little to what
    passes by, as in a trained network, or rounding errors would grow with the stacks."""
    half = oc // 2
    y = b.relu(b.conv(b.relu(b.batch_norm(x)), half))
    y = b.conv(b.relu(b.conv(y, half, 3)), oc, gain=0.25)
    return b.add(x if b.shape[x][1] == oc else b.conv(x, oc), y)


def stacked_hourglass(path, stacks, features=256, joints=16):
    b = Builder("stacked_hourglass", 256)
    x = b.relu(b.conv(b.input, 64, 7, 2))
    x = b.max_pool(bottleneck(b, x, features // 2))
    x = bottleneck(b, bottleneck(b, x, features // 2), features)
    maps = []
    for i in range(stacks):
        y = hourglass(b, x, 4, lambda value: bottleneck(b, value, features))
        y = b.relu(b.conv(bottleneck(b, y, features), features))
        maps.append(b.conv(y, joints))
        if i + 1 < stacks:
            x = b.add(b.add(x, b.conv(y, features)), b.conv(maps[-1], features))
    b.save(path, maps)


def mobile_hourglass(path, stacks=2, features=24, joints=14):
    b = Builder("mobile_hourglass", 192)
    x = b.relu6(b.conv(b.input, 16, 3, 2))
    x = inverted_residual(b, x, 16, 1)
    for stride in (2, 1, 1):
        x = inverted_residual(b, x, features, 6, stride)
    for i in range(stacks):
        y = hourglass(b, x, 4, lambda value: inverted_residual(b, value, features, 6))
        y = inverted_residual(b, y, features, 6)
        if i + 1 < stacks:
            x = b.add(x, y)
    b.save(path, [b.conv(b.relu6(b.conv(y, 128)), joints)])


NETWORKS = {
    "mobilenet_v2_224": mobilenet_v2,
    "deeplab_257_s16": lambda path: deeplab(path, 257, 16),
    "deeplab_513_s16": lambda path: deeplab(path, 513, 16),
    "deeplab_513_s16_classes": lambda path: deeplab(path, 513, 16, classes=True),
    "deeplab_513_s8": lambda path: deeplab(path, 513, 8),
    "mobile_hourglass_192": mobile_hourglass,
    "hourglass_2": lambda path: stacked_hourglass(path, 2),
    "hourglass_8": lambda path: stacked_hourglass(path, 8),
}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    directory, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    unknown = [name for name in names if name not in NETWORKS]
    if unknown:
        sys.exit(f"networks.py: no network '{unknown[0]}'; there are {', '.join(NETWORKS)}")
    os.makedirs(directory, exist_ok=True)
    for name in names:
        path = os.path.join(directory, name + ".onnx")
        NETWORKS[name](path)
        as_tflite.convert(path)


main()
