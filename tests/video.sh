#!/bin/sh
# video.sh TARSIER - videos from outside: frames and their times, what is written, and
# everything that can go wrong with either.
#
# The videos are made here with ffmpeg.  The network is the face detector, which is
# small and draws; without it, or without ffmpeg, all is skipped (a failure with
# TARSIER_REQUIRE=1).
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/outside.sh"

# expect STATUS WORDS ARGUMENT...: as in pictures.sh, of `tarsier faces`.
expect() {
    status=$1 words=$2
    shift 2
    "$tarsier" faces "$@" >out 2>err </dev/null
    got=$?
    where=err
    [ "$status" -eq 0 ] && where=out
    if [ $got -eq "$status" ] && grep -q -e "$words" $where; then verdict yes; else
        verdict no "faces $*" "status $got, wanted $status and '$words'; $(head -n 3 out err)"
    fi
}

seconds_of() { sed -n 's/.*"seconds":\([0-9.]*\).*/\1/p' "$1"; }
frames_of() { ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$1"; }
times_of() { ffprobe -v error -show_entries frame=best_effort_timestamp_time -of csv=p=0 "$1" |
    sed 's/,.*//; /^$/d'; }
# near A B TOLERANCE: two files of numbers
near() {
    paste "$1" "$2" | awk -v t="$3" 'NF != 2 || $1 - $2 > t || $2 - $1 > t { bad = 1 }
                                     END { exit bad || NR == 0 }'
}
# Nothing that a run has left over, under a final name or another.
clean() { [ ! -e "$1" ] && [ -z "$(find . -name '.*' -type f)" ]; }
make() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }
source_of() { echo "testsrc=s=$1:r=10:d=$2,format=yuv420p"; }

# ---- the command line, and devices: without networks or ffmpeg ------------------------
printf 'P6 4 4 255\n%048d' 0 >a.ppm
printf 'YUV4MPEG2 W4 H4 F10:1 Cmono\nFRAME\n%016d' 0 >tiny.y4m
for wrong in "--every 0" "--max-fps 0" "--max-fps x" "--in-flight 17" "--camera-size 4" \
    "--camera-size 0x4"; do
    # shellcheck disable=SC2086 # two words
    expect 2 "wants" $wrong a.ppm
done
expect 2 "should end in .mp4, .mkv, .mov or .y4m" tiny.y4m -o x.png
expect 2 "should end in .png, .jpg or .bmp" a.ppm -o x.mp4
expect 2 "both, a video and JSON" tiny.y4m --json -o -
expect 2 "only a video can go to standard output" a.ppm -o -
expect 2 "only a video can go to standard output" tiny.y4m tiny.y4m -o -
expect 2 "must be a directory" tiny.y4m a.ppm -o x.mp4

"$tarsier" info face_detection_short_range >/dev/null 2>&1 || {
    echo "skipped: no weights of face_detection_short_range"
    skipped=1
    closing
}
expect 1 "cannot open the camera '/dev/video99'" --camera /dev/video99
expect 1 "'/dev/null' is no camera" --camera /dev/null
expect 1 "'tiny.y4m' is no camera" --camera tiny.y4m --json
check "a camera that is none has its line" has out '"video":"tiny.y4m","error":' 1

command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || {
    echo "skipped: ffmpeg is not installed"
    skipped=1
    closing
}

# ---- frames and times -------------------------------------------------------------------
make -f lavfi -i "$(source_of 96x64 3)" -c:v libx264 -bf 2 even.mp4
expect 0 '"video":"even.mp4","frame":29,"seconds":2.900000,"width":96,"height":64,"task":"faces"' \
    even.mp4 --json
check "a line a frame" lines out 30
seq 0 29 | sed 's/$/,/' >want
sed 's/.*"frame":\([0-9]*,\).*/\1/' out >got
check "frames in order" cmp want got
expect 0 "even.mp4 frame 29 at 2.900 s  96 x 64" even.mp4
for n in 1 2 16; do
    "$tarsier" faces even.mp4 --json --in-flight $n | sed 's/"ms":.*//' >flight$n
done
check "the same with nothing in flight" cmp flight1 flight2
check "the same with much in flight" cmp flight1 flight16

expect 0 '"frame":28,' even.mp4 --json --every 4
check "each fourth frame" lines out 8
expect 0 '"seconds":2.800000' even.mp4 --json --max-fps 5
check "half of the frames" lines out 15
expect 0 '"frame":29,' even.mp4 --json --max-fps 10
check "all at their own pace" lines out 30

# Irregular times: kept on the way in, and on the way out.
limping="settb=1/90000,setpts=(N+floor(N/4)*5+mod(N*N\,3)/3)/30/TB"
make -f lavfi -i "$(source_of 96x64 3)" -vf "$limping" \
    -fps_mode passthrough -enc_time_base 1:90000 -c:v libx264 odd.mkv
