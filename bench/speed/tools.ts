import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = join(ROOT, 'build-speed');

/** Builds the addon, its programs and the JavaScript, if anything has changed: not before the options are read, which may ask for help. */
export function buildLongembed(): void {
  run(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
}

/** Builds llama.cpp as upstream does, and the programs of native/, if anything has changed. */
export function buildTools(): void {
  if (!existsSync(join(BUILD, 'CMakeCache.txt'))) {
    const llama = join(ROOT, 'vendor', 'llama.cpp');
    const source = join(ROOT, 'bench', 'speed', 'native');
    run('cmake', [
      ...['-S', source, '-B', BUILD, '-DCMAKE_BUILD_TYPE=Release'],
      `-DLONGEMBED_LLAMA_DIR=${llama}`,
    ]);
  }
  run('cmake', ['--build', BUILD, '--parallel']);
}

export function tool(name: 'llama-cpp' | 'quantize'): string {
  return join(BUILD, 'bin', `speed-${name}`);
}

export function quantize(from: string, to: string, type: string): void {
  execFileSync(tool('quantize'), [from, to, type], { stdio: 'pipe' });
}

/**
 * The machine's peak arithmetic rate (`peak`) and the rates of longembed's kernels by name, in GFLOPS, as measured by
 * native/program/kernels.cpp.
 */
export function measureKernels(threads: number): Record<string, number> {
  const program = join(ROOT, 'build', 'longembed-kernels');
  const output = execFileSync(program, ['--threads', String(threads)], { encoding: 'utf8' });
  const rates: Record<string, number> = {};
  for (const [, name = '', rate] of output.matchAll(/^(.+?) +([\d.]+) GFLOPS/gm)) rates[name] = Number(rate);
  return rates;
}

function run(program: string, args: string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
