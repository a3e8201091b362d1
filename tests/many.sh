#!/bin/sh
# many.sh TARSIER - many pictures: --resume after kills at any moment, and the examples
# for GNU parallel, Dask and Spark with a worker that is killed half-way.
#
# The pictures are made here, some of them broken.  The network is the face detector.
# Dask and Spark run where `make many-peers` has put them; that is reported, but not
# counted as skipped: their installation takes longer than all tests.
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/outside.sh"
python=$source/build/many/bin/python

"$tarsier" info face_detection_short_range >/dev/null 2>&1 || {
    echo "skipped: no weights of face_detection_short_range"
    skipped=1
    closing
}

# ---- pictures: 240, each tenth broken; names that JSON must escape ----------------------
mkdir -p 'pic"tures' && cd 'pic"tures' || exit 1
ppm 400 300 Z >0.ppm
for i in $(seq 1 239); do
    if [ $((i % 10)) -eq 0 ]; then head -c 100 0.ppm >$i.ppm; else ln 0.ppm $i.ppm; fi
done
cd ..
seq 0 239 | sed 's|.*|pic"tures/&.ppm|' >list
images_of() { sed 's/^{"image":"\(.*\)\.ppm",".*/\1/; s/\\"/"/; s/$/.ppm/' "$@"; }
results_of() { sed 's/"ms":.*//' "$@" | sort; }
"$tarsier" faces --json - <list >whole 2>err
check "24 broken ones" [ $? -eq 1 ]
check "a line a picture" [ "$(grep -c '' whole)" -eq 240 ]
images_of whole >seen
check "in their order" cmp -s list seen
results_of whole >want

# whole_again FILE...: one line for each, as in the run that nobody disturbed.
whole_again() {
    results_of "$@" >got
    cmp -s want got
}

# ---- --resume -------------------------------------------------------------------------------
# Killed again and again, each time as soon as there is a line more than before (a fast
# machine would be through with all of them after any fixed time), until a run comes to
# its end.
kills=0 kept=yes
: >before
: >out.jsonl
for run in $(seq 1 400); do
    seen=$(grep -c '' out.jsonl)
    "$tarsier" faces --resume out.jsonl - <list 2>err >/dev/null &
    pid=$!
    until [ "$(grep -c '' out.jsonl)" -gt $((seen + run % 3)) ] || ! kill -0 $pid 2>/dev/null; do
        sleep 0.002
    done
    if kill -9 $pid 2>/dev/null; then kills=$((kills + 1)); fi
    wait $pid 2>/dev/null
    status=$?
    # Whole lines stay as they are, and come first.
    head -c "$(wc -c <before)" out.jsonl | cmp -s - before || kept=no
    head -n "$(grep -c '' out.jsonl)" out.jsonl | grep '}$' >before
    [ $status -le 1 ] && break
done
check "killed at least 5 times ($kills)" [ $kills -ge 5 ]
check "what is done stays" [ $kept = yes ]
check "after $kills kills: none lost, none doubled" whole_again out.jsonl
images_of out.jsonl >seen
check "after $kills kills: in their order" cmp -s list seen
"$tarsier" faces --resume out.jsonl - <list >out 2>err
check "all is done: nothing to do" [ $? -eq 0 -a ! -s out ]
check "all is done: nothing is added" whole_again out.jsonl

# Half a line, or one that lacks only its end, is none.
for cut in 1 2 40; do
    head -c $(($(wc -c <whole) - cut)) whole >half.jsonl
    "$tarsier" faces --resume half.jsonl - <list 2>err
    check "without its last $cut bytes" whole_again half.jsonl
done
# Failed ones again; pictures that stand in the list twice; others than before.
grep -v '"error":' whole >again.jsonl
"$tarsier" faces --resume again.jsonl - <list 2>err
check "the failed ones again" whole_again again.jsonl
(cat list list) | "$tarsier" faces --resume again.jsonl - 2>err
check "a list that has all twice" [ "$(grep -c '' again.jsonl)" -eq 480 ]
check "each of them twice" [ "$(images_of again.jsonl | sort | uniq -c | grep -vc ' 2 ')" -eq 0 ]
head -n 20 whole >few.jsonl
"$tarsier" faces --resume few.jsonl - <list 2>err
check "few were done" whole_again few.jsonl