times_of odd.mkv >want
"$tarsier" faces odd.mkv --json >out 2>err
seconds_of out >got
check "irregular times in JSON" near want got 0.0011
for form in mp4 mkv mov; do
    expect 0 "30 frames" odd.mkv -o "odd-out.$form"
    times_of odd-out.$form >got
    check "irregular times in .$form" near want got 0.0021
done
check "nothing but the results" clean none

# Turned upright.
make -display_rotation 90 -i even.mp4 -c copy turned.mp4 2>err ||
    make -i even.mp4 -c copy -metadata:s:v rotate=90 turned.mp4
expect 0 '"width":64,"height":96' turned.mp4 --json

# Odd sizes can be H.264, too; a name may look like an option or an address.
make -f lavfi -i "$(source_of 97x65 1)" -c:v ffv1 -pix_fmt yuv444p file:-odd:name.mkv
expect 0 "97 x 65" --output odd.mp4 -- -odd:name.mkv
size=$(ffprobe -v error -show_entries stream=width,height -of csv=p=0 odd.mp4)
check "grown to even sizes" [ "$size" = 98,66 ]

# ---- YUV4MPEG2, in and out, without ffmpeg ------------------------------------------------
make -i even.mp4 -pix_fmt yuv420p even.y4m
nothing="$dir/nothing"
mkdir nothing
(PATH=$nothing "$tarsier" faces even.y4m --json) >direct 2>err
check "y4m wants no ffmpeg" lines direct 30
"$tarsier" faces - --json <even.y4m >piped 2>err
check "y4m on standard input" lines piped 30
sed 's/.*"frame"/"frame"/; s/"ms".*//' direct >want
sed 's/.*"frame"/"frame"/; s/"ms".*//' piped >got
check "the same from a pipe" cmp want got
make -i even.mp4 -pix_fmt yuv420p -f yuv4mpegpipe - | "$tarsier" faces - -o - 2>err |
    "$tarsier" faces - -o chain.y4m >out 2>>err
check "from pipe to pipe" grep -q "30 frames" out
check "and ffmpeg reads it" [ "$(frames_of chain.y4m)" = 30 ]
# The pictures come through: what we read from y4m and write as y4m is what ffmpeg reads.
make -i even.y4m -i chain.y4m -lavfi "psnr" -f null - 2>err
ffmpeg -nostdin -hide_banner -i even.y4m -i chain.y4m -lavfi psnr -f null - 2>&1 |
    sed -n 's/.*average:\([0-9.inf]*\).*/\1/p' >psnr
check "colours there and back: $(cat psnr) dB" awk '$1 == "inf" || $1 > 30 { good = 1 }
    END { exit !good }' psnr
for kind in gray yuv422p yuv444p; do
    make -i even.mp4 -pix_fmt $kind kind.y4m
    expect 0 '"frame":29' kind.y4m --json
done
make -i even.mp4 -pix_fmt yuv420p10 -strict -1 deep.y4m
expect 1 "not of a kind that is read" deep.y4m

# ---- what can be wrong with a video ---------------------------------------------------------
# broken STATUS-1 case: FILE WORDS: an error, its line of JSON, and no output.
broken() {
    expect 1 "$2" "$1" --json
    check "a line for $1" has out '"error":' 1
    expect 1 "$2" "$1" -o broken.mp4
    check "no video of $1" clean broken.mp4
}
head -c 3000 even.y4m >cut.y4m
broken cut.y4m "is cut short: frame 0 is not complete"
head -c 70000 even.y4m >cut.y4m
broken cut.y4m "is cut short: frame [1-9]"
check "the frames before the cut are told" [ "$(grep -c '"frame"' out)" -eq 0 ]
"$tarsier" faces cut.y4m --json >out 2>err
check "the frames before the cut are told" [ "$(grep -c '"frame":' out)" -gt 3 ]
sed '1q' even.y4m >none.y4m
broken none.y4m "'none.y4m' has no frames"
{ cat even.y4m; cat kind.y4m; } >two.y4m
broken two.y4m "after frame 30 another video begins"
{ head -c 60000 even.y4m; echo garbage; } >bad.y4m
broken bad.y4m "'bad.y4m' is"
echo "YUV4MPEG2 W0 H10 F1:1" >size.y4m
broken size.y4m "no proper YUV4MPEG2"
head -c 3000 even.mp4 >cut.mp4
broken cut.mp4 "ffmpeg cannot read 'cut.mp4'"
make -i even.mp4 -c copy even.mkv
head -c $(($(wc -c <even.mkv) * 2 / 3)) even.mkv >cut.mkv
broken cut.mkv "'cut.mkv' is damaged or cut short"
half=$(($(wc -c <even.mkv) / 2))
{ head -c $half even.mkv; head -c 300 /dev/zero | tr '\0' '\252'
    tail -c +$((half + 301)) even.mkv; } >bad.mkv
