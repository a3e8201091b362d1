#!/bin/sh
# pictures.sh TARSIER [few] - pose, segment, classify and faces from outside: lists of
# pictures, names of overlays, JSON lines, broken pictures among good ones, usage.
#
# The pictures are made here; the networks are those of TARSIER_MODELS.  Without
# one of them its tests are skipped (a failure with TARSIER_REQUIRE=1).  `few`: one
# network a command, for slow builds.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/outside.sh"
few=${2:-}

# expect STATUS WORDS ARGUMENT...: the exit status, and a pattern in the output or,
# for a status other than 0, on standard error.
expect() {
    status=$1 words=$2
    shift 2
    "$tarsier" "$@" >out 2>err </dev/null
    got=$?
    where=err
    [ "$status" -eq 0 ] && where=out
    if [ $got -eq "$status" ] && grep -q -e "$words" $where; then verdict yes; else
        verdict no "tarsier $*" "status $got, wanted $status and '$words'; $(head -n 3 out err)"
    fi
}

ppm 64 48 Z >a.ppm
ppm 1 1 Z >one.ppm
mkdir sub
ppm 30 50 Z >sub/a.ppm
head -c 1000 a.ppm >cut.ppm
echo "not a picture" >text.png
: >empty.jpg
printf 'P6 65000 65000 255\nabc' >absurd.ppm

# ---- the command line, without any weights ---------------------------------------
for command in pose segment classify faces hands detect; do
    expect 0 "usage: tarsier $command" $command --help
    expect 2 "which picture" $command
    expect 2 "no such option" $command --frobnicate a.ppm
    expect 2 "--threads wants" $command --threads 0 a.ppm
    expect 1 "nowhere.tflite" $command --model ./nowhere.tflite a.ppm
    expect 1 "neither a file nor a model" $command --model no_such_model a.ppm
done
expect 2 "no such option: '--top'" pose --top 3 a.ppm
expect 2 "no such option: '--output'" classify -o x.png a.ppm
expect 2 "--threshold wants" pose --threshold 2 a.ppm
for person in 1,2 1 1,2,0 1,2,-3 1,2,nan x,2,3 1,2,3,4; do
    expect 2 "--person wants X,Y,S" pose --person $person a.ppm
done
expect 2 "no such option: '--flip'" segment --flip a.ppm
expect 2 "--fit wants" segment --fit squeeze a.ppm
expect 2 "--mean wants" segment --mean 1,2 a.ppm
expect 2 "cannot tell the format of 'x.webp'" pose a.ppm -o x.webp
expect 2 "must be a directory" pose a.ppm sub/a.ppm -o x.png
expect 2 "must be a directory" pose - -o x.png

# ---- with networks ------------------------------------------------------------------
# pictures_of COMMAND MODEL KEY: KEY stands in every good line of JSON.
pictures_of() {
    command=$1 model=$2 key=$3
    "$tarsier" info "$model" >/dev/null 2>&1 || {
        # what only npm has need not be here
        [ "$model" = pose_landmark_lite ] || [ "$model" = posenet ] || skipped=$((skipped + 1))
        echo "skipped: no weights of $model"
        return
    }
    expect 0 "64 x 48, $model" "$command" --model "$model" a.ppm
    expect 0 "\"$key\":" "$command" --json --model "$model" a.ppm
    expect 0 '"width":1,"height":1' "$command" --json --model "$model" one.ppm
    expect 1 "'text.png' is not a picture" "$command" --model "$model" text.png
    expect 1 "'cut.ppm' is cut short" "$command" --model "$model" cut.ppm
    expect 1 "'empty.jpg' is empty" "$command" --model "$model" empty.jpg
    expect 1 "cannot open 'gone.png'" "$command" --model "$model" gone.png
    expect 1 "'sub' is a directory" "$command" --model "$model" sub
    expect 1 "65000 x 65000" "$command" --model "$model" absurd.ppm

    other=segment
    [ "$command" = segment ] && other=classify
    expect 1 "is a model for the task '.*', not '$other'" $other --model "$model" a.ppm

    # One bad picture stops only itself; each has its line, in order.
    "$tarsier" "$command" --json --model "$model" a.ppm text.png sub/a.ppm >out 2>err
    check "$command: status 1 for one bad picture" [ $? -eq 1 ]
    check "$command: three lines of JSON" lines out 3
    check "$command: one of them an error" has out '"error":' 1
    check "$command: two of them results" has out "\"$key\":" 2
    check "$command: one line on standard error" lines err 1
    check "$command: what the last says" has out '"image":"sub/a.ppm".*"width":30,"height":50' 1

    printf 'a.ppm\n\nsub/a.ppm\r\n' | "$tarsier" "$command" --json --model "$model" - >out 2>err
    check "$command: a list on standard input" has out "\"$key\":" 2
    for n in 1 2; do
        "$tarsier" "$command" --json --threads $n --model "$model" a.ppm |
            sed 's/"ms":.*//' >threads$n
    done
    check "$command: the same with two threads" cmp threads1 threads2
}

