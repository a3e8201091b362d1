#!/usr/bin/env python3
# torch_models.py - ONNX files as PyTorch exports them: mobilenet_v2, DeepLabv3 on
# MobileNetV3, and a two-stack hourglass (Newell et al. 2016, arXiv:1603.06937), at
# the oldest operator set that can express each, at the newest PyTorch knows, and at
# those between where the export changes; then once with dimensions left open.
#
#     python3 tests/torch_models.py write FOLDER             wants torch, torchvision
#     python3 tests/torch_models.py check FOLDER TARSIER     wants numpy, onnxruntime
#
# `tarsier run` must give what ONNX Runtime gives, and what PyTorch gave before the
# export, within 1e-4 of the largest number.  Two programs, because Debian's torch and
# ONNX Runtime's wheel want different numpys: `make torch-check` gives each its own.
# SPDX-License-Identifier: MIT
import glob
import json
import os
import subprocess
import sys
import warnings

import numpy as np

TOLERANCE = 1e-4


def hourglass(nn, functional):
    """Two stacks of 256 features for 16 joints, four halvings deep."""

    class Bottleneck(nn.Module):
        """Normalised and cut before each convolution, not after: no export can fold
        these BatchNormalizations into the convolution that they precede."""

        def __init__(self, inputs, outputs):
            super().__init__()
            middle = outputs // 2
            self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in (inputs, middle, middle))
            self.convs = nn.ModuleList([nn.Conv2d(inputs, middle, 1),
                                        nn.Conv2d(middle, middle, 3, padding=1),
                                        nn.Conv2d(middle, outputs, 1)])
            self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

        def forward(self, x):
            y = x
            for norm, conv in zip(self.norms, self.convs):
                y = conv(functional.relu(norm(y)))
            return self.skip(x) + y

    class Hourglass(nn.Module):
        def __init__(self, depth, features):
            super().__init__()
            self.beside, self.down, self.up = (Bottleneck(features, features) for _ in range(3))
            self.inner = (Hourglass(depth - 1, features) if depth > 1
                          else Bottleneck(features, features))

        def forward(self, x):
            low = self.up(self.inner(self.down(functional.max_pool2d(x, 2))))
            return self.beside(x) + functional.interpolate(low, scale_factor=2, mode="nearest")

    class Stacks(nn.Module):
        def __init__(self, stacks=2, features=256, joints=16):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(),
                                      Bottleneck(64, 128), nn.MaxPool2d(2),
                                      Bottleneck(128, 128), Bottleneck(128, features))

            def each(make):
                return nn.ModuleList(make() for _ in range(stacks))
            self.hourglass = each(lambda: Hourglass(4, features))
            self.tail = each(lambda: nn.Sequential(
                Bottleneck(features, features), nn.Conv2d(features, features, 1),
                nn.BatchNorm2d(features), nn.ReLU()))
            self.heat = each(lambda: nn.Conv2d(features, joints, 1))
            self.heat_back = each(lambda: nn.Conv2d(joints, features, 1))
            self.tail_back = each(lambda: nn.Conv2d(features, features, 1))

        def forward(self, x):
            x, heats = self.stem(x), []
            for i, tail in enumerate(self.tail):
                y = tail(self.hourglass[i](x))
                heats.append(self.heat[i](y))
                x = x + self.tail_back[i](y) + self.heat_back[i](heats[-1])
            return tuple(heats)

    return Stacks()


def deeplab(nn, torchvision):
    class Logits(nn.Module):                # torchvision answers with a dictionary
        def __init__(self):
            super().__init__()
            self.net = torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(
                weights=None, weights_backbone=None, num_classes=21)

        def forward(self, x):
            return self.net(x)["out"]

    return Logits()


def unsettle(torch, model):
    """Fresh BatchNorms do nothing (mean 0, variance 1); these do."""
    for m in model.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(m.running_mean, 0, 0.1)
            torch.nn.init.uniform_(m.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(m.weight, 0.5, 1.5)
            torch.nn.init.normal_(m.bias, 0, 0.1)
    return model.eval()


def write(folder):
    import torch
    import torchvision
    torch.manual_seed(1)
    os.makedirs(folder, exist_ok=True)
    # Open dimensions make DeepLab's last resize a piece of arithmetic on Shape.
    cases = [("mobilenet_v2", torchvision.models.mobilenet_v2(weights=None), (224, 224),
              [7, 9, 11, 13, 17], {0: "batch"}),
             ("deeplabv3_mobilenet_v3_large", deeplab(torch.nn, torchvision), (129, 193),
              [11, 13, 14, 17], {2: "height", 3: "width"}),
             ("hourglass_2x256", hourglass(torch.nn, torch.nn.functional), (128, 192),
              [9, 11, 13, 17], {2: "height", 3: "width"})]
    warnings.simplefilter("ignore")         # the exporter's, about the tests' own old opsets
    for name, model, size, opsets, open_axes in cases:
        unsettle(torch, model)
        x = torch.rand(1, 3, *size) * 2 - 1
        with torch.no_grad():
            y = model(x)
        y = y if isinstance(y, tuple) else (y,)
        stem = os.path.join(folder, name)
        np.save(f"{stem}.x.npy", x.numpy())
        np.savez(f"{stem}.y.npz", *(t.numpy() for t in y))
        for opset in opsets:
            torch.onnx.export(model, x, f"{stem}.{opset}.onnx", opset_version=opset,
                              input_names=["x"])
        torch.onnx.export(model, x, f"{stem}.open.onnx", opset_version=13, input_names=["x"],
                          dynamic_axes={"x": open_axes})
    with open(os.path.join(folder, "made_by.json"), "w") as f:
        json.dump(f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}", f)


def distance(ours, theirs):
    """The largest difference as a share of the largest number, of all outputs."""
    assert len(ours) == len(theirs)
    worst = 0.0
    for x, y in zip(ours, theirs):
        assert x.shape == y.shape, f"{x.shape} here, {y.shape} there"
        off = np.abs(x.astype(float) - y.astype(float)).max()
        worst = max(worst, float(off / np.abs(y).max()))
    return worst


def check_one(tarsier, path):
    """The distances from ONNX Runtime and from PyTorch, or why there are none."""
    import onnxruntime
    stem = path.rsplit(".", 2)[0]
    x, results = np.load(f"{stem}.x.npy"), f"{stem}.out"
    shape = ["--shape", "x=" + "x".join(map(str, x.shape))] if ".open." in path else []
    done = subprocess.run([tarsier, "run", path, "--input", f"{stem}.x.npy", *shape,
                           "--output-dir", results], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    theirs = session.run(None, {"x": x})
    ours = [np.load(os.path.join(results, f"output_{k}.npy")) for k in range(len(theirs))]
    torch = list(np.load(f"{stem}.y.npz").values())
    return distance(ours, theirs), distance(ours, torch)


def check(folder, tarsier):
    failed, paths = 0, sorted(glob.glob(os.path.join(folder, "*.onnx")))
    with open(os.path.join(folder, "made_by.json")) as f:
        print(f"{json.load(f)}\n{'file':40s} {'ONNX Runtime':>12s} {'PyTorch':>9s}")
    for path in paths:
        found = check_one(tarsier, path)
        well = not isinstance(found, str) and max(found) <= TOLERANCE
        failed += not well
        told = found if isinstance(found, str) else f"{found[0]:12.1e} {found[1]:9.1e}"
        print(f"{os.path.basename(path):40s} {told}{'' if well else '  FAIL'}")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return failed > 0 or not paths


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    sys.exit(check(*sys.argv[2:]))
