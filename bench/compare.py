"""compare.py - time whole networks beside other engines, taking turns in one run.

Machines drift: another guest, a warmer core.  So all engines stay loaded and run in
alternation, a few inferences each (A B C A B C ...), and what is quoted is the ratio
of the fastest peer's median to ours: above 1 we are faster.  Every engine runs the same
network with the same weights: a published .tflite as it is where the engine reads
that, else the graph we loaded, written as ONNX.  Outputs are compared in the same run,
and an engine whose output is wrong does not count.  All sides speak the protocol of
bench_session.c.

    make bench                            networks x engines x threads, about 8 minutes
    make bench ARGS='--models hourglass_v2_192 --threads 1 --seconds 20'
    make bench ARGS='--level avx2'        ours on AVX2, and the peers that can be limited
    make bench ARGS='--peer mine=./prog'  a program of yours: ./prog MODEL.onnx THREADS

Published weights are looked for in $TARSIER_MODELS, networks with random weights in
build/networks; what is not there is named and left out.  Inputs are golden tensors
from $TARSIER_GOLDEN if there, else noise from a fixed seed.

SPDX-License-Identifier: MIT
"""
import argparse
import array
import datetime
import glob
import json
import os
import random
import shlex
import struct
import subprocess
import sys
import tempfile
import time

import report

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = report.OURS
WITH_BLAS = "Tarsier+OpenBLAS"      # ours, built with somebody else's gemm
# name: (script, Python package it needs, ending of the files it reads, environment
#        that limits it to AVX2; None: cannot be limited)
PEERS = {
    "LiteRT": ("litert.py", "ai_edge_litert", ".tflite", None),
    "ONNX Runtime": ("ort.py", "onnxruntime", ".onnx", None),
    "OpenVINO": ("ov.py", "openvino", ".onnx", {"ONEDNN_MAX_CPU_ISA": "AVX2"}),
    "MNN": ("mnn_peer.py", "MNN", ".onnx", None),
    "ncnn": ("ncnn_peer.py", "ncnn", ".onnx", None),
}
MODELS = ["hourglass_v2_192", "cpm_192", "deeplabv3_257_mv_gpu", "mobilenet_v1_0.25_224_float",
          "mobilenet_v2_224", "deeplab_513_s16", "deeplab_513_s16_classes", "deeplab_513_s8",
          "hourglass_2", "hourglass_8"]
BURST_SECONDS = 0.03    # of inferences before the next engine's turn, at most 5
PAUSE = 0.003           # seconds before a turn: lets the last one's threads go to sleep;
PAUSE_THREADS = 0.02    # OpenMP's spin longer


class Failed(Exception):
    """A peer that cannot run a network: named, not counted."""


