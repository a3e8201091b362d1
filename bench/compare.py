"""compare.py - time whole networks beside other engines, taking turns in one run.

Machines drift: another guest, a warmer core.  So all engines stay loaded and run in
alternation, a few inferences each (A B C A B C ...), and what is quoted is the ratio
of the fastest peer's median to ours: above 1 we are faster.  Every engine runs the same
network with the same weights: a published .tflite as it is where the engine reads
that, else the graph we loaded, written as ONNX; of networks with random weights the
file in its own layout.  Outputs are compared in the same run,
and an engine whose output is wrong does not count.  All sides speak the protocol of
remote.h.

    make bench                            networks x engines x threads, about 6 minutes
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
import math
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time

import report
from engines import OURS, Failed, choose_peers, start_all

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = ["hourglass_v2_192", "cpm_192", "deeplabv3_257_mv_gpu", "mobilenet_v1_0.25_224_float",
          "mobilenet_v2_224", "deeplab_513_s16", "deeplab_513_s16_classes", "deeplab_513_s8",
          "hourglass_2", "hourglass_8"]
BURST_SECONDS = 0.03    # of inferences before the next engine's turn, at most BURST: the first
BURST = 20              # few find a core that slept and somebody else's data in its cache
PAUSE = 0.05            # seconds before a turn: lets the last one's threads go to sleep.
                        # Idle workers spin on: XNNPACK's for more than 20 ms, OpenMP's for more
                        # than 3; an engine that ran meanwhile took 1.7 times as long.  With one
                        # thread nobody spins, but a core that has slept for longer is slower


# ---- networks and inputs ------------------------------------------------------

def find_model(name, networks):
    places = [d for d in os.environ.get("TARSIER_MODELS", "").split(":") if d]
    for path in [os.path.join(d, name + ".tflite") for d in places] + \
                [os.path.join(networks, name + e) for e in (".tflite", ".onnx")] + [name]:
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


def read_npy(path):
    """(type letter of array, numbers as bytes) of a .npy file that a peer wrote."""
    letters = {"<f4": "f", "<i4": "i", "<i8": "q", "|u1": "B", "|i1": "b"}
    try:
        with open(path, "rb") as f:
            raw = f.read()
    except OSError as why:
        raise Failed(f"its output: {why.strerror}") from None
    start = 10 + struct.unpack("<H", raw[8:10])[0] if raw[:8] == b"\x93NUMPY\1\0" else len(raw)
    kind = re.search(rb"'descr': '([^']*)'", raw[:start])
    letter = letters.get(kind[1].decode(errors="replace")) if kind else None
    if not letter or b"True" in raw[:start]:
        raise Failed("its output is not a .npy file of numbers that we know")
    return letter, raw[start:]


def numbers(path, count):
    letter, raw = read_npy(path)
    values = array.array(letter)
    if len(raw) != count * values.itemsize:
        raise Failed(f"its output has {len(raw) // values.itemsize} numbers, ours {count}")
    values.frombytes(raw)
    return values


def compare_outputs(ours, peer, info, directory):
    """Greatest difference over all outputs and the greatest value of that output; of
    class numbers the share that differs.  A peer's file is looked at before our side
    reads it: that would end at the first fault."""
    worst = (0.0, 1.0)
    for k, output in enumerate(info["outputs"]):
        path, mine = (os.path.join(directory, name) for name in ("peer.npy", "ours.npy"))
        if os.path.exists(path):
            os.remove(path)
        peer.order(f"output {k} {path}")
        theirs = numbers(path, math.prod(output["shape"]))
        if output["dtype"] == "f32" and theirs.typecode == "f":
            error, largest = ours.ask(f"compare {k} {path}", float, 2)
        else:
            ours.order(f"output {k} {mine}")
            own = numbers(mine, len(theirs))
            error, largest = sum(x != y for x, y in zip(own, theirs)) / len(own), 1.0
        error = math.inf if math.isnan(error) else error
        if not report.relative(error, largest) <= report.relative(*worst):
            worst = (error, largest)
    return worst


# ---- measuring -----------------------------------------------------------------

def drop(name, why, engines, args):
    """Go on without an engine; without ours there is nothing to compare with."""
    if name == OURS:
        raise Failed(f"{OURS}: {why}")
    print(f"{name}: {why}", file=sys.stderr)
    args.failed.add(name)
    engines.pop(name).close()


def warm_up(engines, info, given, args, directory):
    """First inferences, which page memory in, and the comparison of outputs.  Returns
    name -> (error, largest) and drops engines that fail."""
    errors = {}
    for name, engine in list(engines.items()):
        try:
            engine.order(f"input 0 {given}")
            engine.run(2)
            errors[name] = ((0.0, 1.0) if name == OURS else
                            compare_outputs(engines[OURS], engine, info, directory))
        except Failed as why:
            drop(name, why, engines, args)
    return errors


def take_turns(engines, args):
    burst = max(1, min(BURST, int(1e3 * BURST_SECONDS / engines[OURS].run(1)[0])))
    end, rounds = time.monotonic() + args.seconds, 0
    while rounds < 3 or time.monotonic() < end:
        for name, engine in list(engines.items()):
            time.sleep(PAUSE)
            try:
                engine.times += engine.run(burst)
            except Failed as why:
                drop(name, why, engines, args)
        rounds += 1


def measure(model, path, threads, args, directory):
    """Rows of report.COLUMNS, ours first."""
    info = args.info[path]
    engines = start_all(path, threads, args, directory)
    rows = []
    try:
        given = find_input(model, info["inputs"][0]["shape"], directory)
        errors = warm_up(engines, info, given, args, directory)
        take_turns(engines, args)
        args.peak[threads] = max(args.peak.get(threads, 0), peak(threads, args))
        for name, engine in list(engines.items()):
            try:
                rows.append(row(model, threads, name, engine, errors[name], info, args))
            except Failed as why:
                drop(name, why, engines, args)
    finally:
        for engine in engines.values():
            engine.close()
    args.failed.update(row["engine"] for row in rows if report.is_wrong(row))
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
        f"{info['macs'] * 1e-6:.1f}", threads, name, f"{t[0]:.6f}", f"{t[len(t) // 2]:.6f}",
        f"{t[len(t) * 9 // 10]:.6f}", len(t), f"{error[0]:.3g}", f"{error[1]:.3g}",
        f"{args.peak[threads]:.1f}", f"{engine.ask('memory 0', int)[0] / 1024:.1f}",
        f"{engine.ask('start 0', int)[0] * 1e-6:.2f}"]))


# ---- the whole -------------------------------------------------------------------

def whole_numbers(text):
    numbers_given = [int(word) if word.isdecimal() else 0 for word in text.split(",")]
    if not all(1 <= n <= 64 for n in numbers_given):
        raise argparse.ArgumentTypeError(f"wants numbers from 1 to 64, not '{text}'")
    return numbers_given


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"wants seconds, not '{text}'")
    return value


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", default="build/bench_session")
    parser.add_argument("--with-blas", default="build-openblas/bench_session")
    parser.add_argument("--python", default="build/peers/bin/python")
    parser.add_argument("--system-python", default="/usr/bin/python3")
    parser.add_argument("--tarsier", default="build/tarsier")
    parser.add_argument("--peak-program", default="build/bench_peak")
    parser.add_argument("--networks", default="build/networks")
    parser.add_argument("--peers", help="names separated by commas, or none; default: all there "
                        "are")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND",
                        help="one more: COMMAND MODEL.onnx THREADS obeys as bench/remote.h says")
    parser.add_argument("--models", help="names, or paths of files; default: ten networks")
    parser.add_argument("--threads", default=[1, 2], type=whole_numbers)
    parser.add_argument("--level", choices=["avx2"], help="use no more than that")
    parser.add_argument("--seconds", type=seconds, default=12,
                        help="for each network and number of threads")
    parser.add_argument("--patience", type=seconds, default=180, metavar="SECONDS",
                        help="how long to wait for an engine's answer")
    parser.add_argument("--output", default="build/bench", help="FILE: .csv, .md, .svg")
    parser.add_argument("--append", action="store_true",
                        help="keep what FILE.csv says of other networks, threads and engines")
    parser.add_argument("--keep", action="store_true", help="FILE is bench/results/CPU-LEVEL")
    return parser.parse_args()


def find_models(args):
    """Name -> path, and args.info of each.  What was asked for by name has to be there."""
    found, args.info = {}, {}
    for model in args.models.split(",") if args.models is not None else MODELS:
        path = find_model(model, args.networks)
        if path:
            told = subprocess.run([args.tarsier, "info", path, "--json"], check=False,
                                  capture_output=True, text=True)
            if told.returncode:
                sys.exit("compare.py: " + told.stderr.strip())
            found[model], args.info[path] = path, json.loads(told.stdout)
            continue
        missing = f"{model}: not found; tarsier models fetch {model}, or make bench-networks"
        if args.models is not None:
            sys.exit("compare.py: " + missing)
        print(missing, file=sys.stderr)
    return found


def prepare(args):
    """All that can be wrong without measuring: nobody waits ten minutes to be told."""
    for program in (args.ours, args.tarsier, args.peak_program):
        if not os.access(program, os.X_OK):
            sys.exit(f"compare.py: no program {program}: make bench builds it")
    args.cpu, args.peak, args.failed = report.cpu_name(), {}, set()
    args.chosen = choose_peers(args)
    peak(1, args)
    if args.keep:
        args.output = os.path.join(HERE, "results",
                                   f"{report.file_name(args.cpu)}-{args.used_level}")
    report.check_writable(args.output, args.append)
    return find_models(args)


def measure_all(models, args):
    """Rows, and why it ended early; what was measured until then is not lost."""
    rows = []
    try:
        with tempfile.TemporaryDirectory() as directory:
            for model, path in models.items():
                for threads in args.threads:
                    rows += measure(model, path, threads, args, directory)
                    print(report.line(rows, model, threads), file=sys.stderr)
    except KeyboardInterrupt:
        return rows, "interrupted"
    except Failed as why:
        return rows, str(why)
    return rows, None


def main():
    args = options()
    rows, why = measure_all(prepare(args), args)
    if rows:
        report.write(args.output, rows, args.append)
        print("written:", *(args.output + ending for ending in report.ENDINGS), file=sys.stderr)
    if why or not rows:
        sys.exit(f"compare.py: {why or 'nothing measured'}")
    own = [given.partition("=")[0] for given in args.peer]
    if args.failed.intersection(own):
        sys.exit("compare.py: failed or wrong: " + ", ".join(n for n in own if n in args.failed))


main()
