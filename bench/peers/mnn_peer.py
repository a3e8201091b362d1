"""mnn_peer.py MODEL.onnx THREADS - MNN on what its own converter makes of an ONNX file,
under the remote control of compare.py.

Its defaults are its best: channels in fours, Winograd where it wins.  "high" precision is
plain f32.  Copies between its layout and ours happen outside the measured time.

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import sys

import numpy as np
import onnx

graph = onnx.load(sys.argv[1]).graph
path = os.path.splitext(sys.argv[1])[0] + ".mnn"
if not os.path.exists(path):
    # Not the package's script of that name: it installs and sends telemetry.
    subprocess.run([sys.executable, "-c", "import sys, MNN, _tools; _tools.mnnconvert(sys.argv)",
                    "-f", "ONNX", "--modelFile", sys.argv[1], "--MNNModel", path,
                    "--bizCode", "bench"], check=True, stdout=subprocess.DEVNULL)
# The library greets on standard output, which is for answers.
sys.stdout = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import MNN
from remote import serve    # its clock starts here: conversion is no part of start-up

net = MNN.Interpreter(path)
session = net.createSession({"backend": "CPU", "numThread": int(sys.argv[2]),
                             "precision": "high"})
inputs = [net.getSessionInput(session, i.name) for i in graph.input]
outputs = [net.getSessionOutput(session, o.name) for o in graph.output]
NUMPY = {MNN.Halide_Type_Float: np.float32, MNN.Halide_Type_Int: np.int32}


def set_input(k, array):
    tensor = inputs[k]
    host = MNN.Tensor(tuple(array.shape), MNN.Halide_Type_Float, array,
                      MNN.Tensor_DimensionType_Caffe)
    tensor.copyFrom(host)


def get_output(k):
    tensor = outputs[k]
    kind = tensor.getDataType()
    host = MNN.Tensor(tensor.getShape(), kind,
                      np.zeros(tensor.getShape(), NUMPY[kind]), MNN.Tensor_DimensionType_Caffe)
    tensor.copyToHostTensor(host)
    return np.array(host.getNumpyData())


serve(set_input=set_input, run=lambda: net.runSession(session), get_output=get_output)
