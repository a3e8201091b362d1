#!/bin/sh
# sessions.sh [EMULATOR OPTION...] BENCH_SESSION - a few whole networks on CPUs
# that have no cmocka: golden tensors, and the same bits whatever the number of
# threads.  test_golden.c does all networks on this CPU.
#
# Tolerances are the distance of two independent engines: 1e-5 of the largest
# golden value, 1e-4 for MediaPipe's networks, 0 for integers.  In 16-bit floats
# sums of hundreds of products have 11 bits; how far off the worst output is then
# depends on the network: bench/README.md tells what was measured.
# SPDX-License-Identifier: MIT
set -u
. "$(dirname "$0")/verdict.sh"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

tolerance() {
    case $1$precision in
        face*f16) echo 0.02 ;;
        mobilenet*f16) echo 0.1 ;;
        selfie*f16) echo 0.2 ;;
        *_int8) echo 0 ;;
        hourglass* | mobilenet*) echo 1e-5 ;;
        *) echo 1e-4 ;;
    esac
}

# Those that take seconds under an emulator.
networks="face_detection_short_range hourglass_v2_192 mobilenet_v1_0.25_224_float
          selfie_segmentation vww_96_int8"

find_model() {
    for d in $(echo "${TARSIER_MODELS-}" | tr ':' ' '); do
        [ -f "$d/$1.tflite" ] && echo "$d/$1.tflite" && return
    done
}

# commands OUTPUTS VERB DIRECTORY: one line "VERB K DIRECTORY/output_K.npy" each.
commands() {
    k=0
    while [ $k -lt "$1" ]; do
        echo "$2 $k $3/output_$k.npy"
        k=$((k + 1))
    done
}

# golden NAME MODEL CASE COMMAND..., in $precision: nothing or f16
golden() {
    name=$1 model=$2 case=$3
    shift 3
    outputs=$(ls "$case" | grep -c '^output_[0-9]*\.npy$')
    { echo "input 0 $case/input.npy"; echo "run 1"; commands "$outputs" compare "$case"; } |
        "$@" "$model" 1 $precision >"$dir/answers" 2>"$dir/errors"
    # Each answer to "compare" is MAX_ERROR MAX_ABS; "nan" must not pass.
    sed 1,2d "$dir/answers" | awk -v t="$(tolerance "$name")" -v n="$outputs" '
        $1 ~ /^[0-9]/ && $1 <= t * $2 { good++ }
        { worst = worst " " $1 " of " $2 }
        END { print (n > 0 && good == n) ? "yes" : "no", worst }' >"$dir/verdict"
    read -r good worst <"$dir/verdict"
    verdict "$good" "$name $precision ${case##*/}" "errors$worst $(cat "$dir/errors")"
}

# same_bits NAME MODEL CASE COMMAND...: 1, 2, 3 and 5 threads.
same_bits() {
    name=$1 model=$2 case=$3
    shift 3
    for threads in 1 2 3 5; do
        mkdir "$dir/$threads"
        {
            echo "input 0 $case/input.npy"
            echo "run 2"
            commands "$outputs" output "$dir/$threads"
        } | "$@" "$model" $threads $precision >/dev/null 2>"$dir/errors"
        [ $threads -eq 1 ] && continue
        good=yes
        [ -f "$dir/1/output_0.npy" ] && diff -rq "$dir/1" "$dir/$threads" >"$dir/diff" || good=no
        verdict $good "$name $precision with $threads threads" \
            "differs from 1 thread $(cat "$dir/errors")"
    done
    rm -r "$dir"/[1235]
}

for name in $networks; do
    model=$(find_model "$name")
    if [ -z "$model" ] || [ ! -d "${TARSIER_GOLDEN-}/$name" ]; then
        echo "SKIPPED $name: not in TARSIER_MODELS or not in TARSIER_GOLDEN"
        skipped=$((skipped + 1))
        continue
    fi
    for precision in "" f16; do
        case $name$precision in *_int8f16 | hourglass*f16) continue ;; esac
        for case in "$TARSIER_GOLDEN/$name"/*; do
            golden "$name" "$model" "$case" "$@"
        done
        case $name$precision in face*f16 | *[!6])
            same_bits "$name" "$model" "$case" "$@" ;;
        esac
    done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && { [ $skipped -eq 0 ] || [ "${TARSIER_REQUIRE-}" != 1 ]; }
