#!/bin/sh
# gesture.sh TARSIER - training from outside: what is refused and how, nothing half-
# written when it is killed, and how well three pictures of a class do.
#
# The features are the mean red, green and blue of a picture: the tiny network below is
# one MEAN over [1, 4, 4, 3].  Red, green and blue pictures are its classes.  The last
# part wants real weights and pictures in $TARSIER_MODELS, and unzip.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/outside.sh"
models=${TARSIER_MODELS-}
unset TARSIER_MODELS

# gesture STATUS WORDS ARGUMENT...: `tarsier gesture ARGUMENT...`; WORDS (a grep pattern)
# must be on standard error, or, with status 0, in standard output.
gesture() {
    status=$1 words=$2
    shift 2
    "$tarsier" gesture "$@" >out 2>err </dev/null
    got=$?
    where=err good=yes
    [ "$status" -eq 0 ] && where=out
    [ "$got" -eq "$status" ] && grep -q -e "$words" $where || good=no
    [ "$status" -eq 1 ] && { [ "$(grep -c '' err)" -eq 1 ] && grep -q '^tarsier: ' err || good=no; }
    verdict $good "gesture $*" "status $got, wanted $status and '$words'; $(head -n 3 out err)"
}


# picture FILE RED GREEN BLUE: one pixel, octal.
picture() { printf "P6 1 1 255\n\\$2\\$3\\$4" >"$1"; }

# colours DIR: eleven pictures of each class.
colours() {
    mkdir -p "$1/red" "$1/green" "$1/blue"
    for i in 0 1 2 3 4 5 6 7 10 11 12; do
        picture "$1/red/$i.ppm" 3"${i#1}"0 0"${i#1}"3 004
        picture "$1/green/$i.ppm" 012 3"${i#1}"1 0"${i#1}"1
        picture "$1/blue/$i.ppm" 0"${i#1}"2 011 3"${i#1}"2
    done
}

base64 -d >mean.tflite <<'END'
GAAAAFRGTDMAAA4AFAAEAAgADAAAABAADgAAAAMAAAAMAAAAKAAAAHABAAABAAAAEAAAAAwADAAEAAAA
AAAIAAwAAAAoAAAAKAAAAAEAAAAQAAAADAAUAAQACAAMABAADAAAACAAAAAMAAAAEAAAANAAAAABAAAA
AAAAAAEAAAABAAAAAwAAABgAAABUAAAAiAAAAAwAFAAEAAgADAAQAAwAAAAQAAAAAAAAAAAAAAAYAAAA
BAAAAAEAAAAEAAAABAAAAAMAAAAFAAAAaW1hZ2UAAAAMABQABAAIAAwAEAAMAAAAEAAAAAAAAAAAAAAA
EAAAAAIAAAABAAAAAwAAAAQAAABtZWFuAAAAAAwAFAAEAAgADAAQAAwAAAAQAAAAAgAAAAEAAAAMAAAA
AQAAAAIAAAAEAAAAaW50cwAAAAABAAAAFAAAAAAADgAYAAQACAAMABAAFAAOAAAAAAAAABAAAAAYAAAA
GwAAACQAAAACAAAAAAAAAAIAAAABAAAAAQAAAAAAAAAAAAYABQAEAAYAAAAAAAAAAgAAAAwAAAAYAAAA
BAAEAAQAAAAAAAAAAAAGAAgABAAGAAAAEAAAAAAAAAAAAAAAAAAAAAgAAAABAAAAAgAAAA==
END
net="--features ./mean.tflite"
colours set
picture red.ppm 376 010 003
picture blue.ppm 010 003 376

