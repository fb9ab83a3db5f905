#!/usr/bin/env bash
# A GPU for machines that have none: builds with ggml's Vulkan backend and runs on Mesa's software device, llvmpipe. That says
# nothing about speed, but it is a real driver: placement, copies, limits and every operation run as on any other device.
# ggml's shaders need a newer glslc than Debian 12's, so everything lives in a folder with a Debian 13 of its own. Needs root.
#
#   scripts/gpu/vulkan-software.sh prepare            makes the folder (a minute or three, 900 MB)
#   scripts/gpu/vulkan-software.sh build [TARGET…]    copies the checkout in and builds; default: the addon and the GPU programs
#   scripts/gpu/vulkan-software.sh run COMMAND…       runs a command in the copy, with one device
#   scripts/gpu/vulkan-software.sh check              some minutes: every operation of two models, and what users of a GPU meet
#   scripts/gpu/vulkan-software.sh test               hours on two processors (an estimate): that, and every vector
#
#   ROOT      the folder; default /var/tmp/longembed-vulkan
#   DEVICES   for GGML_VK_VISIBLE_DEVICES; default 0; 0,0 gives the device twice
#   JOBS      parallel compilers; default: as many as there are processors
#
# Exits with 3, and says what is missing, where the folder cannot be made: without root, debootstrap or a Debian mirror.
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
ROOT=${ROOT:-/var/tmp/longembed-vulkan}
packages=ca-certificates,g++,cmake,ninja-build,glslc,libvulkan-dev,spirv-headers,mesa-vulkan-drivers,vulkan-tools,python3

cannot() {
  echo "no software Vulkan device here: $*" >&2
  exit 3
}

inside() {
  chroot "$ROOT" env GGML_VK_VISIBLE_DEVICES="${DEVICES:-0}" HOME=/root PATH=/usr/local/bin:/usr/bin:/bin bash -c "cd /src && $*"
}

mounted() {
  mountpoint -q "$ROOT/$2" || { mkdir -p "$ROOT/$2" && mount --bind "$1" "$ROOT/$2"; }
}

prepare() {
  [ "$(id -u)" = 0 ] || cannot "making a Debian 13 folder takes root"
  if [ ! -x "$ROOT/usr/bin/glslc" ]; then
    command -v debootstrap > /dev/null || cannot "debootstrap is not installed"
    local mirror proxy
    mirror=$(grep -rhE '^(URIs:|deb )' /etc/apt/sources.list /etc/apt/sources.list.d/ 2> /dev/null |
      grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ' || true)
    [ -n "$mirror" ] || cannot "apt names no Debian mirror"
    proxy=$(apt-config dump | sed -nE 's/^Acquire::http::Proxy "(.*)";/\1/p')
    [ -z "$proxy" ] || export http_proxy=$proxy
    debootstrap --variant=minbase --include="$packages" trixie "$ROOT" "$mirror" > "$ROOT.log" 2>&1 ||
      cannot "debootstrap failed: $(tail -1 "$ROOT.log")"
  fi
  mountpoint -q "$ROOT/proc" || mount -t proc proc "$ROOT/proc" || cannot "proc cannot be mounted in it"
  mountpoint -q "$ROOT/dev" || mount --rbind /dev "$ROOT/dev" || cannot "/dev cannot be mounted in it"
  mkdir -p "$ROOT/src" "$ROOT/usr/local/bin"
  if command -v node > /dev/null; then
    cp -u "$(readlink -f "$(command -v node)")" "$ROOT/usr/local/bin/node"
  fi
  inside "vulkaninfo --summary 2> /dev/null" | grep deviceName || cannot "Mesa finds no device"
}

build() {
  # what has not changed keeps its time, so that it is not compiled again; what is no more must not be compiled either
  rm -rf "$ROOT/src/native"
  tar -C "$project" --exclude=./node_modules --exclude='./build*' --exclude=./dist --exclude=./.git --exclude=./.cache -cf - . |
    tar -C "$ROOT/src" -xf -
  [ ! -d "$project/node_modules" ] || mounted "$(readlink -f "$project/node_modules")" src/node_modules
  inside "cmake -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=Release -DLONGEMBED_GPU_BENCH=ON -DGGML_VULKAN=ON > build.log 2>&1" ||
    { tail -20 "$ROOT/src/build.log" >&2 && exit 1; }
  local targets=("$@")
  if [ ${#targets[@]} = 0 ]; then
    targets=(longembed-core longembed-operations longembed-gpu-bench longembed-shape-model longembed-attention-error)
    [ ! -d "$project/node_modules/node-addon-api" ] || targets+=(longembed)
  fi
  inside "cmake --build build --parallel ${JOBS:-$(nproc)} --target ${targets[*]}"
}

# $1: what of test/gpu
run_tests() {
  local models=/tmp/longembed-vulkan-models
  inside "mkdir -p $models && for shape in tiny tiny-heads; do build/longembed-shape-model --shape \$shape $models/\$shape.gguf &&
    build/longembed-operations $models/\$shape.gguf --backend vulkan || exit 1; done"
  if [ -e "$ROOT/src/build/Release/longembed.node" ]; then
    inside "LONGEMBED_GPU_TESTS=1 node node_modules/vitest/vitest.mjs run $1"
  else
    echo "skipped: the tests in test/gpu, as the addon was not built (no node_modules)"
  fi
}

command=${1:-}
shift || true
case $command in
  prepare) prepare ;;
  build) build "$@" ;;
  run) inside "$*" ;;
  check) run_tests test/gpu/device ;;
  test) run_tests test/gpu ;;
  *)
    sed -n 2,18p "$0"
    exit 2
    ;;
esac
