"""remote.py - the commands of remote.h, for engines with a Python interface.

An engine is three functions: set(k, array), run(), get(k) -> array.  Setting the
inputs is part of every inference, but not of its time, as on our side.  Adapters
import this module after their engine, so that `start` and `memory` count what a model
takes and not what Python does.

With a third argument, "turned", the files hold pictures N,H,W,C and the engine wants
N,C,H,W: they are turned here, outside the measured time.

SPDX-License-Identifier: MIT
"""
import sys
import time

import numpy as np


def kilobytes(what):
    with open("/proc/self/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what))


BEGIN, BEFORE = time.perf_counter_ns(), kilobytes("VmRSS")


TURNED = sys.argv[3:] == ["turned"]


def turn(array, order):
    return np.ascontiguousarray(array.transpose(order) if TURNED and array.ndim == 4 else array)


def command(verb, number, path, given, engine):
    set_input, run, get_output = engine
    if verb == "run":
        times = []
        for _ in range(number):
            for k, array in given.items():
                set_input(k, array)
            begin = time.perf_counter_ns()
            run()
            times.append(time.perf_counter_ns() - begin)
        return " ".join(map(str, times))
    if verb == "input":
        given[number] = turn(np.load(path), (0, 3, 1, 2))
        return "ok"
    if verb == "output":
        np.save(path, turn(get_output(number), (0, 2, 3, 1)))
        return "ok"
    if verb == "memory":
        return kilobytes("VmHWM") - BEFORE
    sys.exit(f"not a command: {verb}")


def serve(set_input, run, get_output):
    ready, given = time.perf_counter_ns(), {}
    for line in sys.stdin:
        verb, number, *path = line.rstrip("\n").split(" ", 2)
        if verb == "start":
            answer = ready - BEGIN
        else:
            answer = command(verb, int(number), path[0] if path else None, given,
                             (set_input, run, get_output))
        print(answer, flush=True)
