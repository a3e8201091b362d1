#!/bin/sh
# lint.sh - what a reviewer should not have to look for: long lines and files,
# loose ends, paths of one machine, missing licence lines, files that share a
# name.  Needs neither git nor anything beyond a POSIX shell.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
. tests/verdict.sh

ours=$(find . \( -path ./.git -o -path './build*' -o -path ./demo-output \
                 -o -path ./models/weights \) -prune -o -type f -print | sort)
code=$(printf '%s\n' "$ours" | grep -E '\.(c|h|sh|py)$|/(check|demo|run|Makefile)$')
prose=$(printf '%s\n' "$ours" | grep -E '\.md$')

# Continuation bytes of UTF-8 take no column.
report "lines of at most 100 columns" "$(
    for f in $code; do
        sed 's/[\x80-\xBF]//g' "$f" | awk -v f="$f" 'length > 100 { print f ":" NR ": " length }'
    done)"
# The house aims at 400.
report "files of at most 700 lines" "$(
    for f in $code; do
        awk -v f="$f" 'END { if (NR > 700) print f ": " NR " lines" }' "$f"
    done)"
report "no loose ends" "$(grep -nE '\b(T[O]DO|F[I]XME|X[X]X)\b' $code $prose)"
report "no path of a particular machine" "$(
    grep -nE '(^|[^[:alnum:]_.$}])/(home|root|work|mnt|opt)/' $code $prose)"
report "no tab and no space at a line's end" "$(
    grep -nE "$(printf '\t')|[[:space:]]\$" $(printf '%s\n' $code | grep -v Makefile))"
report "a licence line in every file" "$(
    for f in $(printf '%s\n' $code | grep -v Makefile); do
        grep -q 'SPDX-License-Identifier: MIT' "$f" || echo "$f"
    done)"
report "a README.md in every folder of sources" "$(
    for d in engine ops ops/kernels loaders models bench tests cli cli/* examples; do
        [ -d $d ] || continue
        [ -f $d/README.md ] || echo "$d"
    done)"
# A row of the coverage table: | `gemm_f32` | what | x | x | x | x |  |
report "the coverage table of ops/kernels/README.md is true" "$(
    for f in ops/kernels/*_c.c; do
        family=${f##*/} family=${family%_c.c} want='|'
        for level in c avx2 avx512 neon neonf16 neon32; do
            [ -f "ops/kernels/${family}_$level.c" ] && want="$want x |" || want="$want  |"
        done
        grep -E "^\| \`$family\` \|" ops/kernels/README.md | sed 's/^|[^|]*|[^|]*//' |
            grep -qxF "$want" || echo "$family should have: $want"
    done)"
report "file names unique in the repository" "$(
    printf '%s\n' "$ours" | sed 's|.*/||' | grep -vE '^(README\.md|\.gitignore)$' | sort | uniq -d)"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
