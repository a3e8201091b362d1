#!/usr/bin/env python3
# export.py TARSIER - every float model in TARSIER_MODELS, written as ONNX: passes
# onnx.checker, loads in ONNX Runtime, and gives there what it gives here, within
# 1e-4 of the largest number.  Integer models must be refused in words.
#
# A network is fed a photograph of a person where it wants a picture, and noise
# where it does not, or without TARSIER_IMAGES.  Some networks magnify rounding,
# on noise above all, until two good engines differ by more than that.  Then the
# same graph in float64 decides: we must be within 1e-4 of that, or not more than
# twice as far from it as ONNX Runtime is.
#
# Wants numpy, pillow, onnx and onnxruntime: `make export-check` brings them.
# SPDX-License-Identifier: MIT
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnx.reference
import onnxruntime
from PIL import Image

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


def picture(shape):
    """A person from head to foot, red, green and blue from 0 to 1; None: no picture."""
    folder = os.environ.get("TARSIER_IMAGES")
    if not folder or len(shape) != 4 or shape[0] != 1 or 3 not in (shape[1], shape[3]):
        return None
    first = shape[3] != 3                       # colours before rows
    height, width = shape[2:] if first else shape[1:3]
    image = Image.open(os.path.join(folder, "squat.png")).convert("RGB")
    image = image.resize((width, height), Image.BILINEAR)
    x = np.asarray(image, np.float32)[np.newaxis] / np.float32(255)
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2) if first else x)


def inputs_for(session, folder):
    """The same inputs as arrays for ONNX Runtime and as files for us."""
    feed, options = {}, []
    random = np.random.default_rng(1)
    for i, tensor in enumerate(session.get_inputs()):
        x = picture(tensor.shape)
        if x is None:
            x = random.random(tensor.shape, dtype=np.float32)
        path = os.path.join(folder, f"x{i}.npy")
        np.save(path, x)
        feed[tensor.name] = x
        options += ["--input", path]
    return feed, options


def as_float64(path, feed):
    """The outputs of the graph when every number in it is a float64."""
    model = onnx.load(path)
    for constant in model.graph.initializer:
        if constant.data_type == onnx.TensorProto.FLOAT:
            wide = onnx.numpy_helper.to_array(constant).astype(np.float64)
            constant.CopyFrom(onnx.numpy_helper.from_array(wide, constant.name))
    wide = {name: x.astype(np.float64) for name, x in feed.items()}
    outputs = onnx.reference.ReferenceEvaluator(model).run(None, wide)
    assert all(y.dtype == np.float64 for y in outputs)
    return outputs


def distance(ours, theirs):
    """The largest difference as a share of the largest number, of all outputs."""
    worst = 0.0
    for x, y in zip(ours, theirs):
        largest = max(float(np.abs(y).max()), SMALLEST_RANGE)
        worst = max(worst, float(np.abs(x.astype(float) - y.astype(float)).max()) / largest)
    return worst


def check(tarsier, path, folder):
    """None when all is well, or what is wrong."""
    name, out = os.path.basename(path), os.path.join(folder, "model.onnx")
    made = run(tarsier, "convert", path, "-o", out)
    if made.returncode:
        refused = "only float models" in made.stderr or "quantised numbers" in made.stderr
        if refused:
            print(f"{name:40s} refused: 8 bits")
        return None if refused else made.stderr.strip()
    onnx.checker.check_model(out, full_check=True)
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    feed, options = inputs_for(session, folder)
    theirs = session.run(None, feed)
    results = os.path.join(folder, "out")
    made = run(tarsier, "run", path, *options, "--output-dir", results)
    if made.returncode:
        return made.stderr.strip()
    ours = [np.load(os.path.join(results, f"output_{k}.npy")) for k in range(len(theirs))]
    for k, (x, y) in enumerate(zip(ours, theirs)):
        if x.shape != y.shape:
            return f"output {k} has shape {y.shape} there, {x.shape} here"
    apart = distance(ours, theirs)
    print(f"{name:40s} {apart:.1e}")
    if apart <= TOLERANCE:
        return None
    exact = as_float64(out, feed)
    off, their_off = distance(ours, exact), distance(theirs, exact)
    told = f"differs by {apart:.1e} of its range; from float64: {off:.1e}, there {their_off:.1e}"
    print(f"{name:40s} {told}")
    return None if off <= max(TOLERANCE, 2 * their_off) else told


def main():
    passed = failed = 0
    for path in models():
        with tempfile.TemporaryDirectory() as folder:
            try:
                wrong = check(sys.argv[1], path, folder)
            except Exception as error:  # whatever the other tools find wrong is a failure
                wrong = f"{type(error).__name__}: {error}"
        if wrong:
            failed += 1
            print(f"FAIL {path}: {wrong}")
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or (passed == 0 and os.environ.get("TARSIER_REQUIRE") == "1")


sys.exit(main())
