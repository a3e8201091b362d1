#!/usr/bin/env python3
"""aarch64.py - what 64-bit Arm will have to do, counted without one.

    aarch64.py --tarsier build/tarsier --build build-aarch64 --plugin build/qemu_count.so

Two questions, both answered on any machine, and the same on every one:

  networks  How many instructions does one inference execute, operator by operator?
            count_session under qemu-aarch64, with the plugin qemu_count.c.
  loops     How many multiply-adds a cycle does the inner loop of each kernel reach on
            a Neoverse N1 (as the A76) and on a Cortex-A72?  llvm-mca plays the loop on
            LLVM's model of the pipeline: all loads hit the first cache.  An access to
            the stack inside such a loop means that registers did not suffice.

Neither is a time.  Instructions say what the compiler made of us, not what a cache miss
costs; they are exact, which times are not.       SPDX-License-Identifier: MIT
"""
import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

NETWORKS = ["mobilenet_v2_224", "nsfwjs_mobilenet_v2", "hourglass_v2_192", "cpm_192",
            "deeplabv3_257_mv_gpu"]
CPUS = ["neoverse-n1", "cortex-a72"]
EMULATOR = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", "-cpu", "max"]


def find_model(name):
    for d in os.environ.get("TARSIER_MODELS", "").split(":") + ["build/networks"]:
        for ending in (".tflite", ".tsr", ".onnx", "/model.json"):
            if d and os.path.exists(f"{d}/{name}{ending}"):
                return f"{d}/{name}{ending}"
    return name if os.path.exists(name) else None


def newest(tool):
    """llvm-mca of the highest version: llvm-mca-22 before llvm-mca."""
    for version in [f"-{v}" for v in range(40, 13, -1)] + [""]:
        if shutil.which(tool + version):
            return tool + version
    return None


# ---- networks ----------------------------------------------------------------

def count(args, model, precision):
    """Steps of one inference: (operator, name, macs, instructions, multiplies)."""
    with tempfile.TemporaryDirectory() as d:
        readings = os.path.join(d, "readings")
        plugin = f"{os.path.abspath(args.plugin)},out={readings}"
        program = os.path.join(args.build, "count_session")
        run = subprocess.run(EMULATOR + ["-plugin", plugin, program, model] + precision,
                             capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(run.stderr.strip())
        steps = [line.split("\t") for line in run.stdout.splitlines()]
        with open(readings, encoding="ascii") as f:
            marks = [tuple(map(int, line.split())) for line in f][1:]   # [0]: loading
    assert len(marks) == len(steps), "a mark for every step"
    return [(op, name, int(macs), *mark) for (op, name, macs), mark in zip(steps, marks)]


def as_tsr(args, name, d):
    """The emulated program reads .tflite and .tsr: others are converted here."""
    path = find_model(name)
    if path and path.endswith((".tflite", ".tsr")):
        return path
    if path:
        tsr = os.path.join(d, name.replace("/", "_") + ".tsr")
        subprocess.run([args.tarsier, "convert", path, "-o", tsr], check=True)
        return tsr
    return None


def by_operator(steps):
    sums = {}
    for op, _, *numbers in steps:
        old = sums.get(op, (0, 0, 0, 0))
        sums[op] = (old[0] + 1, *(a + b for a, b in zip(old[1:], numbers)))
    return sums


def networks(args, rows):
    print(f"{'network':24} {'type':5} {'operator':18} {'steps':>5} {'M insn':>9} "
          f"{'M mul-add':>9} {'insn/mul-add':>12}")
    with tempfile.TemporaryDirectory() as d:
        for name in args.models:
            model = as_tsr(args, name, d)
            if not model:
                print(f"{name:24} not in TARSIER_MODELS, nor made by make bench-networks")
                continue
            for precision in args.types:
                steps = count(args, model, [] if precision == "f32" else [precision])
                sums = by_operator(steps)
                sums["total"] = tuple(sum(s[i] for s in sums.values()) for i in range(4))
                for op, (n, macs, insn, mul) in sums.items():
                    rows.append([name, precision, op, n, macs, insn, mul])
                    ratio = f"{insn / mul:12.3f}" if mul > insn / 50 else f"{'':12}"
                    print(f"{name[:24]:24} {precision:5} {op:18} {n:5} {insn / 1e6:9.3f} "
                          f"{mul / 1e6:9.3f} {ratio}")


# ---- loops -------------------------------------------------------------------

def macs_of(name, operands):
    """Multiply-adds of one A64 instruction."""
    lanes = {".8h": 8, ".4s": 4, ".4h": 4, ".2d": 2, ".2s": 2}
    first = operands.split(",")[0]
    width = next((n for end, n in lanes.items() if end in first), 0)
    if name in ("fmla", "fmls", "smlal", "smlal2", "umlal", "umlal2"):
        return width
    return {"sdot": 4 * width, "udot": 4 * width, "smmla": 8 * width}.get(name, 0)


BRANCHES = ("b", "bl", "br", "blr", "ret", "cbz", "cbnz", "tbz", "tbnz")


def is_branch(name):
    return name in BRANCHES or name.startswith("b.")


def innermost_loops(instructions):
    """Bodies between a branch back and its target, with no branch in between."""
    place = {address: i for i, (address, _, _) in enumerate(instructions)}
    for i, (address, name, operands) in enumerate(instructions):
        target = re.search(r"0x([0-9a-f]+) <", operands) if is_branch(name) else None
        begin = place.get(int(target[1], 16)) if target else None
        if begin is None or begin >= i or name == "bl":
            continue
        body = instructions[begin:i + 1]
        if not any(is_branch(n) for _, n, _ in body[:-1]):
            yield body


def disassemble(objdump, obj):
    """Function -> [(address, mnemonic, operands)]."""
    text = subprocess.run([objdump, "-d", "--no-show-raw-insn", "--mattr=+fullfp16,+dotprod,+i8mm",
                           obj], capture_output=True, text=True, check=True).stdout
    functions, current = {}, None
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+ <(.*)>:", line)
        insn = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)$", line)
        if head:
            current = functions.setdefault(head[1], [])
        elif insn and current is not None:
            current.append((int(insn[1], 16), insn[2], insn[3].split("//")[0].strip()))
    return functions


