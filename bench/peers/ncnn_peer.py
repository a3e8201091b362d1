"""ncnn_peer.py MODEL.onnx THREADS - ncnn on what its converter pnnx makes of an ONNX file,
under the remote control of compare.py.

f32 storage and arithmetic, packed layout and Winograd, which are the defaults.  A run ends
with the last output extracted, in the order of the graph.

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import sys

import ncnn
import numpy as np
import onnx

MODEL = os.path.splitext(sys.argv[1])[0]
graph = onnx.load(sys.argv[1], load_external_data=False).graph


def shape(value):
    return [d.dim_value for d in value.type.tensor_type.shape.dim]


def convert():
    program = next(os.path.join(p, "pnnx", "pnnx") for p in sys.path
                   if os.path.isfile(os.path.join(p, "pnnx", "pnnx")))
    os.chmod(program, 0o755)
    shapes = ",".join(f"{shape(i)}f32".replace(" ", "") for i in graph.input)
    subprocess.run([program, sys.argv[1], "inputshape=" + shapes, "fp16=0"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


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


serve(set_input=set_input, run=run, get_output=lambda k: np.array(results[k]))
