#!/bin/sh
# many_parallel.sh LIST OUT.jsonl [HOST,HOST...] - a long list of pictures through GNU
# parallel, on this machine or over ssh on several that share the file system.
#
# The list is cut into parts of a thousand.  Each part has its own file of lines, which
# --resume goes on with: a part whose run was killed, or whose host is gone, is started
# again and does what is left.  So is everything when this script is run again.
# TARSIER is the command (default: tarsier faces); JOBS how many run at once.
# SPDX-License-Identifier: MIT
set -eu
list=$1 out=$2 hosts=${3-:}                     # ":" is this machine
parts=$out.parts
mkdir -p "$parts"
[ -e "$parts/cut" ] || { split -a 5 -l "${PART:-1000}" "$list" "$parts/list."; : >"$parts/cut"; }
export TARSIER="${TARSIER:-tarsier faces}"
# A picture that cannot be read makes the status 1 and has its line: the retry finds all done.
parallel --env TARSIER -S "$hosts" -j "${JOBS:-100%}" --wd . --retries 10 --will-cite \
    '$TARSIER --resume {}.jsonl - <{}' ::: "$parts"/list.?????
cat "$parts"/list.?????.jsonl >"$out"
