#!/usr/bin/env python3
# startup.py TARSIER MODEL.tflite [MODEL.onnx] - from the file's bytes to a session
# that is ready to run: ours from MODEL, from .tsr and from .tsr packed for this CPU,
# LiteRT, and (given the same network as ONNX, or MODEL is one) ONNX Runtime, taking
# turns in one run, one thread each.
#
#     make bench-peers && build/peers/bin/python bench/startup.py build/tarsier MODEL.tflite
#
# Ours is what `tarsier bench --json` reports: load + open, pages in memory.  The
# peers are timed in this process after one warm-up.     SPDX-License-Identifier: MIT
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import onnxruntime
from ai_edge_litert.interpreter import Interpreter

ROUNDS = 7


def ours(tarsier, model, parts=("load_ms", "open_ms")):
    out = subprocess.run([tarsier, "bench", model, "--runs", "1", "--json"],
                         capture_output=True, text=True, check=True).stdout
    report = json.loads(out)
    return sum(report[part] for part in parts)


def timed(start):
    begin = time.perf_counter()
    start()
    return (time.perf_counter() - begin) * 1e3


def litert(path):
    Interpreter(model_path=path, num_threads=1).allocate_tensors()


def onnx_runtime(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    tarsier, model = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        flat = os.path.join(folder, "model.tsr")
        subprocess.run([tarsier, "convert", model, "-o", flat], check=True)
        packed = os.path.join(folder, "packed.tsr")
        level = json.loads(subprocess.run([tarsier, "info", model, "--json"], check=True,
                                          capture_output=True, text=True).stdout)["cpu"]
        # Refused where there is nothing to pack: integers are used as they lie.
        packs = not subprocess.run([tarsier, "convert", model, "-o", packed, "--pack", level],
                                   stderr=subprocess.DEVNULL).returncode
        ways = {"Tarsier, " + os.path.splitext(model)[1]: lambda: ours(tarsier, model),
                "Tarsier, .tsr": lambda: ours(tarsier, flat),
                "  of which load": lambda: ours(tarsier, flat, ["load_ms"])}
        if packs:
            ways["Tarsier, packed .tsr"] = lambda: ours(tarsier, packed)
        if model.endswith(".tflite"):
            ways["LiteRT, .tflite"] = lambda: timed(lambda: litert(model))
        if sys.argv[-1].endswith(".onnx"):
            ways["ONNX Runtime, .onnx"] = lambda: timed(lambda: onnx_runtime(sys.argv[-1]))
        times = {name: [] for name in ways}
        for i in range(ROUNDS + 1):
            for name, way in ways.items():
                ms = way()
                if i:
                    times[name].append(ms)
    print("start-up in milliseconds: min / median")
    for name, ms in times.items():
        print(f"  {name:22s} {min(ms):8.3f} / {statistics.median(ms):8.3f}")


main()