def cycles(mca, cpu, body):
    """Cycles of one turn, in a steady state."""
    lines = [f"{n} {re.sub(r'0x[0-9a-f]+ <.*>', '.Lloop', o)}" for _, n, o in body]
    run = subprocess.run([mca, "-mtriple=aarch64-linux-gnu", f"-mcpu={cpu}", "-iterations=200",
                          "-mattr=+fullfp16,+dotprod,+i8mm", "-json"],
                         input=".Lloop:\n" + "\n".join(lines) + "\n",
                         capture_output=True, text=True, check=True)
    summary = json.loads(run.stdout)["CodeRegions"][0]["SummaryView"]
    return summary["TotalCycles"] / summary["Iterations"]


def loops(args, rows):
    mca, objdump = newest("llvm-mca"), newest("llvm-objdump")
    if not mca or not objdump:
        print("llvm-mca or llvm-objdump is missing (Debian: llvm): no loops")
        return
    print(f"\n{'kernel':20} {'function':18} {'insn':>5} {'MAC':>5} {'insn/mul-add':>12} "
          f"{'stack':>5}" + "".join(f"{'MAC/cyc ' + c:>20}" for c in CPUS))
    folder = os.path.join(args.build, "ops/kernels")
    for obj in sorted(os.listdir(folder)):
        if "_neon" not in obj or not obj.endswith(".o"):
            continue
        for function, code in disassemble(objdump, os.path.join(folder, obj)).items():
            best = max(innermost_loops(code), default=None,
                       key=lambda body: sum(macs_of(n, o) for _, n, o in body))
            macs = sum(macs_of(n, o) for _, n, o in best) if best else 0
            if macs < 8:
                continue
            muls = sum(macs_of(n, o) > 0 for _, n, o in best)
            stack = sum("[sp" in o for _, _, o in best)
            rates = [macs / cycles(mca, cpu, best) for cpu in CPUS]
            rows.append([obj[:-2], function, len(best), macs, muls, stack, *rates])
            print(f"{obj[:-2]:20} {function[:18]:18} {len(best):5} {macs:5} "
                  f"{len(best) / muls:12.3f} {stack:5}" + "".join(f"{r:20.2f}" for r in rates))


def keep(path, head, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="", encoding="ascii") as f:
        writer = csv.writer(f)
        writer.writerow(head)
        writer.writerows([f"{c:.3f}" if isinstance(c, float) else c for c in r] for r in rows)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--tarsier", default="build/tarsier")
    p.add_argument("--build", default="build-aarch64")
    p.add_argument("--plugin", default="build/qemu_count.so")
    p.add_argument("--models", nargs="*", default=NETWORKS)
    p.add_argument("--types", nargs="*", default=["f32", "f16"])
    p.add_argument("--keep", action="store_true", help="write bench/results/aarch64-*.csv")
    args = p.parse_args()
    counted, played = [], []
    networks(args, counted)
    loops(args, played)
    if args.keep:
        keep("bench/results/aarch64-networks.csv",
             ["network", "type", "operator", "steps", "macs", "instructions", "multiply_adds"],
             counted)
        keep("bench/results/aarch64-loops.csv",
             ["kernel", "function", "instructions", "macs", "multiply_adds", "stack_accesses"]
             + [f"macs_per_cycle_{c}" for c in CPUS], played)


if __name__ == "__main__":
    main()
