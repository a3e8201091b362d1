#!/bin/sh
# layering.sh - dependencies point one way:
#
#     loaders -> engine <- ops -> ops/kernels      models, cli -> engine, not into ops
#     models/resample.c, crop_row.h -> ops/kernels/resample_u8.h, crop_u8.h
#
# Looks at every #include "..." and asks whether that folder may know that
# file, and that intrinsics and compiler conditions stay where they belong.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/verdict.sh

# rule NAME ALLOWED FILE...: every include in FILE matches the pattern ALLOWED.
rule() {
    name=$1 allowed=$2
    shift 2
    wrong=$(grep -HnE '^ *# *include *"' "$@" 2>/dev/null |
            grep -vE "^[^:]*:[0-9]+: *# *include *\"($allowed)\"")
    report "$name" "$wrong"
}

any='[a-z_0-9]*\.h'
rule "engine knows only itself"         "engine/$any"               engine/*.[ch]
rule "ops know engine and kernels"      "(engine|ops|ops/kernels)/$any" ops/*.[ch]
rule "kernels know no graph" \
    "ops/kernels/$any|engine/(cpu|half|platform|tsr|status|threads)\.h"  ops/kernels/*.[ch]
rule "loaders know engine; one file joins the ops" \
    "(engine|loaders)/$any|ops/ops\.h"                              loaders/*.[ch]
rule "models know the public interface; head_model.c builds a graph" \
    "models/$any|engine/(tsr|status|threads)\.h" \
    $(ls models/*.[ch] | grep -vxE 'models/(head_model\.c|resample\.c|crop_row\.h)')
rule "what reads each pixel of a photograph knows its kernel besides" \
    "models/$any|ops/kernels/(resample|crop)_u8\.h"  models/resample.c models/crop_row.h
rule "head_model.c knows models and engine" "(models|engine)/$any"  models/head_model.c
rule "the program knows no op and no kernel" \
    "(engine|models|loaders|cli|cli/[a-z]*)/$any"      cli/*.[ch] cli/*/*.[ch]

joining=$(grep -lE '^ *# *include *"ops/' loaders/*.[ch] 2>/dev/null)
[ "$(printf '%s\n' "$joining" | wc -l)" -le 1 ] && joining=
report "one loader file at most includes ops/" "$joining"

# Instruction sets are spoken in suffix files only, so that the flag that a
# file is compiled with covers all of it and nothing else.
report "intrinsics in suffix files only" "$(
    grep -lE '^ *# *include *<([a-z0-9]*intrin|arm_[a-z0-9]*)\.h>' \
        engine/*.[ch] ops/*.[ch] loaders/*.[ch] models/*.[ch] cli/*.[ch] cli/*/*.[ch] \
        ops/kernels/*.[ch] \
        2>/dev/null | grep -vE '_(avx2|avx512|neon|neonf16|neon32)\.[ch]$')"
report "no #if inside a suffix file" "$(
    grep -nE '^ *# *(if|ifdef|elif)\b' ops/kernels/*_c.c ops/kernels/*_avx2.c \
        ops/kernels/*_avx512.c ops/kernels/*_neon*.c 2>/dev/null)"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
