#!/usr/bin/env python3
# startup.py TARSIER [MODEL...] - from the file's bytes to a session that is ready to
# run: ours from each MODEL, from .tsr and from .tsr packed for this CPU, LiteRT and
# ONNX Runtime where MODEL is a file of theirs, taking turns in one run, one thread each.
#
#     make bench-peers && build/peers/bin/python bench/startup.py build/tarsier MODEL.tflite
#
# Without a MODEL: MobileNetV2 1.0 224 as it is published, from the directories in
# TARSIER_MODELS (TensorFlow.js, bytes that become 14 MB of floats; .tflite in 8 bits),
# and the one with random weights of `make bench-networks` (ONNX).  Peers that are not
# installed are left out.  A model beside MODEL.tflite called MODEL.onnx is taken for the
# same network.
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

try:
    import onnxruntime
except ImportError:
    onnxruntime = None
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    Interpreter = None

ROUNDS = 7
PUBLISHED = ["nsfwjs_mobilenet_v2/model.json", "mobilenet_v2_1.0_224_quant.tflite"]
GENERATED = "build/networks/mobilenet_v2_224.onnx"


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


def usual():
    """The MobileNetV2s that are there."""
    folders = os.environ.get("TARSIER_MODELS", "").split(":")
    paths = [os.path.join(folder, name) for name in PUBLISHED for folder in folders]
    return [path for path in paths + [GENERATED] if os.path.exists(path)]


def ways_of(tarsier, model, folder):
    """Every way to get this network ready: name -> function that gives milliseconds."""
    flat, packed = (os.path.join(folder, name) for name in ("model.tsr", "packed.tsr"))
    subprocess.run([tarsier, "convert", model, "-o", flat], check=True)
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
    if Interpreter and model.endswith(".tflite"):
        ways["LiteRT, .tflite"] = lambda: timed(lambda: litert(model))
    same = os.path.splitext(model)[0] + ".onnx"
    if onnxruntime and os.path.exists(same):
        ways["ONNX Runtime, .onnx"] = lambda: timed(lambda: onnx_runtime(same))
    return ways


def measure(tarsier, model):
    with tempfile.TemporaryDirectory() as folder:
        ways = ways_of(tarsier, model, folder)
        times = {name: [] for name in ways}
        for i in range(ROUNDS + 1):
            for name, way in ways.items():
                ms = way()
                if i:
                    times[name].append(ms)
    print(f"{model}: start-up in milliseconds, min / median")
    for name, ms in times.items():
        print(f"  {name:22s} {min(ms):8.3f} / {statistics.median(ms):8.3f}")


def main():
    tarsier, models = sys.argv[1], sys.argv[2:] or usual()
    if not models:
        sys.exit("no MobileNetV2 in TARSIER_MODELS nor in build/networks: name a model")
    for model in models:
        measure(tarsier, model)


main()
