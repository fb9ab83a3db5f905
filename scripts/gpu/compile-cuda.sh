#!/usr/bin/env bash
# Compiles and links the whole CUDA build where there is neither a GPU nor a CUDA toolkit: PyPI has nvcc and its libraries.
# Nothing is run. Whether every file has compiled and linked this way yet, docs/gpu.md says.
#
#   scripts/gpu/compile-cuda.sh [MINUTES]     stops after so many (default: never); the next call goes on from there
#
#   ARCHITECTURE   for CMAKE_CUDA_ARCHITECTURES: one keeps it short; default 80-real
#   TOOLKIT        where nvcc is installed (1 GB); default /var/tmp/longembed-nvcc
#   JOBS           parallel compilers; default: as many as there are processors
#
# Prints how many of how many files are compiled. Exits with 1 where one does not compile, with 3 when the time is up.
set -euo pipefail

cd "$(dirname "$0")/../.."
TOOLKIT=${TOOLKIT:-/var/tmp/longembed-nvcc}
build=build-cuda-compile
log=$build/compile.log
mkdir -p "$build"

if [ ! -e "$TOOLKIT/complete" ]; then
  python3 -m venv "$TOOLKIT"
  "$TOOLKIT/bin/pip" install -q --no-cache-dir nvidia-cuda-nvcc nvidia-cuda-runtime nvidia-cuda-cccl nvidia-cublas
  touch "$TOOLKIT/complete"
fi
nvcc=$(find "$TOOLKIT/lib" -path '*/bin/nvcc' | head -1)
root=$(dirname "$(dirname "$nvcc")")
# the packages have no names for the linker, no lib64, and no driver: a library with the names that ggml calls stands for it
for library in "$root"/lib/lib*.so.*; do
  name=${library%%.so.*}.so
  [ -e "$name" ] || ln -s "$(basename "$library")" "$name"
done
[ -e "$root/lib64" ] || ln -s lib "$root/lib64"
if [ ! -e "$root/lib/stubs/libcuda.so" ]; then
  mkdir -p "$root/lib/stubs"
  grep -rhoE '\bcu(Mem|Device|Get)[A-Za-z]+\(' vendor/llama.cpp/ggml/src/ggml-cuda --include='*.cu' --include='*.cuh' | sort -u |
    sed 's/($/(void) { return 1; }/; s/^/int /' | gcc -shared -fPIC -Wl,-soname,libcuda.so.1 -x c -o "$root/lib/stubs/libcuda.so" -
fi

[ -e "$build/build.ninja" ] || cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DGGML_CUDA=ON \
  -DLONGEMBED_GPU_BENCH=ON -DCMAKE_CUDA_COMPILER="$nvcc" -DCUDAToolkit_ROOT="$root" \
  -DCMAKE_CUDA_ARCHITECTURES="${ARCHITECTURE:-80-real}" > "$log"

status=0
timeout "$((${1:-100000} * 60))" cmake --build "$build" --parallel "${JOBS:-$(nproc)}" \
  --target ggml-cuda longembed-core longembed-gpu-bench >> "$log" 2>&1 || status=$?
all=$(ninja -C "$build" -t targets all | grep -c '\.cu\.o: CUDA')
done=$(find "$build" -name '*.cu.o' | wc -l)
echo "$done of $all CUDA files compiled"
case $status in
  0) echo "linked: $build/longembed-core, $build/longembed-gpu-bench" ;;
  124) exit 3 ;;
  *)
    grep -E -A 5 'FAILED|error' "$log" | tail -20 >&2
    exit 1
    ;;
esac
