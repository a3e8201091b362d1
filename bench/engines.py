"""engines.py - the engines that compare.py times: which there are, how each is started,
and how it is talked to without trusting it.

An engine is a program: COMMAND MODEL THREADS, which obeys as bench/remote.h says.  Peers
are other people's programs, so whatever one does must end in a sentence and not in the
loss of the run: it may crash, answer nonsense, or not answer at all.

SPDX-License-Identifier: MIT
"""
import collections
import os
import select
import shlex
import subprocess
import sys
import time

import report

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = report.OURS
WITH_BLAS = "Tarsier+OpenBLAS"      # ours, built with somebody else's gemm

# `program` is a script in peers/ run by `python` ("venv": the one make bench-peers made,
# "system": Debian's), or without python a file beside our own program.  `reads`: the ending
# of its files; "": whatever we read.  `limit`: environment that keeps it to AVX2; None:
# cannot be limited.  `needs`: Python modules; `get`: where to get it.
Peer = collections.namedtuple("Peer", "program python needs reads limit get")
VENV = "make bench-peers"
PEERS = {
    "LiteRT": Peer("litert.py", "venv", ["ai_edge_litert"], ".tflite", None, VENV),
    "ONNX Runtime": Peer("ort.py", "venv", ["onnxruntime"], ".onnx", None, VENV),
    "OpenVINO": Peer("ov.py", "venv", ["openvino"], ".onnx", {"ONEDNN_MAX_CPU_ISA": "AVX2"},
                     VENV),
    "MNN": Peer("mnn_peer.py", "venv", ["MNN", "onnx"], ".onnx", None, VENV),
    "ncnn": Peer("ncnn_peer.py", "venv", ["ncnn", "onnx"], ".onnx", None, VENV),
    "oneDNN": Peer("peer_onednn", None, [], "", {"ONEDNN_MAX_CPU_ISA": "AVX2"},
                   "apt-get install libdnnl-dev, make bench"),
    "XNNPACK": Peer("peer_xnnpack", None, [], "", None,
                    "apt-get install libxnnpack-dev libpthreadpool-dev, make bench"),
    "OpenCV": Peer("opencv_peer.py", "system", ["cv2", "onnx", "numpy"], ".onnx",
                   {"OPENCV_CPU_DISABLE": "AVX512-SKX"},
                   "apt-get install python3-opencv python3-onnx"),
}


class Failed(Exception):
    """An engine that cannot run a network: named, not counted."""


class Engine:
    """A program that obeys, or Failed."""

    def __init__(self, command, environment, log, patience):
        self.log, self.times, self.unread, self.patience = log, [], b"", patience
        try:
            with open(log, "wb") as errors:
                self.process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                                stdout=subprocess.PIPE, stderr=errors,
                                                env={**os.environ, **environment})
        except OSError as why:
            raise Failed(f"does not start: {why.strerror}: {command[0]}") from None

    def tell(self, line):
        """Its answer, one line."""
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        end = time.monotonic() + self.patience
        while b"\n" not in self.unread:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed(f"no answer to '{line}' in {self.patience:g} s")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise Failed(self.last_words())
            self.unread += more
            if len(self.unread) > 1 << 20:
                raise Failed(f"answers '{line}' with a line that does not end")
        answer, _, self.unread = self.unread.partition(b"\n")
        return answer.decode(errors="replace").strip()

    def last_words(self):
        """What it said when it ended: the last line of standard error."""
        try:
            status = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = None
        with open(self.log, encoding="utf-8", errors="replace") as f:
            said = f.read().strip().splitlines()
        if status is not None and status < 0:
            return f"killed by signal {-status}"
        return (said or ["ended without a word"])[-1][:200]

    def ask(self, line, convert, count=1):
        """So many numbers."""
        answer = self.tell(line)
        try:
            numbers = [convert(word) for word in answer.split()]
        except ValueError:
            numbers = []
        if len(numbers) != count:
            raise Failed(f"answers '{line}' with '{answer[:60]}'")
        return numbers

    def order(self, line):
        answer = self.tell(line)
        if answer != "ok":
            raise Failed(f"answers '{line}' with '{answer[:60]}'")

    def run(self, times):
        """Milliseconds of each of so many inferences."""
        taken = self.ask(f"run {times}", int, times)
        if min(taken) <= 0:
            raise Failed(f"claims an inference in {min(taken)} ns")
        return [t * 1e-6 for t in taken]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass


# ---- which there are -----------------------------------------------------------

def python_of(peer, args):
    return args.python if peer.python == "venv" else args.system_python