broken bad.mkv "'bad.mkv' is damaged or cut short"
echo "no video" >text.mp4
broken text.mp4 "'text.mp4'"
make -f lavfi -i "sine=d=1" -c:a pcm_s16le sound.mkv
broken sound.mkv "has no pictures in it"
make -f lavfi -i "$(source_of 96x64 1)" -c:v libx264 -f h264 one.h264
make -f lavfi -i "$(source_of 64x96 1)" -c:v libx264 -f h264 two.h264
cat one.h264 two.h264 >grows.h264
broken grows.h264 "changes its size at frame 10, from 96 x 64 to 64 x 96"
ln -s "$(command -v sh)" nothing/sh
PATH=$nothing "$tarsier" faces even.mp4 >out 2>err
check "without ffmpeg: says so" grep -q "the program ffmpeg, which reads videos, is not inst" err
PATH=$nothing "$tarsier" faces even.y4m -o x.mp4 >out 2>err
check "without ffmpeg: says so" grep -q "ffmpeg, which is to write 'x.mp4', is not installed" err
check "without ffmpeg: nothing is left" clean x.mp4

# One bad video stops only itself; pictures and videos go together.
expect 1 "cut.mp4" a.ppm cut.mp4 even.mp4 --json
check "32 lines" lines out 32
expect 0 "mixed/a-faces.png" a.ppm even.mp4 even.mp4 -o mixed/
check "a picture" [ -s mixed/a-faces.png ]
check "a video" [ "$(frames_of mixed/even-faces.mp4)" = 30 ]
check "another video" [ "$(frames_of mixed/even-faces-2.mp4)" = 30 ]

# ---- a full disk, a place where nothing can be written ---------------------------------------
ln -s /dev/full full.y4m
expect 1 "No space left" even.mp4 -o full.y4m
"$tarsier" faces even.mp4 -o - 2>err >/dev/full
check "standard output is full" grep -q "No space left" err
"$tarsier" faces even.mp4 --json 2>err >/dev/full
check "standard output is full" grep -q "cannot write the results: No space left" err
(trap '' XFSZ; ulimit -f 4; "$tarsier" faces even.mp4 -o limit.mp4) >out 2>err
check "a file must not grow: status 1" [ $? -eq 1 ]
check "a file must not grow" grep -q "ffmpeg cannot write '.*limit.mp4'" err
check "a file must not grow: nothing is left" clean limit.mp4
expect 1 "nowhere/x.mp4" even.mp4 -o nowhere/x.mp4
echo precious >kept.mp4
expect 1 "'cut.mkv' is damaged" cut.mkv -o kept.mp4
check "a failure leaves the old file" grep -q precious kept.mp4

# ---- signals ------------------------------------------------------------------------------------
# An endless video on standard input; the signal comes when it is well under way.
endless() { while cat even-frames; do :; done; } 2>/dev/null
tail -n +2 even.y4m >even-frames
# stopped SIGNAL STATUS OUTPUT
stopped() {
    mkfifo feed
    { sed 1q even.y4m; endless; } >feed &
    "$tarsier" faces - -o "$3" <feed >out 2>err &
    pid=$!
    sleep 0.7
    kill -"$1" $pid
    wait $pid 2>/dev/null
    check "$1: status" [ $? -eq "$2" ]
    rm feed
}
for form in mp4 mkv y4m; do
    stopped TERM 143 stopped.$form
    frames=$(frames_of stopped.$form)
    check "TERM: the video .$form can be played" [ "${frames:-0}" -gt 5 ]
    check "TERM: it is told" grep -q "stopped by a signal after $frames frames" err
done
if command -v timeout >/dev/null; then
    { sed 1q even.y4m; endless; } | timeout -s INT 0.7 "$tarsier" faces - -o int.mp4 >out 2>err
    check "INT: the video can be played" [ "$(frames_of int.mp4)" -gt 5 ]
fi
stopped KILL 137 killed.mp4
check "KILL: nothing is left" clean killed.mp4

# ---- memory, and what a terminal shows ----------------------------------------------------------
# peak FRAMES: kB at most after so many, read while it waits for more.
peak() {
    rm -f peak
    mkfifo feed
    "$tarsier" faces - --json <feed >out 2>err &
    pid=$!
    {
        sed 1q even.y4m
        for _ in $(seq $(($1 / 30))); do cat even-frames; done
        while [ "$(grep -c '' out)" -lt "$1" ] && kill -0 $pid; do sleep 0.05; done
        sed -n 's/VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status >peak
    } >feed
    wait $pid
    rm feed
    cat peak
}
if [ -r /proc/self/status ]; then
    few=$(peak 60) many=$(peak 3000)
    check "memory after 60 frames $few kB, after 3000 $many kB" [ "$many" -le $((few + 1024)) ]
fi
if command -v script >/dev/null; then
    script -qec "$tarsier faces even.mp4 even.mp4 even.mp4 even.mp4 -o bar/" /dev/null >out 2>err
    script -qec "$tarsier faces chain.y4m --every 1 -o bar.y4m" /dev/null >>out 2>err
    check "a bar for a terminal" grep -q "fps" out
fi
closing