# A file that the catalogue does not know: told how to feed it, it says the same.
stranger() {
    hourglass=$("$tarsier" info hourglass 2>/dev/null | head -n 1)
    [ -f "$hourglass" ] || { skipped=$((skipped + 1)); return; }
    { cat "$hourglass"; echo; } >stranger.tflite
    "$tarsier" pose --model hourglass --threshold 0 a.ppm | tail -n +2 >known
    "$tarsier" pose --model ./stranger.tflite --bgr --mean 0 --scale 1,1,1 --threshold 0 a.ppm |
        tail -n +2 >unknown
    check "a file nobody knows, with --bgr --mean --scale" cmp known unknown
    "$tarsier" pose --model ./stranger.tflite --threshold 0 a.ppm | tail -n +2 >unknown
    expect 1 "'stranger.tflite' is none" pose --model ./stranger.tflite --flip a.ppm
    check "and without them" [ "$(cmp known unknown >/dev/null; echo $?)" = 1 ]
    "$tarsier" info mobilenet_v1_025 >/dev/null 2>&1 || return
    printf 'one\r\ntwo\n\nfour' >labels.txt
    expect 0 '"label":"one"' classify --model mobilenet_v1_025 --top 1000 --json \
        --labels labels.txt a.ppm
    expect 0 '"label":"class 2"' classify --model mobilenet_v1_025 --top 1000 --json \
        --labels labels.txt a.ppm
    expect 0 '"label":"four"' classify --model mobilenet_v1_025 --top 1000 --json \
        --labels labels.txt a.ppm
}

# overlays_of COMMAND MODEL
overlays_of() {
    command=$1 model=$2
    "$tarsier" info "$model" >/dev/null 2>&1 || return
    for name in x.png x.jpg x.BMP; do
        expect 0 "-> $name" "$command" --model "$model" a.ppm -o $name
        check "$command wrote $name" [ -s $name ]
    done
    expect 0 "-> new/deep/a-$command-2.png" "$command" --model "$model" a.ppm sub/a.ppm \
        -o new/deep/
    check "$command named the first" [ -s "new/deep/a-$command.png" ]
    expect 0 "-> sub/one-$command.png" "$command" --model "$model" one.ppm -o sub
    # A picture we wrote is a picture we read.
    expect 0 "64 x 48" "$command" --model "$model" x.png
    expect 1 "nowhere/x.png" "$command" --model "$model" a.ppm -o nowhere/x.png
}

# A YuNet that the catalogue does not list, for other bytes are the same network: detect
# and faces must know from its outputs how it wants its pictures (B,G,R from 0 to 255).
unlisted() {
    photo=${TARSIER_IMAGES:-}/two_men_face.jpg
    [ -f "$photo" ] && "$tarsier" convert yunet -o other.tsr >/dev/null 2>&1 || {
        skipped=$((skipped + 1))
        echo "skipped: no weights of yunet, or no photograph"
        return
    }
    for command in detect faces; do
        "$tarsier" $command --model yunet "$photo" | sed 1d >listed.txt
        "$tarsier" $command --model ./other.tsr "$photo" | sed 1d >unlisted.txt
        check "$command finds four faces" [ "$(grep -c pixels listed.txt)" -eq 4 ]
        check "$command finds as many with an unlisted file" cmp listed.txt unlisted.txt
    done
}

pictures_of pose hourglass people
pictures_of segment selfie_segmentation classes
pictures_of classify mobilenet_v1_025 classes
if [ -z "$few" ]; then
    pictures_of pose pose_landmark_lite people
    pictures_of pose posenet people
    pictures_of pose posenet_coral people
    pictures_of segment deeplab classes
    pictures_of classify mobilenet_v2 classes
fi
pictures_of faces face_detection_short_range faces
pictures_of hands palm_detection_lite hands
pictures_of detect palm_detection_lite objects
unlisted
stranger
overlays_of pose hourglass
overlays_of segment selfie_segmentation
overlays_of faces face_detection_short_range

closing
