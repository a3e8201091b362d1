"""remote.py - the commands of bench_session.c, for engines with a Python interface.

An engine is three functions: set(k, array), run(), get(k) -> array.  Setting the
inputs is part of every inference, but not of its time, as on our side.

SPDX-License-Identifier: MIT
"""
import sys
import time

import numpy as np


def serve(set_input, run, get_output):
    given = {}
    for line in sys.stdin:
        verb, number, *rest = line.rstrip("\n").split(" ", 2)
        number = int(number)
        if verb == "run":
            times = []
            for _ in range(number):
                for k, array in given.items():
                    set_input(k, array)
                begin = time.perf_counter_ns()
                run()
                times.append(time.perf_counter_ns() - begin)
            answer = " ".join(map(str, times))
        elif verb == "input":
            given[number] = np.load(rest[0])
            answer = "ok"
        elif verb == "output":
            np.save(rest[0], get_output(number))
            answer = "ok"
        else:
            sys.exit("not a command: " + line)
        print(answer, flush=True)
