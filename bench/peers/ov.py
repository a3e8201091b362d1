"""ov.py MODEL.onnx THREADS - OpenVINO under the remote control of compare.py.

One stream of exactly so many threads, and f32 arithmetic: left alone it would take
bf16 where the CPU has it, which no other engine here may.

SPDX-License-Identifier: MIT
"""
import sys

import openvino
from remote import serve

compiled = openvino.Core().compile_model(sys.argv[1], "CPU", {
    "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": int(sys.argv[2]),
    "INFERENCE_PRECISION_HINT": "f32"})
request = compiled.create_infer_request()


def set_input(k, array):
    request.get_input_tensor(k).data[:] = array


serve(set_input=set_input,
      run=request.infer,
      get_output=lambda k: request.get_output_tensor(k).data)
