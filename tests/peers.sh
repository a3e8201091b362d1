#!/bin/sh
# peers.sh TARSIER - bench/compare.py with peers that do as they should, and with peers that
# lie, crash, talk nonsense or say nothing: the run goes on without them and says so.
#
# Beside TARSIER are bench_session and bench_peak.  The peers are one Python script whose
# argument says how to behave; what is right (a RELU) it works out by itself.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/outside.sh"
models=$(echo "${TARSIER_MODELS-}" | tr ':' ' ') golden=${TARSIER_GOLDEN-}
unset TARSIER_MODELS TARSIER_GOLDEN
build=$(dirname "$tarsier")
relu_model relu.tflite

cat >peer.py <<'END'
import array, os, signal, sys, time
behaviour, given, runs = sys.argv[1], None, 0

def numbers(path):
    raw = open(path, "rb").read()
    return array.array("f", raw[10 + int.from_bytes(raw[8:10], "little"):])

def save(path, values):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {len(values)}), }}"
    head = head.ljust(117) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode())
        array.array("f", values).tofile(f)

if behaviour == "no-start":
    sys.exit("no such licence")
for line in sys.stdin:
    verb, number, *path = line.split(maxsplit=2)
    answer = "ok"
    if verb == "input":
        given = numbers(path[0].strip())
    elif verb == "output":
        values = [max(0, x) for x in given]
        if behaviour == "liar":
            values = [0] * len(values)
        elif behaviour == "nan":
            values[0] = float("nan")
        elif behaviour == "short":
            values.pop()
        if behaviour == "text":
            open(path[0].strip(), "w").write("not an array")
        elif behaviour != "nothing":
            save(path[0].strip(), values)
    elif verb == "run":
        runs += 1
        answer = " ".join(["1000"] * int(number))
        if behaviour == "crash" or behaviour == "late" and runs == 3:
            os.kill(os.getpid(), signal.SIGSEGV)
        elif behaviour == "garbage":
            answer = "fast"
        elif behaviour == "instant":
            answer = " ".join(["0"] * int(number))
        elif behaviour == "hang":
            time.sleep(600)
        elif behaviour == "flood":
            while True:
                sys.stdout.write("1" * 65536)
    else:
        answer = "7"
    print(answer, flush=True)
END

# compare STATUS WORDS ARGUMENT...: WORDS must be in what it says; a traceback never.
compare() {
    status=$1 words=$2
    shift 2
    python3 "$source/bench/compare.py" --ours "$build/bench_session" --tarsier "$tarsier" \
        --peak-program "$build/bench_peak" --threads 1 --seconds 0.01 --patience 20 \
        --models relu.tflite --peers none --output made/bench "$@" >out 2>err </dev/null
    got=$?
    good=yes
    [ "$got" -eq "$status" ] && grep -q -e "$words" err && ! grep -q Traceback err || good=no
    verdict $good "compare.py $*" "status $got, wanted $status and '$words'; $(tail -n 4 err)"
}
peer() { echo "$1=python3 $dir/peer.py $1"; }

# ---- peers ---------------------------------------------------------------------------
compare 0 "ratio" --peer "$(peer honest)"
check "a row for each engine" lines made/bench.csv 3
check "the honest one wins" grep -q "| honest | \*\*" made/bench.md
compare 1 "failed or wrong: liar" --peer "$(peer liar)" --peer "$(peer honest)"
check "the liar is in the table, as wrong" has made/bench.md "wrong: " 1
check "and does not win" grep -q "| honest | \*\*" made/bench.md
compare 1 "failed or wrong: nan" --peer "$(peer nan)"
for words in "crash: killed by signal 11" "late: killed by signal 11" "no-start: no such licence" \
             "garbage: answers 'run 2' with 'fast'" "instant: claims an inference in 0 ns" \
             "short: its output has 5 numbers, ours 6" "text: its output is not a .npy" \
             "nothing: its output: No such file" "flood: .*line that does not end"; do
    compare 1 "$words" --peer "$(peer "${words%%:*}")" --peer "$(peer honest)"
    check "${words%%:*}: the rest is measured" lines made/bench.csv 3
done
compare 1 "hang: no answer to 'run 2' in 1 s" --patience 1 --peer "$(peer hang)"
check "hang: ours is measured" lines made/bench.csv 2
compare 1 "none: does not start: No such file" --peer none=./nothing
compare 0 "no peers"

# ---- arguments -------------------------------------------------------------------------
rm -r made
compare 1 "nothing: not found" --models relu.tflite,nothing
compare 1 "not a model" --models peer.py
compare 1 "no peer is called 'TFLite'" --peers TFLite
compare 1 "wants NAME=COMMAND" --peer honest
compare 1 "is taken" --peer MNN=true
compare 1 "No closing quotation" --peer "a='"
compare 2 "from 1 to 64" --threads 0
compare 2 "from 1 to 64" --threads abc
compare 2 "wants seconds" --seconds -1
compare 2 "wants seconds" --seconds nan
compare 1 "no program ./nothing" --ours ./nothing
check "nothing is written before all is known to be right" absent made/bench.csv

# ---- results -----------------------------------------------------------------------------
: >file
compare 1 "file" --output file/bench
mkdir taken.csv
compare 1 "is a directory" --output taken
echo "a,b" >damaged.csv
compare 1 "damaged.csv: not what this writes" --output damaged --append
compare 0 "written" --output kept
compare 0 "written" --output kept --append --peer "$(peer honest)"
check "appended: the same network's rows are replaced" lines kept.csv 3
mkdir late.md.part                  # as a disk that fills up while the run lasts
compare 1 "late.csv: Is a directory; the CSV is printed" --output late
check "what was measured is not lost" lines out 2
python3 "$source/bench/report.py" damaged.csv 2>err
check "report.py says what is wrong" [ $? -eq 1 ]
check "in one line" lines err 1
cp kept.md before.md
python3 "$source/bench/report.py" kept.csv && check "table from a CSV" cmp kept.md before.md

# ---- the adapters for libraries of operators: whole networks against golden tensors ---------
for name in hourglass_v2_192 cpm_192 mobilenet_v1_0.25_224_float; do
    model=$(for d in $models; do ls "$d/$name.tflite" 2>/dev/null; done | head -n 1)
    case=$(ls -d "$golden/$name"/* 2>/dev/null | head -n 1)
    for peer in xnnpack onednn; do
        [ -x "$build/peer_$peer" ] || continue      # make bench-debian
        if [ -z "$model" ] || [ -z "$case" ]; then
            echo "SKIPPED $peer on $name: not in TARSIER_MODELS or not in TARSIER_GOLDEN"
            skipped=$((skipped + 1))
            continue
        fi
        printf '%s\n' "input 0 $case/input.npy" "run 2" "compare 0 $case/output_0.npy" |
            "$build/peer_$peer" "$model" 2 >answers 2>err
        awk 'NR == 3 && $1 <= 1e-5 * $2 { good = 1 } END { exit !good }' answers
        check "$peer on $name: $(tail -n 1 answers)" [ $? -eq 0 ]
    done
done
closing