def is_there(peer, args):
    if not peer.python:
        return os.path.exists(os.path.join(os.path.dirname(args.ours), peer.program))
    try:
        return not subprocess.run(
            [python_of(peer, args), "-c", "import importlib.util as u, sys;"
             f"sys.exit(not all(map(u.find_spec, {peer.needs})))"], check=False,
            stderr=subprocess.DEVNULL).returncode
    except OSError:
        return False


def command_of(peer, args):
    if not peer.python:
        return [os.path.join(os.path.dirname(args.ours), peer.program)]
    return [python_of(peer, args), os.path.join(HERE, "peers", peer.program)]


def openblas_environment(level):
    """OpenBLAS takes an x86 newer than itself for a Haswell: tell it of AVX-512."""
    if level:
        return {"TSR_CPU": level, "OPENBLAS_CORETYPE": "Haswell"}
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        best = {"OPENBLAS_CORETYPE": "SkylakeX"} if " avx512vl" in f.read() else {}
    return {} if "OPENBLAS_CORETYPE" in os.environ else best


def chosen_names(args):
    """Names of --peers; all without it."""
    known = list(PEERS) + [WITH_BLAS]
    if args.peers is None:
        return known
    names = [name for name in args.peers.split(",") if name and name != "none"]
    for name in names:
        if name not in known:
            sys.exit(f"compare.py: no peer is called '{name}'; there are {', '.join(known)}")
    return names


def given_peers(args):
    """--peer NAME=COMMAND, each: name -> words."""
    given = {}
    for text in args.peer:
        name, _, command = text.partition("=")
        try:
            words = shlex.split(command)
        except ValueError as why:
            sys.exit(f"compare.py: --peer {text}: {why}")
        if not name or not words:
            sys.exit(f"compare.py: --peer wants NAME=COMMAND, not '{text}'")
        if name in PEERS or name in (OURS, WITH_BLAS) or name in given:
            sys.exit(f"compare.py: --peer: the name '{name}' is taken")
        given[name] = words
    return given


def choose_peers(args):
    """Name -> (command, ending, environment); says which are absent."""
    given, chosen = given_peers(args), {}
    for name in chosen_names(args):
        if name == WITH_BLAS:
            if os.path.exists(args.with_blas):
                chosen[name] = ([args.with_blas], "", openblas_environment(args.level))
            else:
                print(f"{name}: absent (make openblas; bench/README.md)", file=sys.stderr)
            continue
        peer = PEERS[name]
        if not is_there(peer, args):
            print(f"{name}: absent ({peer.get}; bench/README.md)", file=sys.stderr)
        elif args.level and peer.limit is None:
            print(f"{name}: cannot be limited to {args.level}, left out", file=sys.stderr)
        else:
            chosen[name] = (command_of(peer, args), peer.reads, peer.limit if args.level else {})
    chosen.update((name, (command, ".onnx", {})) for name, command in given.items())
    if not chosen:
        print("no peers: only our own times", file=sys.stderr)
    return chosen


# ---- starting them ---------------------------------------------------------------

def as_onnx(path, args, directory):
    """The graph that we loaded, written as ONNX."""
    written = os.path.join(directory, os.path.basename(os.path.splitext(path)[0]) + ".onnx")
    if not os.path.exists(written):
        subprocess.run([args.tarsier, "convert", path, "-o", written], check=True)
    return written


def linked(path, directory):
    """In a directory of its own kind, because peers write converted files beside it."""
    link = os.path.join(directory, "own_" + os.path.basename(path))
    if not os.path.exists(link):
        os.symlink(os.path.abspath(path), link)
    return link


def words_for(name, ending, path, args, directory):
    """What names the network to an engine, and whether its pictures are turned; None: it
    does not come in that form.  Networks of networks.py come in two files, N,H,W,C and
    N,C,H,W, so that no engine has to turn pictures."""
    twin = os.path.splitext(path)[0] + ending
    if ending == "" or path.endswith(ending):
        return [linked(path, directory) if ending == ".onnx" else path], []
    if name in PEERS and os.path.exists(twin):
        return [linked(twin, directory)], ["turned"]
    return ([as_onnx(path, args, directory)], []) if ending == ".onnx" else None


def start_all(path, threads, args, directory):
    """Name -> Engine, ours first."""
    log = os.path.join(directory, "log")
    limit = {"TSR_CPU": args.level} if args.level else {}
    try:
        running = {OURS: Engine([args.ours, path, str(threads)], limit, log, args.patience)}
    except Failed as why:
        sys.exit(f"{OURS}: {why}")
    for name, (command, ending, environment) in args.chosen.items():
        words = words_for(name, ending, path, args, directory)
        if words is None:
            continue
        try:
            running[name] = Engine(command + words[0] + [str(threads)] + words[1], environment,
                                   log + name.replace("/", "_"), args.patience)
        except Failed as why:
            args.failed.add(name)
            print(f"{name}: {why}", file=sys.stderr)
    return running
