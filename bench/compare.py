"""compare.py - time whole models beside the peers, taking turns in one run.

Machines drift: another guest, a warmer core.  So all engines stay loaded and run
in alternation, a few inferences each (A B C A B C ...); what is quoted is the
ratio of our median to that of the fastest peer.  Outputs are compared in the same
run: a fast wrong answer is no answer.  All sides speak the protocol of
bench_session.c.

    make bench                            all models below, 1 and 2 threads
    make bench ARGS='--models hourglass_v2_192 --threads 1 --rounds 40'

Weights are looked for in $TARSIER_MODELS; a model that is not there is named and
left out.  Inputs are a golden tensor from $TARSIER_GOLDEN if there, else noise
from a fixed seed.  Results: bench/results/<CPU>.csv and .md.

SPDX-License-Identifier: MIT
"""
import argparse
import array
import csv
import datetime
import glob
import os
import platform
import random
import re
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = "Tarsier"
# name: script, ending of the file it reads; .onnx is written by tarsier convert
PEERS = {
    "LiteRT": ("litert.py", ".tflite"),
    "ONNX Runtime": ("ort.py", ".onnx"),
}
# name, input shape; all float32
MODELS = {
    "hourglass_v2_192": (1, 192, 192, 3),
    "cpm_192": (1, 192, 192, 3),
    "deeplabv3_257_mv_gpu": (1, 257, 257, 3),
    "mobilenet_v1_0.25_224_float": (1, 224, 224, 3),
}
COLUMNS = ["date", "model", "threads", "engine", "min_ms", "median_ms", "p90_ms", "runs",
           "max_error", "max_value"]
BURST = 5           # inferences before the next engine's turn
PAUSE = 0.003       # seconds: lets the last one's spinning threads go to sleep


class Engine:
    """A program that obeys; see bench_session.c."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL if "python" in command[0]
                                        else None, text=True, bufsize=1)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.process.args[0]} ended at '{line}'")
        return answer.strip()

    def run(self, times):
        return [int(t) * 1e-6 for t in self.tell(f"run {times}").split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def find_model(name):
    for directory in os.environ.get("TARSIER_MODELS", "").split(":"):
        path = os.path.join(directory, name + ".tflite")
        if directory and os.path.isfile(path):
            return path
    return None


def write_noise(path, shape):
    """A float32 .npy file of uniform noise in [-1, 1)."""
    count = 1
    for n in shape:
        count *= n
    noise = random.Random(1)
    values = array.array("f", (noise.uniform(-1, 1) for _ in range(count)))
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head)
        values.tofile(f)


def read_floats(path):
    """The elements of a float32 .npy file, version 1."""
    with open(path, "rb") as f:
        raw = f.read()
    start = 10 + struct.unpack("<H", raw[8:10])[0]
    values = array.array("f")
    values.frombytes(raw[start:])
    return values


def find_input(name, shape, directory):
    golden = sorted(glob.glob(os.path.join(os.environ.get("TARSIER_GOLDEN", "/none"), name,
                                           "*", "input.npy")))
    if golden:
        return golden[0]
    path = os.path.join(directory, "input.npy")
    write_noise(path, shape)
    return path


def difference(ours, theirs):
    return max(abs(a - b) for a, b in zip(ours, theirs)), max(map(abs, theirs))


def start(name, model, threads, args, directory):
    path = find_model(model)
    if name == OURS:
        return Engine([args.ours, path, str(threads)])
    script, ending = PEERS[name]
    if ending != ".tflite":
        source, path = path, os.path.join(directory, model + ending)
        if not os.path.exists(path):
            subprocess.run([args.tarsier, "convert", source, "-o", path], check=True)
    return Engine([args.python, os.path.join(HERE, "peers", script), path, str(threads)])


def measure(model, threads, args, directory):
    """Rows of COLUMNS, ours first."""
    names = [OURS] + args.peers.split(",")
    engines = {name: start(name, model, threads, args, directory) for name in names}
    given = find_input(model, MODELS[model], directory)
    outputs, times = {}, {name: [] for name in names}
    for name, engine in engines.items():
        engine.tell(f"input 0 {given}")
        engine.run(3)               # the first ones page memory in: not counted
        result = os.path.join(directory, name.replace(" ", "-") + ".npy")
        engine.tell(f"output 0 {result}")
        outputs[name] = read_floats(result)
    for _ in range(args.rounds):
        for name, engine in engines.items():
            times[name] += engine.run(BURST)
            time.sleep(PAUSE)
    for engine in engines.values():
        engine.close()
    today = datetime.date.today().isoformat()
    rows = []
    for name, t in times.items():
        t.sort()
        error, largest = difference(outputs[OURS], outputs[name])
        rows.append(dict(zip(COLUMNS, [
            today, model, threads, name, f"{t[0]:.3f}", f"{t[len(t) // 2]:.3f}",
            f"{t[len(t) * 9 // 10]:.3f}", len(t), f"{error:.3g}", f"{largest:.3g}"])))
    return rows


def table(groups, cpu):
    """Markdown; a group is the rows of one model and number of threads."""
    names = [row["engine"] for row in groups[0]]
    lines = [f"# {cpu}", "",
             f"{groups[0][0]['date']}; milliseconds, min / median / p90.  Ratio: our median to the "
             "fastest peer's;", "below 1 we are faster.  Error: greatest difference from a peer's "
             "output, beside its greatest value.", "",
             "| model | threads | " + " | ".join(names) + " | ratio | error |",
             "|---" * (len(names) + 4) + "|"]
    for rows in groups:
        medians = [float(row["median_ms"]) for row in rows]
        worst = max(rows[1:], key=lambda row: float(row["max_error"]))
        cells = [" / ".join(row[c] for c in ("min_ms", "median_ms", "p90_ms")) for row in rows]
        lines.append(f"| {rows[0]['model']} | {rows[0]['threads']} | " + " | ".join(cells) +
                     f" | {medians[0] / min(medians[1:]):.2f} | "
                     f"{worst['max_error']} of {worst['max_value']} |")
    return "\n".join(lines) + "\n"


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            found = re.search(r"^model name\s*:\s*(.*)$", f.read(), re.M)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", default="build/bench_session")
    parser.add_argument("--python", default="build/peers/bin/python")
    parser.add_argument("--tarsier", default="build/tarsier")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=20, help=f"of {BURST} inferences each")
    parser.add_argument("--keep", action="store_true", help="write bench/results/")
    args = parser.parse_args()
    groups = []
    with tempfile.TemporaryDirectory() as directory:
        for model in args.models.split(","):
            if not find_model(model):
                print(f"{model}: no weights in $TARSIER_MODELS; tarsier models fetch {model}",
                      file=sys.stderr)
                continue
            for threads in map(int, args.threads.split(",")):
                groups.append(measure(model, threads, args, directory))
    if not groups:
        sys.exit("nothing measured")
    cpu = cpu_name()
    text = table(groups, cpu)
    print(text, end="")
    if args.keep:
        base = os.path.join(HERE, "results", re.sub(r"[^A-Za-z0-9]+", "-", cpu).strip("-").lower())
        os.makedirs(os.path.dirname(base), exist_ok=True)
        with open(base + ".csv", "w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, COLUMNS)
            writer.writeheader()
            for rows in groups:
                writer.writerows(rows)
        with open(base + ".md", "w", encoding="utf-8") as f:
            f.write(text)
        print("written:", base + ".csv", base + ".md", file=sys.stderr)


main()
