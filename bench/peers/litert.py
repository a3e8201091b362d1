"""litert.py MODEL.tflite THREADS - LiteRT, that is TensorFlow Lite with XNNPACK,
under the remote control of compare.py.

SPDX-License-Identifier: MIT
"""
import sys

from ai_edge_litert.interpreter import Interpreter
from remote import serve

engine = Interpreter(model_path=sys.argv[1], num_threads=int(sys.argv[2]))
engine.allocate_tensors()
inputs = [t["index"] for t in engine.get_input_details()]
outputs = [t["index"] for t in engine.get_output_details()]
serve(set_input=lambda k, array: engine.set_tensor(inputs[k], array),
      run=engine.invoke,
      get_output=lambda k: engine.get_tensor(outputs[k]))
