"""ncnn_peer.py MODEL.onnx THREADS - ncnn on what its converter pnnx makes of an ONNX file,
under the remote control of compare.py.

f32 storage and arithmetic, packed layout and Winograd, which are the defaults.  A linear
resize with asymmetric coordinates, which neither has, is written as one with aligned
corners before the conversion.  A run ends with the last output extracted, in the order of
the graph.

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import sys

import ncnn
import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

MODEL = os.path.splitext(sys.argv[1])[0]
graph = onnx.load(sys.argv[1], load_external_data=False).graph


def shape(value):
    return [d.dim_value for d in value.type.tensor_type.shape.dim]


def attributes(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def aligned(node, source, target, constants):
    """The nodes that do an asymmetric linear resize to s times the size with aligned
    corners: one row and column repeated at the end, n + 1 corners made s * n + 1, and
    the last ones cut off.  The very same numbers."""
    def constant(values):
        name = f"{node.output[0]}/c{len(constants)}"
        constants.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name
    out, (h, w) = node.output[0], target[2:]
    scale = (h // source[2], w // source[3])
    if (h, w) != (scale[0] * source[2], scale[1] * source[3]):
        sys.exit(f"ncnn has no asymmetric resize from {source} to {target}")
    enlarged = target[:2] + [h + 1, w + 1]
    return [helper.make_node("Pad", [node.input[0], constant([0, 0, 0, 0, 0, 0, 1, 1])],
                             [out + "/pad"], mode="edge"),
            helper.make_node("Resize", [out + "/pad", "", "", constant(enlarged)],
                             [out + "/up"], mode="linear",
                             coordinate_transformation_mode="align_corners"),
            helper.make_node("Slice", [out + "/up", constant([0, 0]), constant([h, w]),
                                       constant([2, 3])], [out])]


def without_asymmetric_resizes(path):
    """pnnx takes asymmetric coordinates for half pixels without a word."""
    model = shape_inference.infer_shapes(onnx.load(path))
    values = [*model.graph.input, *model.graph.value_info, *model.graph.output]
    shapes, nodes, constants = {v.name: shape(v) for v in values}, [], []
    for node in model.graph.node:
        a = attributes(node)
        if node.op_type == "Resize" and a["mode"] == b"linear" and \
           a["coordinate_transformation_mode"] == b"asymmetric":
            nodes += aligned(node, shapes[node.input[0]], shapes[node.output[0]], constants)
        else:
            nodes.append(node)
    if not constants:
        return path
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(constants)
    written = MODEL + "_aligned.onnx"
    onnx.save(model, written)
    return written


def convert():
    program = next(os.path.join(p, "pnnx", "pnnx") for p in sys.path
                   if os.path.isfile(os.path.join(p, "pnnx", "pnnx")))
    os.chmod(program, 0o755)
    shapes = ",".join(f"{shape(i)}f32".replace(" ", "") for i in graph.input)
    subprocess.run([program, without_asymmetric_resizes(sys.argv[1]), "inputshape=" + shapes,
                    "fp16=0", f"ncnnparam={MODEL}.ncnn.param", f"ncnnbin={MODEL}.ncnn.bin"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if not os.path.exists(MODEL + ".ncnn.param"):
    convert()
from remote import serve    # its clock starts here: conversion is no part of start-up

net = ncnn.Net()
net.opt.num_threads = int(sys.argv[2])
net.opt.use_vulkan_compute = False
for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
    setattr(net.opt, "use_" + option, False)
if net.load_param(MODEL + ".ncnn.param") or net.load_model(MODEL + ".ncnn.bin"):
    sys.exit("ncnn does not load what pnnx wrote")
given, results = {}, {}


def set_input(k, array):
    given[k] = ncnn.Mat(array[0])       # ncnn knows no batch; it may not change its input


def run():
    extractor = net.create_extractor()
    for k, mat in given.items():
        extractor.input(f"in{k}", mat)
    for k in range(len(graph.output)):
        results[k] = extractor.extract(f"out{k}")[1]


serve(set_input=set_input, run=run, get_output=lambda k: np.array(results[k])[np.newaxis])
