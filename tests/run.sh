#!/bin/sh
# run.sh PROGRAM... - run test programs, several at a time, and add up.
#
# A program reports in cmocka's words or ends with "N passed, N failed[, N
# skipped]"; one that reports nothing counts as a single test.  Whatever it
# says, a bad exit status is a failure, and so is a program that ran nothing.
# Only the output of failed programs is shown, unless VERBOSE=1, and always in
# the order of the programs, whichever was done first.
#
#   JOBS             how many programs at a time: as many as there are CPUs
#   RUN              put before compiled programs: an emulator and its options
#   TARSIER_REQUIRE  1: a skipped test is a failed test
#   TIME_LIMIT       seconds for one program, 900
#
# Closing line "N passed, N failed[, N skipped]"; exit status 1 if any failed.
# SPDX-License-Identifier: MIT
set -u

# run.sh --one LOG PROGRAM, for xargs below: output to LOG, status to LOG.status.
if [ "${1-}" = --one ]; then
    case $3 in
        *.sh) runner= ;;
        *) runner=${RUN-} ;;
    esac
    # shellcheck disable=SC2086 # the runner is a command with options
    timeout "${TIME_LIMIT:-900}" $runner "$3" >"$2" 2>&1 </dev/null
    echo $? >"$2.status"
    exit 0
fi

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0

# Print "passed failed skipped" as told by the log in $1.
count() {
    awk '/^\[  PASSED  \] [0-9]+ test/ { passed += $4; said = 1 }
         /^\[  FAILED  \] [0-9]+ test/ { failed += $4; said = 1 }
         /^\[  SKIPPED \] [0-9]+ test/ { skipped += $4; said = 1 }
         /^[0-9]+ passed, [0-9]+ failed/ {
             passed += $1; failed += $3; said = 1
             if (/skipped/) skipped += $5
         }
         END { print passed + !said, failed + 0, skipped + 0 }' "$1"
}

# report PROGRAM LOG: one line about it, and the sums grow.
report() {
    program=$1 log=$2
    # No status: it was never run.
    [ -f "$log.status" ] && status=$(cat "$log.status") || { status=127; : >"$log"; }
    # shellcheck disable=SC2046 # three words on purpose
    set -- $(count "$log")
    p=$1 f=$2 s=$3 note=
    if [ "${TARSIER_REQUIRE-}" = 1 ] && [ "$s" -gt 0 ]; then
        f=$((f + s)) note=", skips are failures here"
    fi
    [ "$status" -eq 124 ] && note=", over its time limit"
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1 note="$note, exit status $status"
        [ $((p + s)) -eq 1 ] && p=0
    fi
    if [ $((p + f + s)) -eq 0 ]; then
        f=1 note=", ran nothing"
    fi
    if [ "$f" -gt 0 ] || [ "${VERBOSE-}" = 1 ]; then
        cat "$log"
    fi
    [ "$s" -gt 0 ] && note=", $s skipped$note"
    printf '  %-32s %d passed, %d failed%s\n' "${program##*/}" "$p" "$f" "$note"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

k=0
for program; do
    k=$((k + 1))
    printf '%s\0%s\0' "$dir/$k" "$program"
done | xargs -0 -n 2 -P "${JOBS:-$(nproc 2>/dev/null || echo 1)}" "$0" --one
k=0
for program; do
    k=$((k + 1))
    report "$program" "$dir/$k"
done

[ $skipped -gt 0 ] && skips=", $skipped skipped" || skips=
echo "$passed passed, $failed failed$skips"
[ $failed -eq 0 ]
