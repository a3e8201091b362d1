#!/usr/bin/env python3
# export.py TARSIER - every float model in TARSIER_MODELS, written as ONNX: passes
# onnx.checker, loads in ONNX Runtime, and gives there what it gives here, within
# 1e-4 of the largest number.  Integer models must be refused in words.
#
# Wants numpy, onnx and onnxruntime: `make export-check` brings them.
# SPDX-License-Identifier: MIT
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-4
# Networks that end in a sigmoid answer noise with 1e-7 and less; ONNX Runtime's
# sigmoid is approximate to about that much.
SMALLEST_RANGE = 1e-2


def models():
    for folder in os.environ.get("TARSIER_MODELS", "").split(":"):
        for ending in ("*.tflite", "*.onnx", "*/*.json"):
            for path in sorted(glob.glob(os.path.join(folder, ending))):
                if not path.endswith("metadata.json"):
                    yield path


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


def inputs_for(session, folder):
    """The same random input as arrays for ONNX Runtime and as files for us."""
    feed, options = {}, []
    random = np.random.default_rng(1)
    for i, tensor in enumerate(session.get_inputs()):
        x = random.random(tensor.shape, dtype=np.float32)
        path = os.path.join(folder, f"x{i}.npy")
        np.save(path, x)
        feed[tensor.name] = x
        options += ["--input", path]
    return feed, options


def check(tarsier, path, folder):
    """None when all is well, "skip", or what is wrong."""
    out = os.path.join(folder, "model.onnx")
    made = run(tarsier, "convert", path, "-o", out)
    if made.returncode:
        refused = ("only float models" in made.stderr or "quantised numbers" in made.stderr
                   or "not supported" in made.stderr)
        return "skip" if refused else made.stderr.strip()
    onnx.checker.check_model(out, full_check=True)
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    feed, options = inputs_for(session, folder)
    theirs = session.run(None, feed)
    results = os.path.join(folder, "out")
    ours = run(tarsier, "run", path, *options, "--output-dir", results)
    if ours.returncode:
        return ours.stderr.strip()
    worst = 0.0
    for k, y in enumerate(theirs):
        x = np.load(os.path.join(results, f"output_{k}.npy"))
        if x.shape != y.shape:
            return f"output {k} has shape {y.shape} there, {x.shape} here"
        largest = max(float(np.abs(y).max()), SMALLEST_RANGE)
        worst = max(worst, float(np.abs(x.astype(float) - y.astype(float)).max()) / largest)
    print(f"{os.path.basename(path):40s} {worst:.1e}")
    return None if worst <= TOLERANCE else f"differs by {worst:.1e} of its range"


def main():
    passed = failed = skipped = 0
    for path in models():
        with tempfile.TemporaryDirectory() as folder:
            try:
                wrong = check(sys.argv[1], path, folder)
            except Exception as error:  # whatever the other tools find wrong is a failure
                wrong = f"{type(error).__name__}: {error}"
        if wrong == "skip":
            skipped += 1
        elif wrong:
            failed += 1
            print(f"FAIL {path}: {wrong}")
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed > 0 or (passed == 0 and os.environ.get("TARSIER_REQUIRE") == "1")


sys.exit(main())
