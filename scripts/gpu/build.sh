#!/usr/bin/env bash
# Builds longembed_core, the program longembed-core and the GPU benchmark with plain CMake and Ninja, without Node and without
# a network, and tries them on a small generated model. Runs in a folder made by pack.sh, or in a checkout.
#
#   scripts/gpu/build.sh [cuda|cpu] [CMAKE-ARGUMENT…]     default: cuda, for the GPU in this machine
#
#   BUILD_DIR   where to build; default build-cuda or build-cpu in the source folder
#   JOBS        parallel compilers; default: as many as there are processors
set -euo pipefail

source=$(cd "$(dirname "$0")/../.." && pwd)
backend=${1:-cuda}
shift || true
build=${BUILD_DIR:-$source/build-$backend}

case $backend in
  cuda) options=(-DGGML_CUDA=ON) ;;
  cpu) options=(-DGGML_CUDA=OFF) ;;
  *)
    echo "usage: build.sh [cuda|cpu] [CMAKE-ARGUMENT…]" >&2
    exit 2
    ;;
esac

cmake -G Ninja -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release -DLONGEMBED_GPU_BENCH=ON "${options[@]}" "$@"
cmake --build "$build" --parallel "${JOBS:-$(nproc)}" --target \
  longembed-core longembed-operations longembed-gpu-bench longembed-shape-model longembed-attention-error

"$source/scripts/gpu/smoke.sh" "$build" "$backend"
