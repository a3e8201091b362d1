#!/usr/bin/env python3
"""What chains (layers run together by rows) bring, block by block: bytes and time.

    bench/blocks.py nsfw_mobilenet_v2 [--threads 2] [--rounds 3] [--tarsier build/tarsier]

Each round runs the model layer by layer and with chains, in turn; a block's time is the
least median of all rounds, layer by layer the sum over its layers.  Memory is what the
largest tensor between two layers of the block takes (nothing of it is kept whole in a
chain), and for the whole network activations and scratch of a session.

SPDX-License-Identifier: MIT
"""
import argparse
import json
import subprocess


def tarsier(args, *rest):
    return json.loads(subprocess.run([args.tarsier, *rest, "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)


def measure(args, how):
    return tarsier(args, "bench", args.model, "--threads", str(args.threads), "--runs",
                   str(args.runs), "--per-op", "--fuse", how)


def least(rounds):
    """Operators of a run, each with its least time."""
    return [dict(op, ms=min(r["operators"][i]["ms"] for r in rounds))
            for i, op in enumerate(rounds[0]["operators"])]


def elements(shape):
    n = 1
    for d in shape:
        n *= d
    return n


def blocks(by_layer, chained):
    """Pairs of a chain and the layers it runs: those up to the layer of its name."""
    at = 0
    for op in chained:
        names = [layer["name"] for layer in by_layer[at:]]
        end = at + names.index(op["name"]) + 1
        if op["operator"] == "chain":
            yield op, by_layer[at:end]
        at = end


def shape(op):
    return "x".join(str(d) for d in op["shape"][1:])


def session_bytes(memory):
    return memory["activations_bytes"] + memory["scratch_bytes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--tarsier", default="build/tarsier")
    args = parser.parse_args()
    never, auto = [], []
    for _ in range(args.rounds):
        never.append(measure(args, "never"))
        auto.append(measure(args, "auto"))
    print(f"{args.model}, {args.threads} thread(s), {auto[0]['cpu']}\n")
    print("| output | layers | widest between | layer by layer, ms | chain, ms | ratio |")
    print("|---|---|---|---|---|---|")
    for op, layers in blocks(least(never), least(auto)):
        ms = sum(layer["ms"] for layer in layers)
        widest = max(layers[:-1], key=lambda layer: elements(layer["shape"]))
        print(f"| {shape(op)} | {len(layers)} | {shape(widest)} | {ms:.4f} | {op['ms']:.4f} "
              f"| {ms / op['ms']:.3f} |")
    ms = [min(r["median_ms"] for r in rounds) for rounds in (never, auto)]
    info = tarsier(args, "info", args.model, "--threads", str(args.threads))
    without = info.get("session_memory_without_chains", info["session_memory"])
    print(f"| whole network | | | {ms[0]:.3f} | {ms[1]:.3f} | {ms[0] / ms[1]:.3f} |\n")
    print(f"Activations and scratch: {session_bytes(without):,} bytes layer by layer, "
          f"{session_bytes(info['session_memory']):,} with chains.")


if __name__ == "__main__":
    main()
