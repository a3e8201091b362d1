"""ort.py MODEL.onnx THREADS - ONNX Runtime on a graph that `tarsier convert` wrote,
under the remote control of compare.py.

Inputs and outputs are bound to memory of their own once, so that a run copies
nothing that the other engines do not copy.

SPDX-License-Identifier: MIT
"""
import sys

import numpy as np
import onnxruntime
from remote import serve

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
options.inter_op_num_threads = 1
# Threads spin while a run lasts, but not on into the next engine's turn.
options.add_session_config_entry("session.force_spinning_stop", "1")
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])


def memory(node):
    dtype = np.int64 if node.type == "tensor(int64)" else np.float32
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(node.shape, dtype))


binding = session.io_binding()
inputs = [memory(node) for node in session.get_inputs()]
outputs = [memory(node) for node in session.get_outputs()]
for node, value in zip(session.get_inputs(), inputs):
    binding.bind_ortvalue_input(node.name, value)
for node, value in zip(session.get_outputs(), outputs):
    binding.bind_ortvalue_output(node.name, value)
serve(set_input=lambda k, array: inputs[k].update_inplace(array),
      run=lambda: session.run_with_iobinding(binding),
      get_output=lambda k: outputs[k].numpy())