# refused WORDS ARGUMENT...: the file stays as it was.
refused() {
    words=$1
    shift
    cp file.jsonl copy
    "$tarsier" "$@" --resume file.jsonl 'pic"tures/0.ppm' >out 2>err
    check "status 1: $words" [ $? -eq 1 ]
    check "says: $words" grep -q "$words" err
    check "nothing changed: $words" cmp -s copy file.jsonl
}
head -n 3 whole >file.jsonl
echo '{"a":1}' >>file.jsonl
refused "line 4 of 'file.jsonl' is no result" faces
head -n 2 whole | sed 's/"task":"faces"/"task":"pose"/' >file.jsonl
refused "is of another task or model" faces
cp 'pic"tures/0.ppm' file.jsonl
refused "is no result of a picture" faces
"$tarsier" faces --resume . list >out 2>err
check "a directory" grep -q "cannot open '.'" err
"$tarsier" faces --resume /dev/null list >out 2>err
check "a device" grep -q "is no file" err
printf 'YUV4MPEG2 W4 H4\nFRAME\n%016d' 0 >v.y4m
"$tarsier" faces --resume new.jsonl v.y4m >out 2>err
check "a video" grep -q "'v.y4m' is a video, and --resume is for pictures" err

# Two runs with one file: the second waits, and finds all done.
"$tarsier" faces --resume both.jsonl - <list 2>err &
"$tarsier" faces --resume both.jsonl - <list 2>err2
wait
check "two runs at once" whole_again both.jsonl

# Overlays have the same names, whether or not a run was cut in two.
mkdir -p a b
cp 'pic"tures/0.ppm' a/x.ppm
cp 'pic"tures/0.ppm' b/x.ppm
"$tarsier" faces --resume names.jsonl -o over/ a/x.ppm 2>err
rm over/x-faces.png
"$tarsier" faces --resume names.jsonl -o over/ a/x.ppm b/x.ppm 2>err
check "the second of a name is the second again" [ -s over/x-faces-2.png -a ! -e over/x-faces.png ]

# ---- the examples, with a worker that is killed half-way ---------------------------------------
# A tarsier that, the first time, is killed when it has written five lines.
cat >flaky <<END
#!/bin/sh
if ! mkdir "$dir/was-killed" 2>/dev/null; then exec "$tarsier" faces "\$@"; fi
exec 3<&0
"$tarsier" faces "\$@" <&3 >"$dir/lines" &
file=$dir/lines
for word; do
    case \$word in *.jsonl) file=\$word ;; esac
done
while [ "\$(grep -c '' "\$file" 2>/dev/null || :)" -lt 5 ] && kill -0 \$!; do :; done
kill -9 \$! && echo killed >"$dir/was-killed/yes"
wait \$!
cat "$dir/lines"
exit 137
END
chmod +x flaky
# example NAME COMMAND...: OUT is to have all lines.
example() {
    name=$1
    shift
    rm -rf was-killed lines
    TARSIER="$dir/flaky" PART=60 JOBS=2 "$@" >example-out 2>err </dev/null
    check "$name: status" [ $? -eq 0 ]
    check "$name: one was killed half-way" [ -s was-killed/yes ]
}
if command -v parallel >/dev/null; then
    example parallel "$source/examples/many_parallel.sh" list parallel.jsonl
    check "parallel: none lost, none doubled" whole_again parallel.jsonl
else
    echo "skipped: GNU parallel is not installed"
    skipped=$((skipped + 1))
fi
if "$python" -c 'import dask.distributed' 2>/dev/null; then
    example dask "$python" "$source/examples/many_dask.py" list dask.jsonl
    check "dask: none lost, none doubled" whole_again dask.jsonl
else
    echo "not run: the example for Dask ('make many-peers' installs it)"
fi
if "$python" -c 'import pyspark' 2>/dev/null && command -v java >/dev/null; then
    example spark "$python" "$source/examples/many_spark.py" list spark-out
    check "spark: none lost, none doubled" whole_again spark-out/part-*
else
    echo "not run: the example for Spark ('make many-peers' installs it; it wants Java)"
fi
closing
