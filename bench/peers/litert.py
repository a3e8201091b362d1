"""litert.py MODEL.tflite THREADS [nchw] - LiteRT, that is TensorFlow Lite with XNNPACK,
under the remote control of compare.py.

"nchw": what comes and goes is N,C,H,W, as in the ONNX file of the same network; it is
turned outside the measured time.

SPDX-License-Identifier: MIT
"""
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from remote import serve

engine = Interpreter(model_path=sys.argv[1], num_threads=int(sys.argv[2]))
engine.allocate_tensors()
inputs = [t["index"] for t in engine.get_input_details()]
outputs = [t["index"] for t in engine.get_output_details()]
turned = sys.argv[3:] == ["nchw"]


def turn(array, order):
    return np.ascontiguousarray(array.transpose(order)) if turned and array.ndim == 4 else array


serve(set_input=lambda k, array: engine.set_tensor(inputs[k], turn(array, (0, 2, 3, 1))),
      run=engine.invoke,
      get_output=lambda k: turn(engine.get_tensor(outputs[k]), (0, 3, 1, 2)))
