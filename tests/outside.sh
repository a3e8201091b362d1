# outside.sh - sourced by tests of the program from outside, whose first argument is the
# program: a directory of their own to work in, and the count of what passed.
#
# Afterwards: $tarsier, an absolute path; $source, where the sources are; the current
# directory is empty, private, and removed at the end.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh
set -u
tarsier=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
source=$(cd "$(dirname "$0")/.." && pwd)
. "$(dirname "$0")/verdict.sh"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export XDG_CACHE_HOME="$dir/cache" TERM=dumb

# check NAME COMMAND...: the command succeeds.  `err`: what the program last complained of.
check() {
    name=$1
    shift
    if "$@"; then verdict yes; else verdict no "$name" "$*; $(head -n 3 err 2>/dev/null)"; fi
}

# The last command of a test.
closing() {
    [ "${TARSIER_REQUIRE:-}" = 1 ] && failed=$((failed + skipped)) skipped=0
    [ $skipped -gt 0 ] && note=", $skipped skipped" || note=
    echo "$passed passed, $failed failed$note"
    [ $failed -eq 0 ]
    exit
}

lines() { [ "$(grep -c '' "$1")" -eq "$2" ]; }
has() { [ "$(grep -c -e "$2" "$1")" -eq "$3" ]; }
absent() { [ ! -e "$1" ]; }

# A PPM of WIDTH x HEIGHT, every byte the character C: ppm WIDTH HEIGHT C
ppm() { printf 'P6 %d %d 255\n' "$1" "$2"; head -c $(($1 * $2 * 3)) /dev/zero | tr '\0' "$3"; }

# A model of one operator, RELU of f32 [1, 2, 3]: relu_model FILE
relu_model() {
    base64 -d >"$1" <<'END'
GAAAAFRGTDMAAA4AFAAQAAwACAAAAAQADgAAABAAAAAcAAAA4AAAAAMAAAABAAAACAAAAAQABAAE
AAAAAQAAABAAAAAMABQAEAAMAAgABAAMAAAAEAAAADwAAABAAAAARAAAAAEAAAAQAAAAAAAKAAwA
AAAIAAQACgAAAAgAAAAMAAAAAQAAAAEAAAABAAAAAAAAAAEAAAABAAAAAQAAAAAAAAACAAAAOAAA
AAQAAADc////CAAAAAwAAAADAAAAb3V0AAMAAAABAAAAAgAAAAMAAAAMAAwACAAAAAAABAAMAAAA
CAAAAAwAAAACAAAAaW4AAAMAAAABAAAAAgAAAAMAAAABAAAAEAAAAAwADAALAAAAAAAEAAwAAAAT
AAAAAAAAEw==
END
}
