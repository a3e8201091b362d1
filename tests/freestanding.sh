#!/bin/sh
# freestanding.sh - the engine and the reader of .tsr files need no libc: built
# without an operating system they ask for five functions on bytes and strings,
# which every compiler's runtime has, and for nothing else.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
allowed=' _GLOBAL_OFFSET_TABLE_ __cpu_model memcmp memcpy memset strcmp strlen '

for source in engine/*.c loaders/tsr_*.c; do
    ${CC:-cc} -std=c11 -O2 -ffreestanding -DTSR_HOST=0 -I. -c "$source" \
        -o "$folder/$(basename "$source" .c).o"
done
ld -r -o "$folder/all" "$folder"/*.o
failed=0
for symbol in $(nm -u "$folder/all" | awk '{ print $2 }'); do
    case $allowed in
        *" $symbol "*) ;;
        *) echo "freestanding code asks for $symbol"; failed=$((failed + 1)) ;;
    esac
done
[ $failed -eq 0 ] && echo "1 passed, 0 failed" || { echo "0 passed, $failed failed"; exit 1; }
