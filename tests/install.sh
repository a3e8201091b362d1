#!/bin/sh
# install.sh BUILD - install below BUILD/installed, then be a stranger who has
# only that: the program runs, and the program at the head of tsr.h (BUILD/
# header_program.c) and the one in the README compile, link and answer, as C and
# called from C++.
# SPDX-License-Identifier: MIT
set -u
source=$PWD build=$(cd "$1" && pwd) || exit 1
root=$build/installed
passed=0 failed=0
rm -rf "$root"
make --no-print-directory B="$1" PREFIX="$root" install || exit 1
cd "$root" || exit 1

# try NAME COMMAND...
try() {
    name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name: $*"
    fi
}

if command -v pkg-config >/dev/null 2>&1; then
    flags=$(PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config --cflags --libs tarsier)
else
    flags=$(sed -n "s|\${prefix}|$root|g; s/^Cflags: //p; s/^Libs: //p" lib/pkgconfig/tarsier.pc)
fi

# The program in the README.
sed -n '/^    #include/,/^    }/s/^ \{0,4\}//p' "$source/README.md" >readme_program.c

# Nothing but the sentence of a refused model, on an empty input.
refuses_nothing() {
    ./program </dev/null >out 2>err && return 1
    [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ]
}

answers() {
    [ "$(./program <"$1" | wc -l)" -eq 1 ]
}

cat >use.cpp <<'END'
#include "engine/tsr.h"
#include "engine/threads.h"
#include "models/catalogue.h"
int main()
{
    return tsr_dtype_bytes(TSR_F32) == 4 && tsr_threads_count(nullptr) == 1 &&
           tsr_catalogue_find("hourglass") && tsr_label(TSR_LABELS_PERSON, 1) ? 0 : 1;
}
END

try "installed program" ./bin/tarsier --version
# shellcheck disable=SC2086 # flags is a list
try "header program" ${CC:-cc} -std=c11 -Wall -Wextra -pedantic -Werror \
    "$build/header_program.c" $flags -o program
# shellcheck disable=SC2086
try "README program" ${CC:-cc} -std=c11 -Wall -Wextra -pedantic -Werror \
    readme_program.c $flags -o readme
try "empty input" refuses_nothing
if command -v c++ >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    try "C++ build" c++ -Wall -Wextra -pedantic -Werror use.cpp $flags -o use
    try "C++ run" ./use
else
    echo "no c++ here: headers not tried from C++"
fi
for directory in $(echo "${TARSIER_MODELS-}" | tr ':' ' '); do
    model=$directory/selfie_segmentation.tflite
    [ -f "$model" ] && try "a real model" answers "$model" && break
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