# ---- what it does ---------------------------------------------------------------
# shellcheck disable=SC2086 # $net is an option and its value
{
for method in imprint softmax; do
    gesture 0 'top-1 on the held-out pictures: 100.0 % (24 of 24)' \
        train set $net --method $method --train 3 -o $method.tsr
    gesture 0 '"label":"blue","score":0\.[5-9]' \
        blue.ppm --head $method.tsr -m ./mean.tflite --json --top 1
done
gesture 0 '"confusion":\[\[2,0,0\],\[0,2,0\],\[0,0,2\]\]' train set $net -o all.tsr --json
gesture 0 'stopped early\|converged' train set $net --method softmax -o soft.tsr
gesture 0 '"refit_epochs":[1-9]' train set $net --method softmax -o soft.tsr --json
"$tarsier" gesture train set $net -o again.tsr --method softmax >out
check "the same head twice" cmp -s soft.tsr again.tsr

# A class comes later; the others' weights stay.
mkdir two
cp -r set/red set/green two
gesture 0 '2 classes' train two $net -o two.tsr
gesture 0 '3 classes' train set $net -o three.tsr --head two.tsr --add blue
gesture 0 'blue' blue.ppm --head three.tsr -m ./mean.tflite --top 1
gesture 0 'red' red.ppm --head three.tsr -m ./mean.tflite --top 1
gesture 0 '3 classes' train set $net -o three.tsr --head three.tsr --more blue
"$tarsier" info three.tsr >out
check "a head is a model" grep -q "classes/green/red/blue" out

# The network that goes to a board beside the head.
"$tarsier" convert mean.tflite --embedding -o features.tsr >out 2>err
"$tarsier" info features.tsr >out
check "features converted" grep -q '\[1, 3\] *mean' out
# The pair as it would run there: an input's numbers through one file, then the other.
{
    printf '\223NUMPY\001\000\166\000%-117s\n' \
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4, 4, 3), }"
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do     # -1, -1, 1: blue
        printf '\000\000\200\277\000\000\200\277\000\000\200\077'
    done
} >blue.npy
"$tarsier" run features.tsr --input blue.npy --output-dir board >out 2>err
"$tarsier" run three.tsr --input board/*.npy --output-dir board/head >out 2>err
tail -c 12 "$(grep -l "(1, 3)" board/head/*.npy)" | od -An -f >scores
check "features and head as two files say blue" \
    awk '{ if (!($3 > $1 && $3 > $2)) exit 1 } END { if (NR != 1) exit 1 }' scores

# In a video a sign must be held: half a second of red, then blue.
if command -v ffmpeg >/dev/null; then
    ffmpeg -nostdin -loglevel error -f lavfi -i color=red:s=32x32:r=30:d=0.5 \
        -f lavfi -i color=blue:s=32x32:r=30:d=0.5 -filter_complex concat=n=2 \
        -pix_fmt yuv420p colours.y4m
    video="colours.y4m --head imprint.tsr -m ./mean.tflite --json --top 1"
    gesture 0 '"frame":0,.*"label":"red"' $video
    check "the first blue frame changes nothing" grep -q '"frame":15,.*"label":"red"' out
    check "a third of a second does" grep -q '"frame":25,.*"label":"blue"' out
    gesture 0 '"frame":14,.*"label":"red"' $video --no-smooth
    check "at once, when not smoothed" grep -q '"frame":15,.*"label":"blue"' out
else
    skipped=$((skipped + 1))
fi

# ---- what it refuses --------------------------------------------------------------
gesture 1 'two classes with the same name' train set $net -o x.tsr --head three.tsr --add blue
gesture 1 'no folder for the class .pink' train set $net -o x.tsr --head two.tsr --add pink
gesture 1 "no class 'blue'" train set $net -o x.tsr --head two.tsr --more blue
gesture 2 "same name: 'blue' and 'BLUE'" \
    train set $net -o x.tsr --head two.tsr --add blue --add BLUE
gesture 2 'want --head' train set $net -o x.tsr --add blue
gesture 2 'wants --add' train set $net -o x.tsr --head two.tsr
gesture 2 'imprinted heads' train set $net -o x.tsr --head two.tsr --add blue --method softmax
gesture 1 'was not imprinted' train set $net -o x.tsr --head soft.tsr --more blue
gesture 2 'ends in .tsr' train set $net
gesture 2 'which folder' train $net -o x.tsr
gesture 2 "'imprint' or 'softmax'" train set $net -o x.tsr --method magic
gesture 1 'no such file\|No such file' train nowhere $net -o x.tsr
mkdir none one
gesture 1 'has no folders' train none $net -o x.tsr
cp -r set/red one
gesture 1 "only one class, 'red'" train one $net -o x.tsr
mkdir one/green
gesture 1 "class folder 'one/green' is empty" train one $net -o x.tsr
echo hello >one/green/a.png
"$tarsier" gesture train one $net -o x.tsr >out 2>err
check "no picture left" grep -q "class 'green': none of its 1 pictures" err
rm -r one/green
cp -r set/red one/Red
gesture 1 "two classes have the same name: 'Red' and 'red'" train one $net -o x.tsr
gesture 1 'cannot\|No such' train set $net -o nowhere/x.tsr
check "nothing was written" absent x.tsr

# One bad picture is named and left out.
cp -r set spoilt
echo hello >spoilt/red/bad.png
gesture 0 '"skipped":1' train spoilt $net -o spoilt.tsr --json
check "the bad picture is named" grep -q "left out: .*bad.png" err

# A head for other features, and files that are no heads.
gesture 1 'other features' red.ppm --head two.tsr -m ./mean.tflite --bgr
gesture 1 'network of your own' red.ppm --head two.tsr
gesture 1 'no trained head' red.ppm --head mean.tflite -m ./mean.tflite
gesture 1 'other features' train set $net --bgr -o x.tsr --head two.tsr --add blue
gesture 1 '\--head HEAD.tsr is missing' red.ppm
gesture 2 'which picture' --head two.tsr

# ---- killed half-way ----------------------------------------------------------------
# A pipe that nobody writes to is a picture that never comes.
cp -r set endless
mkfifo endless/red/zz.ppm
mkdir out.d
cp two.tsr out.d/old.tsr
for signal in KILL INT TERM; do
    for output in new old; do
        "$tarsier" gesture train endless $net -o out.d/$output.tsr >out 2>err </dev/null &
        pid=$!
        sleep 0.3
        check "still training" kill -$signal $pid
        # A shell's background jobs ignore INT.
        [ $signal = INT ] && kill $pid
        wait $pid 2>/dev/null
    done
    check "SIG$signal: the old head is as it was" cmp -s two.tsr out.d/old.tsr
    check "SIG$signal: nothing else is there" [ "$(ls -A out.d)" = old.tsr ]
done
}

# ---- real pictures --------------------------------------------------------------------
find_model() {
    for d in $(echo "$models" | tr ':' ' '); do
        [ -f "$d/$1" ] && echo "$d/$1" && return
    done
}
zip=$(find_model teachable_machine_image_data.zip)

# measured NETWORK: 3 pictures a class, five ways to choose them; at least 95 % of the
# others right by imprinting, and no fewer by regression.
measured() {
    file=$(find_model "$1")
    if [ -z "$file" ] || [ -z "$zip" ] || ! command -v unzip >/dev/null; then
        skipped=$((skipped + 1))
        return
    fi
    [ -d pictures ] || unzip -q "$zip" -d pictures
    imprint=0 softmax=0 all=0
    for seed in 1 2 3 4 5; do
        for method in imprint softmax; do
            "$tarsier" gesture train pictures --features "$file" --train 3 --views 2 \
                --seed $seed --method $method -o real.tsr --json >out || echo '{}' >out
            right=$(sed -n 's/.*"right":\([0-9]*\).*/\1/p' out)
            eval "$method=\$(($method + ${right:-0}))"
        done
        all=$((all + 16))
    done
    good=no
    [ $((imprint * 100)) -ge $((all * 95)) ] && [ $softmax -ge $imprint ] && good=yes
    verdict $good "$1" "imprint $imprint, softmax $softmax of $all"
    echo "$1: imprint $imprint, softmax $softmax of $all"
}
measured mobilenet_v1_0.25_224_float.tflite
measured mobilenet_v2_1.0_224_quant.tflite
measured tfjs/teachable_machine_image/model.json

