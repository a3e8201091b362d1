#!/usr/bin/env python3
"""many_dask.py LIST OUT.jsonl - a long list of pictures through Dask.

Two workers here; Client("scheduler:8786") instead uses a cluster with a common file
system.  The list is cut into parts, each with its own file of lines, which --resume
goes on with: if a worker is killed, Dask gives its parts to others, and they do what is
left.  TARSIER is the command (default: tarsier faces).
SPDX-License-Identifier: MIT
"""
import itertools
import os
import subprocess
import sys

from dask.distributed import Client


def run(name, paths):
    """One part, on a worker."""
    command = os.environ.get("TARSIER", "tarsier faces").split()
    status = subprocess.run(command + ["--resume", name, "-"],
                            input="\n".join(paths) + "\n", text=True).returncode
    # A picture that cannot be read makes it 1 and has its line: the retry finds all done.
    if status:
        raise RuntimeError(f"{name}: tarsier ended with status {status}")
    return name


def main(listing, out):
    parts = out + ".parts"
    os.makedirs(parts, exist_ok=True)
    with open(listing) as f, Client(n_workers=2, threads_per_worker=1) as client:
        paths = f.read().splitlines()
        size = int(os.environ.get("PART", 1000))
        jobs = [client.submit(run, f"{parts}/{k:06}.jsonl", paths[i:i + size], retries=10)
                for k, i in enumerate(range(0, len(paths), size))]
        files = client.gather(jobs)
    with open(out, "w") as f:
        f.writelines(itertools.chain.from_iterable(map(open, files)))


if __name__ == "__main__":
    main(*sys.argv[1:])
