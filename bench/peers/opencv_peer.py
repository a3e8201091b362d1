"""opencv_peer.py MODEL.onnx THREADS - OpenCV's dnn module (Debian's python3-opencv and
python3-onnx), under the remote control of compare.py.

Its reader knows Clip as it was up to operator set 10, with attributes for limits: they
are moved there, and nothing else is changed.  A run ends with copies of the outputs,
because forward() gives nothing else.

SPDX-License-Identifier: MIT
"""
import os
import sys

import cv2
import numpy as np
import onnx
from onnx import helper, numpy_helper


def with_old_clips(path):
    model = onnx.load(path)
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Clip" and len(node.input) > 1:
            limits = [float(constants[name]) if name else None for name in node.input[1:]]
            node.attribute.extend(helper.make_attribute(key, value)
                                  for key, value in zip(("min", "max"), limits)
                                  if value is not None)
            del node.input[1:]
    written = os.path.splitext(path)[0] + ".opencv.onnx"
    onnx.save(model, written)
    return written, [output.name for output in model.graph.output]


def in_order(layers, outputs):
    """OpenCV names its last layers in the order of the alphabet: those that are called
    like an output of the graph, in the graph's order."""
    return outputs if set(outputs) == set(layers) else layers


MODEL, OUTPUTS = with_old_clips(sys.argv[1])
from remote import serve    # its clock starts here: conversion is no part of start-up

cv2.setNumThreads(int(sys.argv[2]))
try:
    net = cv2.dnn.readNetFromONNX(MODEL)
except cv2.error as error:
    sys.exit("OpenCV: " + next((line for line in str(error).splitlines() if "Node" in line),
                               str(error)).strip(" >")[:200])
net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
names = in_order(net.getUnconnectedOutLayersNames(), OUTPUTS)
results = []


def run():
    results[:] = net.forward(names)


serve(set_input=lambda k, array: net.setInput(array),
      run=run,
      get_output=lambda k: np.asarray(results[k]))