# Two photographs of hands: the points are found, and a head on them is no head for
# pictures.
photo() { echo "${TARSIER_IMAGES-}/$1"; }
if [ -n "$(find_model hand_landmark_lite.tflite)" ] \
    && [ -n "$(find_model palm_detection_lite.tflite)" ] \
    && [ -f "$(photo pexels_1578238_hand.jpg)" ]; then
    export TARSIER_MODELS="$models"
    mkdir -p hands/one hands/two
    cp "$(photo pexels_1314554_hand.jpg)" hands/one
    cp "$(photo pexels_1578238_hand.jpg)" hands/two
    cp red.ppm hands/two
    gesture 0 '"features":"21-points hands","size":42,"method":"softmax",.*"skipped":1' \
        train hands --features hands -o hands.tsr --json
    check "no hand is said so" grep -q "red.ppm.*no hand found" err
    gesture 0 '"label":"one"' "$(photo pexels_1314554_hand.jpg)" --head hands.tsr -k 1 --json
    gesture 0 '"label":"two"' "$(photo pexels_1578238_hand.jpg)" --head hands.tsr -k 1 --json
    gesture 1 'other features' red.ppm --head hands.tsr -m ./mean.tflite
    gesture 1 'are for others' red.ppm --head hands.tsr --bgr
    gesture 0 'hand.png' "$(photo pexels_1314554_hand.jpg)" --head hands.tsr -o hand.png
    gesture 1 'no hand found' red.ppm --head hands.tsr
    printf 'flat\nfist\npointing\n' >signs.txt
    gesture 1 'knows the names' red.ppm --head hands.tsr --labels signs.txt
    if [ -n "$(find_model keypoint_classifier.tflite)" ]; then
        # A published head for the same points; both hands are open.
        for n in 1314554 1578238; do
            gesture 0 '"label":"open","score":0\.[89]' "$(photo pexels_${n}_hand.jpg)" \
                --head keypoint_classifier --top 1 --json
        done
        gesture 0 '"label":"flat"' "$(photo pexels_1578238_hand.jpg)" \
            --head keypoint_classifier -k 1 --json --labels signs.txt
        gesture 1 'takes the points of a hand' red.ppm --head keypoint_classifier -m mobilenet_v2
        # A hand that is followed, and goes: the video goes on.
        if command -v ffmpeg >/dev/null; then
            ffmpeg -nostdin -loglevel error -loop 1 -r 30 -t 0.4 \
                -i "$(photo pexels_1578238_hand.jpg)" \
                -f lavfi -i color=gray:s=1024x1024:r=30:d=0.2 \
                -filter_complex '[0:v]scale=512:512,setsar=1[a];[1:v]scale=512:512,setsar=1[b];
                                 [a][b]concat=n=2' -pix_fmt yuv420p hand.y4m
            gesture 0 '"frame":11.*"label":"open"' hand.y4m --head keypoint_classifier --json
            check "a video without a hand goes on" grep -q '"frame":17.*"classes":\[\]' out
        fi
    else
        skipped=$((skipped + 1))
    fi
else
    skipped=$((skipped + 1))
fi

closing
