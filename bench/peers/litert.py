"""litert.py - LiteRT (TensorFlow Lite with XNNPACK) under the remote control of
compare.py: the same commands and answers as bench_session.c.

    litert.py MODEL THREADS

SPDX-License-Identifier: MIT
"""
import sys
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main():
    path, threads = sys.argv[1], int(sys.argv[2])
    engine = Interpreter(model_path=path, num_threads=threads)
    engine.allocate_tensors()
    inputs = [t["index"] for t in engine.get_input_details()]
    outputs = [t["index"] for t in engine.get_output_details()]
    given = {}
    for line in sys.stdin:
        verb, number, *rest = line.rstrip("\n").split(" ", 2)
        number = int(number)
        if verb == "run":
            times = []
            for _ in range(number):
                for k, array in given.items():
                    engine.set_tensor(inputs[k], array)
                begin = time.perf_counter_ns()
                engine.invoke()
                times.append(time.perf_counter_ns() - begin)
            answer = " ".join(map(str, times))
        elif verb == "input":
            given[number] = np.load(rest[0])
            answer = "ok"
        elif verb == "output":
            np.save(rest[0], engine.get_tensor(outputs[number]))
            answer = "ok"
        else:
            sys.exit("not a command: " + line)
        print(answer, flush=True)


main()
