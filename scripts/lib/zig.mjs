import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { capture, ScriptError } from './process.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/**
 * Zig, a C and C++ cross compiler that carries the C and C++ libraries of every target.
 * @returns {string} the program's file
 * @throws {ScriptError} it is not installed
 */
export function findZig() {
  const given = process.env['ZIG'];
  if (given !== undefined && given !== '') return given;
  if (capture('zig', ['version']).ok) return 'zig';
  const { ok, out } = capture('python3', [
    '-c',
    'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))',
  ]);
  if (ok) return out.trim();
  throw new ScriptError(
    'Zig is missing: install it with "python3 -m pip install ziglang", or name the program with the variable ZIG.',
  );
}

/**
 * Flags of GCC and Clang in Zig's form: for a CPU variant of ggml, Zig takes a processor and its features by `-mcpu`, under LLVM's
 * names.
 */
const REWRITE = `
first() { printf '%s' "\${1%%+*}"; }
# armv8.2-a+dotprod+fp16 → generic+v8_2a+dotprod+fullfp16
arm_features() {
  rest=$1
  version=$(first "$rest")
  case $version in
    armv8-a) mcpu=generic ;;
    armv*-a) mcpu=generic+v$(printf '%s' "\${version#armv}" | tr -d - | tr . _) ;;
    *) mcpu=$version ;;
  esac
  case $rest in *+*) rest=\${rest#*+} ;; *) rest= ;; esac
  while [ -n "$rest" ]; do
    feature=$(first "$rest")
    case $rest in *+*) rest=\${rest#*+} ;; *) rest= ;; esac
    case $feature in
      fp16) mcpu=$mcpu+fullfp16 ;;
      # Zig's Armv9.2 always has SVE2; without it, it is Armv8.7
      nosve) mcpu=$(printf '%s' "$mcpu" | sed 's/v9_2a/v8_7a/') ;;
      *) mcpu=$mcpu+$feature ;;
    esac
  done
  printf '%s' "-mcpu=$mcpu"
}
before=
for argument; do
  shift
  # CMake gives @rpath only where it runs on a Mac: libraries are found beside who loads them
  if [ "$before" = -install_name ]; then argument="@rpath/\${argument##*/}"; fi
  before=$argument
  case $argument in
    -install_name) set -- "$@" -Wl,-rpath,@loader_path "$argument" ;;
    -march=armv*) set -- "$@" "$(arm_features "\${argument#-march=}")" ;;
    # Zig would write an empty file for a bundle, Apple's form of a plugin; a library is loaded as well
    -bundle) set -- "$@" -dynamiclib -Wl,-rpath,@loader_path ;;
    *) set -- "$@" "$argument" ;;
  esac
done
`;

/**
 * Writes the programs that cmake/zig.cmake names into a folder.
 * @param {string} folder
 * @param {string} zig the program's file
 * @param {Target} target
 */
export function writeToolchain(folder, zig, target) {
  mkdirSync(folder, { recursive: true });
  const compile = (/** @type {string} */ command) =>
    // without optimization, as in CMake's probes, Zig would add a sanitizer whose runtime is not linked
    `${REWRITE}\nexec "${zig}" ${command} -target ${target.triple} -fno-sanitize=undefined "$@"\n`;
  const programs = {
    cc: compile('cc'),
    'c++': compile('c++'),
    ar: `exec "${zig}" ar "$@"\n`,
    ranlib: `exec "${zig}" ranlib "$@"\n`,
    rc: `exec "${zig}" rc "$@"\n`,
    install_name_tool: 'exit 0\n',
  };
  for (const [name, script] of Object.entries(programs)) {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}`);
    chmodSync(file, 0o755);
  }
}
