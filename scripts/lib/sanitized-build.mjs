import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fetchLlama } from './fetch-llama.mjs';
import { root } from './paths.mjs';
import { capture, run, say, ScriptError } from './process.mjs';

/** Environment variables that make a program stop at the first finding, with a stack trace. */
export const SANITIZER_OPTIONS = {
  ASAN_OPTIONS: 'abort_on_error=1:detect_stack_use_after_return=1',
  UBSAN_OPTIONS: `halt_on_error=1:abort_on_error=1:print_stacktrace=1:suppressions=${join(root, 'scripts/lib/undefined.supp')}`,
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
};

/**
 * Builds core's program and llama.cpp with a sanitizer; with Clang, also the fuzzing programs. Steps already done are
 * skipped.
 * @param {'address' | 'thread'} sanitizer `address` includes undefined behaviour
 * @param {object} [options]
 * @param {boolean} [options.fuzz] Clang is required
 * @returns {string} the build folder
 * @throws {ScriptError}
 */
export function buildSanitized(sanitizer, { fuzz = false } = {}) {
  fetchLlama();
  const out = join(root, `build-${sanitizer}`);
  const clang = findClang();
  if (fuzz && clang === null) {
    throw new ScriptError(
      'fuzzing needs Clang with its runtime libraries (Debian: clang and libclang-rt-dev); name it with CXX if it is not clang++.',
    );
  }
  const fuzzing = clang !== null && sanitizer === 'address';
  const targets = ['longembed-core', ...(fuzzing ? ['fuzz_model_file', 'fuzz_plan'] : [])];
  say(`building with the ${sanitizer} sanitizer; the first time this takes some minutes …`);
  const configured = run('cmake', [
    ...['-S', root, '-B', out, '-DCMAKE_BUILD_TYPE=RelWithDebInfo'],
    ...[`-DLONGEMBED_SANITIZE=${sanitizer}`, `-DLONGEMBED_FUZZ=${fuzzing ? 'ON' : 'OFF'}`],
    ...(clang === null ? [] : [`-DCMAKE_C_COMPILER=${clang.c}`, `-DCMAKE_CXX_COMPILER=${clang.cxx}`]),
    '--log-level=WARNING',
  ]);
  const parallel = ['--parallel', String(availableParallelism())];
  if (configured !== 0 || run('cmake', ['--build', out, ...parallel, '--target', ...targets]) !== 0) {
    throw new ScriptError('the sanitized build failed; see the lines above.');
  }
  return out;
}

/** @returns {{ c: string, cxx: string } | null} */
function findClang() {
  const wanted = process.env.CXX;
  const names = wanted?.includes('clang') ? [wanted] : ['clang++', 'clang++-19'];
  const cxx = names.find((name) => capture(name, ['--version']).ok);
  return cxx === undefined ? null : { c: cxx.replace('clang++', 'clang'), cxx };
}
