#!/bin/sh
# runner.sh - tests of the tests: whatever goes wrong in a test program, run.sh
# and ./check must say so.  Each case is a tiny program and what they must make
# of it.
# SPDX-License-Identifier: MIT
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# expect STATUS TOTALS NAME SCRIPT [VARIABLE=VALUE...]
expect() {
    status=$1 totals=$2 name=$3
    printf '#!/bin/sh\n%s\n' "$4" >"$dir/program"
    chmod +x "$dir/program"
    shift 4
    got=$(env -u RUN -u TARSIER_REQUIRE "$@" "$here/run.sh" "$dir/program")
    got_status=$?
    if [ $got_status -eq "$status" ] && [ "$(echo "$got" | tail -n 1)" = "$totals" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s: status %s, wanted %s and "%s"\n%s\n' \
            "$name" $got_status "$status" "$totals" "$got"
    fi
}

cmocka_ok='echo "[  PASSED  ] 3 test(s)."'
expect 0 "1 passed, 0 failed" "silent success"      "exit 0"
expect 1 "0 passed, 1 failed" "silent failure"      "exit 3"
expect 1 "0 passed, 1 failed" "crash"               'kill -SEGV $$'
expect 0 "7 passed, 0 failed" "own summary"         'echo "7 passed, 0 failed"'
expect 1 "7 passed, 2 failed" "own failures"        'echo "7 passed, 2 failed"; exit 1'
expect 1 "7 passed, 2 failed" "failures, status 0"  'echo "7 passed, 2 failed"'
expect 1 "7 passed, 1 failed" "success, then crash" 'echo "7 passed, 0 failed"; exit 139'
expect 1 "0 passed, 1 failed" "nothing ran"         'echo "0 passed, 0 failed"'
expect 0 "3 passed, 0 failed" "cmocka"              "$cmocka_ok"
expect 1 "3 passed, 1 failed" "cmocka failure" \
    "$cmocka_ok"'; echo "[  FAILED  ] 1 test(s), listed below:"; exit 1'
expect 0 "3 passed, 0 failed, 2 skipped" "cmocka skip" \
    "$cmocka_ok"'; echo "[  SKIPPED ] 2 test(s), listed below:"'
expect 1 "3 passed, 2 failed, 2 skipped" "cmocka skip, required" \
    "$cmocka_ok"'; echo "[  SKIPPED ] 2 test(s), listed below:"' TARSIER_REQUIRE=1
expect 1 "3 passed, 1 failed, 1 skipped" "own skip, required" \
    'echo "3 passed, 0 failed, 1 skipped"' TARSIER_REQUIRE=1
expect 1 "0 passed, 1 failed" "hang"                "sleep 5" TIME_LIMIT=1
expect 0 "1 passed, 0 failed" "put before"          "exit 1" RUN=true
expect 1 "0 passed, 1 failed" "missing emulator"    "exit 0" RUN=no-such-emulator

# Several at a time: all are run, none twice, the failure is found, and the lines
# come in the order of the programs, not in that of their ends.
several() {
    for k in 1 2 3 4 5; do
        printf '#!/bin/sh\nsleep 0.%s; echo ran >>"%s/ran %s"\n' $((5 - k)) "$dir" $k \
            >"$dir/program $k"
        echo "echo '$k passed, 0 failed'; [ $k != 3 ]" >>"$dir/program $k"
        chmod +x "$dir/program $k"
    done
    got=$(env -u RUN JOBS="$1" "$here/run.sh" "$dir/program "[12345])
    got_status=$?
    order=$(echo "$got" | sed -n 's/^  program \([1-5]\) .*/\1/p' | tr -d '\n')
    ran=$(cat "$dir/ran "? | grep -c ran)
    rm -f "$dir"/ran*
    if [ $got_status -eq 1 ] && [ "$ran" -eq 5 ] && [ "$order" = 12345 ] &&
        [ "$(echo "$got" | tail -n 1)" = "15 passed, 1 failed" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s at a time: status %s, %s ran\n%s\n' "$1" $got_status "$ran" "$got"
    fi
}
several 1
several 3
several 9

# expect_check STATUS TOTALS MAKE: ./check with another make, and only the stage
# "install", must end like this.
expect_check() {
    printf '#!/bin/sh\n%s\n' "$3" >"$dir/make"
    chmod +x "$dir/make"
    got=$(PATH="$dir:$PATH" "$here/../check" install)
    got_status=$?
    if [ $got_status -eq "$1" ] && [ "$(echo "$got" | tail -n 1)" = "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL ./check with a make that does "%s": status %s\n%s\n' "$3" $got_status "$got"
    fi
}

expect_check 1 "0 passed, 1 failed" "exit 2"
expect_check 1 "5 passed, 1 failed" 'echo "5 passed, 0 failed"; exit 2'
expect_check 1 "5 passed, 2 failed" 'echo "5 passed, 2 failed"'
expect_check 0 "5 passed, 0 failed" 'echo "5 passed, 0 failed"'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
