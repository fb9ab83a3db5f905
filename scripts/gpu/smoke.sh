#!/usr/bin/env bash
# Tries a build: makes a small model with random weights, embeds two sequences with it on the backend and on the CPU, and
# fails unless both give a vector and the vectors agree.
#
#   scripts/gpu/smoke.sh BUILD-FOLDER cuda|cpu
set -euo pipefail

build=$1
backend=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$build/longembed-shape-model" --shape tiny --type f16 "$work/tiny.gguf"
printf '1 5 9 12 2\n%s 2\n' "$(seq -s ' ' 3 200)" > "$work/tokens"
for where in cpu "$backend"; do
  "$build/longembed-core" "$work/tiny.gguf" --backend "$where" --pooling last < "$work/tokens" > "$work/$where.vectors"
done

# cosine of each line of the two files
paste -d ' ' "$work/cpu.vectors" "$work/$backend.vectors" | awk '
  {
    n = NF / 2; dot = left = right = 0
    for (i = 1; i <= n; ++i) { dot += $i * $(i + n); left += $i * $i; right += $(i + n) * $(i + n) }
    if (n < 1 || left == 0 || right == 0) { print "no vector"; exit 1 }
    distance = 1 - dot / sqrt(left * right)
    printf "sequence %d: 1 - cosine between the CPU and the backend %.1e\n", NR, distance
    if (!(distance < 1e-5)) { bad = 1 }
  }
  END { if (NR != 2 || bad) exit 1 }'
echo "The build works on the backend \"$backend\"."