class Engine:
    """A program that obeys; see bench_session.c."""

    def __init__(self, command, environment, log):
        self.log, self.times = log, []
        with open(log, "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, bufsize=1,
                                            stdout=subprocess.PIPE, stderr=errors,
                                            env={**os.environ, **environment})

    def tell(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                said = f.read().strip().splitlines()
            raise Failed((said or ["ended without a word"])[-1][:100])
        return answer.strip()

    def run(self, times):
        return [int(t) * 1e-6 for t in self.tell(f"run {times}").split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# ---- networks and inputs ------------------------------------------------------

def find_model(name, networks):
    places = [d for d in os.environ.get("TARSIER_MODELS", "").split(":") if d]
    for path in [os.path.join(d, name + ".tflite") for d in places] + \
                [os.path.join(networks, name + ".onnx"), name]:
        if os.path.isfile(path):
            return path
    return None


def write_noise(path, shape):
    """A float32 .npy file of uniform noise in [-1, 1)."""
    count = 1
    for n in shape:
        count *= n
    noise = random.Random(1)
    values = array.array("f", (noise.uniform(-1, 1) for _ in range(count)))
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head)
        values.tofile(f)


def find_input(name, shape, directory):
    golden = sorted(glob.glob(os.path.join(os.environ.get("TARSIER_GOLDEN", "/none"), name,
                                           "*", "input.npy")))
    if golden:
        return golden[0]
    path = os.path.join(directory, "input.npy")
    write_noise(path, shape)
    return path


def share_that_differs(a, b):
    """Of two .npy files of whole numbers, of 4 or 8 bytes."""
    def numbers(path):
        with open(path, "rb") as f:
            raw = f.read()
        start = 10 + struct.unpack("<H", raw[8:10])[0]
        values = array.array("i" if b"i4" in raw[:start] else "q")
        values.frombytes(raw[start:])
        return values
    ours, theirs = numbers(a), numbers(b)
    return sum(x != y for x, y in zip(ours, theirs)) / len(ours)


def compare_outputs(ours, peer, info, directory):
    """Greatest difference over all outputs and the greatest value of that output; of
    class numbers the share that differs."""
    worst = (0.0, 1.0)
    for k, output in enumerate(info["outputs"]):
        path = os.path.join(directory, "peer.npy")
        peer.tell(f"output {k} {path}")
        if output["dtype"] == "f32":
            error, largest = map(float, ours.tell(f"compare {k} {path}").split())
        else:
            mine = os.path.join(directory, "ours.npy")
            ours.tell(f"output {k} {mine}")
            error, largest = share_that_differs(mine, path), 1.0
        if not error / largest <= worst[0] / worst[1]:
            worst = (error, largest)
    return worst


# ---- engines ------------------------------------------------------------------

def openblas_environment(level):
    """OpenBLAS takes an x86 newer than itself for a Haswell: tell it of AVX-512."""
    if level:
        return {"TSR_CPU": level, "OPENBLAS_CORETYPE": "Haswell"}
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        best = {"OPENBLAS_CORETYPE": "SkylakeX"} if " avx512vl" in f.read() else {}
    return {} if "OPENBLAS_CORETYPE" in os.environ else best


def choose_peers(args):
    """Name -> (command, ending, environment); says which are absent."""
    chosen = {}
    for name, (script, package, ending, limit) in PEERS.items():
        if args.peers and name not in args.peers.split(","):
            continue
        command = [args.python, os.path.join(HERE, "peers", script)]
        there = os.path.exists(args.python) and not subprocess.run(
            [args.python, "-c", "import importlib.util as u, sys;"
             f"sys.exit(not u.find_spec('{package}'))"], check=False).returncode
        if not there:
            print(f"{name}: absent (make bench-peers; bench/README.md)", file=sys.stderr)
        elif args.level and limit is None:
            print(f"{name}: cannot be limited to {args.level}, left out", file=sys.stderr)
        else:
            chosen[name] = (command, ending, limit if args.level else {})
    if not args.peers or WITH_BLAS in args.peers.split(","):
        if os.path.exists(args.with_blas):
            chosen[WITH_BLAS] = ([args.with_blas], "", openblas_environment(args.level))
        else:
            print(f"{WITH_BLAS}: absent (make openblas; bench/README.md)", file=sys.stderr)
    for given in args.peer:
        name, _, command = given.partition("=")
        chosen[name] = (shlex.split(command), ".onnx", {})
    return chosen


def as_onnx(path, args, directory):
    if path.endswith(".onnx"):
        return path
    name = os.path.basename(os.path.splitext(path)[0]) + ".onnx"
    written = os.path.join(directory, name)
    if not os.path.exists(written):
        subprocess.run([args.tarsier, "convert", path, "-o", written], check=True)
    return written


def start_all(path, threads, args, directory):
    log = os.path.join(directory, "log")
    limit = {"TSR_CPU": args.level} if args.level else {}
    engines = {OURS: Engine([args.ours, path, str(threads)], limit, log)}
    for name, (command, ending, environment) in args.chosen.items():
        if ending == ".tflite" and not path.endswith(ending):
            continue            # no converter from ONNX to TensorFlow Lite here
        own = path
        if ending == ".onnx":   # peers write converted files beside it
            own = as_onnx(path, args, directory)
            link = os.path.join(directory, os.path.basename(own))
            if not os.path.exists(link):
                os.symlink(os.path.abspath(own), link)
            own = link
        engines[name] = Engine(command + [own, str(threads)], environment, log + name)
    return engines


def warm_up(engines, info, given, directory):
    """First inferences, which page memory in, and the comparison of outputs.  Returns
    name -> (error, largest) and drops engines that fail."""
    errors = {}
    for name, engine in list(engines.items()):
        try:
            engine.tell(f"input 0 {given}")
            engine.run(2)
            errors[name] = ((0.0, 1.0) if name == OURS else
                            compare_outputs(engines[OURS], engine, info, directory))
        except Failed as why:
            if name == OURS:
                sys.exit(f"{OURS}: {why}")
            print(f"{name}: {why}", file=sys.stderr)
            del engines[name]
    return errors


def measure(model, path, threads, args, directory):
    """Rows of report.COLUMNS, ours first."""
    info = json.loads(subprocess.run([args.tarsier, "info", path, "--json"], check=True,
                                     capture_output=True, text=True).stdout)
    engines = start_all(path, threads, args, directory)
    given = find_input(model, info["inputs"][0]["shape"], directory)
    errors = warm_up(engines, info, given, directory)
    burst = max(1, min(5, int(1e3 * BURST_SECONDS / engines[OURS].run(1)[0])))
    end, rounds = time.monotonic() + args.seconds, 0
    while rounds < 3 or time.monotonic() < end:
        for engine in engines.values():
            time.sleep(PAUSE if threads == 1 else PAUSE_THREADS)
            engine.times += engine.run(burst)
        rounds += 1
    args.peak[threads] = max(args.peak.get(threads, 0), peak(threads, args))
    rows = [row(model, threads, name, engine, errors[name], info, args)
            for name, engine in engines.items()]
    for engine in engines.values():
        engine.close()
    return rows


def peak(threads, args):
    """GFLOP/s of the level in use."""
    environment = {**os.environ, **({"TSR_CPU": args.level} if args.level else {})}
    answer = subprocess.run([args.peak_program, str(threads)], check=True, text=True,
                            capture_output=True, env=environment).stdout
    args.used_level = answer.split()[0]
    return float(answer.split()[1])


def row(model, threads, name, engine, error, info, args):
    t = sorted(engine.times)
    return dict(zip(report.COLUMNS, [
        datetime.date.today().isoformat(), args.cpu, args.used_level, model,
        f"{info['macs'] * 1e-6:.1f}", threads, name, f"{t[0]:.3f}", f"{t[len(t) // 2]:.3f}",
        f"{t[len(t) * 9 // 10]:.3f}", len(t), f"{error[0]:.3g}", f"{error[1]:.3g}",
        f"{args.peak[threads]:.1f}", f"{int(engine.tell('memory 0')) / 1024:.1f}",
        f"{int(engine.tell('start 0')) * 1e-6:.2f}"]))


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", default="build/bench_session")
    parser.add_argument("--with-blas", default="build-openblas/bench_session")
    parser.add_argument("--python", default="build/peers/bin/python")
    parser.add_argument("--tarsier", default="build/tarsier")
    parser.add_argument("--peak-program", default="build/bench_peak")
    parser.add_argument("--networks", default="build/networks")
    parser.add_argument("--peers", help="names separated by commas; default: all there are")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND",
                        help="one more: COMMAND MODEL.onnx THREADS obeys like bench_session")
    parser.add_argument("--models", default=",".join(MODELS), help="names, or paths of files")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--level", choices=["avx2"], help="use no more than that")
    parser.add_argument("--seconds", type=float, default=12, help="for each network and threads")
    parser.add_argument("--output", default="build/bench", help="FILE: .csv, .md, .svg")
    parser.add_argument("--append", action="store_true",
                        help="keep what FILE.csv says of other networks, threads and engines")
    parser.add_argument("--keep", action="store_true", help="FILE is bench/results/CPU-LEVEL")
    return parser.parse_args()


def main():
    args = options()
    args.cpu, args.peak, args.chosen = report.cpu_name(), {}, choose_peers(args)
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for model in args.models.split(","):
            path = find_model(model, args.networks)
            if not path:
                print(f"{model}: not found; tarsier models fetch {model}, or make bench-networks",
                      file=sys.stderr)
                continue
            for threads in map(int, args.threads.split(",")):
                rows += measure(model, path, threads, args, directory)
                print(report.line(rows, model, threads), file=sys.stderr)
    if not rows:
        sys.exit("nothing measured")
    base = args.output
    if args.keep:
        base = os.path.join(HERE, "results", f"{report.file_name(args.cpu)}-{args.used_level}")
    report.write(base, rows, args.append)
    print("written:", base + ".csv", base + ".md", base + ".svg", file=sys.stderr)


main()
