# verdict.sh - sourced by tests in shell: counts what passed.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh
passed=0 failed=0 skipped=0

# verdict GOOD NAME TEXT: count, and tell what is wrong.
verdict() {
    if [ "$1" = yes ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $2: $3"
    fi
}

# report NAME TEXT: a non-empty TEXT lists what breaks the rule.
report() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n%s\n' "$1" "$2"
    fi
}
