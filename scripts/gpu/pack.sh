#!/usr/bin/env bash
# Copies what a build on a GPU machine needs into one folder: our C++, its CMake files, the scripts beside this one, the GPU
# benchmark, and of llama.cpp the parts that are compiled. Small enough to be carried where nothing can be fetched (docs/gpu.md).
#
#   scripts/gpu/pack.sh [FOLDER]     default: build-gpu/source
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$root/build-gpu/source}
max_megabytes=60

llama=$root/vendor/llama.cpp
if [ ! -f "$llama/src/llama-model.h" ]; then
  echo "llama.cpp's source is missing in $llama. Run \`npm run fetch-llama\` first." >&2
  exit 2
fi

# copies PATH… of FROM, with their folders, into TO
copy() {
  local from=$1 to=$2
  shift 2
  mkdir -p "$to"
  tar -C "$from" --exclude=__pycache__ -cf - "$@" | tar -C "$to" -xf -
}

rm -rf "$folder"
copy "$root" "$folder" CMakeLists.txt CMakePresets.json LICENSE cmake native scripts/gpu bench/speed/gpu

copy "$llama" "$folder/vendor/llama.cpp" CMakeLists.txt LICENSE cmake include src \
  ggml/CMakeLists.txt ggml/cmake ggml/include ggml/src/ggml-cpu ggml/src/ggml-cuda \
  vendor/CMakeLists.txt vendor/hash vendor/miniaudio vendor/nlohmann vendor/sheredom vendor/stb
# of ggml/src only the files: its folders are backends that this build does not need
(cd "$llama" && find ggml/src -maxdepth 1 -type f -print0) |
  tar -C "$llama" --null -T - -cf - | tar -C "$folder/vendor/llama.cpp" -xf -

# the sum of the files' sizes: a folder's blocks depend on the file system
bytes=$(find "$folder" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
megabytes=$(((bytes + 999999) / 1000000))
echo "$folder: $(find "$folder" -type f | wc -l) files, $megabytes MB"
if [ "$megabytes" -gt "$max_megabytes" ]; then
  echo "That is more than the $max_megabytes MB that a GPU machine may take." >&2
  exit 1
fi
